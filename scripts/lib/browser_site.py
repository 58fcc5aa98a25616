#!/usr/bin/env python3
"""Serves the pages of server/demo with media for the players, on one port for each origin.

usage: browser_site.py DIRECTORY ORIGINS     prints a port for each origin, then what each page posts first, a line each

DIRECTORY gets a catalogue for the license server (`catalog.json`), `media/NAME.mp4` and `media/NAME/manifest.mpd` with a segment a second of video and of audio, split from the files in
tests/media. `GET /hold` is answered once somebody has posted to `/result`: a page with such a picture has loaded by then.
"""

import base64
import functools
import http.server
import json
import pathlib
import shutil
import struct
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from media import mp4  # noqa: E402

CONTENTS = ("cenc", "cbcs")
CODECS = {"video": "avc1.64000d", "audio": "mp4a.40.2"}
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


def track_id(box):
    return struct.unpack_from(">I", box.find(b"tkhd").payload, 12)[0]


def split(data):
    """(kind, initialization segment, media segments) of each track of a fragmented file."""
    boxes = mp4.parse(data)
    moov = next(box for box in boxes if box.kind == b"moov")
    ftyp = next(box for box in boxes if box.kind == b"ftyp")
    for trak in moov.all(b"trak"):
        wanted = track_id(trak)
        kind = "video" if trak.find(b"mdia", b"hdlr").payload[8:12] == b"vide" else "audio"
        mvex = moov.find(b"mvex")
        kept = [box for box in mvex.children if box.kind != b"trex" or struct.unpack_from(">I", box.payload, 4)[0] == wanted]
        children = [mp4.Box(b"mvex", children=kept) if box is mvex else box
                    for box in moov.children if box.kind != b"trak" or box is trak]
        yield kind, bytes(ftyp) + bytes(mp4.Box(b"moov", children=children)), list(segments(boxes, wanted))


def segments(boxes, wanted):
    for moof, mdat in zip(boxes, boxes[1:]):
        if moof.kind != b"moof":
            continue
        whole = len(bytes(moof))
        runs = [mp4.Run(traf) for traf in moof.all(b"traf")]
        run = next(run for run in runs if run.track == wanted)
        at = run.data_offset - whole - 8
        data = mdat.payload[at:at + sum(run.sizes)]
        # The auxiliary information lies in the same traf, at an offset from the moof's start.
        before = sum(len(bytes(other.traf)) for other in runs[:runs.index(run)])
        for saio in run.traf.all(b"saio"):
            offset = struct.unpack_from(">I", saio.payload, 8)[0]
            saio.payload = saio.payload[:8] + struct.pack(">I", offset - before)
        moof.children, others = [box for box in moof.children if box.kind != b"traf" or box is run.traf], moof.children
        run.move(len(bytes(moof)) + 8 - run.data_offset)
        yield bytes(moof) + bytes(mp4.Box(b"mdat", data))
        moof.children = others


def manifest(name, key_ids):
    """MPEG-DASH: a segment a second, W3C Clear Key and the scheme's own descriptor (ISO/IEC 23009-1, 5.8.4.1)."""
    sets = "".join(f"""
  <AdaptationSet contentType="{kind}" mimeType="{kind}/mp4" codecs="{codec}" segmentAlignment="true" startWithSAP="1">
   <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="{name}" cenc:default_KID="{key_ids[kind]}"/>
   <ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e" value="ClearKey1.0"/>
   <SegmentTemplate timescale="1" duration="1" startNumber="1" initialization="{kind}-init.mp4" media="{kind}-$Number$.m4s"/>
   <Representation id="{kind}" bandwidth="300000"/>
  </AdaptationSet>""" for kind, codec in CODECS.items())
    return f"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" type="static" minBufferTime="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-live:2011" mediaPresentationDuration="PT3S">
 <Period duration="PT3S">{sets}
 </Period>
</MPD>
"""


def key_id(init):
    """The default key id in the only tenc box, as a UUID."""
    at = init.index(b"tenc") + 4 + 8
    text = init[at:at + 16].hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def standard(data):
    return base64.b64encode(data).decode()


def catalog(contents):
    """A catalogue of {content id: {track: key id}}, with licenses of twenty seconds."""
    jwk_set = json.loads((ROOT / "tests/media/keys.json").read_text())["keys"]
    keys = {base64.urlsafe_b64decode(key["kid"] + "=="): base64.urlsafe_b64decode(key["k"] + "==") for key in jwk_set}
    tracks = {"video": "SD", "audio": "AUDIO"}
    entries = []
    for name, key_ids in contents.items():
        ids = {kind: bytes.fromhex(text.replace("-", "")) for kind, text in key_ids.items()}
        listed = [{"track_type": tracks[kind], "key_id": standard(kid), "key": standard(keys[kid])} for kind, kid in ids.items()]
        entries.append({"content_id": standard(name.encode()), "policy": "demo", "keys": listed})
    return {"policies": {"demo": {"can_play": True, "license_duration_seconds": 20}}, "contents": entries}


def make_media(directory):
    """Writes the media; returns the key ids of each content."""
    contents = {}
    shutil.copy(ROOT / "tests/media/clear.mp4", directory / "clear.mp4")
    for name in CONTENTS:
        data = (ROOT / f"tests/media/{name}.mp4").read_bytes()
        (directory / f"{name}.mp4").write_bytes(data)
        folder, key_ids = directory / name, {}
        folder.mkdir(exist_ok=True)
        for kind, init, parts in split(data):
            (folder / f"{kind}-init.mp4").write_bytes(init)
            key_ids[kind] = key_id(init)
            for number, part in enumerate(parts, 1):
                (folder / f"{kind}-{number}.m4s").write_bytes(part)
        (folder / "manifest.mpd").write_text(manifest(name, key_ids))
        contents[name] = key_ids
    return contents


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, and the two paths that tell when a page has finished."""

    extensions_map = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".mpd": "application/dash+xml",
                      "": "application/octet-stream"}

    def do_GET(self):
        if self.path == "/hold":
            self.server.finished.wait()
            self.answer("image/gif", PIXEL)
        else:
            super().do_GET()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.server.finished.is_set():
            print(body.decode(), flush=True)
        self.server.finished.set()
        self.answer("application/json", b"{}")

    def answer(self, content_type, body):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    directory, origins = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    (directory / "media").mkdir(parents=True, exist_ok=True)
    for page in (ROOT / "server/demo").iterdir():
        shutil.copy(page, directory / page.name)
    contents = make_media(directory / "media")
    (directory / "catalog.json").write_text(json.dumps(catalog(contents), indent=1))
    servers = []
    for _ in range(origins):
        handler = functools.partial(Handler, directory=str(directory))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.finished = threading.Event()
        servers.append(server)
    print(*(server.server_port for server in servers), flush=True)
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
