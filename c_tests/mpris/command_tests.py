# SPDX-License-Identifier: Apache-2.0
"""Commands from media controls."""

from desk import (NO_TRACK, OBJECT, PLAYER, ROOT, SESSION, TRACK, Monitor, Player, Remote, call, equal,
                  monitor_until_gone, names, run, shown, until, wait_for_name)

PROPERTIES = "org.freedesktop.DBus.Properties"
COMMANDS = ["play", "pause", "stop", "playNext", "playPrevious"]


def loop_modes(command):
    player, remote = shown(command, "register play", "register setTargetLoopMode", "register setLoopMode")
    for mode, loop, shuffle in ((0, "None", False), (1, "Track", False), (2, "Playlist", False), (3, "Playlist", True),
                                (4, "None", False)):
        player.do(f"loop {mode}")
        equal((remote.player("LoopStatus"), remote.player("Shuffle"), remote.get(SESSION, "LoopMode")),
              (loop, shuffle, mode), f"loop mode {mode}")
    player.do("loop 0")
    # The player decides: what is shown changes only when it reports.
    for value, target in (("Track", 1), ("Playlist", 2)):
        remote.ctl("loop", value)
        player.expect(f"setTargetLoopMode {target}")
        equal(remote.player("LoopStatus"), "None", "before the report")
    remote.ctl("shuffle", "On")
    player.expect("setTargetLoopMode 3")
    player.do("loop 3")
    equal(remote.ctl("shuffle"), "On", "playerctl shuffle")
    remote.ctl("shuffle", "Off")
    player.expect("setTargetLoopMode 2")
    remote.ctl("loop", "None")
    player.expect("setTargetLoopMode 0")
    remote.call(SESSION, "SetLoopMode", "1")
    player.expect("setTargetLoopMode 1")
    remote.call(SESSION, "ChangeLoopMode")
    player.expect("setLoopMode 3")
    # A player that wants no target gets the mode that it has.
    player.do("unregister setTargetLoopMode")
    remote.set("LoopStatus", "<'Track'>")
    player.expect("setLoopMode 3")
    player.do("unregister setLoopMode")
    remote.refuses("PropertyReadOnly", PROPERTIES, "Set", "ssv", PLAYER, "LoopStatus", "s", "Track")
    remote.refuses("PropertyReadOnly", PROPERTIES, "Set", "ssv", PLAYER, "Shuffle", "b", "true")
    remote.refuses("NotSupported", SESSION, "SetLoopMode", "i", "1")
    player.finish()


def rates(command):
    player, remote = shown(command, "register play", "register pause")
    equal([remote.player(name) for name in ("Rate", "MinimumRate", "MaximumRate")], [1.0, 1.0, 1.0], "rates")
    remote.refuses("NotSupported", PROPERTIES, "Set", "ssv", PLAYER, "Rate", "d", "1.5")
    player.do("register setSpeed", "speed 1.25")
    equal([remote.player(name) for name in ("Rate", "MinimumRate", "MaximumRate")], [1.25, 0.125, 4.0], "rates")
    remote.set("Rate", "<1.5>")
    player.expect("setSpeed 1.5")
    equal(remote.player("Rate"), 1.25, "rate before the report")
    remote.call(SESSION, "SetSpeed", "2.0")
    player.expect("setSpeed 2")
    remote.set("Rate", "<0.0>")
    player.expect("pause")
    for rate in ("4.1", "0.1", "-1", "nan", "inf"):
        remote.refuses("InvalidArgs", PROPERTIES, "Set", "ssv", PLAYER, "Rate", "d", rate)
    player.finish()


