# SPDX-License-Identifier: Apache-2.0
"""Arguments and results on their way to C and back."""

from collections.abc import Callable
from ctypes import Array, byref, c_char, c_int32, c_uint8, c_uint32, create_string_buffer
from typing import TYPE_CHECKING, Any

from native_drm._enums import ErrorCode
from native_drm._errors import InvalidValueError, check

if TYPE_CHECKING:
    from typing_extensions import Buffer

    ReadableBuffer = Buffer
    WritableBuffer = Buffer
else:
    ReadableBuffer = Any
    WritableBuffer = Any


def text(value: str, what: str) -> bytes:
    """A text as C has it."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: a str is needed, not {type(value).__name__}")
    try:
        encoded = value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(reason=f"{what}: {error.reason}") from None
    if b"\0" in encoded:
        raise InvalidValueError(reason=f"{what}: a NUL inside")
    return encoded


def octets(value: ReadableBuffer, what: str) -> bytes:
    """The bytes of anything that has some."""
    if type(value) is bytes:
        return value
    try:
        return memoryview(value).tobytes()
    except TypeError:
        raise TypeError(f"{what}: a bytes-like object is needed, not {type(value).__name__}") from None


def sixteen(value: ReadableBuffer, what: str) -> bytes:
    """An id of 16 bytes."""
    found = octets(value, what)
    if len(found) != 16:
        raise InvalidValueError(reason=f"{what}: 16 bytes are needed, not {len(found)}")
    return found


def json_octets(value: str | ReadableBuffer, what: str) -> bytes:
    """JSON, as text or as UTF-8."""
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise InvalidValueError(reason=f"{what}: {error.reason}") from None
    return octets(value, what)


def whole(value: int, lowest: int, highest: int, what: str) -> int:
    """A number that fits into its C type: ctypes would cut it."""
    if not isinstance(value, int):
        raise TypeError(f"{what}: an int is needed, not {type(value).__name__}")
    if not lowest <= value <= highest:
        raise InvalidValueError(reason=f"{what}: {value} is not within {lowest} to {highest}")
    return value


def unsigned32(value: int, what: str) -> int:
    return whole(value, 0, 0xFFFF_FFFF, what)


def signed32(value: int, what: str) -> int:
    return whole(value, -0x8000_0000, 0x7FFF_FFFF, what)


def signed64(value: int, what: str) -> int:
    return whole(value, -(1 << 63), (1 << 63) - 1, what)


def milliseconds(seconds: float, what: str) -> int:
    """Seconds as milliseconds since or from something."""
    try:
        return signed64(round(seconds * 1000), what)
    except OverflowError:
        raise InvalidValueError(reason=f"{what}: {seconds} is no time") from None


class View:
    """A writable buffer as C sees it: ``pointer`` to its first byte, ``size`` in bytes. It cannot be resized meanwhile."""

    __slots__ = ("pointer", "size")

    def __init__(self, data: WritableBuffer, what: str = "data") -> None:
        try:
            self.size = len(data) if type(data) is bytearray else memoryview(data).nbytes
            if self.size > 0xFFFF_FFFF:
                raise InvalidValueError(reason=f"{what}: {self.size} bytes are too many")
            self.pointer = c_uint8.from_buffer(data) if self.size else None
        except TypeError as error:
            raise TypeError(f"{what}: a writable, contiguous buffer is needed: {error}") from None


def growing_bytes(call: Callable[[Any, Any], int], room: int, kind: type[c_int32] | type[c_uint32] = c_uint32) -> bytes:
    """What a function writes that takes a buffer and its length, and says what it needs where the room is too small."""
    while True:
        buffer = create_string_buffer(room)
        length = kind(room)
        code = call(buffer, byref(length))
        if code != ErrorCode.INVALID_VAL or length.value <= room:
            check(code)
            return buffer.raw[: length.value]
        room = length.value


def growing_text(call: Callable[[Any, Any], int], room: int) -> str:
    """Likewise for text with a NUL."""
    return growing_bytes(call, room).rstrip(b"\0").decode()


def c_text(array: "Array[c_char] | bytes") -> str:
    """The text in a char array of a struct, which ctypes ends at its NUL."""
    return bytes(array).split(b"\0", 1)[0].decode(errors="replace")
