"""Boxes of ISO/IEC 14496-12: enough to take a fragmented file apart and to put it together again."""

import struct

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex", b"sinf", b"schi"}


class Box:
    """A box: either `children` (containers) or `payload`."""

    def __init__(self, kind, payload=b"", children=None):
        self.kind, self.payload, self.children = kind, payload, children

    def __bytes__(self):
        body = self.payload if self.children is None else b"".join(bytes(child) for child in self.children)
        return struct.pack(">I4s", 8 + len(body), self.kind) + body

    def find(self, *path):
        """First descendant along a path of types."""
        for child in self.children or ():
            if child.kind == path[0]:
                return child if len(path) == 1 else child.find(*path[1:])
        raise KeyError(path[0].decode())

    def all(self, kind):
        return [child for child in self.children if child.kind == kind]


def full_box(kind, version, flags, body):
    return Box(kind, struct.pack(">I", version << 24 | flags) + body)


def parse(data):
    boxes, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise ValueError(f"box {kind!r} at {at} does not fit")
        body = data[at + 8:at + size]
        boxes.append(Box(kind, children=parse(body)) if kind in CONTAINERS else Box(kind, body))
        at += size
    return boxes


class SampleEntry:
    """The only sample entry of an stsd box, taken apart (section 12.1.3 and 12.2.3)."""

    def __init__(self, stsd):
        if struct.unpack_from(">I", stsd.payload, 4)[0] != 1:
            raise ValueError("more than one sample entry")
        size, self.kind = struct.unpack_from(">I4s", stsd.payload, 8)
        entry = stsd.payload[16:8 + size]
        fixed = 78 if self.kind == b"avc1" else 28
        self.fixed, self.children = entry[:fixed], parse(entry[fixed:])

    def protected(self, kind, sinf):
        """The stsd box with the entry renamed to encv or enca and `sinf` appended."""
        body = self.fixed + b"".join(bytes(child) for child in self.children + [sinf])
        return full_box(b"stsd", 0, 0, struct.pack(">II4s", 1, 8 + len(body), kind) + body)


class Run:
    """A traf box with one trun box (sections 8.8.7, 8.8.8): sample sizes and where the data is."""

    def __init__(self, traf):
        self.traf = traf
        tfhd, self.trun = traf.find(b"tfhd").payload, traf.find(b"trun")
        flags, self.track = struct.unpack_from(">II", tfhd)
        if not flags & 0x20000:
            raise ValueError("tfhd without default-base-is-moof")
        at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0) + (4 if flags & 8 else 0)
        default = struct.unpack_from(">I", tfhd, at)[0] if flags & 0x10 else None
        run = self.trun.payload
        flags, count, self.data_offset = struct.unpack_from(">IIi", run)
        if not flags & 1:
            raise ValueError("trun without data offset")
        at = 12 + (4 if flags & 4 else 0)
        self.sizes = []
        for _ in range(count):
            at += 4 if flags & 0x100 else 0
            if flags & 0x200:
                self.sizes.append(struct.unpack_from(">I", run, at)[0])
                at += 4
            else:
                self.sizes.append(default)
            at += (4 if flags & 0x400 else 0) + (4 if flags & 0x800 else 0)

    def move(self, by):
        self.trun.payload = self.trun.payload[:8] + struct.pack(">i", self.data_offset + by) + self.trun.payload[12:]


def set_reference_sizes(sidx, sizes):
    """Corrects a sidx box (section 8.16.3) after its fragments have grown."""
    body = bytearray(sidx.payload)
    at = 20 if body[0] == 0 else 28
    if struct.unpack_from(">H", body, at + 2)[0] != len(sizes):
        raise ValueError("sidx does not list every fragment")
    for index, size in enumerate(sizes):
        struct.pack_into(">I", body, at + 4 + 12 * index, size)
    sidx.payload = bytes(body)
