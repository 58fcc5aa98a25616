# SPDX-License-Identifier: Apache-2.0
"""License templates, the license service, and licenses with a policy on a virtual clock."""

import datetime
import queue
import threading
import time

import pytest

import native_drm
from native_drm import (
    CertificateStatus, EventType, LicenseProfile, LicenseRefusedError, LicenseService, LicenseTemplate, MediaKeySystem,
)
from vectors import CLEAR, CTR_DATA, KEY, KEY_ID

CONTENT = {
    "content_id": "YQ==",
    "policy": "rental",
    "keys": [{"key_id": "ABEiM0RVZneImaq7zN3u/w==", "track_type": "SD", "key": "K34VFiiu0qar9xWICc9PPA=="}],
}
HOUR = datetime.timedelta(hours=1)


def test_template():
    with LicenseTemplate({"policy_overrides": {"can_play": True}}) as template:
        template.set("/policy_overrides/can_persist", True)
        template.set("/policy_overrides/license_duration_seconds", 3600)
        template.set("/content_id", b"a")
        template.validate()
        assert template.to_dict() == {
            "content_id": "YQ==",
            "policy_overrides": {"can_play": True, "can_persist": True, "license_duration_seconds": 3600},
        }
        assert template.effective_policy()["can_persist"] is True
        assert template.effective_policy({"rental_duration_seconds": 60})["rental_duration_seconds"] == 60
        assert template.warnings() == [] and template.warnings("{}") == []
        before = template.to_json()
        with pytest.raises(LicenseRefusedError) as refused:
            template.parse('{"policy_overrides": {"can_plai": true}}')
        assert (refused.value.status, refused.value.rule) == (422, "UNKNOWN_FIELD")
        assert refused.value.pointer == "/policy_overrides/can_plai" and refused.value.suggestion is not None
        with pytest.raises(LicenseRefusedError) as refused:
            template.set("/policy_overrides/can_play", 1)
        assert refused.value.pointer == "/policy_overrides/can_play"
        with pytest.raises(LicenseRefusedError) as refused:
            template.effective_policy({"can_plai": True})
        assert refused.value.status == 422
        assert template.to_json() == before
        template.set("/content_id", "Y" * 6000)
        assert "Y" * 6000 in template.to_json()
    with pytest.raises(LicenseRefusedError):
        LicenseTemplate("{")
    with LicenseTemplate(profile=LicenseProfile.AZURE) as template:
        template.parse({"unknown": 1})
        assert template.warnings()


class Device:
    """A device with a service, both at one virtual time."""

    def __init__(self, directory):
        self.now = datetime.datetime.now(datetime.timezone.utc)
        self.service = LicenseService()
        self.system = MediaKeySystem(native_drm.POLICYPLAY, storage_path=str(directory))
        # The service's certificates are of the machine's time.
        self.service.set_time(self.now)
        self.system.set_virtual_clock(self.now)
        self.service.add_policy("rental", {"can_play": True, "can_persist": True, "license_duration_seconds": 48 * 3600})
        self.service.add_content(CONTENT)
        self.system.set_configuration("licenseAuthority", self.service.authority())
        assert self.system.certificate_status == CertificateStatus.NOT_PROVISIONED
        answer = self.service.handle_message(self.system.generate_provisioning_request().data)
        assert (answer.status, answer.license_id, answer.sequence) == (200, None, 0)
        self.system.process_provisioning_response(answer.response)
        assert self.system.certificate_status == CertificateStatus.PROVISIONED

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.system.close()
        self.service.close()


def test_rental_of_48_hours(tmp_path, ctr):
    with Device(tmp_path) as device, device.system.create_session() as session:
        received: queue.Queue = queue.Queue()
        session.subscribe(received.put)
        answer = device.service.handle_message(session.generate_request(KEY_ID, "webm").data)
        assert answer.status == 200
        assert session.process_response(answer.response) == answer.license_id
        sample = bytearray(CTR_DATA)
        session.decrypt(ctr, sample)
        assert sample == CLEAR
        assert session.explain_licenses()[0]["usable"] is True
        assert session.check_status()["LicenseType"] == "Streaming"
        device.system.advance_virtual_clock(47 * HOUR)
        session.decrypt(ctr, bytearray(CTR_DATA))
        device.system.advance_virtual_clock(3601)
        with pytest.raises(native_drm.NoLicenseError):
            session.decrypt(ctr, bytearray(CTR_DATA))
        explained = session.explain_licenses()[0]
        assert explained["usable"] is False and explained["license_id"] == answer.license_id.hex()
        kinds = []
        while EventType.KEY_EXPIRED not in kinds:
            event = received.get(timeout=60)
            kinds.append(getattr(event, "type", None))
            if kinds[-1] == EventType.EXPIRATION_UPDATE:
                assert event.expiry == pytest.approx((device.now + 48 * HOUR).timestamp(), abs=2)
        device.system.advance_virtual_clock(1, asleep=True)
        device.service.revoke_license(answer.license_id)


def test_refusal_is_an_answer(tmp_path):
    with Device(tmp_path) as device, device.system.create_session() as session:
        answer = device.service.handle_message("nonsense")
        assert answer.status >= 400 and answer.license_id is None
        with pytest.raises(native_drm.ServiceDeniedError):
            session.process_response(answer.response)
        with pytest.raises(native_drm.NotProvisionedError):
            with MediaKeySystem(native_drm.POLICYPLAY, storage_path=str(tmp_path / "new")) as other:
                other.create_session().generate_request(KEY_ID, "webm")


def test_service(tmp_path):
    with LicenseService(tmp_path / "sérvice") as service:
        authority = service.authority()
        service.add_policy("rental", {"can_play": True})
        service.add_content(CONTENT)
        key = service.content_key(b"a", "SD")
        assert (key.key_id, key.key) == (KEY_ID, KEY) and KEY.hex() not in repr(key)
        service.add_provider("studio", "sixteen bytes or more")
        service.add_catalog({"policies": {"q": {"can_play": True}}, "contents": [{"content_id": "Yg==", "policy": "q"}]})
        with pytest.raises(native_drm.ServiceDiedError):
            LicenseService(tmp_path / "sérvice")
        for call in (
            lambda: service.add_content("{"), lambda: service.add_policy("p", "[]"), lambda: service.content_key(b"x", "SD"),
            lambda: service.revoke_license(bytes(16)),
        ):
            with pytest.raises(native_drm.OperationError):
                call()
        for call in (
            lambda: service.add_provider("p", "short"), lambda: service.revoke_license(bytes(15)),
            lambda: service.handle_message(b""), lambda: service.set_time(-1),
        ):
            with pytest.raises(native_drm.InvalidValueError):
                call()
        service.set_time(time.time())
        service.set_time(None)
    with LicenseService(tmp_path / "sérvice") as service:
        assert service.authority() == authority
        assert service.content_key(b"a", "SD").key_id == KEY_ID


def test_threads(tmp_path):
    with Device(tmp_path) as device:
        failures = []

        def work():
            for _ in range(5):
                with device.system.create_session() as session:
                    answer = device.service.handle_message(session.generate_request(KEY_ID, "webm").data)
                    if session.process_response(answer.response) != answer.license_id:
                        failures.append(answer)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
