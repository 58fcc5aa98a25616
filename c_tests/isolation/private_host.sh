#!/bin/sh
# private_host.sh HOST PROGRAM [ARGUMENT...]: runs a program whose hosts run HOST. The library takes no program that others can write
# to; where the build tree is one that they can (umask 002), this makes a copy in a folder that is not.
set -eu
host=$1
shift
at=$host
while [ "$at" != / ] && [ -z "$(find "$at" -maxdepth 0 ! -perm -1000 -perm /022)" ]; do
    at=$(dirname "$at")
done
if [ "$at" = / ]; then
    exec "$@"
fi
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
cp "$host" "$own/native-drm-host"
chmod 755 "$own/native-drm-host"
NATIVE_DRM_HOST=$own/native-drm-host
export NATIVE_DRM_HOST
"$@"
