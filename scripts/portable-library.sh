#!/usr/bin/env bash
# Links the library for every Linux with glibc 2.17 or newer (manylinux2014), and native-drm-host beside OUTPUT: what the packages for Python
# and Node.js bring.
#
#   scripts/portable-library.sh [--target x86_64|aarch64] OUTPUT [libnative_drm.a]
#
# Without the last argument cargo builds the static library. Zig (from PyPI) links it: it has the symbols of every version of glibc,
# and Rust's code needs none that are newer. libgcc_s is the machine's, not Zig's own unwinder in its place: a callback may end its
# thread, and glibc unwinds that with libgcc_s.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"
# shellcheck source=scripts/lib/tools.sh
. "$root/scripts/lib/tools.sh"

package_machine "$@"
if [[ ${#arguments[@]} -lt 1 || ${#arguments[@]} -gt 2 ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
output=${arguments[0]}
archive=${arguments[1]:-}
require cmd:readelf=binutils
build_tools
if [[ -z $archive ]]; then
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
    if [[ -n $rust_target ]]; then
        variable=CARGO_TARGET_${rust_target^^}_LINKER
        export "${variable//-/_}=$gcc"
    fi
    cargo build --locked --release --lib --manifest-path "$root/Cargo.toml" ${rust_target:+--target "$rust_target"}
    archive=$CARGO_TARGET_DIR/${rust_target:+$rust_target/}release/libnative_drm.a
fi
major=$(sed -n 's/^version = "\([0-9]*\)\..*/\1/p' "$root/Cargo.toml" | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '{ global: OH_*; local: *; };' >"$work/exports"
mkdir -p "$(dirname "$output")"
export ZIG_GLOBAL_CACHE_DIR=${ZIG_GLOBAL_CACHE_DIR:-$root/build/bindings/zig} ZIG_LOCAL_CACHE_DIR=$work/zig
link() { "$tools/python" -m ziglang cc -target "$machine-linux-gnu.2.17" -s "$@"; }
link -shared -o "$work/library.so" \
    -Wl,-soname,"libnative_drm.so.$major" -Wl,--version-script,"$work/exports" -Wl,--gc-sections \
    -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now \
    -Wl,--whole-archive "$archive" -Wl,--no-whole-archive "$("$gcc" -print-file-name=libgcc_s.so.1)" -lpthread -ldl -lm -lc

# Nothing but the C API comes out of it, all of it, and nothing that is newer than glibc 2.17 goes in.
newest=$(readelf --wide --version-info "$work/library.so" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
if [[ $(printf '%s\n' "$newest" GLIBC_2.17 | sort -V | tail -n 1) != GLIBC_2.17 ]]; then
    echo "it needs $newest" >&2
    exit 1
fi
readelf --wide --dyn-syms "$work/library.so" | awk '$7 ~ /^[0-9]+$/ && $8 != "" { sub(/@.*/, "", $8); print $8 }' | sort >"$work/has"
sed -nE 's/^ +"(OH_[A-Za-z0-9_]+)": \(.*/\1/p' "$root/bindings/python/src/native_drm/c.py" | sort >"$work/declared"
if ! diff "$work/declared" "$work/has" >&2; then
    echo "it does not export what the packages declare" >&2
    exit 1
fi

# The packages have the library under a name without a version: so the program asks for that name, by means of a library of one function.
echo 'int OH_Drm_RunHost(void) { return 0; }' >"$work/stub.c"
link -shared -o "$work/libnative_drm.so" -Wl,-soname,libnative_drm.so "$work/stub.c"
link -O2 -o "$work/native-drm-host" -I "$root/include" "$root/host/main.c" "$work/libnative_drm.so" -Wl,-rpath,'$ORIGIN/..'
mv "$work/library.so" "$output"
mv "$work/native-drm-host" "$(dirname "$output")"
chmod 644 "$output"
