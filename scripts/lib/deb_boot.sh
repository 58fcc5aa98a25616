#!/bin/sh
# Within a Debian that systemd has booted (scripts/test-deb.sh): the license server as a service, from its start to its purge. Writes to
# /boot-test.log, whose last line is "passed" if all is well, and powers off.
exec >/boot-test.log 2>&1
set -eu
trap 'systemctl poweroff' EXIT
unit=native-drm-license-server
state=/var/lib/private/$unit

admin() { "$unit" admin --at "unix:/run/$unit/admin.sock" "$@"; }
# set -e does not mind "!".
not() { if "$@"; then return 1; fi; }
running() { [ "$(systemctl is-active "$unit")" = active ]; }
# The first line that the server prints: it listens then.
url() {
    for _ in $(seq 600); do
        journalctl -q -o cat -u "$unit" _PID="$(systemctl show -p MainPID --value "$unit")" | grep -m 1 '^http' && return
        sleep 0.1
    done
    journalctl --no-pager -u "$unit"
    return 1
}

if systemctl is-enabled "$unit" || running; then
    echo "the installation has started it"
    exit 1
fi
systemctl start "$unit"
url
running
admin list policies
echo '{"policies": {"rental": {"can_play": true}}}' >/tmp/catalog.json
admin add /tmp/catalog.json
admin list policies | grep rental
[ "$(stat -c %a "$state")" = 700 ]
[ -s "$state/master.key" ]
[ "$(stat -c %U:%a "/var/log/private/$unit/audit.log")" != root:644 ]
grep rental "/var/log/private/$unit/audit.log"
# Not root, no capabilities, and no place to write but its own.
process=$(systemctl show -p MainPID --value "$unit")
grep -E '^CapEff:[[:space:]]*0+$' "/proc/$process/status"
grep -E '^Seccomp:[[:space:]]*2$' "/proc/$process/status"
[ "$(stat -c %u "/proc/$process")" -ne 0 ]
systemctl reload "$unit"
running
systemctl restart "$unit"
url
admin list policies | grep rental
echo '[broken' >"/etc/$unit/server.toml"
systemctl restart "$unit"
for _ in $(seq 600); do
    said=$(journalctl -q -o cat -u "$unit" | grep 'not TOML' || true)
    [ -z "$said" ] || break
    sleep 0.1
done
[ -n "$said" ]
systemctl stop "$unit"
# A key that only root may read, and variables.
head -c 32 /dev/urandom >"/etc/$unit/master.key"
chmod 600 "/etc/$unit/master.key"
cat >"/etc/$unit/server.toml" <<END
listen = "127.0.0.1:0"
database = "postgres://nobody@127.0.0.1:1/none"
master-key = "/run/credentials/$unit.service/master.key"
END
systemctl restart "$unit"
url
running
systemctl enable "$unit"
dpkg --purge native-drm-tools
not running
[ ! -e "$state" ]
[ ! -e "/var/log/private/$unit" ]
[ ! -e "/etc/systemd/system/multi-user.target.wants/$unit.service" ]
# What the operator has made is the operator's.
[ "$(ls "/etc/$unit")" = master.key ]
echo passed
