# shellcheck shell=bash
# To be sourced: building for 64-bit ARM on an x86-64 Debian, and running what was built under qemu-user.

arm64=aarch64-unknown-linux-gnu
arm64_cache=${NATIVE_DRM_ARM64_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/native_drm/arm64}

# arm64_std: makes rustc able to build for $arm64, from rustup or else from Debian's packages; the latter set RUSTC to another rustc,
# of the same build as their standard library. Fails where neither is to be had.
arm64_std() {
    local libdir
    libdir=$(rustc --target "$arm64" --print target-libdir)
    compgen -G "$libdir/libstd-*" >/dev/null && return 0
    if [ -x "$arm64_cache/rustc" ] && "$arm64_cache/rustc" --version; then
        export RUSTC="$arm64_cache/rustc"
        return 0
    fi
    # Where rustup's servers are not reached, it may wait for very long.
    if command -v rustup >/dev/null 2>&1 && timeout 120 rustup target add "$arm64"; then
        return 0
    fi
    arm64_std_from_debian
}

# arm64_debian DIRECTORY PACKAGE...: downloads packages of amd64 and arm64 as they are: the machine need not know ARM's packages.
arm64_debian() {
    local directory=$1 apt
    shift
    command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 && [ "$(uname -m)" = x86_64 ] || return 1
    mkdir -p "$directory" "$arm64_cache/lists/partial" "$arm64_cache/cache/archives/partial"
    apt=(-qq -o "Dir::State=$arm64_cache" -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$arm64_cache/cache"
        -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root)
    if [ -z "${arm64_lists-}" ]; then
        apt-get "${apt[@]}" update || true
        arm64_lists=read
    fi
    (cd "$directory" && apt-get "${apt[@]}" download "$@")
}

# Unpacked, not installed: the packages conflict with those of another rustc.
arm64_std_from_debian() {
    local packages=$arm64_cache/packages rust=$arm64_cache/rust std llvm deb
    # The compiler's shared libraries have versions in their names.
    depends() { dpkg --field "$1" Depends | grep -o "$2" | head -n 1; }
    arm64_debian "$packages" rustc-web:amd64 libstd-rust-web-dev:amd64 libstd-rust-web-dev:arm64 || return 1
    std=$(depends "$packages"/libstd-rust-web-dev_*_amd64.deb 'libstd-rust-web-[0-9.]*') && arm64_debian "$packages" "$std:amd64" || return 1
    llvm=$(depends "$packages/$std"_*_amd64.deb 'libllvm[0-9]*') && arm64_debian "$packages" "$llvm:amd64" || return 1
    mkdir -p "$rust"
    for deb in "$packages"/*.deb; do
        dpkg -x "$deb" "$rust" || return 1
    done
    cat >"$arm64_cache/rustc" <<END
#!/bin/sh
export LD_LIBRARY_PATH="$rust/usr/lib/x86_64-linux-gnu:$(echo "$rust"/usr/lib/llvm-*/lib)"
exec "$rust/usr/bin/rustc" "\$@"
END
    chmod +x "$arm64_cache/rustc"
    "$arm64_cache/rustc" --version && export RUSTC="$arm64_cache/rustc"
}

# arm64_openssl: OpenSSL for $arm64 in $arm64_ssl, for the C tests that compute with it.
arm64_openssl() {
    local deb
    arm64_ssl=$arm64_cache/ssl/usr
    [ -e "$arm64_ssl/lib/aarch64-linux-gnu/libcrypto.so" ] && return 0
    arm64_debian "$arm64_cache/ssl-packages" libssl3:arm64 libssl-dev:arm64 || return 1
    for deb in "$arm64_cache"/ssl-packages/*.deb; do
        dpkg -x "$deb" "$arm64_cache/ssl" || return 1
    done
}

# arm64_environment: how cargo builds for $arm64 from here on. Link-time optimisation would take longer than the tests.
arm64_environment() {
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0
    export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
}

# arm64_spills LIBRARY: says where kernels store vector registers on the stack.
#
# Round keys are in registers or in the key's own memory, not on the stack: one register that a kernel stores there is the IV's. SM4 by
# AESE works on an array on the stack, but what it has between two rounds, which gives keys away, stays in registers: nothing is stored
# from where a loop reads its four keys (ld4r) to its end.
arm64_spills() {
    aarch64-linux-gnu-objdump -d --no-show-raw-insn -C "$1" | awk '
        /^[0-9a-f]+ </ { kernel = /armv8(_sm4e)?::FUNCTIONS::/; name = $0; if (kernel) kernels++ }
        kernel && /\t(str|stur|stp)\tq[0-9]+.*\[(sp|x29)/ { stores[name]++ }
        /^[0-9a-f]+ </ { rounds = 0; sm4 = /armv8_sm4::/ }
        sm4 && /\tld4r\t/ { rounds = 1; loops++ }
        rounds && /\t(str|stur|stp)\tq/ { print "stored between rounds:", name, $0 }
        rounds && /\t(st4|b\.ne)/ { rounds = 0 }
        END {
            if (loops < 4) print "only", loops + 0, "loops of SM4 found"
            for (name in stores) if (stores[name] > 1) print stores[name], name
            if (kernels < 8) print "only", kernels + 0, "kernels found"
        }'
}
