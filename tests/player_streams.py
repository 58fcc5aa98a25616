#!/usr/bin/env python3
"""Writes streams with SAMPLE-AES and CEI for the player's test.

    player_streams.py sample-aes DIRECTORY
    player_streams.py cei h264|h265 CLEAR.ts DIRECTORY   encrypts a transport stream that has one video stream

The first prints the name of each playlist and those of its clear originals; of the second, cei-CODEC.ts has a descriptor in its
program map, bare-CODEC.ts has none, and cei-CODEC.m3u8 leads to that. The keys are in keys.json.
"""
import base64
import json
import os
import pathlib
import struct
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / "streams"))
import cei

VECTORS = HERE / "streams" / "sample-aes"
KEY_ID, KEY, IV = (bytes(range(start, start + 16)) for start in (0x10, 0x20, 0x30))
OTHER_ID, OTHER_KEY = bytes(range(0x60, 0x70)), bytes(range(0x70, 0x80))
WIDEVINE = bytes.fromhex("edef8ba979d64acea3c827dcd51d21ed")
CLEAR_KEY = bytes.fromhex("1077efecc0b24d02ace33c1e52e2fb4b")
PACKET = 188


def pssh(system, *ids):
    return struct.pack(">I4sI16sI", 36 + 16 * len(ids), b"pssh", 1 << 24, system, len(ids)) + b"".join(ids) + bytes(4)


def write_keys(directory, keys):
    encode = lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")
    entries = [{"kty": "oct", "kid": encode(kid), "k": encode(key)} for kid, key in keys.items()]
    (directory / "keys.json").write_text(json.dumps({"keys": entries}))


# Transport streams (ISO/IEC 13818-1).


def packets(data):
    assert len(data) % PACKET == 0
    return [data[at:at + PACKET] for at in range(0, len(data), PACKET)]


def pid_of(packet):
    return int.from_bytes(packet[1:3], "big") & 0x1fff


def payload(packet):
    return packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0):] if packet[3] & 0x10 else b""


def crc(data):
    value = 0xffffffff
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04c11db7 if value >> 31 else value << 1) & 0xffffffff
    return value.to_bytes(4, "big")


def packetize(pid, data, counter, clock=None):
    """Packets of a section or PES packet; `clock` are the adaptation field's bytes for the first one."""
    out, first = [], True
    while data:
        field = clock or b"" if first else b""
        size = min(len(data), PACKET - 4 - (1 + len(field) if field else 0))
        room = PACKET - 4 - size
        if room:
            field = (field or b"\0")[:room - 1].ljust(room - 1, b"\xff") if room > 1 else b""
            field = bytes([room - 1]) + field
        head = bytes([0x47, (0x40 if first else 0) | pid >> 8, pid & 255, (0x30 if room else 0x10) | counter & 15])
        out.append(head + field + data[:size])
        data, first, counter = data[size:], False, counter + 1
    return out


def section(pid, body, counter):
    return packetize(pid, b"\0" + body + crc(body), counter)


def program_map(program, streams):
    """`streams` are (type, PID, descriptors)."""
    loop = b"".join(struct.pack(">BHH", kind, 0xe000 | pid, 0xf000 | len(more)) + more for kind, pid, more in streams)
    body = struct.pack(">HBBBHH", program, 0xc1, 0, 0, 0xe000 | streams[0][1], 0xf000) + loop
    return struct.pack(">BH", 2, 0xb000 | len(body) + 4) + body


class Transport:
    """A stream of one program taken apart."""

    def __init__(self, data):
        self.packets = packets(data)
        association = next(payload(packet) for packet in self.packets if pid_of(packet) == 0)
        self.program, pid = struct.unpack_from(">HH", association, 9)
        self.map_pid = pid & 0x1fff
        table = next(payload(packet) for packet in self.packets if pid_of(packet) == self.map_pid)[1:]
        end = 3 + (int.from_bytes(table[1:3], "big") & 0xfff) - 4
        at = 12 + (int.from_bytes(table[10:12], "big") & 0xfff)
        self.streams = []
        while at < end:
            kind, pid, size = struct.unpack_from(">BHH", table, at)
            self.streams.append((kind, pid & 0x1fff, table[at + 5:at + 5 + (size & 0xfff)]))
            at += 5 + (size & 0xfff)


