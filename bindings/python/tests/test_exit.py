# SPDX-License-Identifier: Apache-2.0
"""Programs that end while events run and arrive."""

import concurrent.futures
import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
import native_drm
from vectors import jwk_set

mode = sys.argv[1]
arrived = [threading.Semaphore(0), threading.Semaphore(0)]
system = native_drm.MediaKeySystem(native_drm.CLEARKEY)
sessions = [system.create_session(), system.create_session()]

def listen(number):
    def listener(event):
        arrived[number].release()
        while mode == "running":
            pass
    return listener

def make_events(session):
    try:
        while True:
            session.process_response(jwk_set())
    except native_drm.InvalidValueError:  # Closed, before the call or in it.
        pass

native_drm._events.PATIENCE = 0.2
for number, session in enumerate(sessions):
    session.subscribe(listen(number))
    threading.Thread(target=make_events, args=(session,), daemon=True).start()
for semaphore in arrived:
    semaphore.acquire()
if mode == "closed":
    system.close()
"""


def run(mode: str) -> tuple[int, bytes]:
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__), "PYTHONDONTWRITEBYTECODE": "1"}
    child = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", PROGRAM, mode],
        stderr=subprocess.PIPE, timeout=600, env=environment, check=False)
    return child.returncode, child.stderr


@pytest.mark.parametrize("mode", ["running", "arriving", "closed"])
def test_clean_end(mode):
    """Twenty of twenty: "running" in functions that never end, "arriving" in functions that do, "closed" after close()."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, [mode] * 20)) == [(0, b"")] * 20
