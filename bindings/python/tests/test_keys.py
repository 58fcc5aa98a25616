# SPDX-License-Identifier: Apache-2.0
"""Key systems, requests, stored keys, configuration, init data."""

import json
import threading
import uuid

import pytest

import native_drm
from native_drm import CertificateStatus, ContentProtectionLevel, MediaKeyRequestType, MediaKeyType, OfflineMediaKeyStatus
from vectors import CLEAR, CTR_DATA, KEY_ID, OTHER_ID, jwk_set, pssh


def test_what_there_is():
    names = {system.name: system.system_id for system in native_drm.key_systems()}
    assert names["org.w3.clearkey"] == uuid.UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
    assert native_drm.is_supported(native_drm.CLEARKEY)
    assert native_drm.is_supported(native_drm.CLEARKEY, "video/mp4", ContentProtectionLevel.SW_CRYPTO)
    assert not native_drm.is_supported("com.widevine.alpha", "video/mp4")
    assert not native_drm.is_supported(native_drm.CLEARKEY, "text/plain")
    assert native_drm.version() >= (0, 1, 0)


def test_online(system, ctr):
    with system.create_session() as session:
        request = session.generate_request(pssh(KEY_ID), "video/mp4")
        assert request.type == MediaKeyRequestType.INITIAL
        assert json.loads(request.data) == {"kids": ["ABEiM0RVZneImaq7zN3u_w"], "type": "temporary"}
        assert session.process_response(jwk_set()) == KEY_ID
        assert session.check_status() == {KEY_ID.hex(): "USABLE"}
        assert system.find_session(KEY_ID) is session
        assert system.find_session(OTHER_ID, timeout=0.01) is None
        session.clear_keys()
        assert session.check_status() == {}
        with pytest.raises(native_drm.NoKeyError):
            session.decrypt(ctr, bytearray(CTR_DATA))
        assert session.explain_licenses() == []
        assert session.content_protection_level == ContentProtectionLevel.SW_CRYPTO
        assert not session.requires_secure_decoder("video/avc")


def test_find_session_waits(system):
    with system.create_session() as session:
        thread = threading.Timer(0.3, session.process_response, (jwk_set(),))
        thread.start()
        assert system.find_session(KEY_ID, timeout=None) is session
        thread.join()


def test_offline(system, ctr):
    with system.create_session() as session:
        request = session.generate_request(KEY_ID, "webm", MediaKeyType.OFFLINE, {"hint": "any", "raw": b"\0\1"})
        assert json.loads(request.data)["type"] == "persistent-license"
        key_id = session.process_response(jwk_set("persistent-license"))
    assert system.offline_key_ids() == [key_id]
    assert system.offline_key_status(key_id) == OfflineMediaKeyStatus.USABLE
    with system.create_session() as session:
        session.restore_offline_keys(key_id)
        sample = bytearray(CTR_DATA)
        session.decrypt(ctr, sample)
        assert sample == CLEAR
        released = session.generate_release_request(key_id)
        assert json.loads(released) == {"kids": ["ABEiM0RVZneImaq7zN3u_w"]}
        session.process_release_response(key_id, released)
    assert system.offline_key_ids() == []
    with pytest.raises(native_drm.OperationError):
        system.clear_offline_keys(key_id)


def test_configuration(system):
    system.set_configuration("colour", "grün")
    assert system.get_configuration("colour") == "grün"
    system.set_configuration("blob", memoryview(b"\0\1\2"))
    assert system.get_configuration_bytes("blob") == b"\0\1\2"
    with pytest.raises(native_drm.OperationError, match="none"):
        system.get_configuration("none")
    assert system.statistics()["currentSessionNum"] == "0"
    assert system.max_content_protection_level == ContentProtectionLevel.SW_CRYPTO
    assert system.certificate_status == CertificateStatus.PROVISIONED
    assert system.generate_provisioning_request().default_url.startswith("http")
    system.process_provisioning_response(b"certificate")


def test_init_data():
    boxes = pssh(KEY_ID) + pssh(OTHER_ID)
    found = native_drm.parse_pssh_boxes(boxes)
    assert [box.data for box in found] == [pssh(KEY_ID), pssh(OTHER_ID)]
    assert found[0].system_id == uuid.UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
    with pytest.raises(native_drm.OperationError):
        native_drm.parse_pssh_boxes(b"nothing of the kind")
