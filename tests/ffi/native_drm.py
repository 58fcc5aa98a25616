# SPDX-License-Identifier: Apache-2.0
"""Declarations of the C API for ctypes, as far as test_python.py uses it. The C headers describe them."""

import ctypes
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_void_p,
)

OK = 0
INVALID_VAL = 401
UNKNOWN = 24700101
NO_KEY = 24700111

EVENT_PROVISION_REQUIRED = 201
EVENT_KEY_REQUIRED = 202
EVENT_KEY_EXPIRED = 203
EVENT_EXPIRATION_UPDATE = 206

LEVEL_SW_CRYPTO = 1
TYPE_OFFLINE = 0
TYPE_ONLINE = 1
REQUEST_INITIAL = 1
OFFLINE_USABLE = 1
OFFLINE_INACTIVE = 2
CERT_PROVISIONED = 0

ALG_AES_CTR = 1
ALG_AES_CBC = 3
SCHEME_CBCS = 0x63626373


class MediaKeyRequestInfo(Structure):
    _fields_ = [
        ("type", c_uint32),
        ("initDataLen", c_int32),
        ("initData", c_uint8 * 2048),
        ("mimeType", c_char * 64),
        ("optionsCount", c_uint32),
        ("optionName", (c_char * 64) * 16),
        ("optionData", (c_char * 128) * 16),
    ]


class MediaKeyRequest(Structure):
    _fields_ = [
        ("type", c_uint32),
        ("dataLen", c_int32),
        ("data", c_uint8 * 8192),
        ("defaultUrl", c_char * 2048),
    ]


class OfflineMediakeyIdArray(Structure):
    _fields_ = [
        ("idsCount", c_uint32),
        ("idsLen", c_int32 * 512),
        ("ids", (c_uint8 * 64) * 512),
    ]


class KeysInfo(Structure):
    _fields_ = [
        ("keysInfoCount", c_uint32),
        ("keyId", (c_uint8 * 16) * 64),
        ("statusValue", (c_char * 128) * 64),
    ]


class MediaKeyStatus(Structure):
    _fields_ = [
        ("statusCount", c_uint32),
        ("statusName", (c_char * 64) * 64),
        ("statusValue", (c_char * 256) * 64),
    ]


class Subsample(Structure):
    _fields_ = [("clearHeaderLen", c_uint32), ("payLoadLen", c_uint32)]


class SampleInfo(Structure):
    _fields_ = [
        ("structSize", c_uint32),
        ("algorithm", c_uint32),
        ("scheme", c_uint32),
        ("ivLen", c_uint32),
        ("keyId", c_uint8 * 16),
        ("iv", c_uint8 * 16),
        ("cryptByteBlock", c_uint32),
        ("skipByteBlock", c_uint32),
        ("subsampleCount", c_uint32),
        ("reserved", c_uint32),
        ("subsamples", POINTER(Subsample)),
    ]


SystemCallback = CFUNCTYPE(c_uint32, c_void_p, c_uint32, POINTER(c_uint8), c_int32, c_char_p)
EventCallback = CFUNCTYPE(c_uint32, c_void_p, c_uint32, POINTER(c_uint8), c_int32, c_char_p)
KeyChangeCallback = CFUNCTYPE(c_uint32, c_void_p, POINTER(KeysInfo), c_bool)
UserDataEventCallback = CFUNCTYPE(c_uint32, c_void_p, c_uint32, POINTER(c_uint8), c_int32, c_char_p, c_void_p)
UserDataKeyChangeCallback = CFUNCTYPE(c_uint32, c_void_p, POINTER(KeysInfo), c_bool, c_void_p)


class SessionCallback(Structure):
    _fields_ = [("eventCallback", EventCallback), ("keyChangeCallback", KeyChangeCallback)]


class UserDataSessionCallback(Structure):
    _fields_ = [("eventCallback", UserDataEventCallback), ("keyChangeCallback", UserDataKeyChangeCallback)]


