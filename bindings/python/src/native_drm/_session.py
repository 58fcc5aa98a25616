# SPDX-License-Identifier: Apache-2.0
"""MediaKeySession: keys, and decryption with them."""

import json
from collections.abc import Callable, Iterable, Mapping
from ctypes import POINTER, addressof, byref, c_bool, c_int32, c_uint8, c_uint32, c_void_p, string_at
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from native_drm import c
from native_drm._arguments import (
    ReadableBuffer, View, WritableBuffer, c_text, growing_bytes, growing_text, octets, text, whole,
)
from native_drm._enums import ContentProtectionLevel, ErrorCode, EventType, MediaKeyRequestType, MediaKeyType
from native_drm._errors import ClosedError, InvalidValueError, check, failed
from native_drm._events import EventStream, Hub, Subscription, hub_of
from native_drm._handles import Closing
from native_drm._samples import AccessUnitInfo, AccessUnitState, SampleInfo
from native_drm.c import lib

if TYPE_CHECKING:
    from native_drm._system import MediaKeySystem


@dataclass(frozen=True)
class MediaKeyRequest:
    """The message for the license server. ``default_url`` is empty if the key system does not know where to send it."""

    type: MediaKeyRequestType
    data: bytes
    default_url: str


@dataclass(frozen=True)
class Event:
    """Something that happened to a key system or session. ``data`` depends on ``type``."""

    type: EventType
    data: bytes
    extra: str

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """KEY_EXPIRED: the ids of the keys that expired or were cleared."""
        if self.type != EventType.KEY_EXPIRED:
            return ()
        return tuple(self.data[start : start + 16] for start in range(0, len(self.data), 16))

    @property
    def expiry(self) -> float | None:
        """EXPIRATION_UPDATE: when the license expires, seconds since 1970; None = never."""
        if self.type != EventType.EXPIRATION_UPDATE or self.data in (b"", b"0"):
            return None
        return int(self.data) / 1000


@dataclass(frozen=True)
class KeyChange:
    """The session's keys have changed. ``keys``: all of them with their status words, such as USABLE or EXPIRED.

    ``new_keys``: a response or a restored key brought usable keys, or a key became usable.
    """

    keys: Mapping[bytes, str]
    new_keys: bool


SessionEvent = Event | KeyChange


def _event(kind: int, data: int | None, length: int, extra: bytes | None) -> Event:
    return Event(EventType(kind), string_at(data, length) if data and length > 0 else b"", (extra or b"").decode())


def _on_event(
    handle: int | None, kind: int, data: int | None, length: int, extra: bytes | None, number: int | None
) -> int:
    hub = hub_of(number)
    if hub is not None:
        hub.dispatch(_event(kind, data, length, extra))
    return 0


def _on_key_change(handle: int | None, info: Any, new_keys: bool, number: int | None) -> int:
    hub = hub_of(number)
    if hub is not None:
        keys = info.contents
        rows = {bytes(keys.keyId[i]): c_text(keys.statusValue[i]) for i in range(keys.keysInfoCount)}
        hub.dispatch(KeyChange(rows, new_keys))
    return 0


_CALLBACKS = c.OH_MediaKeySession_UserDataCallback(
    c.OH_MediaKeySession_UserDataEventCallback(_on_event),
    c.OH_MediaKeySession_UserDataKeyChangeCallback(_on_key_change),
)

# The function of the fast way has argument types of its own: a byte of the caller's buffer is passed by its address.
_decrypt = lib["OH_MediaKeySession_DecryptSample"]
_decrypt.restype = c_uint32
_decrypt.argtypes = [c_void_p, POINTER(c.DRM_SampleInfo), POINTER(c_uint8), c_uint32]
_byte_of = c_uint8.from_buffer


