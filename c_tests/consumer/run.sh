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

# Runs a program whose host is the installed one, also where the build tree is one that others can write to.
with_host() { "$(dirname "$0")/../isolation/private_host.sh" "$prefix/libexec/native_drm/native-drm-host" "$@"; }

# Runs the two programs of a build directory and checks which library they use. $2: shared, static or fully_static.
run_programs() {
    for program in consumer_c consumer_cpp; do
        needed=$(readelf -d "$1/$program" | grep NEEDED || true)
        case $2:$needed in
            shared:*libnative_drm.so.0*) ;;
            shared:*) fail "$program does not need libnative_drm.so.0" ;;
            static:*libnative_drm*) fail "$program needs the shared library" ;;
            fully_static:?*) fail "$program needs shared libraries" ;;
        esac
        if [ "$2" = fully_static ] && readelf -lW "$1/$program" | grep INTERP; then
            fail "$program is not static"
        fi
        "$1/$program"
        # In a process of its own. What has the library inside looks for the host from its own folder on, and is told here where it is.
        case $2 in
            shared) NATIVE_DRM_ISOLATE='*' NATIVE_DRM_STORAGE_DIR="$work/store" with_host "$1/$program" ;;
            *)
                NATIVE_DRM_ISOLATE='*' NATIVE_DRM_STORAGE_DIR="$work/store" NATIVE_DRM_HOST="$prefix/libexec/native_drm/native-drm-host" \
                    with_host "$1/$program"
                if NATIVE_DRM_ISOLATE='*' NATIVE_DRM_STORAGE_DIR="$work/store" "$1/$program" >"$work/no-host.log" 2>&1; then
                    fail "$program is not isolated: it finds no host and runs"
                fi
                grep -q native-drm-host "$work/no-host.log" || fail "no word on the missing host program: $(cat "$work/no-host.log")"
                # Found from the program's folder on, also if the shell finds the program by PATH, and not from the current one on.
                moved=$(mktemp -d)
                (
                    umask 022
                    mkdir -p "$moved/elsewhere/native_drm"
                    cp -r "$prefix" "$moved/prefix"
                    chmod -R go-w "$moved/prefix"
                    mkdir -p "$moved/prefix/bin"
                    cp "$1/$program" "$moved/prefix/bin"
                    : >"$moved/elsewhere/$program"
                    printf '#!/bin/sh\nexit 1\n' >"$moved/elsewhere/native_drm/native-drm-host"
                    chmod 755 "$moved/elsewhere/native_drm/native-drm-host"
                    cd "$moved/elsewhere"
                    PATH=$moved/prefix/bin:$PATH NATIVE_DRM_ISOLATE='*' NATIVE_DRM_STORAGE_DIR="$work/store" "$program"
                )
                rm -rf "$moved"
                ;;
        esac
    done
}

