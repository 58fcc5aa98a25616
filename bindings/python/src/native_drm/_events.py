# SPDX-License-Identifier: Apache-2.0
"""Events: from the library's threads to functions and to coroutines of the program.

C functions of this module are registered with the library, one of each kind for all objects, with the number of an object's
``Hub`` as user data. They live as long as the process, so that none goes away while it is called. At the end of the interpreter all
of them are unregistered: a call that arrives later would find no Python any more.
"""

import asyncio
import atexit
import itertools
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Generic, TypeVar


E = TypeVar("E")

#: Seconds that the end of the interpreter waits for functions of the program that are running.
PATIENCE = 5.0

_lock = threading.Lock()
_idle = threading.Condition(_lock)
_numbers = itertools.count(1)
_hubs: dict[int, "Hub[object]"] = {}
_exiting = False


class Subscription:
    """A function that receives events, until ``cancel()``; also a context manager."""

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel

    def cancel(self) -> None:
        """No event arrives any more. A call that is running on another thread goes on."""
        self._cancel()

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.cancel()


class EventStream(Generic[E]):
    """Events as an async iterator, for the event loop that made it. It ends when what sends them is closed, or by ``close()``.

    Events are kept from its making on, until they are taken.
    """

    def __init__(self, *hubs: "Hub[E]") -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[E | None] = asyncio.Queue()
        self._hubs = hubs
        self._ended = False
        try:
            for hub in hubs:
                hub.start()
                hub.add_stream(self)
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        for hub in self._hubs:
            hub.remove_stream(self)

    def put(self, event: E | None) -> None:
        """From any thread; None ends the stream."""
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)
        except RuntimeError:  # The loop is closed: nobody is left to take it.
            self._leave()

    def close(self) -> None:
        """Ends the stream; what was not taken is dropped."""
        self._leave()
        self._ended = True
        self._queue.put_nowait(None)

    def __aiter__(self) -> AsyncIterator[E]:
        return self

    async def __anext__(self) -> E:
        event = None if self._ended else await self._queue.get()
        if event is None:
            self._ended = True
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """As ``close()``."""
        self.close()

    async def __aenter__(self) -> "EventStream[E]":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


class Hub(Generic[E]):
    """Whoever wants to hear of one object's events.

    ``register`` makes the library call with this hub's number; ``unregister`` undoes it, and waits for calls that are running.
    """

    def __init__(self, register: Callable[[int], None], unregister: Callable[[], object]) -> None:
        self._number = 0
        self._register = register
        self.unregister = unregister
        self._listeners: tuple[Callable[[E], object], ...] = ()
        self._streams: tuple[EventStream[E], ...] = ()
        self._closed = False
        self.running = 0

    def start(self) -> None:
        """Registers with the library, once: until then, nothing costs anything."""
        with _lock:
            if self._number or self._closed:
                return
            if _exiting:
                raise RuntimeError("the interpreter is at its end")
            number = next(_numbers)
            self._register(number)
            self._number = number
            _hubs[number] = self  # type: ignore[assignment]

    def subscribe(self, listener: Callable[[E], object]) -> Subscription:
        if not callable(listener):
            raise TypeError("a callable is needed")
        self.start()

        # An object of its own for each subscription, so that the same function may be there twice.
        def call(event: E) -> object:
            return listener(event)

        def cancel() -> None:
            with _lock:
                self._listeners = tuple(other for other in self._listeners if other is not call)

        with _lock:
            self._listeners += (call,)
        return Subscription(cancel)

    def add_stream(self, stream: EventStream[E]) -> None:
        with _lock:
            if not self._closed:
                self._streams += (stream,)
                return
        stream.put(None)

    def remove_stream(self, stream: EventStream[E]) -> None:
        with _lock:
            self._streams = tuple(other for other in self._streams if other is not stream)

    def dispatch(self, event: E) -> bool:
        """Hands an event to all, and returns whether all functions took it. On a thread of the library."""
        with _lock:
            if _exiting or self._closed:
                return False
            self.running += 1
            listeners, streams = self._listeners, self._streams
        taken = True
        try:
            for stream in streams:
                stream.put(event)
            for listener in listeners:
                try:
                    listener(event)
                except Exception:
                    # As for any function that a thread runs.
                    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), None)))
                    taken = False
        finally:
            with _lock:
                self.running -= 1
                if _exiting:
                    _idle.notify_all()
        return taken

    def withdraw(self) -> None:
        """Unregisters with the library and forgets all listeners, until somebody subscribes again."""
        with _lock:
            registered = _hubs.pop(self._number, None)
            self._number = 0
            self._listeners = ()
        if registered is not None:
            self.unregister()

    def close(self) -> None:
        """The object is no more."""
        with _lock:
            self._closed = True
            self._listeners = ()
            streams, self._streams = self._streams, ()
            _hubs.pop(self._number, None)
        for stream in streams:
            stream.put(None)


def hub_of(number: int | None) -> "Hub[object] | None":
    """The hub of a number that the library passed on."""
    return _hubs.get(number or 0)


def _at_exit() -> None:
    # Events that arrive from now on call nothing of the program. Where a function of the program does not end, no other event of
    # that object can arrive, because they come one at a time; Python ends its thread.
    global _exiting
    with _lock:
        _exiting = True
        hubs = list(_hubs.values())
        end = time.monotonic() + PATIENCE
        while any(hub.running for hub in hubs):
            if not _idle.wait(max(0.0, end - time.monotonic())):
                break
        done = [hub for hub in hubs if not hub.running]
    for hub in done:
        hub.unregister()


atexit.register(_at_exit)
