# SPDX-License-Identifier: Apache-2.0
"""Hostile callers, no bus, a bus that dies."""

import os
import struct
import subprocess
import tempfile

from caller import ERROR_NAME, ERROR_REPLY, INTERFACE, MEMBER, PATH, REPLY, RETURN, SIGNAL, Caller, pad, string
from desk import LIMIT, OBJECT, PLAYER, ROOT, SESSION, Bus, Failed, Player, Remote, equal, run, shown, wait_for_name


def hostile_calls(command):
    player, remote = shown(command, "register play", "register seek", "register toggleFavorite", "register commonCommand",
                           "register setLoopMode", "register setSpeed", "state 3", "position 5000", "loop 1")
    properties = "org.freedesktop.DBus.Properties"
    before = state_of(remote)
    bad = [
        ("InvalidArgs", PLAYER, "Play", "s", "x"),
        ("InvalidArgs", PLAYER, "Seek", ""),
        ("InvalidArgs", PLAYER, "Seek", "s", "far"),
        ("InvalidArgs", PLAYER, "Seek", "i", "5"),
        ("InvalidArgs", PLAYER, "Seek", "xx", "5", "5"),
        ("InvalidArgs", PLAYER, "SetPosition", "sx", "/a", "5"),
        ("InvalidArgs", PLAYER, "SetPosition", "xo", "5", "/a"),
        ("InvalidArgs", SESSION, "ToggleFavorite", "i", "1"),
        ("InvalidArgs", SESSION, "SetLoopMode", "i", "5"),
        ("InvalidArgs", SESSION, "SetLoopMode", "i", "2147483647"),
        ("InvalidArgs", SESSION, "SendMediaKey", "iix", "1", "1", "0"),
        ("InvalidArgs", SESSION, "SendMediaKey", "iix", "10", "7", "0"),
        ("InvalidArgs", SESSION, "CommonCommand", "ss", "", "{}"),
        ("InvalidArgs", SESSION, "CommonCommand", "ss", "x", "[1]"),
        ("InvalidArgs", SESSION, "CommonCommand", "ss", "x", "{"),
        ("InvalidArgs", SESSION, "CommonCommand", "ss", "x" * 5000, "{}"),
        ("InvalidArgs", SESSION, "ToggleFavorite", "s", "x" * 5000),
        ("InvalidArgs", SESSION, "CommonCommand", "a{sv}", "1", "x", "s", "y"),
        ("InvalidArgs", properties, "Get", "s", PLAYER),
        ("InvalidArgs", properties, "Set", "sss", PLAYER, "LoopStatus", "Track"),
        ("InvalidArgs", properties, "Set", "ssv", PLAYER, "LoopStatus", "i", "1"),
        ("InvalidArgs", properties, "Set", "ssv", PLAYER, "LoopStatus", "s", "Sometimes"),
        ("InvalidArgs", properties, "Set", "ssv", PLAYER, "Shuffle", "s", "true"),
        ("InvalidArgs", properties, "Set", "ssv", PLAYER, "Rate", "s", "fast"),
        ("PropertyReadOnly", properties, "Set", "ssv", PLAYER, "Volume", "v", "d", "1"),
        ("PropertyReadOnly", properties, "Set", "ssv", PLAYER, "Volume", "d", "1"),
        ("PropertyReadOnly", properties, "Set", "ssv", PLAYER, "PlaybackStatus", "s", "Playing"),
        ("PropertyReadOnly", properties, "Set", "ssv", PLAYER, "Position", "x", "0"),
        ("PropertyReadOnly", properties, "Set", "ssv", PLAYER, "CanPlay", "b", "true"),
        ("PropertyReadOnly", properties, "Set", "ssv", SESSION, "Extras", "s", "{}"),
        ("UnknownProperty", properties, "Get", "ss", PLAYER, "Nothing"),
        ("UnknownProperty", properties, "Set", "ssv", PLAYER, "Nothing", "s", "x"),
        ("UnknownInterface", properties, "Get", "ss", "org.example.Nothing", "Rate"),
        ("UnknownInterface", properties, "GetAll", "s", ""),
        ("UnknownInterface", "org.mpris.MediaPlayer2.TrackList", "GoTo", "o", "/a"),
        ("UnknownMethod", PLAYER, "Explode", ""),
        ("UnknownMethod", properties, "Explode", ""),
        ("UnknownMethod", "org.freedesktop.DBus.Peer", "Explode", ""),
        ("UnknownMethod", "org.freedesktop.DBus.Introspectable", "Explode", ""),
        ("NotSupported", PLAYER, "OpenUri", "s", "file:///etc/passwd"),
    ]
    for name, interface, method, signature, *arguments in bad:
        remote.refuses(name, interface, method, signature, *arguments)
    for path in ("/", "/org", "/org/mpris", "/org/mpris/MediaPlayer2/other", "/other"):
        remote.refuses("UnknownObject", PLAYER, "Play", path=path)
    equal(state_of(remote), before, "state after hostile calls")
    remote.call("org.freedesktop.DBus.Peer", "Ping")
    equal(run("busctl", "--user", "tree", "--list", remote.name)[1].split(), ["/", "/org", "/org/mpris", OBJECT], "tree")
    player.expect_nothing(lambda: remote.ctl("play"), "play")
    player.finish()