class MediaKeySession(Closing):
    """A session of a key system, made by ``MediaKeySystem.create_session()``. Any thread, also several at once."""

    def __init__(self, system: "MediaKeySystem", handle: int) -> None:
        self.system = system
        self._handle = handle
        self._hub: Hub[SessionEvent] = Hub(
            lambda number: check(lib.OH_MediaKeySession_SetCallbackWithUserData(handle, byref(_CALLBACKS), number)),
            lambda: lib.OH_MediaKeySession_SetCallbackWithUserData(handle, None, None),
        )

    def _destroy(self, handle: int) -> None:
        lib.OH_MediaKeySession_Destroy(handle)
        self._hub.close()

    # Decryption

    def decrypt(self, info: SampleInfo, data: WritableBuffer) -> None:
        """Decrypts a sample where it lies: in a bytearray, a memoryview or anything else that is writable and contiguous.

        If it fails, the sample is as it was. Nothing is copied; other threads of the program run meanwhile, and must not touch it.
        """
        try:
            size = len(data) if type(data) is bytearray else memoryview(data).nbytes
            if size > 0xFFFF_FFFF:
                raise InvalidValueError(reason=f"data: {size} bytes are too many")
            code = _decrypt(self._handle, info._raw, _byte_of(data) if size else None, size)
        except (TypeError, AttributeError):
            View(data)
            raise TypeError("info: a SampleInfo is needed") from None
        if code:
            self._failed(code)

    def decrypt_batch(self, samples: Iterable[tuple[SampleInfo, WritableBuffer]]) -> None:
        """Decrypts several samples where they lie, faster than one by one if they are small.

        If one is refused, all are as they were, and the exception's ``sample_index`` says which it was.
        """
        pairs = [(info, View(data, f"sample {index}")) for index, (info, data) in enumerate(samples)]
        array = (c.DRM_Sample * len(pairs))()
        try:
            for raw, (info, view) in zip(array, pairs):
                raw.info.contents = info._raw
                raw.data = addressof(view.pointer) if view.pointer is not None else None
                raw.dataLen = view.size
        except AttributeError:
            raise TypeError("a SampleInfo is needed") from None
        index = c_uint32()
        code = lib.OH_MediaKeySession_DecryptSamples(self._handle, array, len(pairs), byref(index))
        if code:
            try:
                self._failed(code)
            except Exception as error:
                error.sample_index = index.value if pairs else None  # type: ignore[attr-defined]
                raise

    def decrypt_access_unit(self, info: AccessUnitInfo, state: AccessUnitState, data: WritableBuffer) -> int:
        """Decrypts an access unit that says itself how it is encrypted (CEI, SAMPLE-AES), where it lies.

        Returns its length now: it gets shorter where the encryptor had added emulation prevention.
        """
        view = View(data)
        length = c_uint32(view.size)
        try:
            pointer = byref(view.pointer) if view.pointer is not None else None
            code = lib.OH_MediaKeySession_DecryptAccessUnit(self._handle, info._raw, state._raw, pointer, byref(length))
        except AttributeError:
            raise TypeError("an AccessUnitInfo and an AccessUnitState are needed") from None
        if code:
            self._failed(code)
        return length.value

    def _failed(self, code: int) -> None:
        if self._handle is None and code == ErrorCode.INVALID_VAL:
            raise ClosedError(reason="the MediaKeySession is closed")
        failed(code)

    # Keys

    def generate_request(
        self,
        init_data: ReadableBuffer,
        mime_type: str = "cenc",
        key_type: MediaKeyType = MediaKeyType.ONLINE,
        options: Mapping[str, str | ReadableBuffer] | None = None,
    ) -> MediaKeyRequest:
        """Generates the message that asks a license server for the keys that init data names.

        ``init_data``: pssh boxes; a key id with the MIME type ``webm``; JSON with ``keyids``. At most 2,048 bytes.
        ``mime_type``: the media's, such as video/mp4, or the EME init data type. ``options``: at most 16, for the license server.
        """
        data = octets(init_data, "init_data")
        if len(data) > c.MAX_INIT_DATA_LEN:
            raise InvalidValueError(reason=f"init_data: {len(data)} bytes are more than {c.MAX_INIT_DATA_LEN}")
        mime = text(mime_type, "mime_type")
        if len(mime) >= c.MAX_MIMETYPE_LEN:
            raise InvalidValueError(reason=f"mime_type: longer than {c.MAX_MIMETYPE_LEN - 1} bytes")
        options = options or {}
        if len(options) > c.MAX_MEDIA_KEY_REQUEST_OPTION_COUNT:
            raise InvalidValueError(reason=f"options: more than {c.MAX_MEDIA_KEY_REQUEST_OPTION_COUNT}")
        info = c.DRM_MediaKeyRequestInfo(type=whole(key_type, 0, 1, "key_type"), initDataLen=len(data), mimeType=mime)
        info.initData[: len(data)] = data
        for number, (name, value) in enumerate(options.items()):
            raw_name = text(name, "options")
            raw_value = text(value, name) if isinstance(value, str) else octets(value, name)
            if len(raw_name) >= c.MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN:
                raise InvalidValueError(reason=f"options: the name {name!r} is too long")
            if len(raw_value) > c.MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN:
                raise InvalidValueError(reason=f"options: the value of {name!r} is too long")
            info.optionName[number].value = raw_name
            info.optionData[number][: len(raw_value)] = raw_value
        info.optionsCount = len(options)
        request = c.DRM_MediaKeyRequest()
        check(lib.OH_MediaKeySession_GenerateMediaKeyRequest(self.handle, byref(info), byref(request)))
        return MediaKeyRequest(
            MediaKeyRequestType(request.type), bytes(request.data[: request.dataLen]), c_text(request.defaultUrl)
        )

    def process_response(self, response: ReadableBuffer) -> bytes:
        """Processes the license server's answer, and returns the media key id. All of it is checked before any key is applied."""
        data = octets(response, "response")
        handle = self.handle
        size = whole(len(data), 0, 0x7FFF_FFFF, "response")
        return growing_bytes(
            lambda buffer, length: lib.OH_MediaKeySession_ProcessMediaKeyResponse(handle, data, size, buffer, length),
            c.MAX_OFFLINE_MEDIA_KEY_ID_LEN,
            c_int32,
        )

    def check_status(self) -> dict[str, str]:
        """Status rows: one for each key (hexadecimal key id: USABLE, EXPIRED ...), then those of a license with a policy."""
        status = c.DRM_MediaKeyStatus()
        check(lib.OH_MediaKeySession_CheckMediaKeyStatus(self.handle, byref(status)))
        return {c_text(status.statusName[i]): c_text(status.statusValue[i]) for i in range(status.statusCount)}

    def clear_keys(self) -> None:
        """Removes all keys of the session and wipes them. Stored keys stay stored."""
        check(lib.OH_MediaKeySession_ClearMediaKeys(self.handle))

    def restore_offline_keys(self, media_key_id: ReadableBuffer) -> None:
        """Loads a stored key, or all keys of a stored license."""
        data = octets(media_key_id, "media_key_id")
        check(lib.OH_MediaKeySession_RestoreOfflineMediaKeys(self.handle, data, len(data)))

    def generate_release_request(self, media_key_id: ReadableBuffer) -> bytes:
        """Generates the message that gives a stored key back."""
        data = octets(media_key_id, "media_key_id")
        handle = self.handle
        return growing_bytes(
            lambda buffer, length: lib.OH_MediaKeySession_GenerateOfflineReleaseRequest(
                handle, data, len(data), buffer, length
            ),
            c.MAX_MEDIA_KEY_REQUEST_DATA_LEN,
            c_int32,
        )

    def process_release_response(self, media_key_id: ReadableBuffer, response: ReadableBuffer) -> None:
        """Processes the license server's acknowledgement of a release."""
        data = octets(media_key_id, "media_key_id")
        answer = octets(response, "response")
        size = whole(len(answer), 0, 0x7FFF_FFFF, "response")
        check(lib.OH_MediaKeySession_ProcessOfflineReleaseResponse(self.handle, data, len(data), answer, size))

    def explain_licenses(self) -> list[dict[str, Any]]:
        """Why licenses with a policy may be used or not, and until when; an object for each, the newest first.

        docs/license-policy.md of the project describes the members.
        """
        handle = self.handle
        explained: list[dict[str, Any]] = json.loads(
            growing_text(lambda buffer, length: lib.OH_MediaKeySession_ExplainLicenses(handle, buffer, length), 4096)
        )
        return explained

    @property
    def content_protection_level(self) -> ContentProtectionLevel:
        """The level that the session has: the wanted one, or the highest there is."""
        level = c_uint32()
        check(lib.OH_MediaKeySession_GetContentProtectionLevel(self.handle, byref(level)))
        return ContentProtectionLevel(level.value)

    def requires_secure_decoder(self, mime_type: str) -> bool:
        """Whether a secure decoder is needed."""
        status = c_bool()
        check(lib.OH_MediaKeySession_RequireSecureDecoderModule(self.handle, text(mime_type, "mime_type"), byref(status)))
        return status.value

    # Events

    def subscribe(self, listener: Callable[[SessionEvent], object]) -> Subscription:
        """Calls a function for each event and key change, in order and one at a time, on a thread of the library.

        It may call everything, and close the session. An exception is reported by ``threading.excepthook``.
        """
        self.handle
        return self._hub.subscribe(listener)

    def events(self) -> EventStream[SessionEvent]:
        """The events and key changes from now on as an async iterator, which ends when the session is closed."""
        self.handle
        return EventStream(self._hub)
