#!/usr/bin/env python3
"""Encrypts a file for com.example.xor of examples/plugins: player_xor.py ENCRYPTED CLEAR KEYS OUT.

ENCRYPTED and CLEAR are fragmented files with the same samples. OUT is ENCRYPTED, of scheme cenc with IVs of 8 bytes, whose protected
ranges are those of CLEAR XOR the track's key, which begins anew at each sample.
"""
import base64
import json
import struct
import sys


def boxes(data, at, end):
    while at < end:
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, at + size
        at += size


def child(data, place, *kinds):
    for kind in kinds:
        place = next((start, end) for found, start, end in boxes(data, *place) if found == kind)
    return place


def tracks(data):
    """Key ids by track ids."""
    ids = {}
    for kind, start, end in boxes(data, *child(data, (0, len(data)), b"moov")):
        if kind == b"trak":
            header = child(data, (start, end), b"tkhd")[0]
            number, = struct.unpack_from(">I", data, header + (20 if data[header] else 12))
            place = data.find(b"tenc", start, end)
            ids[number] = data[place + 12:place + 28] if place >= 0 else None
    return ids


def samples(data):
    """Of each track, place and subsamples of each sample; no subsamples if all of it is encrypted."""
    found = {}
    for kind, start, end in boxes(data, 0, len(data)):
        if kind != b"moof":
            continue
        for part, first, last in boxes(data, start, end):
            if part != b"traf":
                continue
            inside = {name: at for name, at, _ in boxes(data, first, last)}
            flags, number = struct.unpack_from(">II", data, inside[b"tfhd"])
            at = inside[b"tfhd"] + 8 + sum(size for bit, size in ((1, 8), (2, 4), (8, 4)) if flags & bit)
            default = struct.unpack_from(">I", data, at)[0] if flags & 0x10 else None
            flags, count, offset = struct.unpack_from(">IIi", data, inside[b"trun"])
            assert flags & 1
            fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
            table = inside[b"trun"] + 12 + (4 if flags & 4 else 0)
            place, secrets = start - 8 + offset, inside.get(b"senc")
            with_subsamples = secrets is not None and struct.unpack_from(">I", data, secrets)[0] & 2
            secrets = secrets and secrets + 8
            for sample in range(count):
                size = default
                if 0x200 in fields:
                    size, = struct.unpack_from(">I", data, table + 4 * (sample * len(fields) + fields.index(0x200)))
                subsamples = []
                if secrets:
                    secrets += 8
                if with_subsamples:
                    entries, = struct.unpack_from(">H", data, secrets)
                    subsamples = [struct.unpack_from(">HI", data, secrets + 2 + 6 * i) for i in range(entries)]
                    secrets += 2 + 6 * entries
                found.setdefault(number, []).append((place, size, subsamples))
                place += size
    return found


def main():
    encrypted, clear = (open(path, "rb").read() for path in sys.argv[1:3])
    decode = lambda text: base64.urlsafe_b64decode(text + "==")
    keys = {decode(key["kid"]): decode(key["k"]) for key in json.load(open(sys.argv[3]))["keys"]}
    out = bytearray(encrypted)
    originals, changed = samples(clear), 0
    key_ids = tracks(encrypted)
    for track, list_of_track in samples(encrypted).items():
        key = keys[key_ids[track]]
        assert len(list_of_track) == len(originals[track])
        for (place, size, subsamples), (original, original_size, _) in zip(list_of_track, originals[track]):
            assert size == original_size
            used, at = 0, 0
            for clear_bytes, protected in subsamples or [(0, size)]:
                at += clear_bytes
                for i in range(at, at + protected):
                    out[place + i] = clear[original + i] ^ key[used % 16]
                    used += 1
                at += protected
            assert at == size
            changed += used
    assert changed > 1000
    open(sys.argv[4], "wb").write(out)


main()
