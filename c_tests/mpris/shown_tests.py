# SPDX-License-Identifier: Apache-2.0
"""What media controls show."""

import json
import time
from xml.etree import ElementTree

from desk import (NO_TRACK, OBJECT, PLAYER, ROOT, SESSION, TRACK, Failed, Monitor, Player, Remote, call, equal,
                  monitor_until_gone, names, run, shown, until, wait_for_name)


def name_is_owned_while_it_makes_sense(command):
    player = Player(command)
    player.do("create 0", "activate")
    before = player.ask("threads")
    # Nobody can be told when nothing happens; the order of the bus's messages tells that nothing had happened: the name
    # comes with the last condition, and not before.
    player.do("register play")
    equal(names(), [], "names without metadata")
    player.do("metadata title T", "publish")
    wait_for_name(player.name())
    equal(names(), [player.name()], "names")
    equal(run("playerctl", "-l")[1], player.name().removeprefix(ROOT + "."), "playerctl -l")
    equal(player.ask("threads"), before, "threads")
    remote = Remote(player.name())
    for gone, back in (("unregister play", "register play"), ("deactivate", "activate")):
        player.do(gone)
        # Answered after the release, for the bus handles one message after the other.
        run("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus",
            "--method", "org.freedesktop.DBus.GetId")
        monitor_until_gone(player.name())
        player.do(back)
        wait_for_name(player.name())
        equal(remote.ctl("status"), "Stopped", "status")
    player.do("destroy")
    monitor_until_gone(player.name())
    player.do("create 1", "metadata title T", "publish", "register play", "activate")
    wait_for_name(player.name())
    equal(names(), [player.name()], "names of the second session")
    player.finish()


def threads_and_activation(command):
    player = Player(command)
    player.do("create 0", "metadata title T", "publish", "register play", "state 2", "position 5")
    equal(player.ask("threads"), 1, "threads before the first activation")
    player.do("activate")
    wait_for_name(player.name())
    equal(player.ask("threads"), 2, "threads after the first activation")
    player.do("destroy")
    until(lambda: player.ask("threads"), 1, "threads after the end of the session")
    player.finish()


def metadata(command):
    player, remote = shown(command, "register play")
    player.do(
        "metadata assetId id/1 é", "metadata title Títle", "metadata artist Artist", "metadata author Author",
        "metadata album Album", "metadata writer Writer", "metadata composer Composer", "metadata duration 23000",
        "metadata image https://example.org/a.png", "metadata subtitle Subtitle", "metadata description Words about it",
        "metadata lyric [00:01.00]one\x1e[00:02.00]two", "metadata skip 30", "metadata tags 1", "metadata previous p-0",
        "metadata next n-2", "publish", "favorite 1",
    )
    expected = {
        "mpris:trackid": ("o", TRACK + "id/1 é".encode().hex()),
        "mpris:length": ("x", 23000000),
        "mpris:artUrl": ("s", "https://example.org/a.png"),
        "xesam:title": ("s", "Títle"),
        "xesam:artist": ("as", ["Artist"]),
        "xesam:album": ("s", "Album"),
        "xesam:composer": ("as", ["Composer"]),
        "xesam:lyricist": ("as", ["Writer"]),
        "xesam:comment": ("as", ["Words about it"]),
        "xesam:asText": ("s", "[00:01.00]one\n[00:02.00]two"),
        "xesam:userRating": ("d", 1.0),
        "ohos:assetId": ("s", "id/1 é"),
        "ohos:author": ("s", "Author"),
        "ohos:subtitle": ("s", "Subtitle"),
        "ohos:skipIntervals": ("i", 30),
        "ohos:displayTags": ("i", 1),
        "ohos:previousAssetId": ("s", "p-0"),
        "ohos:nextAssetId": ("s", "n-2"),
        "ohos:filter": ("u", 2),
    }
    equal(remote.player("Metadata"), {key: value for key, (_, value) in expected.items()}, "metadata")
    equal(remote.types(PLAYER, "Metadata"), {key: kind for key, (kind, _) in expected.items()}, "types")
    equal(remote.ctl("metadata", "--format", "{{artist}}|{{title}}|{{album}}|{{mpris:length}}"),
          "Artist|Títle|Album|23000000", "playerctl metadata")
    # The author stands in for an artist; durations that must not be shown or are not known are not there.
    for duration in ("-1", "0"):
        player.do("metadata author Only", f"metadata duration {duration}", "publish", "favorite 0")
        equal(remote.player("Metadata"), {
            "mpris:trackid": NO_TRACK, "xesam:artist": ["Only"], "ohos:author": "Only", "xesam:userRating": 0.0,
            "ohos:skipIntervals": 15, "ohos:filter": 2,
        }, "little metadata")
    player.do("metadata duration -2")
    equal(player.ask("publish"), 6600101, "duration -2")
    equal(remote.player("Metadata")["ohos:author"], "Only", "metadata after a refusal")
    player.do("metadata duration 9223372036854775807", "publish")
    equal(remote.player("Metadata")["mpris:length"], 2**63 - 1, "a length that does not fit")
    player.finish()


