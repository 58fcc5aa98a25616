// SPDX-License-Identifier: Apache-2.0

import drm from './index.js';

export const {
    AVCodecBufferFlags, AVErrorCode, AVSession, AVSessionError, AVSessionErrorCode, AVSessionType, AccessUnitFlag,
    AccessUnitFormat, AccessUnitInfo, AccessUnitState, CLEARKEY, CLEARPLAY, CallbackResult, CencAlgorithm, CencInfoMode,
    CencScheme, CertificateStatus, ClosedError, ContentProtectionLevel, ControlCommand, DeviceTimeError, DisplayTag, DrmError,
    ErrorCode, EventStream, EventType, InvalidValueError, KeyAction, LicenseProfile, LicenseRefusedError, LicenseService,
    LicenseTemplate, LogLevel, LoopMode, MediaKey, MediaKeyRequestType, MediaKeySession, MediaKeySystem, MediaKeyType,
    MetadataResult, NoKeyError, NoLicenseError, NotProvisionedError, OfflineMediaKeyStatus, OperationError, POLICYPLAY,
    PlaybackState, PluginKeyStatus, PluginStore, ProtocolType, SampleInfo, ServiceDeniedError, ServiceDiedError, SkipIntervals,
    TooManySessionsError, TooManySystemsError, isSupported, keySystems, loadPlugin, parsePsshBoxes, version,
} = drm;
export default drm;
