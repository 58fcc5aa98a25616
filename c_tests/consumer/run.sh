#!/bin/sh
# The steps of the installation tests; c_tests/consumer/CMakeLists.txt calls them: run.sh STEP WORK ARGUMENT...
# WORK is the directory below which everything is written.
set -eu

step=$1
work=$2
shift 2

fail() {
    echo "$*" >&2
    exit 1
}

# Directories are emptied below WORK: only one that CMakeLists.txt marked will do.
[ -e "$work/.native_drm_consumer_test" ] || fail "$work is not the directory of these tests"
prefix=$work/prefix

# Runs the two programs of a build directory and checks which library they use. $2: shared or static.
run_programs() {
    for program in consumer_c consumer_cpp; do
        needed=$(readelf -d "$1/$program" | grep NEEDED || true)
        case $2:$needed in
            shared:*libnative_drm.so.0*) ;;
            shared:*) fail "$program does not need libnative_drm.so.0" ;;
            static:*libnative_drm*) fail "$program needs the shared library" ;;
        esac
        "$1/$program"
    done
}

case $step in
    prefix)
        cmake=$1 build=$2 libdir=$3
        # Nothing may depend on where it was installed first.
        rm -rf "$prefix" "$prefix.first"
        "$cmake" --install "$build" --prefix "$prefix.first" --strip
        mv "$prefix.first" "$prefix"
        for file in libnative_drm.so libohavsession.so libnative_drm.so.0 libnative_drm.a pkgconfig/native_drm.pc cmake/native_drm/native_drm-config.cmake; do
            [ -f "$prefix/$libdir/$file" ] || fail "not installed: $libdir/$file"
        done
        [ "$(readlink "$prefix/$libdir/libnative_drm.so")" = libnative_drm.so.0 ] || fail "libnative_drm.so is not a link to libnative_drm.so.0"
        [ -L "$prefix/$libdir/libnative_drm.so.0" ] || fail "libnative_drm.so.0 is not a link"
        [ -f "$prefix/include/multimedia/drm_framework/native_mediakeysystem.h" ] || fail "headers are not installed"
        if grep -rlF "$prefix.first" "$prefix" --include='*.cmake' --include='*.pc'; then
            fail "these files name the prefix"
        fi
        ;;
    cmake)
        cmake=$1 project=$2 variant=$3 version=$4
        build=$work/build-$variant
        rm -rf "$build"
        "$cmake" -S "$project" -B "$build" "-DCMAKE_PREFIX_PATH=$prefix" "-DVARIANT=$variant" "-DVERSION=$version"
        "$cmake" --build "$build"
        grep -q "^native_drm_DIR:PATH=$prefix/" "$build/CMakeCache.txt" || fail "another installation was found"
        run_programs "$build" "$variant"
        ;;
    subdirectory)
        cmake=$1 project=$2 source=$3
        shift 3
        build=$work/build-subdirectory
        rm -rf "$build"
        "$cmake" -S "$project" -B "$build" -DVARIANT=shared "-DSOURCE=$source" "$@"
        "$cmake" --build "$build"
        run_programs "$build" shared
        ;;
    pkgconfig)
        cc=$1 cxx=$2 project=$3 libdir=$4 version=$5
        build=$work/build-pkgconfig
        rm -rf "$build"
        mkdir -p "$build"
        export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
        [ "$(pkg-config --modversion native_drm)" = "$version" ] || fail "pkg-config names another version"
        # The words that pkg-config prints are separate arguments.
        # shellcheck disable=SC2046
        "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -o "$build/consumer_c" "$project/consumer.c" $(pkg-config --cflags --libs native_drm)
        # shellcheck disable=SC2046
        "$cxx" -std=c++17 -Wall -Wextra -Wpedantic -Werror -o "$build/consumer_cpp" "$project/consumer.cpp" $(pkg-config --cflags --libs native_drm)
        # The NDK's name for the AVSession kit.
        mkdir -p "$build/ohavsession"
        # shellcheck disable=SC2046
        "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -o "$build/ohavsession/consumer_c" "$project/consumer.c" $(pkg-config --cflags native_drm) "-L$prefix/$libdir" -lohavsession
        export LD_LIBRARY_PATH="$prefix/$libdir"
        readelf -d "$build/ohavsession/consumer_c" | grep -q 'NEEDED.*libnative_drm.so.0' || fail "-lohavsession is another library"
        "$build/ohavsession/consumer_c"
        run_programs "$build" shared
        # The static library with the system libraries that Libs.private names.
        libs=$(pkg-config --static --libs native_drm | sed 's/-lnative_drm\b/-l:libnative_drm.a/')
        mkdir -p "$build/static"
        # shellcheck disable=SC2046,SC2086
        "$cc" -std=c11 -o "$build/static/consumer_c" "$project/consumer.c" $(pkg-config --cflags native_drm) $libs
        # shellcheck disable=SC2046,SC2086
        "$cxx" -std=c++17 -o "$build/static/consumer_cpp" "$project/consumer.cpp" $(pkg-config --cflags native_drm) $libs
        unset LD_LIBRARY_PATH
        run_programs "$build/static" static
        ;;
    *) fail "unknown step $step" ;;
esac
