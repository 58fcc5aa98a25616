"""Common Encryption (ISO/IEC 23001-7): the four schemes, and the boxes that describe them."""

import base64
import hashlib
import json
import struct
import uuid

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .h264 import ParameterSets
from .mp4 import Box, Run, SampleEntry, full_box, parse, set_reference_sizes

W3C_CLEAR_KEY = uuid.UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
CLEAR_PLAY = uuid.UUID("47a10ff0-ca3c-49c6-9c12-a764ffde091f")
VIDEO_PATTERN = {"cens": (1, 9), "cbcs": (1, 9)}


def derive(*words, size=16):
    """Fixed, public test material: the first bytes of SHA-256 over the words."""
    return hashlib.sha256(" ".join(("native_drm test media",) + words).encode()).digest()[:size]


def blocks_of(data, start, size, crypt, skip):
    """Offsets of the encrypted 16-byte blocks of a protected range (section 9.6)."""
    for index in range(size // 16):
        if crypt == 0 or index % (crypt + skip) < crypt:
            yield start + 16 * index


def encrypt_sample(scheme, key, iv, pattern, subsamples, sample):
    """The encrypted sample. No subsamples: the whole sample is protected."""
    out, at, protected = bytearray(sample), 0, []
    for clear, size in subsamples or [(0, len(sample))]:
        protected.append((at + clear, size))
        at += clear + size
    counter = modes.CTR(iv.ljust(16, b"\0")) if scheme in ("cenc", "cens") else None
    cipher = Cipher(algorithms.AES(key), counter or modes.CBC(iv.ljust(16, b"\0")))
    encryptor = cipher.encryptor()
    for start, size in protected:
        if scheme == "cenc":
            out[start:start + size] = encryptor.update(sample[start:start + size])
            continue
        if scheme == "cbcs":
            encryptor = cipher.encryptor()
        for block in blocks_of(sample, start, size, *pattern):
            out[block:block + 16] = encryptor.update(sample[block:block + 16])
    return bytes(out)


class Track:
    """Protection of one track."""

    def __init__(self, scheme, trak):
        self.scheme = scheme
        self.id = struct.unpack_from(">I", trak.find(b"tkhd").payload, 12)[0]
        if trak.find(b"tkhd").payload[0] != 0:
            raise ValueError("tkhd version 1 is not supported")
        stsd = trak.find(b"mdia", b"minf", b"stbl", b"stsd")
        entry = SampleEntry(stsd)
        self.video = entry.kind == b"avc1"
        name = "video" if self.video else "audio"
        self.kid, self.key = derive(scheme, name, "key id"), derive(scheme, name, "key")
        self.pattern = VIDEO_PATTERN.get(scheme, (0, 0)) if self.video else (0, 0)
        self.iv_size = {"cenc": 8, "cens": 8, "cbc1": 16, "cbcs": 0}[scheme]
        self.constant_iv = derive(scheme, name, "constant iv") if self.iv_size == 0 else b""
        self.first_iv = int.from_bytes(derive(scheme, name, "iv", size=self.iv_size), "big")
        self.number = 0
        self.parameters = ParameterSets(next(b.payload for b in entry.children if b.kind == b"avcC")) if self.video else None
        protected = entry.protected(b"encv" if self.video else b"enca", self._sinf(entry.kind))
        stsd.payload = protected.payload

    def _sinf(self, original):
        versions = 1 if self.scheme in ("cens", "cbcs") else 0
        crypt, skip = self.pattern
        tenc = struct.pack(">BBBB", 0, crypt << 4 | skip, 1, self.iv_size) + self.kid
        if self.iv_size == 0:
            tenc += struct.pack(">B", len(self.constant_iv)) + self.constant_iv
        return Box(b"sinf", children=[
            Box(b"frma", original),
            full_box(b"schm", 0, 0, self.scheme.encode() + struct.pack(">I", 0x10000)),
            Box(b"schi", children=[full_box(b"tenc", versions, 0, tenc)]),
        ])

    def next_iv(self):
        """Counter modes count samples up from a start; cbc1 gets an unpredictable IV; cbcs has one for all."""
        number, self.number = self.number, self.number + 1
        if self.scheme == "cbcs":
            return self.constant_iv
        if self.scheme == "cbc1":
            return derive("cbc1", str(self.id), "iv", str(number))
        return ((self.first_iv + number) % (1 << 64)).to_bytes(8, "big")

    def encrypt(self, sample):
        """Returns the encrypted sample and its entry of the senc box."""
        iv = self.next_iv()
        subsamples = self.parameters.subsamples(sample, align=self.scheme != "cbcs") if self.video else []
        data = encrypt_sample(self.scheme, self.key, iv, self.pattern, subsamples, sample)
        info = iv[:self.iv_size]
        if self.video:
            split = [part for run in subsamples for part in _fit(*run)]
            info += struct.pack(">H", len(split)) + b"".join(struct.pack(">HI", *part) for part in split)
        return data, info


def _fit(clear, protected):
    """A subsample's clear count has 16 bits."""
    while clear > 0xFFFF:
        yield 0xFFFF, 0
        clear -= 0xFFFF
    yield clear, protected


def pssh(system, kids, json_data):
    """A pssh box (section 8.1): version 1 with key ids, or version 0 with the key ids as JSON, as ClearPlay takes it."""
    if json_data:
        data = json.dumps({"kids": [base64.b64encode(kid).decode() for kid in kids]}, separators=(",", ":")).encode()
        return full_box(b"pssh", 0, 0, system.bytes + struct.pack(">I", len(data)) + data)
    return full_box(b"pssh", 1, 0, system.bytes + struct.pack(">I", len(kids)) + b"".join(kids) + struct.pack(">I", 0))


def package(clear, scheme):
    """Encrypts a fragmented MP4 file. Returns the file and its {key id: key}."""
    boxes = parse(clear)
    moov = next(box for box in boxes if box.kind == b"moov")
    tracks = {track.id: track for track in (Track(scheme, trak) for trak in moov.all(b"trak"))}
    kids = [track.kid for track in tracks.values()]
    moov.children.append(pssh(W3C_CLEAR_KEY, kids, json_data=False))
    moov.children.append(pssh(CLEAR_PLAY, kids, json_data=scheme in ("cens", "cbc1")))
    sizes = []
    for box, mdat in zip(boxes, boxes[1:]):
        if box.kind == b"moof":
            _fragment(box, mdat, tracks)
            sizes.append(len(bytes(box)) + len(bytes(mdat)))
    for box in boxes:
        if box.kind == b"sidx":
            set_reference_sizes(box, sizes)
    return b"".join(bytes(box) for box in boxes), {track.kid: track.key for track in tracks.values()}


def _fragment(moof, mdat, tracks):
    base = len(bytes(moof)) + 8  # data offsets count from the start of moof; mdat's payload follows its header
    data, runs = bytearray(mdat.payload), [Run(traf) for traf in moof.all(b"traf")]
    tables = []
    for run in runs:
        track, at, infos = tracks[run.track], run.data_offset - base, []
        for size in run.sizes:
            data[at:at + size], info = track.encrypt(bytes(data[at:at + size]))
            infos.append(info)
            at += size
        senc = full_box(b"senc", 0, 2 if track.video else 0, struct.pack(">I", len(infos)) + b"".join(infos))
        sizes = [len(info) for info in infos]
        same = sizes[0] if len(set(sizes)) == 1 else 0
        saiz = full_box(b"saiz", 0, 0, struct.pack(">BI", same, len(sizes)) + (b"" if same else bytes(sizes)))
        saio = full_box(b"saio", 0, 0, struct.pack(">II", 1, 0))
        # Constant IV and no subsamples: there is no auxiliary information to point to (section 7.2); the senc box stays
        # because libavformat takes the samples as clear without it.
        run.traf.children += [saiz, saio, senc] if any(sizes) else [senc]
        tables.append((run.traf, senc, saio if any(sizes) else None))
    mdat.payload = bytes(data)
    grown = len(bytes(moof)) + 8 - base
    for run in runs:
        run.move(grown)
    for traf, senc, saio in tables:
        if saio:
            saio.payload = saio.payload[:8] + struct.pack(">I", _offset(moof, traf, senc) + 16)


def _offset(moof, traf, wanted):
    at = 8
    for child in moof.children:
        if child is traf:
            at += 8
            for box in traf.children:
                if box is wanted:
                    return at
                at += len(bytes(box))
        at += len(bytes(child))
    raise KeyError("box")