def introspection(command):
    player, remote = shown(command, "register play")
    code, xml, error = run("gdbus", "introspect", "--session", "--xml", "--dest", remote.name, "--object-path", OBJECT)
    equal(code, 0, error)
    described = {}
    for interface in ElementTree.fromstring(xml).iter("interface"):
        described[interface.get("name")] = {entry.get("name"): entry.get("type") for entry in interface.iter("property")}
    equal(set(described) - {ROOT, PLAYER, SESSION}, {f"org.freedesktop.DBus.{name}" for name in (
        "Introspectable", "Peer", "Properties")}, "interfaces")
    for interface in (ROOT, PLAYER, SESSION):
        for name, signature in described[interface].items():
            out = run("busctl", "--user", "get-property", remote.name, OBJECT, interface, name)[1]
            equal(out.split(" ")[0], signature, f"type of {interface}.{name}")
    player.finish()


def status(command):
    player, remote = shown(command, "register play")
    words = {2: "Playing", 4: "Playing", 5: "Playing", 3: "Paused"}
    for state in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10):
        word = words.get(state, "Stopped")
        player.do(f"state {state}")
        equal(remote.player("PlaybackStatus"), word, f"status of state {state}")
        equal(remote.ctl("status"), word, f"playerctl status of state {state}")
        equal(remote.get(SESSION, "PlaybackState"), state, "state")
        player.do("state 11")
        equal(remote.player("PlaybackStatus"), word, f"status of buffering after state {state}")
    player.finish()


def seeked(command):
    player, remote = shown(command, "register play", "register seek", "state 3", "position 10000")
    monitor = Monitor(player)
    # Jumps of more than half a second are told, smaller ones are not.
    player.do("position 10400")
    equal([line for line in monitor.until_now(player) if "Seeked" in line], [], "small jumps")
    player.do("position 30000")
    monitor.expect(f"{PLAYER}.Seeked", "30000000")
    # The first report after Seek or SetPosition is told in any case: controllers may have gone ahead (and rebound).
    remote.ctl("position", "45")
    player.expect("seek 45000")
    player.do("position 30000")
    monitor.expect(f"{PLAYER}.Seeked", "30000000")
    player.do("position 30000")
    equal([line for line in monitor.until_now(player) if "Seeked" in line], [], "the second report")
    # A new track starts at 0, unless the player reports something else.
    player.do("position 0", "metadata assetId asset-2", "metadata duration 60000", "publish")
    monitor.until_now(player)
    player.do("metadata assetId asset-3", "publish", "position 20000")
    monitor.expect(f"{PLAYER}.Seeked", "20000000")
    monitor.close()
    player.finish()


