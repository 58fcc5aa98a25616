# SPDX-License-Identifier: Apache-2.0
"""How samples and access units are encrypted."""

from collections.abc import Iterable
from ctypes import sizeof
from typing import Any

from native_drm import c
from native_drm._arguments import ReadableBuffer, octets, sixteen, unsigned32
from native_drm._enums import AccessUnitFlag, AccessUnitFormat, CencAlgorithm, CencScheme
from native_drm._errors import InvalidValueError


class SampleInfo:
    """How one sample is encrypted. One object serves many samples: set what differs. Not for two threads at once while it is set.

    ``algorithm``: AES or SM4, CTR or CBC. ``key_id``: 16 bytes. ``iv``: 8 or 16 bytes. ``scheme``: needed to tell cbcs without
    pattern from cbc1. ``pattern``: encrypted and clear blocks of 16 bytes. ``subsamples``: pairs of clear and protected bytes,
    which add up to the sample; none = all of it is protected.
    """

    __slots__ = ("_raw", "_array")

    def __init__(
        self,
        algorithm: CencAlgorithm = CencAlgorithm.UNENCRYPTED,
        key_id: ReadableBuffer = bytes(16),
        iv: ReadableBuffer = bytes(16),
        *,
        scheme: CencScheme = CencScheme.AUTO,
        pattern: tuple[int, int] = (0, 0),
        subsamples: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._raw = c.DRM_SampleInfo(structSize=sizeof(c.DRM_SampleInfo))
        self._array: Any = None
        self.algorithm = algorithm
        self.key_id = key_id
        self.iv = iv
        self.scheme = scheme
        self.pattern = pattern
        self.subsamples = subsamples

    @property
    def algorithm(self) -> CencAlgorithm:
        return CencAlgorithm(self._raw.algorithm)

    @algorithm.setter
    def algorithm(self, value: CencAlgorithm) -> None:
        self._raw.algorithm = unsigned32(value, "algorithm")

    @property
    def scheme(self) -> CencScheme:
        return CencScheme(self._raw.scheme)

    @scheme.setter
    def scheme(self, value: CencScheme) -> None:
        self._raw.scheme = unsigned32(value, "scheme")

    @property
    def key_id(self) -> bytes:
        return bytes(self._raw.keyId)

    @key_id.setter
    def key_id(self, value: ReadableBuffer) -> None:
        self._raw.keyId[:] = sixteen(value, "key_id")

    @property
    def iv(self) -> bytes:
        return bytes(self._raw.iv[: self._raw.ivLen])

    @iv.setter
    def iv(self, value: ReadableBuffer) -> None:
        found = octets(value, "iv")
        if len(found) not in (8, 16):
            raise InvalidValueError(reason=f"iv: 8 or 16 bytes are needed, not {len(found)}")
        self._raw.iv[:] = found.ljust(16, b"\0")
        self._raw.ivLen = len(found)

    @property
    def pattern(self) -> tuple[int, int]:
        return self._raw.cryptByteBlock, self._raw.skipByteBlock

    @pattern.setter
    def pattern(self, value: tuple[int, int]) -> None:
        crypt, skip = value
        crypt, skip = unsigned32(crypt, "pattern"), unsigned32(skip, "pattern")
        self._raw.cryptByteBlock, self._raw.skipByteBlock = crypt, skip

    @property
    def subsamples(self) -> tuple[tuple[int, int], ...]:
        if self._array is None:
            return ()
        return tuple((part.clearHeaderLen, part.payLoadLen) for part in self._array)

    @subsamples.setter
    def subsamples(self, value: Iterable[tuple[int, int]]) -> None:
        parts = [(unsigned32(clear, "subsamples"), unsigned32(protected, "subsamples")) for clear, protected in value]
        # ctypes keeps the array with the struct that points to it.
        self._array = (c.DrmSubsample * len(parts))(*(c.DrmSubsample(*part) for part in parts)) if parts else None
        self._raw.subsamples = self._array
        self._raw.subsampleCount = len(parts)

    def __repr__(self) -> str:
        return (
            f"SampleInfo({self.algorithm!r}, bytes.fromhex('{self.key_id.hex()}'), bytes.fromhex('{self.iv.hex()}'), "
            f"scheme={self.scheme!r}, pattern={self.pattern}, subsamples={self.subsamples})"
        )


class AccessUnitInfo:
    """What does not stand in the access units of a stream.

    ``nal_length_size``: 0 = start codes; 1, 2 or 4 bytes of length before each NAL unit. ``algorithm``: CEI's, by the program map;
    0 = not known. ``key_id`` and ``iv``: SAMPLE-AES, 16 bytes each.
    """

    __slots__ = ("_raw",)

    def __init__(
        self,
        format: AccessUnitFormat,
        *,
        nal_length_size: int = 0,
        algorithm: int = 0,
        key_id: ReadableBuffer = bytes(16),
        iv: ReadableBuffer = bytes(16),
    ) -> None:
        self._raw = c.DRM_AccessUnitInfo(
            structSize=sizeof(c.DRM_AccessUnitInfo),
            format=unsigned32(format, "format"),
            nalLengthSize=unsigned32(nal_length_size, "nal_length_size"),
            algorithm=unsigned32(algorithm, "algorithm"),
        )
        self.key_id = key_id
        self.iv = iv

    @property
    def format(self) -> AccessUnitFormat:
        return AccessUnitFormat(self._raw.format)

    @property
    def key_id(self) -> bytes:
        return bytes(self._raw.keyId)

    @key_id.setter
    def key_id(self, value: ReadableBuffer) -> None:
        self._raw.keyId[:] = sixteen(value, "key_id")

    @property
    def iv(self) -> bytes:
        return bytes(self._raw.iv)

    @iv.setter
    def iv(self, value: ReadableBuffer) -> None:
        self._raw.iv[:] = sixteen(value, "iv")


class AccessUnitState:
    """What the last CEI of a stream said. A new one at the start of a stream and after a seek."""

    __slots__ = ("_raw",)

    def __init__(self) -> None:
        self._raw = c.DRM_AccessUnitState()

    @property
    def flags(self) -> AccessUnitFlag:
        return AccessUnitFlag(self._raw.flags)

    @property
    def algorithm(self) -> int:
        """As in AccessUnitInfo; 0 also for no encryption."""
        return int(self._raw.algorithm)

    @property
    def key_id(self) -> bytes | None:
        return bytes(self._raw.keyId) if AccessUnitFlag.HAS_CEI in self.flags else None

    @property
    def next_key_id(self) -> bytes | None:
        """The key id that will be used next, if the stream has said so."""
        return bytes(self._raw.nextKeyId) if AccessUnitFlag.HAS_NEXT_KEY_ID in self.flags else None

    @property
    def iv(self) -> bytes:
        return bytes(self._raw.iv[: self._raw.ivLen])
