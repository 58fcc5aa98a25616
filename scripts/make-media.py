#!/usr/bin/env python3
"""Makes the media in tests/media: a clear original and its copies in the four Common Encryption schemes.

Needs ffmpeg with libx264, openssl and the Python package `cryptography`. Everything random is derived from fixed words, so that the
same ffmpeg makes the same bytes. The results are checked before they are written: each track decrypted by ffmpeg, or where
ffmpeg 5.1 does not follow the standard by the openssl program, equals the original.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from media import cenc, mp4, scene

SCHEMES = ("cenc", "cens", "cbc1", "cbcs")
SECONDS = 3
DEFAULT_OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "media"


def ffmpeg(*arguments):
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "fatal", "-y", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def make_clear(directory):
    """H.264 with B-frames, one key frame and one fragment a second, and AAC."""
    raw, pcm, path = directory / "video.rgb", directory / "audio.pcm", directory / "clear.mp4"
    raw.write_bytes(b"".join(scene.frames(SECONDS)))
    pcm.write_bytes(scene.melody(SECONDS))
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{scene.WIDTH}x{scene.HEIGHT}", "-r", str(scene.FRAME_RATE),
           "-i", str(raw), "-f", "s16le", "-ar", str(scene.SAMPLE_RATE), "-ac", "2", "-i", str(pcm),
           "-c:v", "libx264", "-threads", "1", "-preset", "slow", "-crf", "23", "-pix_fmt", "yuv420p", "-sws_flags",
           "bitexact+accurate_rnd+full_chroma_int", "-x264-params",
           f"keyint={scene.FRAME_RATE}:min-keyint={scene.FRAME_RATE}:scenecut=0:slices=2",
           "-c:a", "aac", "-b:a", "64k", "-flags", "+bitexact", "-fflags", "+bitexact", "-map_metadata", "-1",
           "-movflags", "+frag_keyframe+delay_moov+default_base_moof+global_sidx+skip_trailer", str(path))
    return path.read_bytes()


def packets(path, stream, key=None):
    """FFmpeg's MD5 of each packet of a stream, with its timestamps and without its side data."""
    keys = ["-decryption_key", key.hex()] if key else []
    text = ffmpeg(*keys, "-i", str(path), "-map", f"0:{stream}", "-c", "copy", "-f", "framemd5", "-").decode()
    return [line.split(", S=")[0] for line in text.splitlines() if not line.startswith("#")]


def check(scheme, clear_path, path, keys):
    """FFmpeg must see other bytes without the key and the original's with it."""
    lines = []
    for stream, key in enumerate(keys.values()):
        original = packets(clear_path, stream)
        if scheme == "cens" and stream == 1:
            # Whole-block full-sample encryption leaves the last partial block clear (section 9.7); FFmpeg 5.1 decrypts it.
            count = check_whole_blocks(clear_path.read_bytes(), path.read_bytes(), key)
            lines.append(f"audio: {count} packets equal (openssl)")
            continue
        if packets(path, stream) == original:
            sys.exit(f"{scheme}: stream {stream} is not encrypted")
        if packets(path, stream, key) != original:
            sys.exit(f"{scheme}: stream {stream} decrypted by ffmpeg differs from the original")
        lines.append(f"{'audio' if stream else 'video'}: {len(original)} packets equal")
    return ", ".join(lines)


def check_whole_blocks(clear, encrypted, key):
    """Decrypts the second track's samples with the openssl program: AES-CTR over the whole blocks of each."""
    count = 0
    for original, (data, iv) in zip(second_track(clear), second_track(encrypted), strict=True):
        whole = len(data) - len(data) % 16
        command = ["openssl", "enc", "-d", "-aes-128-ctr", "-nopad", "-K", key.hex(), "-iv", iv.ljust(16, b"\0").hex()]
        plain = subprocess.run(command, input=data[:whole], check=True, stdout=subprocess.PIPE).stdout
        if plain + data[whole:] != original[0] or (whole and data == original[0]):
            sys.exit("cens: audio decrypted by openssl differs from the original")
        count += 1
    return count


def second_track(data):
    """Samples of the second track and, in an encrypted file, their 8-byte IVs from the senc boxes."""
    boxes = mp4.parse(data)
    for moof, mdat in zip(boxes, boxes[1:]):
        if moof.kind != b"moof":
            continue
        run = mp4.Run(moof.all(b"traf")[1])
        at = run.data_offset - len(bytes(moof)) - 8
        ivs = run.traf.all(b"senc")[0].payload[8:] if run.traf.all(b"senc") else b""
        for index, size in enumerate(run.sizes):
            yield mdat.payload[at:at + size], ivs[8 * index:8 * index + 8]
            at += size


def jwk_set(keys):
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    entries = [{"kty": "oct", "kid": encode(kid), "k": encode(key)} for kid, key in keys.items()]
    return json.dumps({"keys": entries, "type": "temporary"}, indent=2) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clear", type=pathlib.Path, help="package this fragmented MP4 file instead of making one")
    parser.add_argument("output", nargs="?", type=pathlib.Path, default=DEFAULT_OUTPUT)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        files = {"clear.mp4": arguments.clear.read_bytes() if arguments.clear else make_clear(directory)}
        (directory / "clear.mp4").write_bytes(files["clear.mp4"])
        all_keys = {}
        for scheme in SCHEMES:
            data, keys = cenc.package(files["clear.mp4"], scheme)
            path = directory / f"{scheme}.mp4"
            path.write_bytes(data)
            print(f"{scheme}: checked with ffmpeg: {check(scheme, directory / 'clear.mp4', path, keys)}")
            files[path.name] = data
            all_keys.update(keys)
        files["keys.json"] = jwk_set(all_keys).encode()
        for name, data in files.items():
            (arguments.output / name).write_bytes(data)
            print(f"{len(data):8} bytes  sha256 {hashlib.sha256(data).hexdigest()}  {name}")


if __name__ == "__main__":
    main()
