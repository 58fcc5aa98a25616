# shellcheck shell=bash
# To be sourced: Rust's standard library for 64-bit ARM.

arm64=aarch64-unknown-linux-gnu

# arm64_std: makes rustc able to build for $arm64, from rustup or else from Debian's packages; the latter set RUSTC to another rustc,
# of the same build as their standard library. Fails where neither is to be had.
arm64_std() {
    local libdir
    libdir=$(rustc --target "$arm64" --print target-libdir)
    compgen -G "$libdir/libstd-*" >/dev/null && return 0
    if command -v rustup >/dev/null 2>&1 && rustup target add "$arm64"; then
        return 0
    fi
    arm64_std_from_debian
}

# Unpacked, not installed: the packages conflict with those of another rustc, and the machine need not know ARM's packages.
arm64_std_from_debian() {
    local cache=${NATIVE_DRM_ARM64_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/native_drm/arm64} apt deb
    command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 && [ "$(uname -m)" = x86_64 ] || return 1
    if [ ! -x "$cache/rustc" ]; then
        mkdir -p "$cache/lists/partial" "$cache/cache/archives/partial" "$cache/packages" "$cache/rust"
        apt=(-qq -o "Dir::State=$cache" -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$cache/cache"
            -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root)
        apt-get "${apt[@]}" update || true
        (
            cd "$cache/packages" || exit 1
            apt-get "${apt[@]}" download rustc-web:amd64 libstd-rust-web-dev:amd64 libstd-rust-web-dev:arm64 || exit 1
            # The compiler's shared libraries have versions in their names.
            depends() { dpkg --field "$1" Depends | grep -o "$2" | head -n 1; }
            std=$(depends libstd-rust-web-dev_*_amd64.deb 'libstd-rust-web-[0-9.]*') && apt-get "${apt[@]}" download "$std:amd64" &&
                llvm=$(depends "$std"_*_amd64.deb 'libllvm[0-9]*') && apt-get "${apt[@]}" download "$llvm:amd64"
        ) || return 1
        for deb in "$cache"/packages/*.deb; do
            dpkg -x "$deb" "$cache/rust" || return 1
        done
        cat >"$cache/rustc" <<EOF
#!/bin/sh
export LD_LIBRARY_PATH="$cache/rust/usr/lib/x86_64-linux-gnu:$(echo "$cache"/rust/usr/lib/llvm-*/lib)"
exec "$cache/rust/usr/bin/rustc" "\$@"
EOF
        chmod +x "$cache/rustc"
    fi
    "$cache/rustc" --version && export RUSTC="$cache/rustc"
}
