#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the demo player under media controls.

    dbus-run-session -- drmplay_test.py DRMPLAY MEDIA

MEDIA is the directory tests/media.
"""

import os
import re
import subprocess
import sys
import time

from desk import LIMIT, ROOT, TRACK, Failed, Lines, Remote, equal, monitor_until_gone, run_tests, until, wait_for_name


class Drmplay:
    """drmplay under media controls."""

    def __init__(self, command, *arguments, env=None):
        program, media = command
        self.media = media
        self.process = subprocess.Popen([program, "--controls", "--keys", f"{media}/keys.json", *arguments], env=env,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = Lines(self.process.stderr)
        self.table = Lines(self.process.stdout)
        self.name = f"{ROOT}.drmplay.instance{self.process.pid}_1"

    def expect(self, pattern):
        """Waits for a line of the log."""
        while (line := self.log.next()) is not None:
            if re.fullmatch(pattern, line):
                return
            if line.startswith("drmplay:"):
                raise Failed(line)
        raise Failed(f"drmplay ended before it said {pattern!r}")

    def finish(self):
        """Waits for a good end; the tracks of the report: samples, frames, errors."""
        equal(self.process.wait(timeout=LIMIT), 0, "exit status")
        equal(self.log.next(), None, "the rest of the log")
        tracks = []
        while (line := self.table.next()) is not None:
            if found := re.match(r" +\d+  (?:video|audio) +\S+ +\w+(?: \d+:\d+)? +(\d+) +\d+ +\S+ \w+ +(\d+) +(\d+) ", line):
                tracks.append(tuple(int(number) for number in found.groups()))
        return tracks


def obeys(command):
    media = command[1]
    drmplay = Drmplay(command, "--paused", f"{media}/cenc.mp4", f"{media}/cbcs.mp4")
    wait_for_name(drmplay.name)
    remote = Remote(drmplay.name)
    until(lambda: remote.ctl("status"), "Paused", "status")
    metadata = remote.player("Metadata")
    equal((metadata["xesam:title"], metadata["mpris:trackid"]), ("cenc.mp4", TRACK + f"{media}/cenc.mp4".encode().hex()),
          "metadata")
    # Three seconds, and what the last frames of sound are longer.
    equal(3000000 <= metadata["mpris:length"] < 3100000, True, "length")
    can = {prop: remote.player(prop) for prop in ("CanPlay", "CanPause", "CanSeek", "CanGoNext", "CanGoPrevious")}
    equal(can, {"CanPlay": True, "CanPause": True, "CanSeek": True, "CanGoNext": True, "CanGoPrevious": False}, "commands")
    equal(remote.player("Position"), 0, "position before the start")

    remote.ctl("position", "1.5")
    drmplay.expect(r"controls: seek to 1\.500 s at 0\.000 s")
    until(lambda: remote.player("Position"), 1500000, "position after a seek")
    remote.ctl("play")
    drmplay.expect(r"controls: play at 1\.500 s")
    until(lambda: remote.ctl("status"), "Playing", "status")
    until(lambda: remote.player("Position") > 1500000, True, "the position moves")
    remote.ctl("pause")
    drmplay.expect(r"controls: pause at [12]\.\d\d\d s")
    until(lambda: remote.ctl("status"), "Paused", "status")
    # Back, over a key frame, then relatively; then it plays on from there.
    remote.ctl("position", "0.25")
    drmplay.expect(r"controls: seek to 0\.250 s at [12]\.\d\d\d s")
    until(lambda: remote.player("Position"), 250000, "position after a seek back")
    remote.ctl("position", "0.5+")
    drmplay.expect(r"controls: seek to 0\.750 s at 0\.250 s")
    until(lambda: remote.player("Position"), 750000, "position after a relative seek")
    remote.ctl("play-pause")
    drmplay.expect(r"controls: play at 0\.750 s")

    remote.ctl("next")
    drmplay.expect(r"controls: next at \d\.\d\d\d s")
    until(lambda: remote.player("Metadata").get("xesam:title"), "cbcs.mp4", "title of the next file")
    until(lambda: (remote.player("CanGoNext"), remote.player("CanGoPrevious")), (False, True), "next and previous")
    equal(remote.playerctl("next")[::2], (1, "No player could handle this command"), "next after the last")
    remote.ctl("previous")
    drmplay.expect(r"controls: previous at \d\.\d\d\d s")
    until(lambda: remote.player("Metadata").get("xesam:title"), "cenc.mp4", "title of the previous file")
    remote.ctl("stop")
    drmplay.expect(r"controls: stop at \d\.\d\d\d s")
    for samples, frames, errors in drmplay.finish():
        equal((errors, frames <= samples), (0, True), "what was played")
    monitor_until_gone(drmplay.name)


def seek_beyond_the_end_is_next(command):
    media = command[1]
    drmplay = Drmplay(command, "--paused", f"{media}/cens.mp4", f"{media}/cbc1.mp4")
    wait_for_name(drmplay.name)
    remote = Remote(drmplay.name)
    remote.ctl("position", "100+")
    drmplay.expect(r"controls: next at 0\.000 s")
    # The last file: to its end, and that is that.
    until(lambda: remote.player("CanGoNext"), False, "next")
    remote.ctl("position", "100+")
    drmplay.expect(r"controls: seek to 3\.0\d\d s at \d\.\d\d\d s")
    drmplay.finish()


def plays_in_real_time(command):
    start = time.monotonic()
    nowhere = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    players = [Drmplay(command, f"{command[1]}/{name}", env=env)
               for name, env in (("cbcs.mp4", None), ("clear.mp4", None), ("cenc.mp4", nowhere))]
    for drmplay in players:
        tracks = drmplay.finish()
        equal([(frames, errors) for _, frames, errors in tracks], [(75, 0), (131, 0)], "frames")
    equal(time.monotonic() - start >= 3.0, True, "three seconds take three seconds")


if __name__ == "__main__":
    run_tests([obeys, seek_beyond_the_end_is_next, plays_in_real_time], sys.argv[1:])
