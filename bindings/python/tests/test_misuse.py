# SPDX-License-Identifier: Apache-2.0
"""Wrong use is an exception, and changes nothing."""

import gc
import pickle
import threading

import pytest

import native_drm
from native_drm import (
    AccessUnitFormat, AccessUnitInfo, AccessUnitState, CencAlgorithm, ClosedError, InvalidValueError, LicenseService,
    LicenseTemplate, MediaKeySystem, SampleInfo,
)
from vectors import CTR_DATA, CTR_IV, KEY_ID, jwk_set


@pytest.mark.parametrize("data", [CTR_DATA, memoryview(CTR_DATA), "text", 5, None, memoryview(bytearray(64))[::2]])
def test_buffers_that_cannot_be_written(session, ctr, data):
    with pytest.raises((TypeError, BufferError)):
        session.decrypt(ctr, data)
    with pytest.raises((TypeError, BufferError)):
        session.decrypt_batch([(ctr, data)])
    info = AccessUnitInfo(AccessUnitFormat.SAMPLE_AES_AAC, key_id=KEY_ID, iv=CTR_IV)
    with pytest.raises((TypeError, BufferError)):
        session.decrypt_access_unit(info, AccessUnitState(), data)


@pytest.mark.parametrize("info", [None, 5, "cenc", {}])
def test_no_sample_info(session, info):
    sample = bytearray(CTR_DATA)
    with pytest.raises(TypeError):
        session.decrypt(info, sample)
    with pytest.raises(TypeError):
        session.decrypt_batch([(info, sample)])
    with pytest.raises(TypeError):
        session.decrypt_access_unit(info, AccessUnitState(), sample)
    assert sample == CTR_DATA


def test_wrong_sizes(session, system):
    for wrong in (b"", bytes(15), bytes(17)):
        with pytest.raises(InvalidValueError):
            SampleInfo(CencAlgorithm.AES_CTR, wrong, CTR_IV)
        with pytest.raises(InvalidValueError):
            SampleInfo(CencAlgorithm.AES_CTR, KEY_ID, wrong)
        with pytest.raises(InvalidValueError):
            system.find_session(wrong)
    info = SampleInfo(CencAlgorithm.AES_CTR, KEY_ID, CTR_IV)
    for wrong_pair in ((-1, 0), (0, 1 << 32)):
        with pytest.raises(InvalidValueError):
            info.subsamples = [wrong_pair]
        with pytest.raises(InvalidValueError):
            info.pattern = wrong_pair
    assert info.subsamples == () and info.pattern == (0, 0)
    for data in (b"", bytes(2049)):
        with pytest.raises(InvalidValueError):
            session.generate_request(data)
    with pytest.raises(InvalidValueError):
        session.generate_request(KEY_ID, "webm" * 20)
    with pytest.raises(InvalidValueError):
        session.generate_request(KEY_ID, "webm", 7)
    for options in ({"n" * 64: "v"}, {"n": "v" * 129}, {str(i): "" for i in range(17)}, {"n\0": "v"}):
        with pytest.raises(InvalidValueError):
            session.generate_request(KEY_ID, "webm", options=options)
    with pytest.raises(InvalidValueError):
        session.process_response(b"")
    with pytest.raises(native_drm.OperationError):
        session.process_response(b"nonsense")
    with pytest.raises(InvalidValueError):
        system.set_configuration("name\0", "value")
    with pytest.raises(InvalidValueError):
        system.set_configuration("name", "\ud800")
    with pytest.raises(TypeError):
        system.set_configuration("name", 5)
    with pytest.raises(TypeError):
        session.process_response("a str is no response")
    with pytest.raises(native_drm.OperationError):
        MediaKeySystem("com.widevine.alpha")
    with pytest.raises(InvalidValueError):
        MediaKeySystem("")
    for time in (float("inf"), 1e300):
        with pytest.raises((InvalidValueError, ValueError)):
            system.set_virtual_clock(time)
    with pytest.raises(InvalidValueError):
        system.advance_virtual_clock(-1)


def test_closed(system, ctr):
    session = system.create_session()
    session.process_response(jwk_set())
    assert not session.closed
    session.close()
    session.close()
    assert session.closed and "closed" in repr(session)
    calls = [
        lambda: session.decrypt(ctr, bytearray(CTR_DATA)),
        lambda: session.decrypt_batch([(ctr, bytearray(CTR_DATA))]),
        lambda: session.decrypt_access_unit(
            AccessUnitInfo(AccessUnitFormat.SAMPLE_AES_AAC), AccessUnitState(), bytearray(8)),
        lambda: session.generate_request(KEY_ID, "webm"),
        lambda: session.process_response(jwk_set()),
        session.check_status,
        session.clear_keys,
        session.explain_licenses,
        lambda: session.restore_offline_keys(KEY_ID),
        lambda: session.generate_release_request(KEY_ID),
        lambda: session.process_release_response(KEY_ID, b"x"),
        lambda: session.content_protection_level,
        lambda: session.subscribe(print),
        session.events,
        session.__enter__,
    ]
    for call in calls:
        with pytest.raises(ClosedError):
            call()
    other = system.create_session()
    system.close()
    assert other.closed
    for call in (system.create_session, lambda: system.find_session(KEY_ID), system.offline_key_ids, system.statistics):
        with pytest.raises(ClosedError):
            call()
    template, service = LicenseTemplate(), LicenseService()
    template.close()
    service.close()
    for call in (template.validate, template.to_json, service.authority, lambda: service.handle_message(b"x")):
        with pytest.raises(ClosedError):
            call()


def test_closed_while_used(system, ctr):
    """Whoever decrypts while the session is closed gets an exception, and nothing worse."""
    for _ in range(20):
        session = system.create_session()
        session.process_response(jwk_set())
        unexpected = []

        def work():
            try:
                while True:
                    session.decrypt(ctr, bytearray(CTR_DATA))
            except InvalidValueError:
                pass
            except Exception as error:
                unexpected.append(error)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        session.close()
        for thread in threads:
            thread.join()
        assert not unexpected


def test_collected(system):
    session = system.create_session()
    with pytest.warns(ResourceWarning, match="MediaKeySession"):
        del session
        gc.collect()
    assert system.statistics()["currentSessionNum"] == "0"


def test_limits(system):
    sessions = [system.create_session() for _ in range(64)]
    with pytest.raises(native_drm.TooManySessionsError):
        system.create_session()
    for session in sessions:
        session.close()


def test_exceptions_can_be_pickled():
    for error in (native_drm.NoKeyError(24700111, "why"), native_drm.AVSessionError(401, "why"), ClosedError(reason="x")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error) and copy.code == error.code and copy.reason == error.reason
    assert str(native_drm.NoKeyError(24700111, "why")) == "DRM_ERR_NO_KEY (24700111): why"
