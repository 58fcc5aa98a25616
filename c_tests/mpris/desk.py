# SPDX-License-Identifier: Apache-2.0
"""What the tests of media controls are made of: a player, a bus, and the tools that control players."""

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree

LIMIT = 120  # seconds until something counts as hung; nothing is measured with it

OBJECT = "/org/mpris/MediaPlayer2"
ROOT = "org.mpris.MediaPlayer2"
PLAYER = "org.mpris.MediaPlayer2.Player"
SESSION = "org.ohos.AVSession1"
TRACK = "/org/ohos/avsession/track/"
NO_TRACK = "/org/mpris/MediaPlayer2/TrackList/NoTrack"
ERROR = "org.freedesktop.DBus.Error."


class Failed(Exception):
    """A check did not hold."""


def equal(actual, expected, what=""):
    """Checks that two values are equal."""
    if actual != expected:
        raise Failed(f"{what}: expected {expected!r}, actual {actual!r}")


def until(probe, expected, what):
    """Asks again and again until the answer is the expected one."""
    end = time.monotonic() + LIMIT
    while (actual := probe()) != expected:
        if time.monotonic() > end:
            raise Failed(f"{what}: {actual!r} does not become {expected!r}")


def run(*command, env=None):
    """Runs a tool: exit status, standard output, standard error."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=env, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


class Lines:
    """The lines that a process prints: those that begin as is wanted; others go to standard error."""

    def __init__(self, stream, wanted=""):
        self.lines = queue.Queue()
        self.wanted = wanted
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            if line.startswith(self.wanted):
                self.lines.put(line.rstrip("\n"))
            else:
                sys.stderr.write(line)
        self.lines.put(None)

    def next(self):
        """The next line; None at the end."""
        try:
            return self.lines.get(timeout=LIMIT)
        except queue.Empty:
            raise Failed("nothing was printed for too long") from None

    def next_soon(self):
        """The next line if it comes soon."""
        try:
            return self.lines.get(timeout=0.1)
        except queue.Empty:
            return None


class Player:
    """A player program that does what it is told."""

    def __init__(self, command, env=None, log=False):
        environment = dict(os.environ if env is None else env)
        if log:
            environment["NATIVE_DRM_LOG"] = "warn"
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            stderr=subprocess.PIPE if log else None,
        )
        self.out = Lines(self.process.stdout)
        self.log = Lines(self.process.stderr, "native_drm ") if log else None
        self.events = []
        self.sessions = 0

    def ask(self, order):
        """Gives an order; the number that it answers."""
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        while True:
            line = self.out.next()
            if line is None:
                raise Failed(f"the player ended at {order!r}")
            if line.startswith("= "):
                return int(line[2:])
            if line.startswith("! "):
                self.events.append(line[2:])

    def do(self, *orders):
        """Gives orders that succeed."""
        for order in orders:
            equal(self.ask(order), 0, order)
            if order.startswith("create"):
                self.sessions += 1

    def next_event(self):
        """The next command."""
        while not self.events:
            line = self.out.next()
            if line is None:
                raise Failed("the player ended before a command came")
            if line.startswith("! "):
                self.events.append(line[2:])
        return self.events.pop(0)

    def expect(self, *events):
        """Checks which commands come next."""
        for event in events:
            equal(self.next_event(), event, "command")

    def expect_nothing(self, probe, event):
        """Checks that no command is on its way: the probe's is the next."""
        probe()
        self.expect(event)

    def name(self, prefix=ROOT):
        """The bus name."""
        return f"{prefix}.org.example.player.instance{self.process.pid}_{self.sessions}"

    def finish(self):
        """Ends the player; it checks itself."""
        self.process.stdin.close()
        equal(self.process.wait(timeout=LIMIT), 0, "exit status of the player")


class Bus:
    """A private session bus."""

    def __init__(self, address=None):
        listen = [f"--address={address}"] if address else []
        self.process = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address=1", *listen], stdout=subprocess.PIPE, text=True
        )
        printed = self.process.stdout.readline().strip()
        # What is printed has the bus's own id in it, which the next bus at the address will not have.
        self.address = address or printed
        self.env = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address}
        # It must not outlive a test that fails: whoever waits for the end of the output would wait for it, too.
        atexit.register(self.kill)

    def freeze(self):
        """Stops it where it is."""
        self.process.send_signal(signal.SIGSTOP)

    def kill(self):
        """Kills it."""
        self.process.kill()
        self.process.wait(timeout=LIMIT)


def wait_for_name(name, env=None):
    """Waits until somebody owns a name."""
    status, _, error = run("gdbus", "wait", "--session", "--timeout", str(LIMIT), name, env=env)
    equal(status, 0, f"{name} does not come: {error}")


def names(env=None):
    """The well-known names at the bus that are ours."""
    status, out, error = run("busctl", "--user", "--json=short", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                             "org.freedesktop.DBus", "ListNames", env=env)
    equal(status, 0, error)
    return [name for name in json.loads(out)["data"][0] if name.startswith((ROOT + ".", SESSION + "."))]


def plain(value):
    """A value that busctl prints in JSON, without the types of variants."""
    if isinstance(value, dict):
        if set(value) == {"type", "data"}:
            return plain(value["data"])
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value