def volume(command):
    player, remote = shown(command, "register play")
    equal(remote.player("Volume"), 1.0, "volume that nobody has reported")
    remote.refuses("PropertyReadOnly", PROPERTIES, "Set", "ssv", PLAYER, "Volume", "d", "0.5")
    player.do("volume 40")
    equal(remote.player("Volume"), 0.4, "volume that was reported")
    remote.refuses("PropertyReadOnly", PROPERTIES, "Set", "ssv", PLAYER, "Volume", "d", "0.5")
    player.do("register setVolume")
    equal(sorted(remote.get(SESSION, "Commands")), ["play", "setVolume"], "Commands")
    remote.ctl("volume", "0.25")
    player.expect("setVolume 25")
    equal(remote.player("Volume"), 0.4, "volume before the report")
    player.do("volume 25")
    equal(remote.ctl("volume"), "0.250000", "volume after the report")
    # Negative is silent, as the specification says; there is nothing louder than all.
    for wanted, percent in (("0", 0), ("0.004", 0), ("0.005", 1), ("0.999", 100), ("1", 100), ("1.5", 100), ("1e300", 100),
                            ("inf", 100), ("-0.1", 0), ("-inf", 0)):
        call(remote, PROPERTIES, "Set", "ssv", PLAYER, "Volume", "d", wanted)
        player.expect(f"setVolume {percent}")
    remote.refuses("InvalidArgs", PROPERTIES, "Set", "ssv", PLAYER, "Volume", "d", "nan")
    remote.refuses("InvalidArgs", PROPERTIES, "Set", "ssv", PLAYER, "Volume", "i", "1")
    remote.refuses("InvalidArgs", PROPERTIES, "Set", "ssv", PLAYER, "Volume", "v", "d", "1")
    player.do("unregister setVolume")
    remote.refuses("PropertyReadOnly", PROPERTIES, "Set", "ssv", PLAYER, "Volume", "d", "0.5")
    player.expect_nothing(lambda: remote.ctl("play"), "play")
    player.finish()


def writable_where_a_command_is_registered(command):
    player, remote = shown(command, "register play")
    equal(remote.writable(), [], "writable with play alone")
    for name, writable in (
        ("stop", []), ("setVolume", ["Volume"]), ("setSpeed", ["Rate"]), ("pause", ["Rate"]),
        ("handleKeyEvent", ["Rate"]), ("setLoopMode", ["LoopStatus", "Shuffle"]),
        ("setTargetLoopMode", ["LoopStatus", "Shuffle"]),
    ):
        player.do(f"register {name}")
        equal(sorted(remote.writable()), writable, f"writable with {name}")
        player.do(f"unregister {name}")
    equal(remote.writable(), [], "writable in the end")
    player.finish()


def transport(command):
    player, remote = shown(command, *[f"register {name}" for name in COMMANDS])
    for verb, event in (("play", "play"), ("pause", "pause"), ("stop", "stop"), ("next", "playNext"),
                        ("previous", "playPrevious")):
        remote.ctl(verb)
        player.expect(event)
    # Play/pause by the state; while buffering, by the state before.
    for states, event in ((["6"], "play"), (["2"], "pause"), (["2", "11"], "pause"), (["3"], "play"), (["3", "11"], "play"),
                          (["4"], "pause")):
        player.do(*[f"state {state}" for state in states])
        remote.ctl("play-pause")
        player.expect(event)
    status, _, error = run("dbus-send", "--session", "--print-reply", f"--dest={player.name()}", OBJECT, f"{PLAYER}.Next")
    equal(status, 0, error)
    player.expect("playNext")
    player.finish()


def greyed_out(command):
    every = {"play": "CanPlay", "pause": "CanPause", "playNext": "CanGoNext", "playPrevious": "CanGoPrevious",
             "seek": "CanSeek"}
    player, remote = shown(command, "register stop")
    monitor = Monitor(player)
    for name, prop in every.items():
        equal(remote.player(prop), False, prop)
        player.do(f"register {name}")
        monitor.expect("PropertiesChanged", f"'{prop}': <true>")
        equal(remote.player(prop), True, prop)
        equal(sorted(remote.get(SESSION, "Commands")), sorted(["stop", name]), "Commands")
        player.do(f"unregister {name}")
        monitor.expect("PropertiesChanged", f"'{prop}': <false>")
    # Who only skips cannot go to a position.
    for name in ("fastForward", "rewind"):
        player.do(f"register {name}")
        equal(sorted(remote.get(SESSION, "Commands")), sorted(["stop", name]), "Commands")
        equal(remote.player("CanSeek"), False, name)
        player.do(f"unregister {name}")
    for verb in ("play", "pause", "next", "previous"):
        code, _, error = remote.playerctl(verb)
        equal((code, error), (1, "No player could handle this command"), f"playerctl {verb}")
    for method in ("Play", "Pause", "Next", "Previous"):
        remote.refuses("NotSupported", PLAYER, method)
    remote.refuses("NotSupported", PLAYER, "Seek", "x", "1000000")
    remote.refuses("NotSupported", PLAYER, "SetPosition", "ox", TRACK + b"asset-1".hex(), "1000000")
    for method, signature, *arguments in (("FastForward", "u", "0"), ("Rewind", "u", "0"), ("SetSpeed", "d", "2"),
                                          ("ChangeLoopMode", ""), ("SetLoopMode", "i", "1"), ("ToggleFavorite", "s", "x"),
                                          ("PlayFromAssetId", "s", "x"), ("SkipToQueueItem", "i", "1"),
                                          ("CommonCommand", "ss", "x", "{}"), ("Answer", ""), ("HangUp", ""),
                                          ("ToggleCallMute", ""), ("SendMediaKey", "iix", "10", "1", "0")):
        remote.refuses("NotSupported", SESSION, method, signature, *arguments)
    # playerctl wants CanPlay for stop.
    player.expect_nothing(lambda: remote.call(PLAYER, "Stop"), "stop")
    monitor.close()
    player.finish()