def state_of(remote):
    """All properties of all interfaces."""
    return [run("busctl", "--user", "--json=short", "call", remote.name, OBJECT, "org.freedesktop.DBus.Properties",
                "GetAll", "s", interface)[1] for interface in (ROOT, PLAYER, SESSION)]


def no_bus(command):
    for address in ("unix:path=/nonexistent", "nonsense", "unix:path=/nonexistent;tcp:host=127.0.0.1,port=1"):
        player = Player(command, {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}, log=True)
        player.do("create 0", "metadata title T", "publish", "register play", "register handleKeyEvent")
        for _ in range(3):
            player.do("activate", "state 2", "position 7", "deactivate")
        player.do("activate")
        # One warning, however often it was tried.
        line = player.log.next()
        if "native_drm warn: no media controls" not in line:
            raise Failed(f"log: {line}")
        player.do("destroy")
        player.finish()
        equal(player.log.next(), None, "the rest of the log")


def bus_in_the_runtime_directory(command):
    with tempfile.TemporaryDirectory(prefix="a bus, =;%") as directory:
        escaped = "".join(f"%{byte:02x}" for byte in f"{directory}/bus".encode())
        bus = Bus(f"unix:path={escaped}")
        player = Player(command, {**{key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"},
                                  "XDG_RUNTIME_DIR": directory})
        player.do("create 0", "metadata title T", "publish", "register play", "activate")
        wait_for_name(player.name(), bus.env)
        player.finish()
        bus.kill()


def strange_messages(command):
    player, remote = shown(command, "register play", "register seek", "state 3", "position 5000")
    before = state_of(remote)
    caller = Caller(remote.name)

    def check(what):
        """That it still lives, and did nothing else."""
        caller.call(PLAYER, "Play")
        equal(player.next_event(), "play", what)

    caller.call(PLAYER, "Seek", "x", struct.pack(">q", 1000000), endian=">")
    player.expect("seek 6000")
    caller.call(None, "Play")
    player.expect("play")
    caller.call(PLAYER, "Play", flags=0xff)
    player.expect("play")
    for serial in (1, 2, 3, 0xffffffff):
        caller.send(RETURN, {REPLY: serial}, "s", struct.pack("<I", 3) + b"abc\0")
        caller.send(ERROR_REPLY, {REPLY: serial, ERROR_NAME: "org.example.Error"})
    check("answers to no question")
    for interface, member in (("org.freedesktop.DBus", "NameLost"), ("org.freedesktop.DBus", "NameOwnerChanged"),
                              (PLAYER, "Seeked")):
        caller.send(SIGNAL, {PATH: OBJECT, INTERFACE: interface, MEMBER: member})
    check("signals of others")
    caller.call(PLAYER, "Seek", "h", struct.pack("<I", 0), files=[0])
    caller.call(PLAYER, "Play", "hhhh", struct.pack("<4I", 0, 1, 2, 0), files=[0, 0, 0])
    check("open files")
    caller.call(PLAYER, "Seek", "a" * 32 + "y", struct.pack("<I", 0))
    caller.call(PLAYER, "Seek", "(" * 32 + "y" + ")" * 32, b"\1")
    caller.call(PLAYER, "Seek", "ay" * 50, struct.pack("<I", 0) * 50)
    caller.call(PLAYER, "Seek", "a{sv}", bytes(8))
    check("deep and long signatures")
    value = b"\1y\0\5"
    for _ in range(30):
        value = b"\1v\0" + value
    caller.call("org.freedesktop.DBus.Properties", "Set", "ssv", pad(string(PLAYER), 4) + string("Rate") + value)
    check("deep variants")
    caller.call(PLAYER, "x" * 255)
    caller.call("x." + "y" * 253, "Play")
    caller.call(PLAYER, "Play", path="/" + "x" * 5000)
    check("long names")
    equal(state_of(remote), before, "state after strange messages")
    player.finish()


def killed_bus(command):
    with tempfile.TemporaryDirectory() as directory:
        kill_and_replace(command, f"{directory}/bus")


def kill_and_replace(command, socket):
    bus = Bus(f"unix:path={socket}")
    player = Player(command, bus.env, log=True)
    player.do("create 0", "metadata title T", "publish", "register play", "activate")
    wait_for_name(player.name(), bus.env)
    equal(Remote(player.name(), bus.env).ctl("status"), "Stopped", "status")
    bus.kill()
    line = player.log.next()
    if "native_drm warn: no media controls until the session is activated again" not in line:
        raise Failed(f"log: {line}")
    # Everything goes on; the next activation finds the next bus.
    player.do("state 2", "metadata title U", "publish", "register pause")
    os.unlink(socket)
    bus = Bus(f"unix:path={socket}")
    player.do("activate")
    wait_for_name(player.name(), bus.env)
    remote = Remote(player.name(), bus.env)
    equal(remote.ctl("metadata", "title"), "U", "title")
    remote.ctl("pause")
    player.expect("pause")
    player.do("destroy")
    bus.kill()
    player.finish()
    equal(player.log.next(), None, "the rest of the log")


def frozen_bus(command):
    bus = Bus()
    player = Player(command, bus.env)
    player.do("create 0", "metadata title T", "publish", "register play", "activate")
    wait_for_name(player.name(), bus.env)
    # A bus that reads nothing: nobody waits for it, not even with more to tell than a socket takes.
    bus.freeze()
    for number in range(300):
        player.do(f"metadata description {number}{'x' * 4000}", "publish", f"state {number % 3}", f"position {number}")
    player.do("deactivate", "activate", "unregister play", "destroy")
    player.do("create 0", "metadata title T", "publish", "register play", "activate", "deactivate", "activate", "destroy")
    player.finish()
    bus.kill()


def destroyed_in_a_flood(command):
    for _ in range(3):
        player, remote = shown(command, "register skipToQueueItem")
        # --expect-reply=no: one after the other as fast as they are sent.
        callers = [subprocess.Popen(
            ["sh", "-c", 'for i in $(seq 40); do busctl --user --expect-reply=no call "$1" "$2" "$3" SkipToQueueItem i $i; done',
             "sh", remote.name, OBJECT, SESSION], stderr=subprocess.DEVNULL) for _ in range(2)]
        player.next_event()
        player.do("destroy")
        del player.events[:]
        for caller in callers:
            caller.wait(timeout=LIMIT)
        player.ask("threads")
        equal(player.events, [], "commands after the end of the session")
        player.finish()
