#!/usr/bin/env python3
"""Streams with content encryption information (CEI) of ChinaDRM: writes them, and reads them another way.

    cei.py            writes cei.json and cei.bin beside this file
    cei.py --check    decrypts them with the reader; fails if a clear unit is not the recorded one, or if the files are not
                      what would be written

Encryption is openssl's (3.0 or later, for SM4). Writer and reader share nothing but that and the facts in README.md: the
writer builds NAL units forward and knows all of their parts; the reader knows the bytes alone and works with patterns of text.
"""

import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys

OUTPUT = pathlib.Path(__file__).with_name("cei.json")
UNITS = OUTPUT.with_suffix(".bin")
UUID = bytes.fromhex("70c1db9f66ae4127bfc0bb1981694b66")
CLEAR = {"h264": 32, "h265": 65, "avs3": 1}
SM4_STRIPED, AES_STRIPED, SM4_ALL, AES_ALL = 1, 2, 3, 5
KEYS = {bytes([0xC0 + i] * 15 + [i]): bytes(range(i, i + 16)) for i in range(3)}
# A key id that needs emulation prevention in its SEI message.
KEYS[bytes.fromhex("0000010000000000000300000200aa00")] = bytes(range(0x80, 0x90))
IDS = list(KEYS)


def cbc(algorithm, key, iv, data, direction):
    if not data:
        return b""
    name = "sm4-cbc" if algorithm in (SM4_STRIPED, SM4_ALL) else "aes-128-cbc"
    command = ["openssl", "enc", direction, "-" + name, "-nopad", "-K", key.hex(), "-iv", iv.ljust(16, b"\0").hex()]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


# The writer.


def escape(data):
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


