# SPDX-License-Identifier: Apache-2.0
"""MediaKeySystem: key systems, provisioning, stored keys, virtual clock."""

import datetime
import time
import uuid
import weakref
from collections.abc import Callable
from ctypes import byref, c_int32, c_uint8, c_uint32, c_void_p, create_string_buffer
from dataclasses import dataclass

from native_drm import c
from native_drm._arguments import (
    ReadableBuffer, c_text, growing_bytes, milliseconds, octets, sixteen, text, unsigned32, whole,
)
from native_drm._enums import CertificateStatus, ContentProtectionLevel, ErrorCode, OfflineMediaKeyStatus
from native_drm._errors import check
from native_drm._events import EventStream, Hub, Subscription, hub_of
from native_drm._handles import Closing
from native_drm._session import Event, MediaKeySession, _event
from native_drm.c import lib

CLEARPLAY = "com.clearplay.drm"
CLEARKEY = "org.w3.clearkey"
POLICYPLAY = "com.policyplay.drm"

# Python's signal handlers run between two waits.
_SLICE = 0.2


@dataclass(frozen=True)
class KeySystemDescription:
    """A key system that the library has, and its system id in pssh boxes."""

    name: str
    system_id: uuid.UUID


@dataclass(frozen=True)
class KeySystemRequest:
    """The message for the provisioning server, and where to send it."""

    data: bytes
    default_url: str


def key_systems() -> list[KeySystemDescription]:
    """The key systems that the library has, with those of plugins."""
    room = c.MAX_MEDIA_KEY_SYSTEM_NUM
    while True:
        array = (c.DRM_MediaKeySystemDescription * room)()
        count = c_uint32(room)
        code = lib.OH_MediaKeySystem_GetMediaKeySystems(array, byref(count))
        if code != ErrorCode.INVALID_VAL or count.value <= room:
            check(code)
            return [
                KeySystemDescription(c_text(item.name), uuid.UUID(bytes=bytes(item.uuid))) for item in array[: count.value]
            ]
        room = count.value


def is_supported(name: str, mime_type: str | None = None, level: ContentProtectionLevel | None = None) -> bool:
    """Whether a key system is supported, for a MIME type, at a content protection level."""
    raw = text(name, "name")
    if mime_type is None:
        if level is not None:
            raise TypeError("a level needs a MIME type")
        return bool(lib.OH_MediaKeySystem_IsSupported(raw))
    mime = text(mime_type, "mime_type")
    if level is None:
        return bool(lib.OH_MediaKeySystem_IsSupported2(raw, mime))
    return bool(lib.OH_MediaKeySystem_IsSupported3(raw, mime, unsigned32(level, "level")))


def _on_event(
    handle: int | None, kind: int, data: int | None, length: int, extra: bytes | None, number: int | None
) -> int:
    hub = hub_of(number)
    if hub is not None:
        hub.dispatch(_event(kind, data, length, extra))
    return 0


_CALLBACK = c.OH_MediaKeySystem_UserDataCallback(_on_event)
_NO_CALLBACK = c.OH_MediaKeySystem_UserDataCallback()


