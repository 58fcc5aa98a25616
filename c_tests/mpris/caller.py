# SPDX-License-Identifier: Apache-2.0
"""Sends messages over D-Bus that no tool sends (D-Bus specification, "Message Protocol")."""

import os
import socket
import struct

# Types of messages, and fields of their headers.
CALL, RETURN, ERROR_REPLY, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY, DESTINATION, SIGNATURE, FILES = 1, 2, 3, 4, 5, 6, 8, 9
TYPES = {PATH: "o", INTERFACE: "s", MEMBER: "s", ERROR_NAME: "s", REPLY: "u", DESTINATION: "s", SIGNATURE: "g", FILES: "u"}
OBJECT = "/org/mpris/MediaPlayer2"


def pad(data, alignment):
    """Zeros up to the next multiple."""
    return data + bytes(-len(data) % alignment)


def string(value):
    """A string in a little-endian body."""
    data = value.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


class Caller:
    """A connection to the session bus."""

    def __init__(self, name):
        self.name = name
        self.serial = 0
        transport, _, keys = os.environ["DBUS_SESSION_BUS_ADDRESS"].partition(":")
        keys = dict(key.split("=", 1) for key in keys.split(","))
        assert transport == "unix", transport
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(keys["path"] if "path" in keys else "\0" + keys["abstract"])
        self._ask(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode(), b"OK ")
        self._ask(b"NEGOTIATE_UNIX_FD", b"AGREE_UNIX_FD")
        self.socket.sendall(b"BEGIN\r\n")
        self.send(CALL, {PATH: "/org/freedesktop/DBus", MEMBER: "Hello", DESTINATION: "org.freedesktop.DBus"})

    def _ask(self, line, answer):
        self.socket.sendall(line + b"\r\n")
        received = b""
        while not received.endswith(b"\r\n"):
            received += self.socket.recv(1000)
        assert received.startswith(answer), received

    def send(self, kind, fields, signature="", body=b"", flags=1, endian="<", files=()):
        """Sends a message to the player, if the fields name nobody else. Flag 1: no answer is expected."""
        self.serial += 1
        fields = {DESTINATION: self.name, **fields}
        if signature:
            fields[SIGNATURE] = signature
        if files:
            fields[FILES] = len(files)
        head = b""
        for code, value in fields.items():
            kind_of_value = TYPES[code]
            head = pad(head, 8) + bytes([code, 1]) + kind_of_value.encode() + b"\0"
            if kind_of_value == "u":
                head = pad(head, 4) + struct.pack(endian + "I", value)
            elif kind_of_value == "g":
                head += bytes([len(value)]) + value.encode() + b"\0"
            else:
                data = value.encode()
                head = pad(head, 4) + struct.pack(endian + "I", len(data)) + data + b"\0"
        start = (b"l" if endian == "<" else b"B") + bytes([kind, flags, 1])
        start += struct.pack(endian + "III", len(body), self.serial, len(head))
        socket.send_fds(self.socket, [pad(start + head, 8) + body], list(files))

    def call(self, interface, member, signature="", body=b"", path=OBJECT, **rest):
        """Calls a method; without an interface if that is None."""
        fields = {PATH: path, MEMBER: member}
        if interface is not None:
            fields[INTERFACE] = interface
        self.send(CALL, fields, signature, body, **rest)