case $step in
    prefix)
        cmake=$1 build=$2 libdir=$3 major=$4
        soname=libnative_drm.so.$major
        # Nothing may depend on where it was installed first; --strip makes no difference.
        rm -rf "$prefix" "$prefix.first" "$prefix.stripped"
        "$cmake" --install "$build" --prefix "$prefix.first"
        "$cmake" --install "$build" --prefix "$prefix.stripped" --strip
        # CMake itself strips the programs that it builds, which are examples.
        diff -r --no-dereference --exclude=bin --exclude=native-drm-host "$prefix.first" "$prefix.stripped" || fail "--strip installs something else"
        rm -rf "$prefix.stripped"
        mv "$prefix.first" "$prefix"
        for file in libnative_drm.so libohavsession.so "$soname" libnative_drm.a pkgconfig/native_drm.pc cmake/native_drm/native_drm-config.cmake; do
            [ -f "$prefix/$libdir/$file" ] || fail "not installed: $libdir/$file"
        done
        [ -x "$prefix/libexec/native_drm/native-drm-host" ] || fail "not installed: libexec/native_drm/native-drm-host"
        for file in LICENSE THIRD-PARTY.txt README.md CHANGELOG.md docs/abi.md; do
            [ -f "$prefix/share/doc/native_drm/$file" ] || fail "not installed: share/doc/native_drm/$file"
        done
        [ "$(readlink "$prefix/$libdir/libnative_drm.so")" = "$soname" ] || fail "libnative_drm.so is not a link to $soname"
        [ -L "$prefix/$libdir/$soname" ] || fail "$soname is not a link"
        [ -f "$prefix/include/multimedia/drm_framework/native_mediakeysystem.h" ] || fail "headers are not installed"
        if grep -rlF "$prefix.first" "$prefix" --include='*.cmake' --include='*.pc'; then
            fail "these files name the prefix"
        fi
        ;;
    files)
        libdir=$1 shared=$prefix/$1/$2 readelf=$3 nm=$4
        if "$readelf" -SW "$shared" "$prefix/$libdir/libnative_drm.a" | grep -E '\.(debug_|zdebug_|llvmbc|llvmcmd)'; then
            fail "debug information or bitcode is installed"
        fi
        if "$readelf" -SW "$shared" | grep -F ' .symtab '; then
            fail "the shared library is not stripped"
        fi
        # The debug file, where debuggers look: by build id, and by the link's name in .debug beside the library.
        id=$("$readelf" -n "$shared" | sed -n 's/.*Build ID: //p')
        debug=$prefix/lib/debug/.build-id/$(echo "$id" | cut -c1-2)/$(echo "$id" | cut -c3-).debug
        [ -f "$debug" ] || fail "not installed: $debug"
        [ "$("$readelf" -n "$debug" | sed -n 's/.*Build ID: //p')" = "$id" ] || fail "the debug file is another library's"
        [ "$(find "$prefix/lib/debug" -type f | wc -l)" -eq 1 ] || fail "there is more than one debug file"
        name=$("$readelf" --string-dump=.gnu_debuglink "$shared" | sed -n 's/.*] *\(libnative_drm.*\.debug\).*/\1/p')
        [ "$(readlink -f "$prefix/$libdir/.debug/$name")" = "$(readlink -f "$debug")" ] || fail "no link leads from the library to its debug file"
        # An address becomes a line of the source.
        address=$("$nm" -D --defined-only "$shared" | sed -n 's/ T OH_MediaKeySystem_IsSupported$//p')
        line=$(addr2line -e "$shared" "$address")
        case $line in
            *src/*.rs:[0-9]*) ;;
            *) fail "addr2line does not find the debug file: $line" ;;
        esac
        if command -v gdb >/dev/null 2>&1; then
            gdb --batch -ex "info line *0x$address" "$shared" 2>&1 | grep -q 'src/.*\.rs"' || fail "gdb does not find the debug file"
        fi
        ;;
    cross)
        cmake=$1 source=$2 cc=$3 rustc=$4
        build=$work/build-cross
        host=$("$rustc" -vV | sed -n 's/^host: \([^-]*\)-.*/\1/p')
        # configure PROCESSOR OPTION...
        configure() {
            rm -rf "$build"
            processor=$1
            shift
            "$cmake" -S "$source" -B "$build" -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$processor" \
                "-DCMAKE_C_COMPILER=$cc" -DNATIVE_DRM_BUILD_TESTS=OFF "$@" >"$work/cross.log" 2>&1
        }
        configure "$host" || fail "configuring for $host fails: $(cat "$work/cross.log")"
        grep -rq -- "--target $host-unknown-linux-gnu" "$build" --include=build.make --include=build.ninja || fail "cargo is not told the target"
        if configure vax; then
            fail "a processor that nobody knows is accepted"
        fi
        grep -q NATIVE_DRM_RUST_TARGET "$work/cross.log" || fail "no word on what to set for an unknown processor"
        # A target of which no standard library is installed; rustup has none for it.
        if configure "$host" -DNATIVE_DRM_RUST_TARGET=powerpc64-unknown-linux-musl; then
            fail "a target without a standard library is accepted"
        fi
        grep -q 'standard library' "$work/cross.log" || fail "no word on the missing standard library"
        # A GStreamer plugin for another machine, or with another library: never of itself, and not if it is asked for.
        for option in "-DNATIVE_DRM_RUST_TARGET=$host-unknown-linux-gnu" -DNATIVE_DRM_LIBRARY_NAME=other; do
            rm -rf "$build"
            "$cmake" -S "$source" -B "$build" "-DCMAKE_C_COMPILER=$cc" -DNATIVE_DRM_BUILD_TESTS=OFF "$option" >"$work/cross.log" 2>&1 ||
                fail "configuring with $option fails: $(cat "$work/cross.log")"
            if "$cmake" "$build" -DNATIVE_DRM_BUILD_GSTREAMER=ON >"$work/cross.log" 2>&1; then
                fail "the GStreamer plugin is built with $option"
            fi
            grep -q NATIVE_DRM_BUILD_GSTREAMER "$work/cross.log" || fail "no word on why there is no GStreamer plugin with $option"
        done
        ;;
    ohos)
        cmake=$1 source=$2 cc=$3 rustc=$4
        build=$work/build-ohos
        # What OpenHarmony's toolchain file sets, with this machine's compiler in place of the SDK's clang.
        cat >"$work/ohos.cmake" <<END
set(CMAKE_SYSTEM_NAME OHOS)
set(arm64-v8a aarch64)
set(armeabi-v7a arm)
set(x86_64 x86_64)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OHOS_ARCH)
set(CMAKE_SYSTEM_PROCESSOR \${\${OHOS_ARCH}})
set(CMAKE_C_COMPILER "$cc")
set(CMAKE_C_COMPILER_TARGET \${CMAKE_SYSTEM_PROCESSOR}-linux-ohos)
set(CMAKE_C_COMPILER_WORKS TRUE)
set(CMAKE_SYSROOT "$work/sysroot")
END
        # Rust's standard library for the target, which is not to be had everywhere, is pretended to be there.
        mkdir -p "$work/std" "$work/sysroot"
        touch "$work/std/libstd-0.rlib"
        cat >"$work/rustc-ohos" <<END
