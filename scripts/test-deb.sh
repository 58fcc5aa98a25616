#!/usr/bin/env bash
# Makes the Debian packages and tries them in a fresh system, as root; installs what is missing.
#
#   scripts/test-deb.sh
#
# Checks what is in the packages (scripts/check_debs.py). Installs them in a Debian or Ubuntu of this machine's release, made by
# debootstrap, where there is no source and no Rust. Compiles and runs the README's example there, with the shared and with the static
# library, and isolated; decrypts a file with native-drm; starts the server as its unit says and asks it for its certificate; purges
# the packages and compares what is left. Then installs the GStreamer plugin, with the release's GStreamer, and plays a file; and, where
# systemd-nspawn can boot a system, runs the server as a service (scripts/lib/deb_boot.sh).
#
# NATIVE_DRM_BUILD_DIR: where to build (build/deb). NATIVE_DRM_DEBS: packages that are there already, in place of a build.
# NATIVE_DRM_DEB_MIRROR: whence to fetch the system. NATIVE_DRM_DEBIAN: a directory that debootstrap has made in this way before, to be
# copied in place of a new one.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"

# Packages fit the release that they were built on.
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# shellcheck source=/dev/null
case $(. /etc/os-release && echo "$ID") in
    ubuntu) mirror=http://archive.ubuntu.com/ubuntu ;;
    *) mirror=http://deb.debian.org/debian ;;
esac
mirror=${NATIVE_DRM_DEB_MIRROR:-$mirror}
build=${NATIVE_DRM_BUILD_DIR:-$root/build/deb}
debs=${NATIVE_DRM_DEBS:-$build/deb}
fail() {
    echo "test-deb.sh: $*" >&2
    exit 1
}
[ -n "$suite" ] || fail "/etc/os-release names no release: not a Debian or Ubuntu that debootstrap could make"
[ "$(id -u)" -eq 0 ] || fail "debootstrap and chroot are root's: start again as root"
require cmd:cmake=cmake cmd:cc=gcc cmd:make=make cmd:file=file cmd:python3=python3 cmd:dpkg-shlibdeps=dpkg-dev cmd:debootstrap=debootstrap \
    cmd:systemd-nspawn=systemd-container cmd:pkg-config=pkg-config pc:gstreamer-1.0=libgstreamer1.0-dev

# The GStreamer plugin is a package wherever the release has the GStreamer that it needs.
gstreamer=OFF without=(--without gstreamer1.0-native-drm)
if pkg-config --atleast-version=1.22 gstreamer-1.0; then
    gstreamer=ON without=()
fi
version=$(sed -n 's/^version = "\([0-9.]*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
if [ -z "${NATIVE_DRM_DEBS:-}" ]; then
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    command -v cargo >/dev/null 2>&1 || fail "Rust is missing: install it from your distribution or with rustup, then start again"
    mkdir -p "$build"
    printf 'Building the packages (release) ... '
    rm -rf "$debs"
    if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DNATIVE_DRM_PACKAGES=ON -DNATIVE_DRM_BUILD_TESTS=OFF \
        -DNATIVE_DRM_BUILD_GSTREAMER=$gstreamer ${CARGO_TARGET_DIR:+"-DNATIVE_DRM_CARGO_TARGET_DIR=$CARGO_TARGET_DIR"} && cmake --build "$build" &&
        (cd "$build" && cpack); } >"$build/build.log" 2>&1; then
        echo failed
        tail -n 30 "$build/build.log" >&2
        exit 1
    fi
    echo done
fi
"$root/scripts/check_debs.py" "$debs" --version "$version" "${without[@]}"

work=$(mktemp -d)
debian=$work/debian
server=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    mountpoint -q "$debian/proc" && umount "$debian/proc"
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
in_debian() { chroot "$debian" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }

printf 'A fresh Debian (%s) ... ' "$suite"
if [ -n "${NATIVE_DRM_DEBIAN:-}" ]; then
    cp -a --one-file-system "$NATIVE_DRM_DEBIAN" "$debian"
else
    debootstrap --variant=minbase --include=gcc,libc6-dev,pkg-config "$suite" "$debian" "$mirror" >"$work/log" 2>&1 ||
        { tail -n 20 "$work/log" >&2; fail "debootstrap failed"; }
