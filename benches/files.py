#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures programs that decrypt whole files, in pairs: called by scripts/bench-files.sh.

files.py measure --work DIR --json FILE [--rounds N] NAME=PROGRAM...
files.py chart FILE SVG
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from html import escape

KEY_ID = "0123456789abcdef0123456789abcdef"
KEY = "00112233445566778899aabbccddeeff"
VIDEO_BYTES, AUDIO_BYTES = 300 << 20, 100 << 20
NAMES = ["native-drm", "ffmpeg", "mp4decrypt", "packager", "mp4ff-decrypt"]
COLOURS = dict(zip(NAMES, ["#0b5fa5", "#d98c1f", "#7a8f3c", "#9aa0a6", "#b56576"]))


def run(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options).stdout


def command(name, program, source, target, kind):
    """How a program decrypts `source`."""
    pair = f"{KEY_ID}:{KEY}"
    return {
        "native-drm": [program, "decrypt", source, target, "--key", pair],
        "ffmpeg": [program, "-v", "error", "-y", "-decryption_key", KEY, "-i", source, "-c", "copy", target],
        "mp4decrypt": [program, "--key", pair, source, target],
        "packager": [program, "--quiet", f"in={source},stream={kind},output={target}", "--enable_raw_key_decryption",
                     "--keys", f"key_id={KEY_ID}:key={KEY}"],
        "mp4ff-decrypt": [program, "-key", KEY, source, target],
    }[name]