def changes_are_told(command):
    player, remote = shown(command, "register play", "register seek")
    monitor = Monitor(player)
    for order, *parts in (
        ("state 2", f"'{PLAYER}'", "'PlaybackStatus': <'Playing'>"),
        ("loop 2", f"'{PLAYER}'", "'LoopStatus': <'Playlist'>"),
        ("loop 3", f"'{PLAYER}'", "'Shuffle': <true>"),
        ("favorite 1", f"'{PLAYER}'", "'Metadata': <", "'xesam:userRating': <1.0>"),
        ("speed 2", f"'{PLAYER}'", "'Rate': <2.0>"),
        ("volume 25", f"'{PLAYER}'", "'Volume': <0.25>"),
        ("buffered 14000", f"'{SESSION}'", "'BufferedTime': <int64 14000>"),
        ("item 7", f"'{SESSION}'", "'ActiveItemId': <7>"),
        ('extras {"a":1}', f"'{SESSION}'", "'Extras': <'{\"a\":1}'>"),
        ("queue", f"'{SESSION}'", "'QueueItems': <[{"),
        ("cast 1", f"'{SESSION}'", "'RemoteCastEnabled': <true>"),
    ):
        player.do(order)
        monitor.expect("PropertiesChanged", *parts)
    player.do("metadata title Other", "publish")
    monitor.expect("PropertiesChanged", f"'{PLAYER}'", "'xesam:title': <'Other'>")
    # The same again is no change.
    player.do("metadata title Other", "publish", "state 2", "loop 3", "favorite 1", "cast 1", "cast 0")
    signals = monitor.expect("'RemoteCastEnabled': <false>")
    equal([line for line in signals if f"'{PLAYER}'" in line], [], "changes that are none")
    equal(remote.get(SESSION, "QueueItems"), [
        {"itemId": 1, "assetId": "asset-1", "title": "First", "artist": "Somebody", "duration": 1000},
        {"itemId": 2, "subtitle": "Second line", "mediaImageUri": "https://example.org/2.png"},
    ], "queue")
    monitor.close()
    player.finish()


def floods_are_told_once_in_a_while(command):
    player, remote = shown(command, "register play")
    monitor = Monitor(player)
    begin = time.monotonic()
    orders = 50
    for order in range(orders):
        # The last order ends with another number than those before it.
        player.do(f"flood {1000 + order}")
        equal(remote.get(SESSION, "BufferedTime"), 1000 + order, "what is read is the newest")
        equal(json.loads(remote.get(SESSION, "Extras")), {"loaded": 1000 + order}, "what is read is the newest")
    seen = monitor.expect(f"'BufferedTime': <int64 {1000 + orders - 1}>")
    if not any(f'{{"loaded":{1000 + orders - 1}}}' in line for line in seen):
        seen += monitor.expect(f'{{"loaded":{1000 + orders - 1}}}')
    # However long it took: one at the start, and one for each second since.
    most = 2 + int(time.monotonic() - begin)
    for name in ("BufferedTime", "Extras"):
        count = len([line for line in seen if f"'{name}'" in line])
        if not 1 <= count <= most:
            raise Failed(f"{name} was told {count} times, with {orders * 1000} changes: at most {most}")
    # A change after a while, and everything else, is told as ever.
    player.do("item 5")
    monitor.expect("'ActiveItemId': <5>")
    player.do("buffered 7")
    monitor.expect("'BufferedTime': <int64 7>")
    monitor.close()
    player.finish()


SECRET = "secret"


