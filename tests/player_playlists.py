#!/usr/bin/env python3
"""Writes HLS playlists of a fragmented MP4 file: player_playlists.py FILE DIRECTORY. Prints the name of each.

All lead to the same samples in the same order.
"""
import os
import struct
import sys


def pieces(data):
    """The initialization section and the fragments."""
    at, out = 0, [b""]
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moof":
            out.append(b"")
        if kind != b"sidx":
            out[-1] += data[at:at + size]
        at += size
    return out


def main():
    path, directory = sys.argv[1:]
    with open(path, "rb") as file:
        init, *segments = pieces(file.read())
    head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    key = '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,AAAA",KEYFORMAT="identity"\n'

    def write(name, data):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    os.makedirs(os.path.join(directory, "media"), exist_ok=True)
    write("media/init.mp4", init)
    for number, segment in enumerate(segments):
        write(f"media/{number}.m4s", segment)
    whole = init + b"".join(segments)
    # Something in front, so that offsets matter.
    write("media/all.mp4", b"x" * 100 + whole)

    playlists = {}
    files = "".join(f"#EXTINF:1.0,\nmedia/{number}.m4s\n" for number in range(len(segments)))
    map_file = '#EXT-X-MAP:URI="media/init.mp4"\n'
    playlists["files"] = head + map_file + key + files + "#EXT-X-ENDLIST\n"
    playlists["live"] = head + key + map_file + files
    playlists["crlf"] = playlists["files"].replace("\n", "\r\n")
    playlists["absolute"] = playlists["files"].replace("media/", os.path.abspath(directory) + "/media/")
    playlists["map-again"] = head + key + "".join(
        map_file + f"#EXT-X-DISCONTINUITY\n#EXTINF:1.0,\nmedia/{number}.m4s\n" for number in range(len(segments)))
    map_range = f'#EXT-X-MAP:URI="media/all.mp4",BYTERANGE="{len(init)}@100"\n'
    for name, every in (("ranges", True), ("ranges-that-follow", False)):
        text, at = head + map_range + key, 100 + len(init)
        for number, segment in enumerate(segments):
            place = f"@{at}" if every or number == 0 else ""
            text += f"#EXTINF:1.0,\n#EXT-X-BYTERANGE:{len(segment)}{place}\nmedia/all.mp4\n"
            at += len(segment)
        playlists[name] = text + "#EXT-X-ENDLIST\n"
    master = head.split("#EXT-X-TARGET")[0]
    for name, order in (("master", (1, 0)), ("master-best-first", (0, 1))):
        variants = ("#EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.64001f,mp4a.40.2\",AVERAGE-BANDWIDTH=9\nfiles.m3u8\n",
                    "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=9000,BANDWIDTH=1000\nnone.m3u8\n")
        playlists[name] = master + "".join(variants[i] for i in order)
    for name, text in playlists.items():
        write(name + ".m3u8", text)
        print(name)


main()