fi
mount -t proc proc "$debian/proc"
echo done
# What there is, without what dpkg keeps for itself, caches and logs.
what_there_is() {
    (cd "$debian" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log \
        -o -path ./etc/ld.so.cache \) -prune -o -print | sort)
}
what_there_is >"$work/before"
mkdir "$debian/tmp/debs"
cp "$debs"/*.deb "$debian/tmp/debs"
# The plugin wants GStreamer: it comes last.
mkdir "$work/plugin"
if [ "$gstreamer" = ON ]; then
    mv "$debian"/tmp/debs/gstreamer*.deb "$work/plugin"
fi
in_debian sh -c 'dpkg -i /tmp/debs/*.deb' >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the packages cannot be installed"; }
in_debian dpkg --audit | { ! grep .; } || fail "dpkg finds faults"
echo "Installed: $(in_debian dpkg-query -f '${Package} ' -W '*native-drm*')"

# The README's example.
awk '/^```c$/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$root/README.md" >"$debian/tmp/hello.c"
cat >"$debian/tmp/hello.sh" <<'END'
set -eu
cd /tmp
cc -std=c11 -Wall -Wextra -Werror hello.c -o hello $(pkg-config --cflags --libs native_drm)
cc -std=c11 -Wall -Wextra -Werror -static hello.c -o hello_static $(pkg-config --static --cflags --libs native_drm)
[ "$(./hello)" = 'Hello, encrypted world!' ]
[ "$(./hello_static)" = 'Hello, encrypted world!' ]
# In a process of its own: the library finds it where the package has it.
[ "$(NATIVE_DRM_ISOLATE=* NATIVE_DRM_STORAGE_DIR=/tmp/store ./hello)" = 'Hello, encrypted world!' ]
ldconfig -p | grep -q 'libnative_drm.so.0 '
END
in_debian sh /tmp/hello.sh || fail "the README's example"
echo "The README's example: compiled and run, shared, static and isolated"

# The program, on a file whose keys are known.
[ "$(in_debian native-drm --version)" = "native-drm $version" ] || fail "native-drm has another version"
cp "$root/tests/media/cenc.mp4" "$root/tests/media/keys.json" "$debian/tmp"
in_debian sh -ec 'cd /tmp; native-drm inspect cenc.mp4 | grep -q cenc; native-drm decrypt cenc.mp4 clear.mp4 --keys keys.json
    native-drm inspect clear.mp4 >inspected; grep -q "^encrypted  *no$" inspected; ! grep -q cenc inspected' || fail "native-drm"
for page in man1/native-drm.1 man8/native-drm-license-server.8 man8/native-drm-host.8; do
    [ -s "$debian/usr/share/man/$page.gz" ] || fail "no man page $page: does this Debian leave out man pages?"
done
echo "native-drm: decrypts"

# The unit: looked at by systemd where that is, started by hand.
unit=/usr/lib/systemd/system/native-drm-license-server.service
if command -v systemd-analyze >/dev/null 2>&1; then
    # Its target and man page are not in so small a Debian.
    systemd-analyze verify --man=no --recursive-errors=no --root="$debian" "$unit" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "systemd-analyze verify"; }
    if grep -F native-drm-license-server "$work/log" >&2; then
        fail "systemd-analyze verify"
    fi
    # 0 is safest, 10 is no protection at all; in tenths.
    systemd-analyze security --offline=yes --no-pager --threshold=15 --root="$debian" native-drm-license-server.service >"$work/log" 2>&1 ||
        { tail -n 3 "$work/log" >&2; fail "systemd-analyze security"; }
    echo "The unit: systemd-analyze finds no fault; $(tail -n 1 "$work/log" | sed 's/^[^A-Za-z]*//')"
else
    echo "The unit: not looked at by systemd-analyze, which is not here"
fi
# As the unit says: its command, with its directories, as a user without rights.
value() { sed -n "s/^$1=//p" "$debian$unit"; }
install -d -m 0700 -o 65534 -g 65534 "$debian/var/lib/$(value StateDirectory)" "$debian/run/$(value RuntimeDirectory)" \
    "$debian/var/log/$(value LogsDirectory)"
# Another server of this machine may have the port.
sed -i 's/:8443/:0/' "$debian/etc/native-drm-license-server/server.toml"
cat >"$debian/tmp/serve.sh" <<END
exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --no-new-privs $(value ExecStart)
END
chroot "$debian" /usr/bin/env -i PATH=/usr/bin:/bin sh /tmp/serve.sh >"$work/server.out" 2>"$work/server.err" &
server=$!
for _ in $(seq 600); do
    [ -s "$work/server.out" ] && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.err" >&2; fail "the server does not start"; }
    sleep 0.1