#!/bin/sh
case "\$*" in
    *--print\ target-libdir) echo "$work/std" ;;
    --target\ *-unknown-linux-ohos*) shift 2 && exec "$rustc" "\$@" ;;
    *) exec "$rustc" "\$@" ;;
esac
END
        chmod +x "$work/rustc-ohos"
        # configure ARCH [RUSTC]
        configure() {
            rm -rf "$build"
            "$cmake" -S "$source" -B "$build" -DCMAKE_TOOLCHAIN_FILE="$work/ohos.cmake" "-DOHOS_ARCH=$1" \
                -DNATIVE_DRM_BUILD_TESTS=OFF "-DNATIVE_DRM_RUSTC=${2:-$work/rustc-ohos}" >"$work/ohos.log" 2>&1
        }
        for pair in arm64-v8a:aarch64 x86_64:x86_64; do
            processor=${pair#*:}
            configure "${pair%:*}" || fail "configuring for OHOS on $processor fails: $(cat "$work/ohos.log")"
            for word in "--target $processor-unknown-linux-ohos" "NATIVE_DRM_SONAME=libnative_drm_software.so" "--no-default-features" \
                "--target=$processor-linux-ohos" "--sysroot=$work/sysroot"; do
                grep -rqF --include=build.make --include=build.ninja -- "$word" "$build" || fail "cargo is not told $word"
            done
            if grep -rqF libohavsession "$build" --include=build.make --include=build.ninja; then
                fail "there are links, which packages of applications have no room for"
            fi
        done
        if configure armeabi-v7a; then
            fail "a 32-bit processor is accepted"
        fi
        grep -q NATIVE_DRM_RUST_TARGET "$work/ohos.log" || fail "no word on what is wrong with the processor"
        if [ -z "$(find "$("$rustc" --print sysroot)/lib/rustlib" -path '*aarch64-unknown-linux-ohos/lib/libstd-*' 2>/dev/null)" ]; then
            if configure arm64-v8a "$rustc"; then
                fail "OHOS is accepted without a standard library for it"
            fi
            # CMake breaks lines.
            tr -s '\n ' ' ' <"$work/ohos.log" | grep -q 'rustup target add aarch64-unknown-linux-ohos' || fail "no word on how to get the standard library"
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
    plugins)
        cmake=$1 project=$2 program=$3
        build=$work/build-plugins
        rm -rf "$build"
        # Others may not write to what is loaded, whatever the umask is.
        umask 022
        "$cmake" -S "$project" -B "$build" "-DCMAKE_PREFIX_PATH=$prefix"
        "$cmake" --build "$build"
        for plugin in xor_plugin text_plugin; do
            if readelf -d "$build/$plugin.so" | grep NEEDED | grep native_drm; then
                fail "$plugin is linked to the library"
            fi
        done
        "$program" "$build"
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
    fetchcontent)
        cmake=$1 project=$2 source=$3
        shift 3
        # As from a web server or a release: an archive of the tree as it is, its version's directory on top, without what was built.
        if [ ! -e "$source/.git" ] || ! command -v git >/dev/null 2>&1; then
            echo "this is no checkout, or git is missing: what is built would be archived, too"
            exit 77
        fi
        build=$work/build-fetchcontent
        archive=$work/native_drm.tar.gz
        rm -rf "$build"
        git -c "safe.directory=$source" -C "$source" ls-files -z --cached --others --exclude-standard >"$work/files"
        tar -C "$source" --null --files-from "$work/files" --ignore-failed-read --transform 's,^,native_drm/,S' -czf "$archive"
        # It builds the library once more, by another path; link-time optimisation would take minutes and change nothing of what is looked at.
        sum=$(sha256sum "$archive" | cut -d' ' -f1)
        "$cmake" -S "$project" -B "$build" -DVARIANT=shared "-DARCHIVE=$archive" "-DARCHIVE_SHA256=$sum" "$@" -DCMAKE_BUILD_TYPE=Debug
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
        # And without any shared library.
        mkdir -p "$build/fully_static"
        # shellcheck disable=SC2046
        "$cc" -std=c11 -static -o "$build/fully_static/consumer_c" "$project/consumer.c" $(pkg-config --static --cflags --libs native_drm)
        # shellcheck disable=SC2046
        "$cxx" -std=c++17 -static -o "$build/fully_static/consumer_cpp" "$project/consumer.cpp" $(pkg-config --static --cflags --libs native_drm)
        run_programs "$build/fully_static" fully_static
        ;;
    *) fail "unknown step $step" ;;
esac
