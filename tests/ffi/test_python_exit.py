#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python programs that end while callbacks run and arrive: test_python_exit.py LIBRARY [ROUNDS].

Before 3.14, Python ends a thread that wants to go on with Python while the interpreter exits (pthread_exit); since then, it
stops it for ever. Here these are threads of the library, inside of callbacks.
"""

import atexit
import subprocess
import sys
import threading
from ctypes import byref, c_int32, c_uint8, c_uint32, c_void_p, py_object, pythonapi

import native_drm as drm

KEYS = ('{"keys":[{"kty":"oct","kid":"ABEiM0RVZneImaq7zN3u_w","k":"K34VFiiu0qar9xWICc9PPA"}],'
        '"type":"temporary"}').encode()


def program(mode, library):
    """Exits while two threads make events as fast as they can.

    "running": in callbacks that never return, which is where Python ends the library's threads.
    "arriving": in callbacks that return; the program destroys what calls it when it exits, as it has to: Python that has ended
    bears no call at all.
    """
    lib = drm.load(library)
    arrived = [threading.Semaphore(0), threading.Semaphore(0)]

    def on_keys(session, keys, new_keys, user_data):
        arrived[user_data or 0].release()
        while mode == "running":
            pass
        return 0

    system = c_void_p()
    assert lib.OH_MediaKeySystem_Create(b"org.w3.clearkey", byref(system)) == drm.OK
    callbacks = drm.UserDataSessionCallback(drm.UserDataEventCallback(), drm.UserDataKeyChangeCallback(on_keys))
    # The machine code of a callback goes with its object, which the end of the interpreter frees.
    pythonapi.Py_IncRef(py_object(callbacks))

    def make_events(session):
        identity, size = (c_uint8 * 64)(), c_int32(64)
        message = drm.to_c(KEYS)
        while True:
            size.value = 64
            lib.OH_MediaKeySession_ProcessMediaKeyResponse(session, message, len(KEYS), identity, byref(size))

    if mode == "arriving":
        atexit.register(lambda: lib.OH_MediaKeySystem_Destroy(system))
    for number in range(len(arrived)):
        session, level = c_void_p(), c_uint32(drm.LEVEL_SW_CRYPTO)
        assert lib.OH_MediaKeySystem_CreateMediaKeySession(system, byref(level), byref(session)) == drm.OK
        assert lib.OH_MediaKeySession_SetCallbackWithUserData(session, byref(callbacks), number) == drm.OK
        threading.Thread(target=make_events, args=(session,), daemon=True).start()
    for semaphore in arrived:
        semaphore.acquire()


def main():
    library, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 50
    for mode in ("running", "arriving"):
        for done in range(rounds):
            command = [sys.executable, "-B", __file__, "--program", mode, library]
            child = subprocess.run(command, stderr=subprocess.PIPE, check=False)
            if child.returncode != 0 or child.stderr:
                sys.exit(f"{mode}, round {done}: {child.returncode}\n{child.stderr.decode(errors='replace')}")
    print(f"2 x {rounds} programs ended cleanly")


if __name__ == "__main__":
    if sys.argv[1] == "--program":
        program(*sys.argv[2:])
    else:
        main()