class Remote:
    """The player as others see it."""

    def __init__(self, name, env=None):
        self.name = name
        self.env = env

    def get(self, interface, prop):
        """A property."""
        status, out, error = run("busctl", "--user", "--json=short", "get-property", self.name, OBJECT, interface, prop,
                                 env=self.env)
        equal(status, 0, f"{interface}.{prop}: {error}")
        return plain(json.loads(out))

    def types(self, interface, prop):
        """A dictionary property: the types of its values."""
        _, out, _ = run("busctl", "--user", "--json=short", "get-property", self.name, OBJECT, interface, prop, env=self.env)
        return {key: value["type"] for key, value in json.loads(out)["data"].items()}

    def player(self, prop):
        """A property of the player."""
        return self.get(PLAYER, prop)

    def call(self, interface, method, *arguments):
        """Calls a method with gdbus; the answer as text. Arguments are in GVariant's text form."""
        status, out, error = run("gdbus", "call", "--session", "--dest", self.name, "--object-path", OBJECT, "--method",
                                 f"{interface}.{method}", *arguments, env=self.env)
        equal(status, 0, f"{interface}.{method}: {error}")
        return out

    def set(self, prop, value):
        """Sets a property of the player."""
        self.call("org.freedesktop.DBus.Properties", "Set", PLAYER, prop, value)

    def refuses(self, error_name, interface, method, signature="", *arguments, path=OBJECT):
        """Checks that a call with busctl, which sends any types, gets an error."""
        status, _, error = run("busctl", "--user", "call", "--", self.name, path, interface, method, signature, *arguments,
                               env=self.env)
        if status == 0:
            raise Failed(f"{interface}.{method} {signature} {arguments}: succeeded")
        # busctl prints the message; gdbus prints the name as well, but sends only types that introspection names.
        text = TEXTS[error_name]
        if not any(part in error for part in text):
            raise Failed(f"{interface}.{method} {signature} {arguments}: {error!r} instead of {error_name}")

    def writable(self):
        """The properties that introspection says can be set."""
        status, xml, error = run("gdbus", "introspect", "--session", "--xml", "--dest", self.name, "--object-path", OBJECT,
                                 env=self.env)
        equal(status, 0, error)
        return [entry.get("name") for entry in ElementTree.fromstring(xml).iter("property")
                if entry.get("access") != "read"]

    def playerctl(self, *arguments):
        """playerctl for this player: exit status, output, errors."""
        return run("playerctl", "-p", self.name.removeprefix(ROOT + "."), *arguments, env=self.env)

    def ctl(self, *arguments):
        """playerctl that succeeds: its output."""
        status, out, error = self.playerctl(*arguments)
        equal(status, 0, f"playerctl {arguments}: {error}")
        return out


# Parts of our messages by the name of the error.
TEXTS = {
    "InvalidArgs": ["takes (", "does not take (", "is not a", "is of type", "not in", "has no name", "not a JSON object",
                    "bytes", "is not the code", "key action"],
    "UnknownObject": ["there is no object"],
    "UnknownInterface": ["there is no interface"],
    "UnknownMethod": ["has no method"],
    "UnknownProperty": ["has no property"],
    "PropertyReadOnly": ["cannot be set"],
    "NotSupported": ["is not registered", "takes no commands", "opens no URIs"],
}


class Monitor:
    """The signals of a player, as gdbus monitor prints them."""

    def __init__(self, player):
        self.process = subprocess.Popen(
            ["gdbus", "monitor", "--session", "--dest", player.name(), "--object-path", OBJECT], stdout=subprocess.PIPE,
            text=True,
        )
        self.out = Lines(self.process.stdout)
        # It does not say when it listens: something changes until it tells so.
        heard = None
        number = 0
        while heard is None or "'ActiveItemId'" not in heard:
            number += 1
            player.do(f"item {number}")
            heard = self.out.next_soon()
        player.do("item 0")
        self.expect("'ActiveItemId': <0>")

    def expect(self, *parts):
        """Waits for a signal that has all these parts; the signals until then."""
        seen = []
        while True:
            line = self.out.next()
            if line is None:
                raise Failed(f"no signal with {parts}: {seen}")
            seen.append(line)
            if all(part in line for part in parts):
                return seen

    def until_now(self, player):
        """The signals of what happened until now."""
        seen = []
        # Seeked comes behind the properties that changed with it, so only a second change is behind it for certain.
        for number in (1, 0):
            player.do(f"item {number}")
            seen += self.expect(f"'ActiveItemId': <{number}>")
        return seen

    def close(self):
        """Ends it."""
        self.process.kill()
        self.process.wait(timeout=LIMIT)


def shown(command, *orders):
    """A player that media controls show, with metadata and what the orders say, and the player as seen from outside."""
    player = Player(command)
    player.do("create 0", "metadata assetId asset-1", "metadata title Title", "metadata duration 60000", "publish", *orders,
              "activate")
    wait_for_name(player.name())
    return player, Remote(player.name())


def call(remote, interface, method, signature, *arguments):
    """Calls a method with busctl; negative numbers are arguments like others."""
    code, _, error = run("busctl", "--user", "call", "--", remote.name, OBJECT, interface, method, signature, *arguments)
    equal(code, 0, f"{method} {arguments}: {error}")


def monitor_until_gone(name):
    """Waits until nobody owns a name."""
    process = subprocess.Popen(["gdbus", "monitor", "--session", "--dest", name], stdout=subprocess.PIPE, text=True)
    lines = Lines(process.stdout)
    while "does not have an owner" not in (lines.next() or "does not have an owner"):
        pass
    process.kill()
    process.wait()


def run_tests(tests, command):
    """Runs tests one after the other, each with a new player."""
    for test in tests:
        print(test.__name__, flush=True)
        try:
            test(command)
        except Failed as failure:
            print(f"{test.__name__}: {failure}", file=sys.stderr)
            raise
    print(f"{len(tests)} tests passed")
