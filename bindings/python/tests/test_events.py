# SPDX-License-Identifier: Apache-2.0
"""Events: functions, async iterators, and what they may do."""

import asyncio
import queue
import threading

import pytest

import native_drm
from native_drm import Event, EventType, KeyChange
from vectors import CTR_DATA, KEY_ID, OTHER_ID, jwk_set

PATIENCE = 60


def test_functions(system, ctr):
    received: queue.Queue = queue.Queue()
    with system.create_session() as session:
        subscription = session.subscribe(received.put)
        session.process_response(jwk_set())
        assert received.get(timeout=PATIENCE) == KeyChange({KEY_ID: "USABLE"}, True)
        ctr.key_id = OTHER_ID
        with pytest.raises(native_drm.NoKeyError):
            session.decrypt(ctr, bytearray(CTR_DATA))
        event = received.get(timeout=PATIENCE)
        assert event.type == EventType.KEY_REQUIRED and OTHER_ID in event.data and event.key_ids == ()
        session.clear_keys()
        event = received.get(timeout=PATIENCE)
        assert event.type == EventType.KEY_EXPIRED and event.key_ids == (KEY_ID,)
        assert received.get(timeout=PATIENCE) == KeyChange({}, False)
        with session.subscribe(received.put), subscription:
            session.process_response(jwk_set())
            assert received.get(timeout=PATIENCE) == received.get(timeout=PATIENCE)
        last = threading.Event()
        session.subscribe(lambda event: last.set())
        session.clear_keys()
        assert last.wait(PATIENCE)
        assert received.empty()


def test_expiry(system):
    with system.create_session() as session:
        key_id = session.process_response(jwk_set("persistent-license"))
    received: queue.Queue = queue.Queue()
    with system.create_session() as session:
        session.subscribe(received.put)
        session.restore_offline_keys(key_id)
        event = received.get(timeout=PATIENCE)
        assert event == Event(EventType.EXPIRATION_UPDATE, b"0", event.extra) and event.expiry is None
    assert Event(EventType.EXPIRATION_UPDATE, b"1500", "0").expiry == 1.5


def test_system_events(tmp_path):
    received: queue.Queue = queue.Queue()
    with native_drm.MediaKeySystem(native_drm.CLEARPLAY, storage_path=str(tmp_path)) as system:
        system.subscribe(received.put)
        system.generate_provisioning_request()
        assert received.get(timeout=PATIENCE).type == EventType.PROVISION_REQUIRED


def test_close_in_function(system):
    closed = threading.Event()

    def close(event):
        session.close()
        system.close()
        closed.set()

    session = system.create_session()
    session.subscribe(close)
    session.process_response(jwk_set())
    assert closed.wait(PATIENCE)
    assert session.closed and system.closed


def test_exceptions_are_reported(system, monkeypatch):
    reported: queue.Queue = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda arguments: reported.put(arguments.exc_value))
    received: queue.Queue = queue.Queue()
    with system.create_session() as session:
        session.subscribe(lambda event: 1 / 0)
        session.subscribe(received.put)
        session.process_response(jwk_set())
        assert isinstance(reported.get(timeout=PATIENCE), ZeroDivisionError)
        assert isinstance(received.get(timeout=PATIENCE), KeyChange)
    with pytest.raises(TypeError):
        system.create_session().subscribe(None)


def test_async_iterator(system):
    async def run():
        session = system.create_session()
        events = session.events()
        others = session.events()
        taken = []

        async def take():
            async for event in events:
                taken.append(event)
                if isinstance(event, KeyChange) and not event.new_keys:
                    session.close()

        task = asyncio.create_task(take())
        await asyncio.to_thread(session.process_response, jwk_set())
        await asyncio.to_thread(session.clear_keys)
        await asyncio.wait_for(task, PATIENCE)
        assert [type(event) for event in taken] == [KeyChange, Event, KeyChange]
        assert [event async for event in others] == taken
        with pytest.raises(StopAsyncIteration):
            await anext(others)
        with pytest.raises(native_drm.ClosedError):
            session.events()

    asyncio.run(run())


def test_async_iterator_that_is_left(system):
    session = system.create_session()

    async def run():
        async with session.events() as events:
            session.process_response(jwk_set())
            assert isinstance(await asyncio.wait_for(anext(events), PATIENCE), KeyChange)
        left = session.events()
        return left

    left = asyncio.run(run())
    # Nobody takes these: the loop is closed.
    done = threading.Event()
    session.subscribe(lambda event: done.set())
    session.clear_keys()
    assert done.wait(PATIENCE)
    session.close()
    assert left is not None


def test_log():
    lines: queue.Queue = queue.Queue()
    native_drm.set_log(native_drm.LogLevel.DEBUG, lambda level, line: lines.put((level, line)))
    try:
        with native_drm.MediaKeySystem(native_drm.CLEARKEY):
            pass
        level, line = lines.get(timeout=PATIENCE)
        assert level in native_drm.LogLevel and "org.w3.clearkey" in line
    finally:
        native_drm.set_log(native_drm.LogLevel.OFF)