PROTOTYPES = {
    "OH_Drm_GetVersion": (c_uint32,),
    "OH_Drm_GetLastErrorMessage": (c_char_p,),
    "OH_MediaKeySystem_IsSupported2": (c_bool, c_char_p, c_char_p),
    "OH_MediaKeySystem_Create": (c_uint32, c_char_p, POINTER(c_void_p)),
    "OH_MediaKeySystem_Destroy": (c_uint32, c_void_p),
    "OH_MediaKeySystem_SetCallback": (c_uint32, c_void_p, SystemCallback),
    "OH_MediaKeySystem_SetConfigurationString": (c_uint32, c_void_p, c_char_p, c_char_p),
    "OH_MediaKeySystem_GetConfigurationString": (c_uint32, c_void_p, c_char_p, c_char_p, c_int32),
    "OH_MediaKeySystem_GetCertificateStatus": (c_uint32, c_void_p, POINTER(c_uint32)),
    "OH_MediaKeySystem_GenerateKeySystemRequest":
        (c_uint32, c_void_p, POINTER(c_uint8), POINTER(c_int32), c_char_p, c_int32),
    "OH_MediaKeySystem_ProcessKeySystemResponse": (c_uint32, c_void_p, POINTER(c_uint8), c_int32),
    "OH_MediaKeySystem_CreateMediaKeySession": (c_uint32, c_void_p, POINTER(c_uint32), POINTER(c_void_p)),
    "OH_MediaKeySystem_GetOfflineMediaKeyIds": (c_uint32, c_void_p, POINTER(OfflineMediakeyIdArray)),
    "OH_MediaKeySystem_GetOfflineMediaKeyStatus": (c_uint32, c_void_p, POINTER(c_uint8), c_int32, POINTER(c_uint32)),
    "OH_MediaKeySystem_ClearOfflineMediaKeys": (c_uint32, c_void_p, POINTER(c_uint8), c_int32),
    "OH_MediaKeySystem_FindSessionByKeyId": (c_uint32, c_void_p, POINTER(c_uint8), c_uint32, POINTER(c_void_p)),
    "OH_MediaKeySession_SetCallback": (c_uint32, c_void_p, POINTER(SessionCallback)),
    "OH_MediaKeySession_SetCallbackWithUserData": (c_uint32, c_void_p, POINTER(UserDataSessionCallback), c_void_p),
    "OH_MediaKeySession_GenerateMediaKeyRequest":
        (c_uint32, c_void_p, POINTER(MediaKeyRequestInfo), POINTER(MediaKeyRequest)),
    "OH_MediaKeySession_ProcessMediaKeyResponse":
        (c_uint32, c_void_p, POINTER(c_uint8), c_int32, POINTER(c_uint8), POINTER(c_int32)),
    "OH_MediaKeySession_CheckMediaKeyStatus": (c_uint32, c_void_p, POINTER(MediaKeyStatus)),
    "OH_MediaKeySession_ClearMediaKeys": (c_uint32, c_void_p),
    "OH_MediaKeySession_GenerateOfflineReleaseRequest":
        (c_uint32, c_void_p, POINTER(c_uint8), c_int32, POINTER(c_uint8), POINTER(c_int32)),
    "OH_MediaKeySession_ProcessOfflineReleaseResponse":
        (c_uint32, c_void_p, POINTER(c_uint8), c_int32, POINTER(c_uint8), c_int32),
    "OH_MediaKeySession_RestoreOfflineMediaKeys": (c_uint32, c_void_p, POINTER(c_uint8), c_int32),
    "OH_MediaKeySession_DecryptSample": (c_uint32, c_void_p, POINTER(SampleInfo), POINTER(c_uint8), c_uint32),
    "OH_MediaKeySession_Destroy": (c_uint32, c_void_p),
    "OH_Drm_ParseMediaKeySystemInfo": (c_uint32, POINTER(c_uint8), c_size_t, c_void_p),
}


def load(path):
    """The library with the prototypes set."""
    library = ctypes.CDLL(path)
    for name, (result, *parameters) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = parameters
    return library


def to_c(data):
    """A C array with the bytes."""
    return (c_uint8 * len(data)).from_buffer_copy(data)
