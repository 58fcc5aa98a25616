#!/usr/bin/env python3
"""Writes the same encrypted file with its encryption information in other places: player_variants.py FILE SCHEME DIRECTORY.

FILE is a fragmented MP4 file of Shaka Packager (tenc, senc, saiz, saio). No byte of its samples changes, so each variant decrypts
to the same packets. A line per variant is printed: its name.
"""
import itertools
import os
import struct
import sys

CONTAINERS = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"sinf": 0, b"schi": 0, b"moof": 0, b"traf": 0,
              b"stsd": 8, b"encv": 78, b"enca": 28}
PIFF_TENC = bytes.fromhex("8974dbce7be74c5184f97148f9882554")
PIFF_SENC = bytes.fromhex("a2394f525a9b4f14a2446c427c648df4")
NOBODY = bytes(16)


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8:at + size]
        at += size


def box(kind, payload):
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def full(kind, version, flags, payload):
    return box(kind, struct.pack(">I", version << 24 | flags) + payload)


class Variant:
    """Where key ids are: in tenc, in sample groups of the moof or the moov box, or of every other sample in groups.
    Where IVs are: in senc, beside saio only, in PIFF's boxes, in PIFF's boxes that override tenc."""

    def __init__(self, groups, info, scheme):
        self.groups, self.info, self.scheme = groups, info, scheme
        self.tenc = {}  # by track: the protection as in seig
        self.track = None

    def name(self):
        return f"{self.scheme}-{self.groups}-{self.info}"

    def hidden_tenc(self, payload):
        """tenc without what the groups tell."""
        if self.groups == "tenc" and self.info != "override":
            return payload
        if self.groups == "alternate":
            return payload
        return payload[:4] + b"\0\0\1\x08" + NOBODY

    def seig(self):
        return self.tenc[self.track]

    def sgpd(self):
        entry = self.seig()
        if self.groups == "moof":  # version 1, a length for all
            return full(b"sgpd", 1, 0, b"seig" + struct.pack(">II", len(entry), 1) + entry)
        # Version 1, each with its length; the first is of nobody.
        other = b"\0\0\1\x08" + NOBODY
        return full(b"sgpd", 1, 0, b"seig" + struct.pack(">II", 0, 2) + b"".join(
            struct.pack(">I", len(each)) + each for each in (other, entry)))

    def sbgp(self, count):
        if self.groups == "moof":
            return full(b"sbgp", 0, 0, b"seig" + struct.pack(">III", 1, count, 0x10001))
        if self.groups == "moov":
            return full(b"sbgp", 1, 0, b"seig\0\0\0\0" + struct.pack(">III", 1, count, 2))
        runs = [(1, 0x10002 if i % 2 else 0) for i in range(count)]
        return full(b"sbgp", 0, 0, b"seig" + struct.pack(">I", count) + b"".join(struct.pack(">II", *run) for run in runs))

    def moov(self, kind, payload):
        if kind == b"tkhd":
            self.track = struct.unpack_from(">I", payload, 20 if payload[0] == 1 else 12)[0]
        elif kind == b"schm" and self.info in ("piff", "override"):
            return box(kind, payload[:4] + b"piff" + struct.pack(">I", 0x10001))
        elif kind == b"tenc":
            # The same fields in seig, but the pattern of a tenc of version 0, which is none.
            self.tenc[self.track] = payload[4:]
            payload = self.hidden_tenc(payload)
            if self.info in ("piff", "override"):
                algorithm = 2 if self.scheme == "cbc1" else 1
                return box(b"uuid", PIFF_TENC + bytes(4) + bytes((0, 0, algorithm)) + payload[7:24])
        elif kind in CONTAINERS:
            skip = CONTAINERS[kind]
            inner = payload[:skip] + b"".join(self.moov(*child) for child in boxes(payload[skip:]))
            if kind == b"stbl" and self.groups == "moov":
                inner += self.sgpd()
            return box(kind, inner)
        return box(kind, payload)

    def traf(self, payload, before):
        """The traf box whose first byte is `before` bytes behind the moof's, and where its trun's data offset is."""
        out, count, trun, saio, information = b"", 0, None, None, None
        for kind, inner in boxes(payload):
            if kind == b"tfhd":
                self.track = struct.unpack_from(">I", inner, 4)[0]
            elif kind == b"trun":
                count = struct.unpack_from(">I", inner, 4)[0]
                trun = len(out) + 16
            elif kind in (b"saiz", b"saio") and self.info != "saio":
                continue
            elif kind == b"saio":
                saio = len(out) + 16
                inner = struct.pack(">III", 0, 1, 0)
            elif kind == b"senc":
                if self.info == "saio":
                    inner, kind = inner + b"\0", b"free"
                    information = before + 8 + len(out) + 16  # headers of traf and of this box, flags and count
                elif self.info == "piff":
                    kind, inner = b"uuid", PIFF_SENC + inner
                elif self.info == "override":
                    algorithm = 2 if self.scheme == "cbc1" else 1
                    flags = struct.unpack_from(">I", inner)[0] | 1
                    tenc = self.tenc[self.track]
                    kind, inner = b"uuid", PIFF_SENC + struct.pack(">I", flags) + bytes((0, 0, algorithm)) + tenc[3:20] + inner[4:]
            out += box(kind, inner)
        if self.groups != "tenc":
            out += self.sbgp(count) + (self.sgpd() if self.groups != "moov" else b"")
        if saio and information:
            out = out[:saio] + struct.pack(">I", information) + out[saio + 4:]
        return box(b"traf", out), 8 + trun

    def moof(self, payload):
        out, fixes = b"", []
        for kind, inner in boxes(payload):
            if kind == b"traf":
                traf, trun = self.traf(inner, 8 + len(out))
                fixes.append(len(out) + trun)
                out += traf
            else:
                out += box(kind, inner)
        grown = bytearray(out)
        for at in fixes:
            struct.pack_into(">I", grown, at, struct.unpack_from(">I", grown, at)[0] + len(out) - len(payload))
        return box(b"moof", bytes(grown))

    def file(self, data):
        for kind, payload in boxes(data):
            if kind == b"moov":
                yield self.moov(kind, payload)
            elif kind == b"moof":
                yield self.moof(payload)
            else:
                yield box(b"free" if kind == b"sidx" else kind, payload)


def main():
    path, scheme, directory = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    for groups, info in itertools.product(("tenc", "moof", "moov", "alternate"), ("senc", "saio", "piff", "override")):
        if info in ("piff", "override") and (scheme in ("cens", "cbcs") or groups != "tenc"):
            continue  # PIFF has neither patterns nor groups
        variant = Variant(groups, info, scheme)
        with open(os.path.join(directory, variant.name() + ".mp4"), "wb") as file:
            file.writelines(variant.file(data))
        print(variant.name())


main()
