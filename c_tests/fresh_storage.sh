#!/bin/sh
# fresh_storage.sh DIRECTORY PROGRAM [ARGUMENT...]: runs a program with DIRECTORY, emptied, as its offline store.
set -eu
rm -rf -- "$1"
mkdir -p -- "$1"
NATIVE_DRM_STORAGE_DIR=$1
export NATIVE_DRM_STORAGE_DIR
shift
exec "$@"