def seeking(command):
    track = TRACK + b"asset-1".hex()
    player, remote = shown(command, "register play", "register seek", "register playNext", "state 3", "position 10000")
    equal(remote.player("Position"), 10000000, "position")
    equal(remote.ctl("position"), "10.000000", "playerctl position")
    remote.ctl("position", "42.5")
    player.expect("seek 42500")
    remote.ctl("position", "5+")
    player.expect("seek 15000")
    remote.ctl("position", "4-")
    player.expect("seek 6000")
    for micros, event in (("1500", "seek 10001"), ("-1500", "seek 9998"), ("-60000000000", "seek 0"),
                          ("50000000", "seek 60000"), ("50001000", "playNext"), ("9223372036854775807", "playNext"),
                          ("-9223372036854775808", "seek 0")):
        call(remote, PLAYER, "Seek", "x", micros)
        player.expect(event)
    for path, micros, event in ((track, "0", "seek 0"), (track, "60000000", "seek 60000"), (track, "1999", "seek 1")):
        call(remote, PLAYER, "SetPosition", "ox", path, micros)
        player.expect(event)
    # Ignored: another track, before the start, after the end.
    for path, micros in ((TRACK + "00", "1000000"), (NO_TRACK, "1000000"), (track, "-1"), (track, "60001000"),
                         (track, "-9223372036854775808"), (track, "9223372036854775807")):
        call(remote, PLAYER, "SetPosition", "ox", path, micros)
    player.expect_nothing(lambda: remote.ctl("next"), "playNext")
    # Beyond the end without a next: the end. Without an end: anywhere.
    player.do("unregister playNext")
    call(remote, PLAYER, "Seek", "x", "9223372036854775807")
    player.expect("seek 60000")
    player.do("metadata title Live", "metadata duration -1", "publish")
    call(remote, PLAYER, "Seek", "x", "3600000000")
    player.expect("seek 3610000")
    call(remote, PLAYER, "SetPosition", "ox", NO_TRACK, "7200000000")
    player.expect("seek 7200000")
    # Forward and rewind stand in for seek; they have milliseconds.
    player.do("register fastForward", "register rewind", "unregister seek")
    call(remote, PLAYER, "Seek", "x", "2500000")
    player.expect("fastForward 2500")
    call(remote, PLAYER, "Seek", "x", "-9223372036854775808")
    player.expect("rewind 4294967295")
    remote.refuses("NotSupported", PLAYER, "SetPosition", "ox", NO_TRACK, "0")
    player.do("unregister rewind")
    remote.refuses("NotSupported", PLAYER, "Seek", "x", "-1000")
    player.finish()


def extension(command):
    player, remote = shown(command, *[f"register {name}" for name in (
        "fastForward", "rewind", "toggleFavorite", "playFromAssetId", "skipToQueueItem", "commonCommand")])
    for method, arguments, event in (
        ("FastForward", ["10000"], "fastForward 10000"),
        ("FastForward", ["0"], "fastForward 15000"),
        ("Rewind", ["4294967295"], "rewind 4294967295"),
        ("Rewind", ["0"], "rewind 15000"),
        ("ToggleFavorite", ["other"], "toggleFavorite other"),
        ("ToggleFavorite", [""], "toggleFavorite asset-1"),
        ("PlayFromAssetId", ["häßlich"], "playFromAssetId häßlich"),
        ("SkipToQueueItem", ["2147483647"], "skipToQueueItem 2147483647"),
        ("CommonCommand", ["do it", '{"how":"well"}'], 'commonCommand do it {"how":"well"}'),
        ("CommonCommand", ["do it", ""], "commonCommand do it "),
    ):
        remote.call(SESSION, method, *arguments)
        player.expect(event)
    identity = {"SessionType": "audio", "SessionTag": "Test player", "BundleName": "org.example.player",
                "AbilityName": "main"}
    equal({name: remote.get(SESSION, name) for name in identity}, identity, "identity")
    equal(len(remote.get(SESSION, "SessionId")), 32, "session id")
    equal(remote.get(ROOT, "Identity"), "Test player", "Identity")
    equal(remote.get(ROOT, "DesktopEntry"), "org.example.player", "DesktopEntry")
    for name in ("CanQuit", "CanRaise", "HasTrackList"):
        equal(remote.get(ROOT, name), False, name)
    remote.call(ROOT, "Raise")
    remote.call(ROOT, "Quit")
    equal(remote.player("CanControl"), True, "CanControl")
    player.do("metadata lyric [00:01.00]one\x1e[00:02.00]it's two", "publish", "position 1500")
    equal(remote.get(SESSION, "LyricLine"), "one", "current line")
    equal(remote.call(SESSION, "GetLyricLine", "int64 2000"), "(\"it's two\",)", "line at a position")
    equal(remote.call(SESSION, "GetLyricLine", "int64 0"), "('',)", "line before the first")
    player.finish()