class Writer:
    def __init__(self, codec, seed, **stream):
        self.codec = codec
        self.random = random.Random(seed)
        self.stream = {"codec": codec, "nal_length_size": 0, "algorithm": 0, **stream}
        self.units = []
        self.cei_now = None
        self.start()

    def start(self):
        self.nals, self.clear_nals, self.encrypted_slice = [], [], False

    def add(self, nal, clear=None, zeros=0, long_code=False):
        """A NAL unit, and what it is after decryption."""
        self.nals.append((nal, zeros, long_code))
        self.clear_nals.append((nal if clear is None else clear, zeros, long_code))

    def content(self, size):
        """Bytes of a NAL unit after its header, with much to prevent, and with an end as NAL units have it."""
        out = b""
        while len(out) < size + 16:
            out = escape(out + self.random.choice([self.random.randbytes(9), bytes([0, 0, self.random.randrange(4)])]))
        out = out[:size]
        return out[:-1] + b"\x80" if size else b""

    def parameters(self):
        headers = {"h264": b"\x67", "h265": b"\x42\x01", "avs3": b"\xb0"}
        self.add(headers[self.codec] + self.content(11), long_code=True)

    def cei(self, key=None, next_key=None, iv=None, descriptor=None, one_prevention=False, before=b"", tail=b""):
        """`descriptor` is an algorithm, `before` other SEI messages, `tail` what follows in the message."""
        iv = iv if iv is not None else self.random.randbytes(16)
        flags = (0x80 if key else 0) | (0x40 if next_key else 0) | (0x20 if descriptor is not None else 0)
        body = bytes([flags | (0x10 if one_prevention else 0)]) + (key or b"") + (next_key or b"") + bytes([len(iv)]) + iv
        algorithm = (self.cei_now or {}).get("algorithm", self.stream["algorithm"])
        if descriptor is not None:
            algorithm = descriptor
            body += bytes([0xC0, 4, 0xA0 | descriptor, 0x50, 1, 2])
        body += tail
        self.cei_now = {"key": key, "iv": iv, "algorithm": algorithm, "one": one_prevention}
        if self.codec == "avs3":
            self.add(b"\xb5\xd0" + escape(body + b"\x80"))
        else:
            header = b"\x06" if self.codec == "h264" else b"\x4e\x01"
            self.add(header + escape(before + self.message(5, UUID + body) + b"\x80"))

    def message(self, kind, payload):
        number = lambda n: b"\xff" * (n // 255) + bytes([n % 255])
        return number(kind) + number(len(payload)) + payload

    def picture(self):
        if self.codec == "avs3":
            self.add(b"\xb6" + self.content(12))

    def slice(self, size, zeros=0, kind=None, wanted=b"", long_code=False):
        """A slice of `size` bytes with its header. `wanted` is what its first block is once it is encrypted."""
        kind = kind or {"h264": b"\x65", "h265": b"\x26\x01", "avs3": b"\x00"}[self.codec]
        nal = kind + self.content(size - len(kind))
        skip, now = CLEAR[self.codec], self.cei_now
        encrypt = now and now["key"] and now["algorithm"] and size > skip + 16 and not self.encrypted_slice
        if not encrypt:
            self.add(nal, zeros=zeros, long_code=long_code)
            return
        self.encrypted_slice = True
        step = 160 if now["algorithm"] in (SM4_STRIPED, AES_STRIPED) else 16
        places = range(skip, size - 16, step)
        key = KEYS[now["key"]]
        if wanted:
            first = cbc(now["algorithm"], key, now["iv"], wanted, "-d")
            nal = nal[:skip] + first + nal[skip + 16:]
        blocks = cbc(now["algorithm"], key, now["iv"], b"".join(nal[p:p + 16] for p in places), "-e")
        cipher = bytearray(nal)
        for index, place in enumerate(places):
            cipher[place:place + 16] = blocks[index * 16:index * 16 + 16]
        self.add(bytes(cipher) if now["one"] else escape(cipher), nal, zeros, long_code)

    def frame(self, nals):
        size = self.stream["nal_length_size"]
        if size:
            return b"".join(len(nal).to_bytes(size, "big") + nal for nal, _, _ in nals)
        return b"".join(b"\0" * long_code + b"\0\0\1" + nal + b"\0" * zeros for nal, zeros, long_code in nals)

    def end(self):
        self.units.append((self.frame(self.nals), self.frame(self.clear_nals)))
        self.start()

    def finish(self, name):
        return {"name": name, **self.stream, "units": self.units}


PREVENTED = bytes.fromhex("00000000000100000200000300000080")


def usual(codec, algorithm, seed, **stream):
    """Information with a descriptor, without, and none at all; the rest of the unit as in a stream."""
    writer = Writer(codec, seed, **stream)
    for number in range(3):
        if number == 0:
            writer.parameters()
        if number < 2:
            writer.cei(IDS[number], descriptor=algorithm if number == 0 else None)
        writer.picture()
        writer.slice(350 + number * 61, wanted=PREVENTED)
        writer.end()
    return writer.finish(f"{codec}, algorithm {algorithm}" + (f", lengths of {stream}" if stream else ""))


def no_descriptor(codec):
    writer = Writer(codec, 1, algorithm=AES_STRIPED)
    for key in IDS:
        writer.cei(key)
        writer.picture()
        writer.slice(400, wanted=PREVENTED)
        writer.end()
    return writer.finish(f"{codec}, algorithm of the program map, key ids that need prevention")


def next_key(codec):
    writer = Writer(codec, 2)
    for number in range(4):
        writer.cei(IDS[number // 2], IDS[1] if number < 2 else None, descriptor=SM4_ALL if number % 2 else AES_ALL)
        writer.picture()
        writer.slice(400)
        writer.end()
    return writer.finish(f"{codec}, next key id, then the key changes and the algorithm with it")


def one_prevention(codec):
    writer = Writer(codec, 3)
    for one in (True, False, True):
        writer.cei(IDS[0], descriptor=AES_STRIPED, one_prevention=one)
        writer.picture()
        writer.slice(520)
        writer.end()
    return writer.finish(f"{codec}, with and without a second layer of emulation prevention")


def slices(codec):
    skip = CLEAR[codec]
    writer = Writer(codec, 4)
    for sizes in ([20, skip + 16, skip + 17, 500], [500, 500, 20], [skip + 2, 20], [700, 2, 700]):
        writer.cei(IDS[1], descriptor=AES_STRIPED)
        writer.picture()
        for size in sizes:
            writer.slice(size, zeros=len(sizes) % 3, long_code=size == 500)
        writer.end()
    return writer.finish(f"{codec}, several slices and short ones")


def lengths(codec):
    skip = CLEAR[codec]
    writer = Writer(codec, 5)
    for algorithm in (AES_ALL, AES_STRIPED):
        for extra in [12, 15, 16, 17, 18, 31, 32, 33, 34, 48, 49, 175, 176, 177, 178, 192, 193]:
            writer.cei(IDS[2], descriptor=algorithm)
            writer.picture()
            writer.slice(skip + extra, zeros=extra % 3)
            writer.end()
    return writer.finish(f"{codec}, all lengths around block and pattern, trailing zeros")


def clear_parts(codec):
    writer = Writer(codec, 6)
    writer.slice(300)
    writer.end()
    writer.cei(None, IDS[0], iv=b"")
    writer.slice(300)
    writer.end()
    writer.cei(IDS[0], descriptor=0)
    writer.slice(300)
    writer.end()
    writer.cei(IDS[0], descriptor=AES_STRIPED, iv=bytes(range(8)))
    writer.slice(300)
    writer.end()
    writer.cei(None, iv=bytes(5))
    writer.slice(300)
    writer.end()
    writer.slice(300)
    writer.end()
    writer.cei(IDS[0])
    writer.cei(IDS[1])
    writer.slice(300)
    writer.cei(IDS[2])  # After the slice: for nothing.
    writer.end()
    # Which the next unit shows; the writer has to forget it.
    writer.cei_now = None
    writer.cei(IDS[1], descriptor=AES_STRIPED)
    writer.slice(300)
    writer.end()
    return writer.finish(f"{codec}, clear stretches, IV of 8 bytes, information twice and too late")


def other_messages(codec):
    writer = Writer(codec, 7)
    others = [
        writer.message(5, bytes(range(16)) + b"x264" * 100),
        writer.message(1, b"\0\0\1") + writer.message(300, bytes(700)),
        writer.message(5, UUID[:15] + b"\0" + bytes(3)),
        writer.message(5, b"short"),
    ]
    for before in others:
        writer.cei(IDS[0], descriptor=AES_STRIPED, before=before, tail=bytes(20))
        writer.slice(333)
        writer.end()
    return writer.finish(f"{codec}, other SEI messages before the information")


def write():
    streams = []
    for codec in CLEAR:
        streams += [usual(codec, algorithm, algorithm) for algorithm in (SM4_STRIPED, AES_STRIPED, SM4_ALL, AES_ALL)]
        streams += [no_descriptor(codec), next_key(codec), one_prevention(codec), slices(codec), lengths(codec)]
        streams += [clear_parts(codec)]
    for codec in ("h264", "h265"):
        streams += [usual(codec, AES_STRIPED, 8 + size, nal_length_size=size) for size in (2, 4)]
        streams += [other_messages(codec)]
    units = b"".join(unit for stream in streams for unit, _ in stream["units"])
    for stream in streams:
        stream["units"] = [[len(unit), len(clear), digest(clear)] for unit, clear in stream["units"]]
    lines = ",\n".join(json.dumps(stream) for stream in streams)
    keys = json.dumps({key.hex(): KEYS[key].hex() for key in IDS})
    return f'{{"keys": {keys}, "streams": [\n{lines}\n]}}\n', units


def digest(unit):
    return hashlib.sha256(unit).hexdigest()[:32]


# The reader.


def unescape(data):
    """One layer of emulation prevention less."""
    return re.sub(rb"\x00\x00\x03(?=[\x00-\x03])", b"\0\0", data, flags=re.S)


class Reader:
    def __init__(self, stream, keys):
        self.codec, self.size = stream["codec"], stream["nal_length_size"]
        self.keys = keys
        self.algorithm = stream["algorithm"]
        self.info = None

    def split(self, unit):
        """Pairs of what is in front of a NAL unit, and the unit with zeros after it."""
        if not self.size:
            parts = re.split(rb"(\x00\x00\x01)", unit)
            assert not parts[0].strip(b"\0")
            return [(parts[0] if i == 1 else b"", parts[i], parts[i + 1]) for i in range(1, len(parts), 2)]
        out = []
        while unit:
            length = int.from_bytes(unit[:self.size], "big")
            out.append((b"", None, unit[self.size:self.size + length]))
            unit = unit[self.size + length:]
        return out

    def slice_of(self, nal):
        if self.codec == "h264":
            return nal[0] & 31 in (1, 5)
        return nal[0] >> 1 < 32 if self.codec == "h265" else nal[0] == 0

    def information(self, nal):
        if self.codec == "avs3":
            return unescape(nal[2:] + b"\xff") if re.match(rb"\xb5[\xd0-\xdf]", nal, re.S) else None
        is_sei = nal[0] & 31 == 6 if self.codec == "h264" else nal[0] >> 1 == 39
        # Nothing in the UUID can be changed by prevention.
        return unescape(nal[nal.index(UUID) + 16:]) if is_sei and UUID in nal else None

    def learn(self, text):
        found = re.match(
            rb"(?P<flags>.)(?P<rest>.*)", text, re.S
        )
        flags, rest = found["flags"][0], found["rest"]
        key, rest = (rest[:16], rest[16:]) if flags & 128 else (None, rest)
        rest = rest[16:] if flags & 64 else rest
        iv, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        if flags & 32:
            self.algorithm = rest[2] & 15
        self.info = (key, iv, not flags & 16)

    def decrypt(self, unit):
        out, done, before = b"", False, True
        for zeros, code, nal in self.split(unit):
            body = nal.rstrip(b"\0")
            rest = nal[len(body):]
            text = self.information(body) if before else None
            if text is not None:
                self.learn(text)
            if self.slice_of(body):
                before = False
                skip = CLEAR[self.codec]
                if not done and self.info and self.info[0] and self.algorithm and len(body) > skip + 16:
                    body, done = self.slice(body, skip), True
            out += zeros + (code if code else len(body + rest).to_bytes(self.size, "big")) + body + rest
        return out

    def slice(self, body, skip):
        key, iv, second = self.info
        body = unescape(body) if second else body
        # One more byte than the blocks, or the last one stays clear.
        pattern = rb"(.{16})(?=.)" if self.algorithm in (SM4_ALL, AES_ALL) else rb"(.{16})(?=.)(?:.{0,144})"
        blocks = [found.start(1) + skip for found in re.finditer(pattern, body[skip:], re.S)]
        text = cbc(self.algorithm, self.keys[key.hex()], iv, b"".join(body[b:b + 16] for b in blocks), "-d")
        for index, block in enumerate(blocks):
            body = body[:block] + text[index * 16:index * 16 + 16] + body[block + 16:]
        return body


def check():
    text = OUTPUT.read_text()
    data = json.loads(text)
    keys = {key: bytes.fromhex(value) for key, value in data["keys"].items()}
    count = 0
    units = UNITS.read_bytes()
    for stream in data["streams"]:
        reader = Reader(stream, keys)
        for index, (size, clear_size, clear_digest) in enumerate(stream["units"]):
            clear = reader.decrypt(units[:size])
            units = units[size:]
            if (len(clear), digest(clear)) != (clear_size, clear_digest):
                sys.exit(f"{stream['name']}, unit {index}: the reader gets other bytes")
            count += 1
    if write() != (text, UNITS.read_bytes()):
        sys.exit("cei.json and cei.bin are not what would be written")
    print(f"{count} units of {len(data['streams'])} streams")


def main():
    if sys.argv[1:] == ["--check"]:
        check()
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        facts, units = write()
        OUTPUT.write_text(facts)
        UNITS.write_bytes(units)


if __name__ == "__main__":
    main()
