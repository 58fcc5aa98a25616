# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, as exceptions."""

from typing import NoReturn

from native_drm._enums import AVSessionErrorCode, ErrorCode, MetadataResult
from native_drm.c import lib


class DrmError(Exception):
    """A call failed, and changed nothing.

    ``code`` is what the C function returned, ``reason`` says in words which argument, byte or key id was at fault; it never
    contains key material.
    """

    code: int
    reason: str

    def __init__(self, code: int, reason: str) -> None:
        try:
            self.code = ErrorCode(code)
            name = f"DRM_ERR_{self.code.name}"
        except ValueError:
            self.code = code
            name = "error"
        self.reason = reason
        super().__init__(f"{name} ({int(code)}): {reason}")

    def __reduce__(self) -> tuple[type["DrmError"], tuple[int, str]]:
        return type(self), (self.code, self.reason)


class InvalidValueError(DrmError, ValueError):
    """An argument is out of range, too long or contradicts another one (``DRM_ERR_INVALID_VAL``)."""

    def __init__(self, code: int = ErrorCode.INVALID_VAL, reason: str = "") -> None:
        super().__init__(code, reason)


class ClosedError(InvalidValueError):
    """The object, or the one that it belongs to, was closed."""


class OperationError(DrmError):
    """Well formed, but it cannot be done: a malformed license, no such name or stored key (``DRM_ERR_UNKNOWN``)."""


class TooManySystemsError(DrmError):
    """64 instances of the key system exist (``DRM_ERR_MAX_SYSTEM_NUM_REACHED``)."""


class TooManySessionsError(DrmError):
    """64 sessions of the instance exist (``DRM_ERR_MAX_SESSION_NUM_REACHED``)."""


class NotProvisionedError(DrmError):
    """The device has no certificate, or an expired one (``DRM_ERR_NOT_PROVISIONED``)."""


class DeviceTimeError(DrmError):
    """The clock was set back behind the last use of a stored license (``DRM_ERR_DEVICE_TIME_ERROR``)."""


class ServiceDeniedError(DrmError):
    """The answer is a refusal of the license service (``DRM_ERR_SERVICE_DENIED``)."""


class NoLicenseError(DrmError):
    """The key is there, but may not be used now (``DRM_ERR_NO_LICENSE``)."""


class NoKeyError(DrmError):
    """The session has no key for the key id, or none came in time (``DRM_ERR_NO_KEY``)."""


class ServiceDiedError(DrmError):
    """The key system failed: its storage cannot be read or written, or the process of an isolated one has ended (``DRM_ERR_SERVICE_DIED``)."""


class AVSessionError(Exception):
    """A call for a media session failed, and changed nothing. ``code``: what the C function returned; ``reason``: why, in words."""

    code: int
    reason: str

    def __init__(self, code: int, reason: str) -> None:
        try:
            self.code = AVSessionErrorCode(code)
            name = self.code.name
        except ValueError:
            self.code = code
            name = "error"
        self.reason = reason
        super().__init__(f"{name} ({int(code)}): {reason}")

    def __reduce__(self) -> tuple[type["AVSessionError"], tuple[int, str]]:
        return type(self), (self.code, self.reason)


_CLASSES: dict[int, type[DrmError]] = {
    ErrorCode.INVALID_VAL: InvalidValueError,
    ErrorCode.UNKNOWN: OperationError,
    ErrorCode.MAX_SYSTEM_NUM_REACHED: TooManySystemsError,
    ErrorCode.MAX_SESSION_NUM_REACHED: TooManySessionsError,
    ErrorCode.NOT_PROVISIONED: NotProvisionedError,
    ErrorCode.DEVICE_TIME_ERROR: DeviceTimeError,
    ErrorCode.SERVICE_DENIED: ServiceDeniedError,
    ErrorCode.NO_LICENSE: NoLicenseError,
    ErrorCode.NO_KEY: NoKeyError,
    ErrorCode.SERVICE_DIED: ServiceDiedError,
}


def last_reason() -> str:
    """Why the last call of this thread failed."""
    message: bytes = lib.OH_Drm_GetLastErrorMessage()
    return message.decode(errors="replace")


def failed(code: int) -> NoReturn:
    """Raises what a Drm_ErrCode says."""
    raise _CLASSES.get(code, DrmError)(code, last_reason())


def check(code: int) -> None:
    """Raises unless a Drm_ErrCode is success."""
    if code:
        failed(code)


def check_avsession(code: int) -> None:
    """Raises unless an AVSession_ErrCode is success."""
    if code:
        raise AVSessionError(code, last_reason())


def check_metadata(code: int) -> None:
    """Raises unless an AVMetadata_Result is success."""
    if code == MetadataResult.ERROR_NO_MEMORY:
        raise AVSessionError(AVSessionErrorCode.SERVICE_EXCEPTION, last_reason())
    if code:
        raise AVSessionError(AVSessionErrorCode.INVALID_PARAMETER, last_reason())