def private_sessions_show_no_content(command):
    content = [f"metadata {field} {SECRET}-{field}" for field in (
        "assetId", "title", "artist", "author", "album", "writer", "composer", "subtitle", "description", "image", "previous",
        "next")]
    content += [f"metadata lyric [00:00.00]{SECRET} line", "metadata duration 54321", "metadata tags 1", "metadata skip 30",
                "publish", "favorite 1", "item 77", f'extras {{"{SECRET}":1}}', "queue"]
    player, remote = shown(command, "register play", "register seek", "register playNext", "register toggleFavorite",
                           "register fastForward", "state 3", "position 10000", *content)
    public = everything(remote)
    if SECRET not in public or "54321000" not in public:
        raise Failed(f"nothing is shown: {public}")
    monitor = Monitor(player)
    player.do("item 77")
    monitor.expect("'ActiveItemId': <77>")
    # What was shown is withdrawn at once, also what would not be told yet.
    player.do(f'extras {{"{SECRET}":2}}', f'extras {{"{SECRET}":3}}', "private 1")
    withdrawn = " ".join(monitor.expect("'IsPrivate': <true>"))
    for part in ("'Extras': <''>", "'QueueItems': <@aa{sv} []>", "'IsFavorite': <false>", "'ActiveItemId': <0>"):
        if part not in withdrawn:
            raise Failed(f"{part} is not withdrawn: {withdrawn}")
    check_private(remote)
    equal(remote.player("Metadata"), {"mpris:trackid": TRACK + "private", "ohos:skipIntervals": 30, "ohos:filter": 2},
          "metadata of a private session")
    # How it is played, and what can be done, is as before; commands are about what is played.
    equal((remote.ctl("status"), remote.player("Position"), remote.player("CanPlay"), remote.get(SESSION, "IsPrivate")),
          ("Paused", 10000000, True, True), "state")
    remote.ctl("play")
    player.expect("play")
    call(remote, PLAYER, "SetPosition", "ox", TRACK + "private", "20000000")
    player.expect("seek 20000")
    call(remote, PLAYER, "SetPosition", "ox", TRACK + f"{SECRET}-assetId".encode().hex(), "20000000")
    call(remote, PLAYER, "Seek", "x", "3600000000")
    player.expect("playNext")
    call(remote, SESSION, "FastForward", "u", "0")
    player.expect("fastForward 30000")
    call(remote, SESSION, "ToggleFavorite", "s", "")
    player.expect(f"toggleFavorite {SECRET}-assetId")
    # Whatever is published meanwhile is not shown either.
    player.do(f"metadata title {SECRET} two", f"metadata lyric [00:00.00]{SECRET} two", "metadata duration 98765", "publish",
              "favorite 0", "favorite 1", f'extras {{"{SECRET}":4}}', "queue", "item 78", "position 60000", "volume 50")
    signals = monitor.expect("'Volume': <0.5>")
    equal([line for line in signals if SECRET in line or "98765" in line or "78" in line or "asset" in line], [],
          "signals of a private session")
    check_private(remote)
    equal(remote.get(SESSION, "LyricLine"), "", "lyric")
    # A name that is taken anew shows no more than the old one.
    player.do("deactivate", "activate")
    wait_for_name(player.name())
    check_private(remote)
    player.do("private 0")
    monitor.expect("PropertiesChanged", f"'xesam:title': <'{SECRET} two'>")
    equal(remote.player("Metadata")["mpris:length"], 98765000, "duration when it is private no longer")
    equal((remote.get(SESSION, "LyricLine"), remote.get(SESSION, "IsFavorite"), remote.get(SESSION, "ActiveItemId"),
           len(remote.get(SESSION, "QueueItems")), remote.get(SESSION, "IsPrivate")),
          (f"{SECRET} two", True, 78, 2, False), "content when it is private no longer")
    monitor.close()
    player.finish()
    # Private from the start.
    player = Player(command)
    player.do("create 0", "private 1", *content, "register play", "activate")
    wait_for_name(player.name())
    check_private(Remote(player.name()))
    player.finish()


def everything(remote):
    """All properties of all interfaces, and the line of the lyric, as text."""
    parts = [remote.call("org.freedesktop.DBus.Properties", "GetAll", interface) for interface in (ROOT, PLAYER, SESSION)]
    return "\n".join(parts + [remote.call(SESSION, "GetLyricLine", "int64 5000")])


def check_private(remote):
    """Checks that nothing of the content is shown."""
    shown_now = everything(remote)
    for part in (SECRET, SECRET.encode().hex(), "54321", "98765", "xesam:", "mpris:length", "mpris:artUrl", "assetId",
                 "<77>", "<78>"):
        if part in shown_now:
            raise Failed(f"{part} is shown: {shown_now}")
