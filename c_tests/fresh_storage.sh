#!/bin/sh
# fresh_storage.sh DIRECTORY PROGRAM [ARGUMENT...]: runs a program with DIRECTORY, emptied, as its offline store.
set -eu
case $1 in
    */storage/?*) ;;
    *) echo "$1 is not a storage directory of the tests" >&2 && exit 1 ;;
esac
rm -rf -- "$1"
mkdir -p -- "$1"
NATIVE_DRM_STORAGE_DIR=$1
export NATIVE_DRM_STORAGE_DIR
shift
exec "$@"
