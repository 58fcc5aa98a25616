# SPDX-License-Identifier: Apache-2.0
"""native_drm: key systems, licenses and decryption in place (Common Encryption, SAMPLE-AES, CEI), after OpenHarmony's DRM NDK.

    with MediaKeySystem(CLEARKEY) as system, system.create_session() as session:
        session.process_response(jwk_set)
        session.decrypt(SampleInfo(CencAlgorithm.AES_CTR, key_id, iv), sample)  # sample: a bytearray, for example

``native_drm.c`` has the C API as it is.
"""

from native_drm._avsession import AVSession, Command, CommandKind, Metadata, QueueItem
from native_drm._enums import (
    AccessUnitFlag, AccessUnitFormat, AVSessionErrorCode, AVSessionType, CencAlgorithm, CencScheme, CertificateStatus,
    ContentProtectionLevel, DisplayTag, ErrorCode, EventType, KeyAction, LicenseProfile, LogLevel, LoopMode, MediaKey,
    MediaKeyRequestType, MediaKeyType, OfflineMediaKeyStatus, PlaybackState, ProtocolType, SkipIntervals,
)
from native_drm._errors import (
    AVSessionError, ClosedError, DeviceTimeError, DrmError, InvalidValueError, NoKeyError, NoLicenseError,
    NotProvisionedError, OperationError, ServiceDeniedError, ServiceDiedError, TooManySessionsError,
    TooManySystemsError,
)
from native_drm._events import EventStream, Subscription
from native_drm._init_data import PsshBox, parse_pssh_boxes
from native_drm._license import ContentKey, LicenseRefusedError, LicenseService, LicenseTemplate, ServiceAnswer
from native_drm._log import load_plugin, log_to, set_log, version
from native_drm._samples import AccessUnitInfo, AccessUnitState, SampleInfo
from native_drm._session import Event, KeyChange, MediaKeyRequest, MediaKeySession, SessionEvent
from native_drm._system import (
    CLEARKEY, CLEARPLAY, POLICYPLAY, KeySystemDescription, KeySystemRequest, MediaKeySystem, is_supported, key_systems,
)

__all__ = [
    "AVSession",
    "AVSessionError",
    "AVSessionErrorCode",
    "AVSessionType",
    "AccessUnitFlag",
    "AccessUnitFormat",
    "AccessUnitInfo",
    "AccessUnitState",
    "CLEARKEY",
    "CLEARPLAY",
    "CencAlgorithm",
    "CencScheme",
    "CertificateStatus",
    "ClosedError",
    "Command",
    "CommandKind",
    "ContentKey",
    "ContentProtectionLevel",
    "DeviceTimeError",
    "DisplayTag",
    "DrmError",
    "ErrorCode",
    "Event",
    "EventStream",
    "EventType",
    "InvalidValueError",
    "KeyAction",
    "KeyChange",
    "KeySystemDescription",
    "KeySystemRequest",
    "LicenseProfile",
    "LicenseRefusedError",
    "LicenseService",
    "LicenseTemplate",
    "LogLevel",
    "LoopMode",
    "MediaKey",
    "MediaKeyRequest",
    "MediaKeyRequestType",
    "MediaKeySession",
    "MediaKeySystem",
    "MediaKeyType",
    "Metadata",
    "NoKeyError",
    "NoLicenseError",
    "NotProvisionedError",
    "OfflineMediaKeyStatus",
    "OperationError",
    "POLICYPLAY",
    "PlaybackState",
    "ProtocolType",
    "PsshBox",
    "QueueItem",
    "SampleInfo",
    "ServiceAnswer",
    "ServiceDeniedError",
    "ServiceDiedError",
    "SessionEvent",
    "SkipIntervals",
    "Subscription",
    "TooManySessionsError",
    "TooManySystemsError",
    "is_supported",
    "key_systems",
    "load_plugin",
    "log_to",
    "parse_pssh_boxes",
    "set_log",
    "version",
]