done
url=$(head -n 1 "$work/server.out" | grep -o 'http://[^ ]*') || fail "the server does not say where it listens"
python3 - "$url" <<'END' || fail "the server does not answer"
import sys, urllib.request
url = sys.argv[1].rstrip("/")
assert urllib.request.urlopen(url + "/health", timeout=60).status == 200
certificate = urllib.request.urlopen(url + "/authority", timeout=60).read()
assert certificate[:1] == b"\x30", "no certificate"
END
chroot --userspec=65534:65534 "$debian" native-drm-license-server admin --at unix:/run/native-drm-license-server/admin.sock list policies >"$work/log" ||
    fail "the server's administration does not answer"
kill -TERM "$server"
wait "$server" || fail "the server ends with an error"
server=
[ "$(stat -c %u "$debian/var/lib/native-drm-license-server/"* | sort -u)" = 65534 ] || fail "the server's state belongs to somebody else"
echo "The server: started as its unit says, answers, ends"

rm -rf "$debian"/tmp/* "$debian/run/native-drm-license-server"
in_debian dpkg --purge native-drm-tools libnative-drm-dev libnative-drm0 >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "purging"; }
what_there_is >"$work/after"
diff "$work/before" "$work/after" || fail "this is left or gone after the purge"
echo "Purged: nothing is left"

play_in_gstreamer() {
    mkdir "$debian/tmp/debs"
    cp "$debs"/libnative-drm0_*.deb "$work"/plugin/*.deb "$debian/tmp/debs"
    cp "$root/tests/media/cenc.mp4" "$root/tests/media/clear.mp4" "$root/tests/media/keys.json" "$debian/tmp"
    in_debian sh -c 'apt-get -qq update && apt-get -qq -y install --no-install-recommends /tmp/debs/*.deb gstreamer1.0-tools gstreamer1.0-plugins-good' \
        >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the GStreamer plugin cannot be installed"; }
    in_debian sh -ec 'cd /tmp
        play() { gst-launch-1.0 -q filesrc "location=$1" ! qtdemux name=demux demux.video_0 $2 ! filesink "location=$3"; }
        play clear.mp4 "" clear.h264
        play cenc.mp4 "! nativedrmdec keys=keys.json" cenc.h264
        [ -s clear.h264 ] && cmp clear.h264 cenc.h264' || fail "the GStreamer plugin does not decrypt"
    in_debian dpkg --purge gstreamer1.0-native-drm libnative-drm0 >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "purging"; }
    [ -z "$(find "$debian/usr" "$debian/etc" -name '*native*drm*')" ] || fail "something of the GStreamer plugin is left"
    echo "The GStreamer plugin: installed, decrypts in a pipeline, purged"
}
if [ "$gstreamer" = ON ]; then
    play_in_gstreamer
else
    echo "The GStreamer plugin: not built, this release's GStreamer is older than 1.22"
fi

# With systemd itself.
boot() {
    cp "$debs"/native-drm-tools_*.deb "$debian/var/cache"
    in_debian sh -c 'apt-get -qq update && apt-get -qq -y install --no-install-recommends systemd systemd-sysv dbus &&
        dpkg -i /var/cache/native-drm-tools_*.deb && rm /var/cache/native-drm-tools_*.deb' >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "systemd cannot be installed"; }
    cp "$root/scripts/lib/deb_boot.sh" "$debian/boot-test.sh"
    cat >"$debian/etc/systemd/system/boot-test.service" <<END
[Unit]
After=multi-user.target
[Service]
ExecStart=/bin/sh /boot-test.sh
[Install]
WantedBy=multi-user.target
END
    in_debian systemctl -q enable boot-test.service
    umount "$debian/proc"
    # With a time limit, in case it does not boot.
    timeout 600 systemd-nspawn -q -D "$debian" --keep-unit --register=no -b </dev/null >"$work/boot" 2>&1 || true
    [ "$(tail -n 1 "$debian/boot-test.log" 2>/dev/null)" = passed ] || {
        cat "$debian/boot-test.log" >&2 2>/dev/null || tail -n 30 "$work/boot" >&2
        fail "the server as a service"
    }
    echo "The server as a service: started, reloaded, restarted, with credentials, purged"
}
if systemd-nspawn -q -D "$debian" --keep-unit --register=no /bin/true </dev/null >/dev/null 2>&1; then
    boot
else
    echo "The server as a service: not tried, since systemd-nspawn is not here or starts nothing"
fi
