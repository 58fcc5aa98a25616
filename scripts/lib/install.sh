# shellcheck shell=bash
# To be sourced: makes sure that the programs and libraries are there which a script needs.

# probe KIND:NAME succeeds if it is there. Kinds: cmd (a program), pc (a pkg-config module), header (a C or C++ header),
# py (a module of python3), works (a command that succeeds).
probe() {
    case $1 in
        cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
        pc:*) pkg-config --exists "${1#pc:}" >/dev/null 2>&1 ;;
        header:*) echo "#include <${1#header:}>" | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1 ;;
        works:*) ${1#works:} >/dev/null 2>&1 ;;
        py:*) python3 -c "import ${1#py:}" >/dev/null 2>&1 ;;
        *) echo "probe: unknown kind: $1" >&2 && return 2 ;;
    esac
}

# require KIND:NAME=PACKAGE... installs the Debian packages of what is missing. Where that is impossible it names what is
# missing and ends the script with status 1.
require() {
    local entry missing=() packages=() sudo=()
    for entry in "$@"; do
        probe "${entry%%=*}" || missing+=("$entry")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    packages=("${missing[@]#*=}")
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    if ! command -v apt-get >/dev/null 2>&1; then
        {
            echo "Please install what is missing, then start again:"
            for entry in "${missing[@]}"; do
                echo "  ${entry%%=*} (Debian package ${entry#*=})"
            done
        } >&2
        exit 1
    fi
    if [ ${#sudo[@]} -gt 0 ] && ! command -v sudo >/dev/null 2>&1; then
        echo "Please install as root, then start again: apt-get install ${packages[*]}" >&2
        exit 1
    fi
    echo "Installing: ${packages[*]}"
    "${sudo[@]}" apt-get -qq -o DPkg::Lock::Timeout=600 update || echo "apt-get update failed; going on" >&2
    if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 \
        -o Dpkg::Use-Pty=0 install --no-install-recommends "${packages[@]}" >/dev/null; then
        echo "apt-get could not install: ${packages[*]}" >&2
        exit 1
    fi
    hash -r
    for entry in "${missing[@]}"; do
        if ! probe "${entry%%=*}"; then
            echo "${entry%%=*} is still missing after package ${entry#*=} was installed" >&2
            exit 1
        fi
    done
}
