#!/usr/bin/env bash
# A source tree that is no checkout (a package's, a tarball's) is not written to by a build, and may be read-only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
source=$work/native_drm
mkdir "$source"
git -c safe.directory="$PWD" ls-files -z | xargs -0 cp --parents -t "$source"
# Its header would have this comment, if it were written.
sed -i '0,/^\/\/\/ /s//&Changed. /' "$source/src/native_mediadecrypt/decrypt.rs"
grep -q '^/// Changed\. ' "$source/src/native_mediadecrypt/decrypt.rs"
chmod -R a-w "$source"
sums() { (cd "$source" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }
sums >"$work/before"
(cd "$source" && cargo check --locked --lib)
sums >"$work/after"
diff "$work/before" "$work/after" || { echo "the build has changed its source tree" >&2; exit 1; }

# The same build writes the header in a checkout.
chmod -R u+w "$source"
touch "$source/.git"
(cd "$source" && touch build.rs && cargo check --locked --lib)
grep -q 'Changed\. ' "$source/include/multimedia/drm_framework/native_mediadecrypt.h" ||
    { echo "the header is not written in a checkout" >&2; exit 1; }