def join(video, audio):
    """Two streams of one stream each as one program."""
    video, audio = Transport(video), Transport(audio)
    kind, pid, more = audio.streams[0]
    sound = [bytes([0x47, packet[1] & 0xe0 | pid + 1 >> 8, pid + 1 & 255]) + packet[3:]
             for packet in audio.packets if pid_of(packet) == pid]
    out, done, counter = [], 0, 0
    for number, packet in enumerate(video.packets):
        if pid_of(packet) == video.map_pid:
            table = program_map(video.program, [video.streams[0], (kind, pid + 1, more)])
            out += section(video.map_pid, table, counter)
            counter += 1
            continue
        out.append(packet)
        wanted = len(sound) * (number + 1) // len(video.packets)
        if pid_of(packet) == video.streams[0][1]:
            out += sound[done:wanted]
            done = wanted
    return b"".join(out + sound[done:])


# SAMPLE-AES.


def encrypt_aac(data, key, iv):
    """ADTS frames behind an ID3 tag."""
    at = 10 + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0)))
    out = bytearray(data)
    while at < len(data):
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        start = at + (7 if data[at + 1] & 1 else 9) + 16
        end = start + max(0, at + size - start) // 16 * 16
        if end > start:
            out[start:end] = cei.cbc(cei.AES_ALL, key, iv, bytes(data[start:end]), "-e")
        at += size
    return bytes(out)


def sample_aes(directory):
    head = "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:2\n"
    tag = f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://k",KEYID=0x{KEY_ID.hex()},IV=0x{IV.hex()},KEYFORMAT="org.w3.clearkey"\n'

    def uri(box):
        return f'URI="data:text/plain;base64,{base64.b64encode(box).decode()}"'

    def write(name, text, *clear):
        (directory / f"{name}.m3u8").write_text(text + "#EXT-X-ENDLIST\n")
        print(f"{name}.m3u8", *clear)

    for kind in ("clear", "encrypted"):
        for path in (VECTORS / kind).iterdir():
            (directory / f"{kind}-{path.name}").write_bytes(path.read_bytes())
        read = lambda name: (VECTORS / kind / name).read_bytes()
        (directory / f"{kind}-muxed.ts").write_bytes(join(read("h264.ts"), read("aac.ts")))
    for path in sorted(directory.glob("encrypted-*.*")):
        name = path.name.split("-")[1]
        write(name, head + tag + f"#EXTINF:1,\n{path.name}\n", f"clear-{name}")

    segment = "#EXTINF:1,\nencrypted-h264.ts\n"
    again = "#EXT-X-DISCONTINUITY\n"
    write("discontinuity", head + tag + segment + again + segment, "clear-h264.ts", "clear-h264.ts")
    write("clear-lead", head + "#EXTINF:1,\nclear-h264.ts\n" + again + tag + segment + again
          + "#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\nclear-h264.ts\n", *["clear-h264.ts"] * 3)
    write("systems", head + f'#EXT-X-KEY:METHOD=SAMPLE-AES,IV=0x{IV.hex()},{uri(pssh(WIDEVINE))},KEYFORMAT="w"\n'
          + f'#EXT-X-KEY:METHOD=SAMPLE-AES,{uri(pssh(CLEAR_KEY, KEY_ID))},KEYFORMAT="c"\n' + segment, "clear-h264.ts")
    write("defined", head + f'#EXT-X-DEFINE:NAME="id",VALUE="{KEY_ID.hex()}"\n'
          + tag.replace(f"0x{KEY_ID.hex()}", '"{$id}"') + segment, "clear-h264.ts")

    data = (VECTORS / "encrypted" / "h264.ts").read_bytes()
    # The tables, and the rest cut where a PES packet begins.
    starts = [at for at in range(0, len(data), PACKET) if data[at + 1] & 0x40 and pid_of(data[at:at + PACKET]) == 0x50]
    cuts = [starts[0], starts[7], starts[15], len(data)]
    (directory / "all.ts").write_bytes(b"x" * 77 + data)
    ranges = "".join(f"#EXTINF:1,\n#EXT-X-BYTERANGE:{end - start}@{77 + start}\nall.ts\n" for start, end in zip(cuts, cuts[1:]))
    write("ranges", head + f'#EXT-X-MAP:URI="all.ts",BYTERANGE="{starts[0]}@77"\n' + tag + ranges, "clear-h264.ts")

    # Another key, whose IV is the media sequence number.
    clear = (VECTORS / "clear" / "aac.aac").read_bytes()
    (directory / "other.aac").write_bytes(encrypt_aac(clear, OTHER_KEY, (4711).to_bytes(16, "big")))
    assert encrypt_aac(clear, KEY, IV)[-2000:] == (VECTORS / "encrypted" / "aac.aac").read_bytes()[-2000:]
    (directory / "twice.aac").write_bytes(clear + clear)
    write("key-change", head + "#EXT-X-MEDIA-SEQUENCE:4710\n" + tag + "#EXTINF:1,\nencrypted-aac.aac\n"
          + f'#EXT-X-KEY:METHOD=SAMPLE-AES,{uri(pssh(CLEAR_KEY, OTHER_ID))}\n#EXTINF:1,\nother.aac\n', "twice.aac")
    write_keys(directory, {KEY_ID: KEY, OTHER_ID: OTHER_KEY})

    # What must be refused.
    for name, attributes in (
        ("no-id", f'URI="skd://k",IV=0x{IV.hex()}'),
        ("many-ids", f"{uri(pssh(CLEAR_KEY, KEY_ID, OTHER_ID))},IV=0x{IV.hex()}"),
        ("bad-iv", f"{uri(pssh(CLEAR_KEY, KEY_ID))},IV=0x{IV.hex()}0"),
        ("no-key", f"{uri(pssh(CLEAR_KEY, bytes(15) + b'1'))}"),
    ):
        (directory / f"{name}.m3u8").write_text(head + f"#EXT-X-KEY:METHOD=SAMPLE-AES,{attributes}\n" + segment)
    (directory / "untagged.m3u8").write_text(head + tag + "#EXT-X-KEY:METHOD=NONE\n" + segment)
    (directory / "text.ts").write_text("This is no stream." * 30)
    (directory / "foreign.m3u8").write_text(head + tag + "#EXTINF:1,\ntext.ts\n")
    (directory / "short.aac").write_bytes((VECTORS / "encrypted" / "aac.aac").read_bytes()[:-3])
    (directory / "short.m3u8").write_text(head + tag + "#EXTINF:1,\nshort.aac\n")


