// SPDX-License-Identifier: Apache-2.0
//
// Declarations of the C API for koffi, as far as test_node.mjs uses it. The C headers describe them.
//
// koffi runs callbacks on the JavaScript thread, not on the thread of the library that calls them, which waits
// meanwhile. A C function that waits for running callbacks (the Destroy and callback setting functions) must therefore
// be called through promised(), or it waits for ever.

import { promisify } from 'node:util';
import koffi from 'koffi';

export const OK = 0;
export const INVALID_VAL = 401;
export const UNKNOWN = 24700101;
export const NO_KEY = 24700111;

export const EVENT_PROVISION_REQUIRED = 201;
export const EVENT_KEY_REQUIRED = 202;
export const EVENT_KEY_EXPIRED = 203;
export const EVENT_EXPIRATION_UPDATE = 206;

export const LEVEL_SW_CRYPTO = 1;
export const TYPE_OFFLINE = 0;
export const TYPE_ONLINE = 1;
export const OFFLINE_USABLE = 1;
export const OFFLINE_INACTIVE = 2;

export const ALG_AES_CTR = 1;
export const ALG_AES_CBC = 3;

koffi.opaque('MediaKeySystem');
koffi.opaque('MediaKeySession');

const bytes = (length) => koffi.array('uint8_t', length, 'Typed');
// koffi's default for an array of arrays is not an array of arrays.
const list = (type, count) => koffi.array(type, count, 'Array');
const texts = (count, length) => list(koffi.array('char', length, 'String'), count);

export const MediaKeyRequestInfo = koffi.struct('DRM_MediaKeyRequestInfo', {
    type: 'uint32_t',
    initDataLen: 'int32_t',
    initData: bytes(2048),
    mimeType: koffi.array('char', 64, 'String'),
    optionsCount: 'uint32_t',
    optionName: texts(16, 64),
    optionData: texts(16, 128),
});

export const MediaKeyRequest = koffi.struct('DRM_MediaKeyRequest', {
    type: 'uint32_t',
    dataLen: 'int32_t',
    data: bytes(8192),
    defaultUrl: koffi.array('char', 2048, 'String'),
});

export const OfflineMediakeyIdArray = koffi.struct('DRM_OfflineMediakeyIdArray', {
    idsCount: 'uint32_t',
    idsLen: list('int32_t', 512),
    ids: list(bytes(64), 512),
});

export const KeysInfo = koffi.struct('DRM_KeysInfo', {
    keysInfoCount: 'uint32_t',
    keyId: list(bytes(16), 64),
    statusValue: texts(64, 128),
});

export const MediaKeyStatus = koffi.struct('DRM_MediaKeyStatus', {
    statusCount: 'uint32_t',
    statusName: texts(64, 64),
    statusValue: texts(64, 256),
});

export const Subsample = koffi.struct('DrmSubsample', { clearHeaderLen: 'uint32_t', payLoadLen: 'uint32_t' });

export const SampleInfo = koffi.struct('DRM_SampleInfo', {
    structSize: 'uint32_t',
    algorithm: 'uint32_t',
    scheme: 'uint32_t',
    ivLen: 'uint32_t',
    keyId: bytes(16),
    iv: bytes(16),
    cryptByteBlock: 'uint32_t',
    skipByteBlock: 'uint32_t',
    subsampleCount: 'uint32_t',
    reserved: 'uint32_t',
    subsamples: 'DrmSubsample *',
});

export const SystemCallback = koffi.proto(
    'uint32_t OH_MediaKeySystem_Callback(MediaKeySystem *system, uint32_t type, uint8_t *info, int32_t infoLen, char *extra)');
export const EventCallback = koffi.proto(
    'uint32_t OH_MediaKeySession_EventCallback(MediaKeySession *session, uint32_t type, uint8_t *info, int32_t infoLen, char *extra)');
export const KeyChangeCallback = koffi.proto(
    'uint32_t OH_MediaKeySession_KeyChangeCallback(MediaKeySession *session, DRM_KeysInfo *info, bool newKeys)');
export const UserDataKeyChangeCallback = koffi.proto(
    'uint32_t OH_MediaKeySession_UserDataKeyChangeCallback(MediaKeySession *session, DRM_KeysInfo *info, bool newKeys, void *userData)');

