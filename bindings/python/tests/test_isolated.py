# SPDX-License-Identifier: Apache-2.0
"""Instances in a process of their own, and the memory that is shared with it."""

import gc
import os
import pathlib
import queue
import signal

import pytest

import native_drm
from native_drm import MediaKeySystem, SampleInfo
from vectors import CLEAR, CTR_DATA, jwk_set


def hosts() -> set[int]:
    """The host processes of this one. One that has ended is gone only when somebody has waited for it."""
    found = set()
    for task in pathlib.Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            if "native-drm-host" in pathlib.Path(f"/proc/{child}/cmdline").read_text():
                found.add(int(child))
    return found


@pytest.fixture
def isolated(tmp_path, monkeypatch):
    monkeypatch.setenv("NATIVE_DRM_STORAGE_DIR", str(tmp_path))
    with MediaKeySystem(native_drm.CLEARKEY, isolated=True) as made:
        yield made


def test_decrypts(isolated, ctr: SampleInfo):
    """The package's own host program is found."""
    assert len(hosts()) == 1
    session = isolated.create_session()
    session.process_response(jwk_set())
    elsewhere = bytearray(CTR_DATA)
    session.decrypt(ctr, elsewhere)
    assert elsewhere == CLEAR
    shared = isolated.sample_buffer(2 * len(CTR_DATA))
    assert not shared.readonly and len(shared) == 2 * len(CTR_DATA)
    shared[:] = CTR_DATA * 2
    session.decrypt_batch([(ctr, shared[:64]), (ctr, shared[64:])])
    assert shared == CLEAR * 2


def test_events_come(isolated):
    seen: queue.SimpleQueue[native_drm.Event] = queue.SimpleQueue()
    session = isolated.create_session()
    session.subscribe(seen.put)
    session.process_response(jwk_set())
    while not isinstance(seen.get(timeout=60), native_drm.KeyChange):
        pass


def test_the_end_of_the_process(isolated, ctr: SampleInfo, tmp_path):
    session = isolated.create_session()
    session.process_response(jwk_set())
    shared = isolated.sample_buffer(64)
    shared[:] = CTR_DATA
    (host,) = hosts()
    os.kill(host, signal.SIGKILL)
    with pytest.raises(native_drm.ServiceDiedError):
        session.decrypt(ctr, shared)
    with pytest.raises(native_drm.ServiceDiedError):
        isolated.create_session()
    isolated.close()
    assert shared == CTR_DATA
    with MediaKeySystem(native_drm.CLEARKEY, isolated=True) as another, another.create_session() as session:
        session.process_response(jwk_set())
        session.decrypt(ctr, memoryview(bytearray(CTR_DATA)))


def test_views_keep_the_memory(isolated, system):
    """512 MiB are shared: of 12 times 100 MiB only what somebody still holds can be there."""
    last = None
    for _ in range(12):
        part = isolated.sample_buffer(100 << 20)[:16]
        part[:] = bytes(range(16))
        last, part = part, None
        gc.collect(0)
    isolated.close()
    assert bytes(last) == bytes(range(16))
    ordinary = system.sample_buffer(1)
    ordinary[0] = 7
    system.close()
    assert ordinary[0] == 7


@pytest.mark.parametrize("size", [0, -1, 268435457, 1 << 40])
def test_sizes(system, size):
    with pytest.raises(native_drm.InvalidValueError):
        system.sample_buffer(size)


def test_what_cannot_be_isolated(system):
    with pytest.raises(native_drm.OperationError):
        MediaKeySystem("com.example.none", isolated=True)
    with pytest.raises(TypeError):
        system.sample_buffer("1")  # type: ignore[arg-type]
    system.close()
    with pytest.raises(native_drm.ClosedError):
        system.sample_buffer(1)
