#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of a session through the shared library with ctypes: test_python.py LIBRARY.

Clear and encrypted data: NIST SP 800-38A, F.5.1 (CTR) and F.2.1 (CBC).
"""

import base64
import ctypes
import json
import queue
import sys
import unittest
from ctypes import byref, c_int32, c_uint8, c_uint32, c_void_p, create_string_buffer

import native_drm as drm

LIBRARY = sys.argv.pop(1) if len(sys.argv) > 1 else sys.exit(__doc__)
LIB = drm.load(LIBRARY)

KEY_ID = bytes.fromhex("00112233445566778899aabbccddeeff")
OTHER_ID = bytes.fromhex("ffeeddccbbaa99887766554433221100")
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
CLEAR = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
CTR_IV = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
CTR_DATA = bytes.fromhex(
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee")
CBC_IV = bytes(range(16))
CBC_DATA = bytes.fromhex(
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7")
CLEARPLAY_UUID = bytes.fromhex("47a10ff0ca3c49c69c12a764ffde091f")

# A failing test must not hang; a passing one never waits that long.
PATIENCE = 30


def pssh(*key_ids):
    """A version 1 pssh box of ClearPlay (ISO/IEC 23001-7, 8.1)."""
    body = b"pssh\1\0\0\0" + CLEARPLAY_UUID + len(key_ids).to_bytes(4, "big") + b"".join(key_ids) + bytes(4)
    return (len(body) + 4).to_bytes(4, "big") + body


def answer(request, keys, flag):
    """What a ClearPlay license server answers: its part of the test."""
    entries = []
    for text in json.loads(request)["kids"]:
        key = keys[base64.b64decode(text)]
        entries.append(f"{flag}{text}:{base64.b64encode(key).decode()}")
    return ",".join(entries).encode()


class SessionLife(unittest.TestCase):
    def setUp(self):
        # ctypes callbacks must live as long as the library may call them.
        self.kept = []
        self.system = c_void_p()
        self.ok(LIB.OH_MediaKeySystem_Create(b"com.clearplay.drm", byref(self.system)))
        self.addCleanup(LIB.OH_MediaKeySystem_Destroy, self.system)

    def ok(self, code):
        self.assertEqual(code, drm.OK, LIB.OH_Drm_GetLastErrorMessage())

    def new_session(self):
        session = c_void_p()
        self.ok(LIB.OH_MediaKeySystem_CreateMediaKeySession(
            self.system, byref(c_uint32(drm.LEVEL_SW_CRYPTO)), byref(session)))
        return session

    def watch(self, session, on_key_change=None):
        """Registers callbacks. Returns the queue of what they receive."""
        received = queue.Queue()

        def event(handle, event_type, info, info_len, extra):
            received.put(("event", handle, event_type, ctypes.string_at(info, info_len), extra))
            return 0

        def key_change(handle, info, new_keys):
            keys = info.contents
            rows = [(bytes(keys.keyId[i]), keys.statusValue[i].value) for i in range(keys.keysInfoCount)]
            result = on_key_change(handle) if on_key_change else None
            received.put(("keys", handle, rows, new_keys, result))
            return 0

        callback = drm.SessionCallback(drm.EventCallback(event), drm.KeyChangeCallback(key_change))
        self.kept.append(callback)
        self.ok(LIB.OH_MediaKeySession_SetCallback(session, byref(callback)))
        return received

    def request(self, session, key_type, *key_ids):
        info = drm.MediaKeyRequestInfo(type=key_type, mimeType=b"video/mp4")
        init_data = pssh(*key_ids)
        info.initDataLen = len(init_data)
        ctypes.memmove(info.initData, init_data, len(init_data))
        request = drm.MediaKeyRequest()
        self.ok(LIB.OH_MediaKeySession_GenerateMediaKeyRequest(session, byref(info), byref(request)))
        self.assertEqual(request.type, drm.REQUEST_INITIAL)
        return bytes(request.data[:request.dataLen])

    def respond(self, session, response):
        media_key_id = (c_uint8 * 64)()
        length = c_int32(64)
        self.ok(LIB.OH_MediaKeySession_ProcessMediaKeyResponse(
            session, drm.to_c(response), len(response), media_key_id, byref(length)))
        return bytes(media_key_id[:length.value])

    def decrypt(self, session, algorithm, iv, data, key_id=KEY_ID, subsamples=(), scheme=0, pattern=(0, 0)):
        """(code, data afterwards)"""
        array = (drm.Subsample * len(subsamples))(*subsamples)
        info = drm.SampleInfo(
            structSize=ctypes.sizeof(drm.SampleInfo), algorithm=algorithm, scheme=scheme, ivLen=len(iv),
            keyId=drm.to_c(key_id), iv=(c_uint8 * 16)(*iv), cryptByteBlock=pattern[0], skipByteBlock=pattern[1],
            subsampleCount=len(subsamples), subsamples=array)
        sample = drm.to_c(data)
        code = LIB.OH_MediaKeySession_DecryptSample(session, byref(info), sample, len(data))
        return code, bytes(sample)

    def test_layout(self):
        for struct, size in ((drm.MediaKeyRequestInfo, 5196), (drm.MediaKeyRequest, 10248), (drm.KeysInfo, 9220),
                             (drm.OfflineMediakeyIdArray, 34820), (drm.MediaKeyStatus, 20484)):
            self.assertEqual(ctypes.sizeof(struct), size, struct)

    def test_support_and_configuration(self):
        self.assertTrue(LIB.OH_MediaKeySystem_IsSupported2(b"com.clearplay.drm", b"video/mp4"))
        self.assertFalse(LIB.OH_MediaKeySystem_IsSupported2(b"com.widevine.alpha", b"video/mp4"))
        self.ok(LIB.OH_MediaKeySystem_SetConfigurationString(self.system, b"colour", "grün".encode()))
        value = create_string_buffer(64)
        self.ok(LIB.OH_MediaKeySystem_GetConfigurationString(self.system, b"colour", value, 64))
        self.assertEqual(value.value.decode(), "grün")
        self.assertEqual(LIB.OH_MediaKeySystem_GetConfigurationString(self.system, b"none", value, 64), drm.UNKNOWN)
        self.assertIn(b"none", LIB.OH_Drm_GetLastErrorMessage())

    def test_provisioning(self):
        events = queue.Queue()

        @drm.SystemCallback
        def callback(handle, event_type, info, info_len, extra):
            # Calls back into the library, as real clients do: this must not fire the event again.
            data, length, url = (c_uint8 * 8192)(), c_int32(8192), create_string_buffer(2048)
            code = LIB.OH_MediaKeySystem_GenerateKeySystemRequest(handle, data, byref(length), url, 2048)
            events.put((handle, event_type, code, bytes(data[:length.value])))
            return 0

        self.kept.append(callback)
        self.ok(LIB.OH_MediaKeySystem_SetCallback(self.system, callback))
        data, length, url = (c_uint8 * 8192)(), c_int32(8192), create_string_buffer(2048)
        self.ok(LIB.OH_MediaKeySystem_GenerateKeySystemRequest(self.system, data, byref(length), url, 2048))
        request = bytes(data[:length.value])
        self.assertIsInstance(json.loads(request), dict)
        self.assertTrue(url.value.startswith(b"http://"))
        self.assertEqual(events.get(timeout=PATIENCE),
                         (self.system.value, drm.EVENT_PROVISION_REQUIRED, drm.OK, request))
        self.ok(LIB.OH_MediaKeySystem_ProcessKeySystemResponse(self.system, drm.to_c(b"certificate"), 11))
        status = c_uint32(99)
        self.ok(LIB.OH_MediaKeySystem_GetCertificateStatus(self.system, byref(status)))
        self.assertEqual(status.value, drm.CERT_PROVISIONED)

    def test_online(self):
        session = self.new_session()

        def status_in_callback(handle):
            status = drm.MediaKeyStatus()
            code = LIB.OH_MediaKeySession_CheckMediaKeyStatus(handle, byref(status))
            return code, [(status.statusName[i].value, status.statusValue[i].value) for i in range(status.statusCount)]

        received = self.watch(session, status_in_callback)
        request = self.request(session, drm.TYPE_ONLINE, KEY_ID)
        self.assertEqual(json.loads(request), {"kids": ["ABEiM0RVZneImaq7zN3u/w=="], "type": "temporary"})
        self.assertEqual(received.get(timeout=PATIENCE),
                         ("event", session.value, drm.EVENT_KEY_REQUIRED, pssh(KEY_ID), b"0"))

        self.assertEqual(self.respond(session, answer(request, {KEY_ID: KEY}, 0)), KEY_ID)
        self.assertEqual(received.get(timeout=PATIENCE), (
            "keys", session.value, [(KEY_ID, b"USABLE")], True, (drm.OK, [(KEY_ID.hex().encode(), b"USABLE")])))

        found = c_void_p()
        self.ok(LIB.OH_MediaKeySystem_FindSessionByKeyId(self.system, drm.to_c(KEY_ID), 0, byref(found)))
        self.assertEqual(found.value, session.value)

        self.assertEqual(self.decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA), (drm.OK, CLEAR))
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CBC, CBC_IV, CBC_DATA), (drm.OK, CLEAR))
        # Clear bytes in front and between: the counter runs on across the protected ranges.
        mixed = b"abc" + CTR_DATA[:20] + b"defgh" + CTR_DATA[20:]
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CTR, CTR_IV, mixed, subsamples=((3, 20), (5, 44))),
                         (drm.OK, b"abc" + CLEAR[:20] + b"defgh" + CLEAR[20:]))
        # cbcs, pattern 1:9: one block, then the rest of the range is clear.
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CBC, CBC_IV, CBC_DATA[:16] + CLEAR[16:],
                                      scheme=drm.SCHEME_CBCS, pattern=(1, 9)), (drm.OK, CLEAR))
        # Refused: nothing changes.
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA, subsamples=((3, 20),)),
                         (drm.INVALID_VAL, CTR_DATA))
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA, key_id=OTHER_ID),
                         (drm.NO_KEY, CTR_DATA))
        self.assertIn(OTHER_ID.hex().encode(), LIB.OH_Drm_GetLastErrorMessage())
        kind, handle, event_type, info, _ = received.get(timeout=PATIENCE)
        self.assertEqual((kind, handle, event_type), ("event", session.value, drm.EVENT_KEY_REQUIRED))
        self.assertIn(OTHER_ID, info)

        self.ok(LIB.OH_MediaKeySession_ClearMediaKeys(session))
        self.assertEqual(received.get(timeout=PATIENCE),
                         ("event", session.value, drm.EVENT_KEY_EXPIRED, KEY_ID, b"0"))
        self.assertEqual(received.get(timeout=PATIENCE)[:4], ("keys", session.value, [], False))
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA)[0], drm.NO_KEY)
        self.ok(LIB.OH_MediaKeySession_Destroy(session))
        self.assertEqual(LIB.OH_MediaKeySession_Destroy(session), drm.INVALID_VAL)

    def test_offline(self):
        session = self.new_session()
        request = self.request(session, drm.TYPE_OFFLINE, KEY_ID)
        self.assertEqual(json.loads(request)["type"], "persistent-license")
        key_id = self.respond(session, answer(request, {KEY_ID: KEY}, 1))
        self.ok(LIB.OH_MediaKeySession_Destroy(session))

        ids = drm.OfflineMediakeyIdArray()
        self.ok(LIB.OH_MediaKeySystem_GetOfflineMediaKeyIds(self.system, byref(ids)))
        self.assertEqual([bytes(ids.ids[i][:ids.idsLen[i]]) for i in range(ids.idsCount)], [key_id])
        self.assertEqual(self.offline_status(key_id), drm.OFFLINE_USABLE)

        session = self.new_session()
        received = self.watch(session)
        self.ok(LIB.OH_MediaKeySession_RestoreOfflineMediaKeys(session, drm.to_c(key_id), len(key_id)))
        self.assertEqual(received.get(timeout=PATIENCE)[:4],
                         ("event", session.value, drm.EVENT_EXPIRATION_UPDATE, b"0"))
        self.assertEqual(received.get(timeout=PATIENCE)[:4], ("keys", session.value, [(KEY_ID, b"USABLE")], True))
        self.assertEqual(self.decrypt(session, drm.ALG_AES_CTR, CTR_IV, CTR_DATA), (drm.OK, CLEAR))

        release, length = (c_uint8 * 8192)(), c_int32(8192)
        self.ok(LIB.OH_MediaKeySession_GenerateOfflineReleaseRequest(
            session, drm.to_c(key_id), len(key_id), release, byref(length)))
        self.assertIn("kids", json.loads(bytes(release[:length.value])))
        self.ok(LIB.OH_MediaKeySession_ProcessOfflineReleaseResponse(
            session, drm.to_c(key_id), len(key_id), drm.to_c(b"released"), 8))
        self.assertEqual(self.offline_status(key_id), drm.OFFLINE_INACTIVE)
        self.ok(LIB.OH_MediaKeySystem_ClearOfflineMediaKeys(self.system, drm.to_c(key_id), len(key_id)))
        self.ok(LIB.OH_MediaKeySystem_GetOfflineMediaKeyIds(self.system, byref(ids)))
        self.assertEqual(ids.idsCount, 0)

    def offline_status(self, key_id):
        status = c_uint32(99)
        self.ok(LIB.OH_MediaKeySystem_GetOfflineMediaKeyStatus(
            self.system, drm.to_c(key_id), len(key_id), byref(status)))
        return status.value

    def test_user_data_and_destroy_in_callback(self):
        session = self.new_session()
        results = queue.Queue()

        @drm.UserDataKeyChangeCallback
        def key_change(handle, info, new_keys, user_data):
            results.put((user_data, new_keys, LIB.OH_MediaKeySession_Destroy(handle)))
            return 0

        callback = drm.UserDataSessionCallback(drm.UserDataEventCallback(), key_change)
        self.kept.append(callback)
        self.ok(LIB.OH_MediaKeySession_SetCallbackWithUserData(session, byref(callback), 4711))
        self.respond(session, answer(json.dumps({"kids": ["ABEiM0RVZneImaq7zN3u/w=="]}), {KEY_ID: KEY}, 0))
        self.assertEqual(results.get(timeout=PATIENCE), (4711, True, drm.OK))
        self.assertEqual(LIB.OH_MediaKeySession_ClearMediaKeys(session), drm.INVALID_VAL)


if __name__ == "__main__":
    unittest.main(verbosity=2)
