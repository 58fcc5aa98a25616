#!/usr/bin/env python3
"""Makes DASH streams of tests/media/cenc.mp4 and clear.mp4, and a catalogue for the license server with the keys; or serves a directory.

    gstreamer_dash.py MEDIA DIRECTORY
    gstreamer_dash.py --serve DIRECTORY     prints the URL
"""

import base64
import functools
import http.server
import json
import pathlib
import sys

MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" minBufferTime="PT1S"
     mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4" segmentAlignment="true">{protection}
<Representation id="1" bandwidth="400000" codecs="avc1.64000d,mp4a.40.2" width="320" height="180">
<SegmentList timescale="1000" duration="1000"><Initialization sourceURL="{name}-0.mp4"/>{urls}</SegmentList>
</Representation></AdaptationSet></Period></MPD>
"""
PROTECTION = """
<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/>
<ContentProtection schemeIdUri="urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"/>"""


def segments(file):
    """Splits a fragmented file: what comes before the first fragment, and each fragment."""
    parts, start, at = [], 0, 0
    while at < len(file):
        if file[at + 4 : at + 8] == b"moof":
            parts.append(file[start:at])
            start = at
        at += int.from_bytes(file[at : at + 4], "big")
    return parts + [file[start:]]


def make(media, directory):
    for name, protection in (("cenc", PROTECTION), ("clear", "")):
        parts = segments((media / f"{name}.mp4").read_bytes())
        for number, part in enumerate(parts):
            (directory / f"{name}-{number}.mp4").write_bytes(part)
        urls = "".join(f'<SegmentURL media="{name}-{number}.mp4"/>' for number in range(1, len(parts)))
        (directory / f"{name}.mpd").write_text(MPD.format(name=name, protection=protection, urls=urls))

    def plain(text):
        return base64.b64encode(base64.urlsafe_b64decode(text + "==")).decode()

    keys = json.loads((media / "keys.json").read_text())["keys"]
    contents = [
        {"track_type": f"track {number}", "key_id": plain(key["kid"]), "key": plain(key["k"])}
        for number, key in enumerate(keys)
    ]
    catalog = {"contents": [{"content_id": base64.b64encode(b"demo").decode(), "keys": contents}]}
    (directory / "catalog.json").write_text(json.dumps(catalog))


def serve(directory):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        make(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
