# shellcheck shell=bash
# To be sourced, after install.sh: programs for building packages.

# package_machine [--target MACHINE] [ARGUMENT...]: for which machine, from the arguments of a script: sets $machine (x86_64 or
# aarch64; this one, if none is named), $strip to the program that strips its libraries, $dist to where packages are written, for another
# machine $rust_target, and $arguments to what is left. Installs what another machine's libraries are linked with.
package_machine() {
    machine=$(uname -m) strip=strip rust_target=
    if [[ ${1:-} == --target ]]; then
        machine=${2:-}
        shift 2 || true
    fi
    arguments=("$@")
    case $machine in
        x86_64 | aarch64) ;;
        *) echo "--target $machine: packages are for x86_64 and aarch64" >&2 && exit 2 ;;
    esac
    if [[ $machine == "$(uname -m)" ]]; then
        require cmd:gcc=gcc cmd:strip=binutils
        gcc=gcc
    else
        rust_target=$machine-unknown-linux-gnu gcc=$machine-linux-gnu-gcc strip=$machine-linux-gnu-strip
        require "cmd:$gcc=gcc-${machine/_/-}-linux-gnu"
    fi
    dist=$root/build/bindings/dist${rust_target:+/$machine}
}

# Programs from PyPI are in a virtual environment of their own.

# build_tools: makes or updates the environment below $root/build/bindings and sets $tools to its directory of programs.
build_tools() {
    local environment=$root/build/bindings/tools wanted=$root/bindings/python/requirements-build.txt
    require py:ensurepip=python3-venv
    tools=$environment/bin
    if ! cmp -s "$wanted" "$environment/installed"; then
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$tools/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
        cp "$wanted" "$environment/installed"
    fi
}
