#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a decrypt costs from Python more than from C.

Prints nanoseconds for samples of several sizes: through the package, through C (bindings/bench_c.c, compiled here and linked with
the same library), and the difference. The lowest of many rounds counts: what other programs take is not ours.
"""

import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import time

import native_drm
from native_drm import CencAlgorithm, SampleInfo, _library

KEY_ID = bytes.fromhex("00112233445566778899aabbccddeeff")
JWK_SET = b'{"keys":[{"kty":"oct","kid":"ABEiM0RVZneImaq7zN3u_w","k":"K34VFiiu0qar9xWICc9PPA"}],"type":"temporary"}'
SIZES = (400, 1024, 16 * 1024, 256 * 1024)
ROUNDS, CALLS = 200, 200


def from_python() -> dict[int, float]:
    times = {}
    with native_drm.MediaKeySystem(native_drm.CLEARKEY) as system, system.create_session() as session:
        session.process_response(JWK_SET)
        info = SampleInfo(CencAlgorithm.AES_CTR, KEY_ID, bytes(16))
        for size in SIZES:
            sample = bytearray(size)
            calls = CALLS if size < 100_000 else 20
            best = float("inf")
            for _ in range(ROUNDS):
                start = time.perf_counter_ns()
                for _ in range(calls):
                    session.decrypt(info, sample)
                best = min(best, (time.perf_counter_ns() - start) / calls)
            times[size] = best
    return times


def from_c(directory: str) -> dict[int, float]:
    here = pathlib.Path(__file__).resolve().parent
    program = pathlib.Path(directory) / "bench_c"
    library = pathlib.Path(_library.path()).resolve()
    link = pathlib.Path(directory) / "libnative_drm.so.0"
    link.symlink_to(library)
    include = here.parent.parent / "include"
    subprocess.run(
        [sysconfig.get_config_var("CC").split()[0] if sysconfig.get_config_var("CC") else "cc", "-O2", "-std=gnu11",
         f"-I{include}/multimedia/drm_framework", f"-I{include}/multimedia/player_framework", str(here.parent / "bench_c.c"),
         "-o", str(program), str(link), f"-Wl,-rpath,{directory}"],
        check=True)
    output = subprocess.run([str(program), *map(str, SIZES)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {int(size): float(nanoseconds) for size, nanoseconds in (line.split() for line in output.splitlines())}


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        c_times = from_c(directory)
    python_times = from_python()
    print(f"{'sample':>10} {'Python, ns':>12} {'C, ns':>12} {'more, ns':>12}")
    for size in SIZES:
        print(f"{size:>8} B {python_times[size]:>12.0f} {c_times[size]:>12.0f} {python_times[size] - c_times[size]:>12.0f}")
    print(f"Python {sys.version.split()[0]}, cenc with AES-128, in place")


if __name__ == "__main__":
    main()