class MediaKeySystem(Closing):
    """An instance of a key system: ``CLEARKEY``, ``CLEARPLAY``, ``POLICYPLAY`` or one of a plugin. Any thread, also several at once.

    ``storage_path``: directory of the stored keys, in place of the user's. ``isolated``: in a process of its own, which has the keys; once
    that has ended, however it did, calls raise ServiceDiedError.
    """

    def __init__(self, name: str, *, storage_path: str | None = None, isolated: bool = False) -> None:
        self.name = name
        created = c_void_p()
        create = lib.OH_MediaKeySystem_CreateIsolated if isolated else lib.OH_MediaKeySystem_Create
        check(create(text(name, "name"), byref(created)))
        handle = created.value
        self._handle = handle
        self._sessions: weakref.WeakValueDictionary[int, MediaKeySession] = weakref.WeakValueDictionary()
        self._hub: Hub[Event] = Hub(
            lambda number: check(lib.OH_MediaKeySystem_SetCallbackWithUserData(handle, _CALLBACK, number)),
            lambda: lib.OH_MediaKeySystem_SetCallbackWithUserData(handle, _NO_CALLBACK, None),
        )
        if storage_path is not None:
            try:
                self.set_configuration("storagePath", storage_path)
            except BaseException:
                self.close()
                raise

    def _destroy(self, handle: int) -> None:
        # The sessions of an instance go with it.
        lib.OH_MediaKeySystem_Destroy(handle)
        self._hub.close()
        for session in list(self._sessions.values()):
            session.close()

    # Sessions

    def create_session(self, level: ContentProtectionLevel = ContentProtectionLevel.SW_CRYPTO) -> MediaKeySession:
        """Creates a session. One that asks for more than there is gets the highest level there is."""
        wanted, created = c_uint32(unsigned32(level, "level")), c_void_p()
        check(lib.OH_MediaKeySystem_CreateMediaKeySession(self.handle, byref(wanted), byref(created)))
        handle = created.value
        assert handle is not None
        session = MediaKeySession(self, handle)
        self._sessions[handle] = session
        if self._handle is None:  # Closed meanwhile, perhaps before the session was known.
            session.close()
        return session

    def find_session(self, key_id: ReadableBuffer, timeout: float | None = 0) -> MediaKeySession | None:
        """A session that holds a usable key, the newest first. Waits for it, at most ``timeout`` seconds, None = without limit."""
        wanted = (c_uint8 * 16).from_buffer_copy(sixteen(key_id, "key_id"))
        end = None if timeout is None else time.monotonic() + timeout
        found = c_void_p()
        while True:
            left = _SLICE if end is None else min(_SLICE, max(0.0, end - time.monotonic()))
            code = lib.OH_MediaKeySystem_FindSessionByKeyId(self.handle, wanted, round(left * 1000), byref(found))
            if code == ErrorCode.NO_KEY:
                if end is not None and time.monotonic() >= end:
                    return None
                continue
            check(code)
            return self._sessions.get(found.value or 0)

    def sample_buffer(self, size: int) -> memoryview:
        """Writable memory for samples. An isolated instance shares it with its process, and decrypts there without a copy.

        What is in it is not defined at first. It is freed when no view of it is left, also after the instance is closed.
        """
        whole(size, 1, c.NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN, "size")
        allocated = c_void_p()
        check(lib.OH_Drm_AllocateSampleBuffer(self.handle, size, byref(allocated)))
        memory = (c_uint8 * size).from_address(allocated.value or 0)
        # Views hold this object. At the program's end the memory goes with it.
        weakref.finalize(memory, lib.OH_Drm_FreeSampleBuffer, allocated.value).atexit = False
        return memoryview(memory).cast("B")

    # Configuration

    def set_configuration(self, name: str, value: str | ReadableBuffer) -> None:
        """Sets a configuration string (a str) or byte array (bytes). Names: docs/reference.md of the project, "Settings"."""
        raw = text(name, "name")
        if isinstance(value, str):
            check(lib.OH_MediaKeySystem_SetConfigurationString(self.handle, raw, text(value, "value")))
        else:
            data = octets(value, "value")
            size = whole(len(data), 0, 0x7FFF_FFFF, "value")
            check(lib.OH_MediaKeySystem_SetConfigurationByteArray(self.handle, raw, data, size))

    def get_configuration(self, name: str) -> str:
        """A configuration string."""
        buffer = create_string_buffer(c.NATIVE_DRM_MAX_CONFIG_VALUE_LEN)
        check(lib.OH_MediaKeySystem_GetConfigurationString(self.handle, text(name, "name"), buffer, len(buffer)))
        return buffer.value.decode()

    def get_configuration_bytes(self, name: str) -> bytes:
        """A configuration byte array."""
        handle, raw = self.handle, text(name, "name")
        return growing_bytes(
            lambda buffer, length: lib.OH_MediaKeySystem_GetConfigurationByteArray(handle, raw, buffer, length),
            c.NATIVE_DRM_MAX_CONFIG_VALUE_LEN,
            c_int32,
        )

    def statistics(self) -> dict[str, str]:
        """version, currentSessionNum, decryptNumber, errorDecryptNumber, decryptBytes."""
        rows = c.DRM_Statistics()
        check(lib.OH_MediaKeySystem_GetStatistics(self.handle, byref(rows)))
        return {
            c_text(rows.statisticsName[i]): c_text(rows.statisticsDescription[i]) for i in range(rows.statisticsCount)
        }

    @property
    def max_content_protection_level(self) -> ContentProtectionLevel:
        level = c_uint32()
        check(lib.OH_MediaKeySystem_GetMaxContentProtectionLevel(self.handle, byref(level)))
        return ContentProtectionLevel(level.value)

    # Provisioning

    @property
    def certificate_status(self) -> CertificateStatus:
        status = c_uint32()
        check(lib.OH_MediaKeySystem_GetCertificateStatus(self.handle, byref(status)))
        return CertificateStatus(status.value)

    def generate_provisioning_request(self) -> KeySystemRequest:
        """Generates the message that asks for the device's certificate."""
        handle = self.handle
        url = create_string_buffer(c.MAX_DEFAULT_URL_LEN)
        data = growing_bytes(
            lambda buffer, length: lib.OH_MediaKeySystem_GenerateKeySystemRequest(handle, buffer, length, url, len(url)),
            c.MAX_MEDIA_KEY_REQUEST_DATA_LEN,
            c_int32,
        )
        return KeySystemRequest(data, url.value.decode())

    def process_provisioning_response(self, response: ReadableBuffer) -> None:
        """Processes the provisioning server's answer."""
        data = octets(response, "response")
        size = whole(len(data), 0, 0x7FFF_FFFF, "response")
        check(lib.OH_MediaKeySystem_ProcessKeySystemResponse(self.handle, data, size))

    # Stored keys

    def offline_key_ids(self) -> list[bytes]:
        """The ids of the stored keys, or licenses."""
        ids = c.DRM_OfflineMediakeyIdArray()
        check(lib.OH_MediaKeySystem_GetOfflineMediaKeyIds(self.handle, byref(ids)))
        return [bytes(ids.ids[i][: ids.idsLen[i]]) for i in range(ids.idsCount)]

    def offline_key_status(self, media_key_id: ReadableBuffer) -> OfflineMediaKeyStatus:
        """Whether a stored key can be used."""
        data = octets(media_key_id, "media_key_id")
        status = c_uint32()
        check(lib.OH_MediaKeySystem_GetOfflineMediaKeyStatus(self.handle, data, len(data), byref(status)))
        return OfflineMediaKeyStatus(status.value)

    def clear_offline_keys(self, media_key_id: ReadableBuffer) -> None:
        """Deletes a stored key, without telling the license server."""
        data = octets(media_key_id, "media_key_id")
        check(lib.OH_MediaKeySystem_ClearOfflineMediaKeys(self.handle, data, len(data)))

    # Virtual clock

    def set_virtual_clock(self, wall_clock: datetime.datetime | float) -> None:
        """Puts the instance on a clock that stands still until it is moved, or sets the one that it is on; for tests of licenses.

        ``wall_clock``: an aware datetime, or seconds since 1970. The instance must not have sessions by the machine's clock.
        """
        if isinstance(wall_clock, datetime.datetime):
            wall_clock = wall_clock.timestamp()
        check(lib.OH_MediaKeySystem_SetVirtualClock(self.handle, milliseconds(wall_clock, "wall_clock")))

    def advance_virtual_clock(self, duration: datetime.timedelta | float, *, asleep: bool = False) -> None:
        """Lets time pass. What falls due in it happens at its own time, in order, before this returns; events follow.

        ``duration``: a timedelta, or seconds. ``asleep``: the machine sleeps, and what falls due happens at the end.
        """
        if isinstance(duration, datetime.timedelta):
            duration = duration.total_seconds()
        passed = whole(milliseconds(duration, "duration"), 0, (1 << 63) - 1, "duration")
        check(lib.OH_MediaKeySystem_AdvanceVirtualClock(self.handle, passed, bool(asleep)))

    # Events

    def subscribe(self, listener: Callable[[Event], object]) -> Subscription:
        """As ``MediaKeySession.subscribe()``, for the instance's own events (PROVISION_REQUIRED)."""
        self.handle
        return self._hub.subscribe(listener)

    def events(self) -> EventStream[Event]:
        """The instance's own events from now on as an async iterator, which ends when the instance is closed."""
        self.handle
        return EventStream(self._hub)