def make_clear(ffmpeg, work, kind):
    """A clear file of the wanted size: ten seconds of noisy video, or a minute of noise as AAC, again and again."""
    clear = os.path.join(work, f"{kind}.mp4")
    wanted = VIDEO_BYTES if kind == "video" else AUDIO_BYTES
    if os.path.exists(clear):
        return clear
    part = os.path.join(work, f"{kind}-part.mp4")
    if kind == "video":
        run([ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=20:allf=t", "-t", "10",
             "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "16M", "-maxrate", "16M", "-bufsize", "16M", "-g", "60", part])
    else:
        run([ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "anoisesrc=d=60:c=pink:r=48000,aformat=channel_layouts=stereo",
             "-c:a", "aac", "-b:a", "128k", part])
    loops = wanted // os.path.getsize(part)
    run([ffmpeg, "-v", "error", "-y", "-stream_loop", str(loops), "-i", part, "-c", "copy", clear + ".new.mp4"])
    os.rename(clear + ".new.mp4", clear)
    os.remove(part)
    return clear


def make_encrypted(packager, work, clear, kind, scheme):
    encrypted = os.path.join(work, f"{kind}-{scheme}.mp4")
    if not os.path.exists(encrypted):
        run([packager, "--quiet", f"in={clear},stream={kind},output={encrypted}.new.mp4", "--enable_raw_key_encryption",
             "--keys", f"label=:key_id={KEY_ID}:key={KEY}", "--protection_scheme", scheme, "--clear_lead", "0"])
        os.rename(encrypted + ".new.mp4", encrypted)
    return encrypted


def content(ffmpeg, path):
    """The hash of all samples."""
    return run([ffmpeg, "-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "streamhash", "-"]).decode().strip()


def resident(pid):
    """KiB that a process has had at most so far; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def measured(arguments):
    """CPU seconds, wall seconds and resident KiB of a run."""
    with tempfile.TemporaryFile() as complaint:
        start = time.monotonic()
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=complaint)
        most = 0
        # What the system counts in the end has this program's memory in it.
        while True:
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            most = resident(child.pid) or most
            time.sleep(0.001)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            complaint.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}: {complaint.read().decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, wall, most


def measure(options):
    programs = dict(item.split("=", 1) for item in options.programs)
    ffmpeg, packager = programs["ffmpeg"], programs["packager"]
    os.makedirs(options.work, exist_ok=True)
    results = {"processor": processor(), "missing": [name for name in NAMES if name not in programs], "files": []}
    for kind in ("video", "audio"):
        clear = make_clear(ffmpeg, options.work, kind)
        wanted = content(ffmpeg, clear)
        for scheme in ("cenc", "cbcs"):
            source = make_encrypted(packager, options.work, clear, kind, scheme)
            target = os.path.join(options.work, "out.mp4")
            taken, wrong = {}, {}
            for turn in range(options.rounds + 1):
                # In turns, so that all of them see the same machine; the first round fills caches.
                for name in [name for name in NAMES if name in programs and name not in wrong]:
                    if os.path.exists(target):
                        os.remove(target)
                    try:
                        cost = measured(command(name, programs[name], source, target, kind))
                        if turn == 0 and content(ffmpeg, target) != wanted:
                            raise RuntimeError("other samples than those that were encrypted")
                    except (RuntimeError, OSError, subprocess.CalledProcessError) as fault:
                        wrong[name] = str(fault).splitlines()[0][:200]
                        continue
                    if turn:
                        taken.setdefault(name, []).append(cost)
            row = {"kind": kind, "scheme": scheme, "bytes": os.path.getsize(source), "wrong": wrong, "programs": {}}
            for name, costs in taken.items():
                cpu, wall, memory = zip(*costs)
                row["programs"][name] = {
                    "cpu_seconds": statistics.median(cpu), "wall_seconds": statistics.median(wall), "resident_kib": max(memory)}
            own = [cost[0] for cost in taken["native-drm"]]
            for name, costs in taken.items():
                # Of the pairs of each round.
                ratios = [other[0] / mine for other, mine in zip(costs, own)]
                row["programs"][name]["cpu_ratio"] = statistics.median(ratios)
            results["files"].append(row)
            if os.path.exists(target):
                os.remove(target)
            show(row)
    with open(options.json, "w", encoding="utf-8") as out:
        json.dump(results, out, indent=1)
    if results["missing"]:
        print("Not installed, and so not measured:", ", ".join(results["missing"]))
    peers = [cost["cpu_ratio"] for row in results["files"] for name, cost in row["programs"].items() if name != "native-drm"]
    memory = max(row["programs"]["native-drm"]["resident_kib"] for row in results["files"])
    fulfilled = peers and min(peers) >= 2 and memory <= 32 << 10
    print(f"Goal (half of the best peer's CPU time, 32 MiB resident): {'reached' if fulfilled else 'MISSED'}")
    return 0 if fulfilled else 2


def show(row):
    print(f"\n{row['kind']}, {row['scheme']}, {row['bytes'] / 2**20:.0f} MiB")
    print(f"{'program':15} {'CPU s':>8} {'wall s':>8} {'resident MiB':>13} {'CPU of native-drm':>18}")
    for name, cost in row["programs"].items():
        print(f"{name:15} {cost['cpu_seconds']:8.3f} {cost['wall_seconds']:8.3f} {cost['resident_kib'] / 1024:13.1f} "
              f"{cost['cpu_ratio']:17.2f}x")
    for name, reason in row["wrong"].items():
        print(f"{name:15} failed: {reason}")


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return f"{names[0] if names else os.uname().machine}, {len(names) or os.cpu_count()} CPUs"


def chart(options):
    with open(options.json, encoding="utf-8") as source:
        results = json.load(source)
    left, top, width, bar = 210, 70, 520, 15
    rows = []
    most = max(cost["cpu_ratio"] for row in results["files"] for cost in row["programs"].values())
    y = top
    for row in results["files"]:
        title = f"{row['kind']}, {row['scheme']}, {row['bytes'] / 2**20:.0f} MiB"
        rows.append(f'<text x="20" y="{y + 12}" font-weight="bold">{escape(title)}</text>')
        y += 20
        for name in [name for name in NAMES if name in row["programs"]]:
            cost = row["programs"][name]
            length = width * cost["cpu_ratio"] / most
            rows.append(f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">{escape(name)}</text>')
            rows.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 3}" fill="{COLOURS[name]}"/>')
            rows.append(f'<text x="{left + length + 6:.1f}" y="{y + 11}" fill="#5f6368">{cost["cpu_ratio"]:.1f}</text>')
            y += bar
        y += 14
    title = "CPU time to decrypt a file, times native-drm"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{y + 10}" '
        'font-family="system-ui, sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="17" font-weight="bold">{title}</text>',
        f'<text x="20" y="48" fill="#5f6368">{escape(results["processor"])}; shorter is better</text>',
        *rows,
        "</svg>",
    ]
    with open(options.svg, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("--work", required=True)
    measuring.add_argument("--json", required=True)
    measuring.add_argument("--rounds", type=int, default=7)
    measuring.add_argument("programs", nargs="+", metavar="NAME=PROGRAM")
    measuring.set_defaults(run=measure)
    drawing = commands.add_parser("chart")
    drawing.add_argument("json")
    drawing.add_argument("svg")
    drawing.set_defaults(run=chart)
    options = parser.parse_args()
    sys.exit(options.run(options))


if __name__ == "__main__":
    main()