koffi.struct('OH_MediaKeySession_Callback', {
    eventCallback: koffi.pointer(EventCallback),
    keyChangeCallback: koffi.pointer(KeyChangeCallback),
});
koffi.struct('OH_MediaKeySession_UserDataCallback', {
    eventCallback: 'void *',
    keyChangeCallback: koffi.pointer(UserDataKeyChangeCallback),
});

const prototypes = [
    'const char *OH_Drm_GetLastErrorMessage()',
    'bool OH_MediaKeySystem_IsSupported2(const char *name, const char *mimeType)',
    'uint32_t OH_MediaKeySystem_Create(const char *name, _Out_ MediaKeySystem **system)',
    'uint32_t OH_MediaKeySystem_Destroy(MediaKeySystem *system)',
    'uint32_t OH_MediaKeySystem_SetCallback(MediaKeySystem *system, OH_MediaKeySystem_Callback *callback)',
    'uint32_t OH_MediaKeySystem_SetConfigurationString(MediaKeySystem *system, const char *name, const char *value)',
    'uint32_t OH_MediaKeySystem_GetConfigurationString(MediaKeySystem *system, const char *name, uint8_t *value, int32_t size)',
    'uint32_t OH_MediaKeySystem_GenerateKeySystemRequest(MediaKeySystem *system, uint8_t *request, _Inout_ int32_t *length, uint8_t *url, int32_t urlLength)',
    'uint32_t OH_MediaKeySystem_CreateMediaKeySession(MediaKeySystem *system, uint32_t *level, _Out_ MediaKeySession **session)',
    'uint32_t OH_MediaKeySystem_GetOfflineMediaKeyIds(MediaKeySystem *system, _Out_ DRM_OfflineMediakeyIdArray *ids)',
    'uint32_t OH_MediaKeySystem_GetOfflineMediaKeyStatus(MediaKeySystem *system, uint8_t *id, int32_t length, _Out_ uint32_t *status)',
    'uint32_t OH_MediaKeySystem_ClearOfflineMediaKeys(MediaKeySystem *system, uint8_t *id, int32_t length)',
    'uint32_t OH_MediaKeySession_SetCallback(MediaKeySession *session, OH_MediaKeySession_Callback *callback)',
    'uint32_t OH_MediaKeySession_SetCallbackWithUserData(MediaKeySession *session, OH_MediaKeySession_UserDataCallback *callback, void *userData)',
    'uint32_t OH_MediaKeySession_GenerateMediaKeyRequest(MediaKeySession *session, DRM_MediaKeyRequestInfo *info, _Out_ DRM_MediaKeyRequest *request)',
    'uint32_t OH_MediaKeySession_ProcessMediaKeyResponse(MediaKeySession *session, uint8_t *response, int32_t responseLength, uint8_t *id, _Inout_ int32_t *idLength)',
    'uint32_t OH_MediaKeySession_CheckMediaKeyStatus(MediaKeySession *session, _Out_ DRM_MediaKeyStatus *status)',
    'uint32_t OH_MediaKeySession_ClearMediaKeys(MediaKeySession *session)',
    'uint32_t OH_MediaKeySession_GenerateOfflineReleaseRequest(MediaKeySession *session, uint8_t *id, int32_t idLength, uint8_t *request, _Inout_ int32_t *length)',
    'uint32_t OH_MediaKeySession_ProcessOfflineReleaseResponse(MediaKeySession *session, uint8_t *id, int32_t idLength, uint8_t *response, int32_t length)',
    'uint32_t OH_MediaKeySession_RestoreOfflineMediaKeys(MediaKeySession *session, uint8_t *id, int32_t length)',
    'uint32_t OH_MediaKeySession_DecryptSample(MediaKeySession *session, DRM_SampleInfo *info, uint8_t *data, uint32_t length)',
    'uint32_t OH_MediaKeySession_Destroy(MediaKeySession *session)',
];

/** Loads the library: its functions by name, without their OH_ prefix. */
export function load(path) {
    const library = koffi.load(path);
    const functions = {};
    for (const prototype of prototypes) {
        functions[prototype.match(/OH_(\w+)/)[1]] = library.func(prototype);
    }
    return functions;
}

/** Calls a function of the library on another thread: for those that wait for running callbacks. */
export function promised(func, ...parameters) {
    return promisify(func.async)(...parameters);
}

/** Fills a fixed array of the C API with bytes. */
export function padded(data, length) {
    const array = new Uint8Array(length);
    array.set(data);
    return array;
}