def media_keys(command):
    # Method 2: a player that takes keys gets them as they are, and no commands for them.
    player, remote = shown(command, "register handleKeyEvent", "register play")
    call(remote, SESSION, "SendMediaKey", "iix", "2085", "1", "123456")
    player.expect("handleKeyEvent 2085 1 123456")
    call(remote, SESSION, "SendMediaKey", "iix", "12", "0", "-5")
    player.expect("handleKeyEvent 12 0 -5")
    # The desktop turns keys into calls of MPRIS: what the player does not take as a command, it gets as a key.
    for verb, code in (("pause", 2086), ("next", 12), ("previous", 13), ("stop", 11)):
        remote.ctl(verb)
        for action in (1, 2):
            event = player.next_event().split()
            equal(event[:3], ["handleKeyEvent", str(code), str(action)], verb)
    remote.ctl("play")
    player.expect("play")
    # Method 1: without a callback for keys they are commands.
    player.do("unregister handleKeyEvent", "register pause", "state 2")
    call(remote, SESSION, "SendMediaKey", "iix", "10", "1", "0")
    player.expect("pause")
    call(remote, SESSION, "SendMediaKey", "iix", "10", "2", "0")
    player.do("state 3")
    call(remote, SESSION, "SendMediaKey", "iix", "10", "1", "0")
    player.expect("play")
    player.finish()


def calls_and_photos(command):
    for kind, name in ((2, "voice_call"), (3, "video_call"), (4, "photo")):
        player = Player(command)
        player.do(f"create {kind}", "metadata title Caller", "publish", "register answer", "register hangUp",
                  "register toggleCallMute", "activate")
        own = player.name(SESSION)
        wait_for_name(own)
        equal(names(), [own], "names")
        equal(run("playerctl", "-l")[2], "No players found", "playerctl -l")
        remote = Remote(own)
        equal(remote.get(SESSION, "SessionType"), name, "type")
        for method, event in (("Answer", "answer"), ("ToggleCallMute", "toggleCallMute"), ("HangUp", "hangUp")):
            remote.call(SESSION, method)
            player.expect(event)
        remote.refuses("UnknownInterface", PLAYER, "Play")
        player.finish()
    player = Player(command)
    player.do("create 1", "metadata title Film", "publish", "register play", "activate")
    wait_for_name(player.name())
    equal(Remote(player.name()).get(SESSION, "SessionType"), "video", "type")
    player.finish()


def inside_callbacks(command):
    player, remote = shown(command, "register play", "register pause")
    player.do("inside unregister play")
    remote.ctl("play")
    player.expect("play")
    until(lambda: remote.player("CanPlay"), False, "CanPlay")
    remote.refuses("NotSupported", PLAYER, "Play")
    player.do("inside register playNext")
    remote.ctl("pause")
    player.expect("pause")
    until(lambda: remote.player("CanGoNext"), True, "CanGoNext")
    player.do("inside deactivate")
    remote.ctl("next")
    player.expect("playNext")
    monitor_until_gone(player.name())
    player.do("activate")
    wait_for_name(player.name())
    player.do("inside destroy")
    remote.ctl("next")
    player.expect("playNext")
    monitor_until_gone(player.name())
    # The next session is as good as the first.
    player.do("create 0", "metadata title T", "publish", "register play", "activate")
    wait_for_name(player.name())
    Remote(player.name()).ctl("play")
    player.expect("play")
    player.finish()


def commands_in_order(command):
    player, remote = shown(command, "register skipToQueueItem")
    for number in range(300):
        call(remote, SESSION, "SkipToQueueItem", "i", str(number))
    player.expect(*[f"skipToQueueItem {number}" for number in range(300)])
    player.finish()