# CEI.


def encrypt_unit(codec, unit, number, ids):
    """A unit with information in front of its first slice, the only one that is encrypted."""
    writer = cei.Writer(codec, number, algorithm=cei.AES_STRIPED)
    for nal in unit.split(b"\0\0\1")[1:]:
        nal = nal.rstrip(b"\0")
        kind = nal[0] & 31 if codec == "h264" else nal[0] >> 1
        is_slice = kind in (1, 5) if codec == "h264" else kind < 32
        if not is_slice or writer.encrypted_slice:
            writer.add(nal)
            continue
        writer.cei(*ids, one_prevention=number % 3 == 2, descriptor=cei.AES_ALL if number % 4 == 1 else cei.AES_STRIPED)
        writer.content = lambda size: nal[-size:]
        header = 1 if codec == "h264" else 2
        writer.slice(len(nal), kind=nal[:header])
    return writer.frame(writer.nals)


def encrypt_transport(codec, path, directory):
    stream = Transport(pathlib.Path(path).read_bytes())
    kind, video, _ = next(each for each in stream.streams if each[0] in (0x1b, 0x24))
    units = []  # [clock, PES packet]
    for packet in stream.packets:
        if pid_of(packet) == video:
            if packet[1] & 0x40:
                clock = packet[5:5 + packet[4]] if packet[3] & 0x20 and packet[5:6] != b"\0" else b""
                units.append([clock[:7 if clock and clock[0] & 0x10 else 1], b""])
            units[-1][1] += payload(packet)
    first, second = cei.IDS[0], cei.IDS[3]
    association = [next(packet for packet in stream.packets if pid_of(packet) == 0)]
    out, counter = [], 0
    for number, (clock, pes) in enumerate(units):
        header = 9 + pes[8]
        # The second key is announced only in the first stream; in the other its id comes as a surprise.
        ids = [second] if number >= len(units) // 2 else [first, second if codec == "h264" else None]
        if number == 0:
            unit = pes[header:]  # Clear before the first information.
        else:
            unit = encrypt_unit(codec, pes[header:], number, ids)
        more = packetize(video, pes[:4] + b"\0\0" + pes[6:header] + unit, counter, clock)
        counter += len(more)
        out += more
    descriptor = bytes([0x20 | cei.AES_STRIPED, 0]) + pssh(CLEAR_KEY, first)
    for name, descriptors in ("cei", bytes([0xc0, len(descriptor)]) + descriptor), ("bare", b""):
        table = section(stream.map_pid, program_map(stream.program, [(kind, video, descriptors)]), 0)
        (directory / f"{name}-{codec}.ts").write_bytes(b"".join(association + table + out))
    box = base64.b64encode(pssh(CLEAR_KEY, first)).decode()
    (directory / f"cei-{codec}.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
        f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,{box}",KEYFORMAT="c"\n'
        f"#EXTINF:2,\nbare-{codec}.ts\n#EXT-X-ENDLIST\n")
    write_keys(directory, cei.KEYS)


def main():
    directory = pathlib.Path(sys.argv[-1])
    if sys.argv[1] == "sample-aes":
        sample_aes(directory)
    else:
        encrypt_transport(sys.argv[2], sys.argv[3], directory)


main()
