# SPDX-License-Identifier: Apache-2.0
"""License templates, and the license service in the program itself."""

import base64
import datetime
import json
import os
from collections.abc import Callable, Mapping, Sequence
from ctypes import byref, c_void_p, create_string_buffer
from dataclasses import dataclass
from typing import Any

from native_drm import c
from native_drm._arguments import (
    ReadableBuffer, growing_bytes, growing_text, json_octets, milliseconds, octets, signed64, sixteen, text, unsigned32,
    whole,
)
from native_drm._enums import ErrorCode, LicenseProfile
from native_drm._errors import InvalidValueError, OperationError, check, last_reason
from native_drm._handles import Closing
from native_drm.c import lib

Json = Mapping[str, Any] | Sequence[Any] | str | bytes


def _json(value: Json, what: str) -> bytes:
    """JSON, as it is or from a dict or list."""
    if isinstance(value, (Mapping, Sequence)) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        return json.dumps(value, ensure_ascii=False).encode()
    return json_octets(value, what)


class LicenseRefusedError(OperationError):
    """A license template breaks a rule.

    ``status``: 400 malformed, 422 invalid. ``rule``: its id, such as SPEC_WITHOUT_TRACK_TYPE. ``pointer``: JSON pointer to the
    place. ``message``: in words. ``suggestion``: what was probably meant, or None.
    """

    status: int = 0
    rule: str = ""
    pointer: str = ""
    message: str = ""
    suggestion: str | None = None


class LicenseTemplate(Closing):
    """A license template (docs/license-policy.md of the project), empty or from JSON."""

    def __init__(self, template: Json | None = None, *, profile: LicenseProfile = LicenseProfile.STRICT) -> None:
        created = c_void_p()
        check(lib.OH_DrmLicenseTemplate_Create(unsigned32(profile, "profile"), byref(created)))
        self._handle = created.value
        if template is not None:
            try:
                self.parse(template)
            except BaseException:
                self.close()
                raise

    def _destroy(self, handle: int) -> None:
        lib.OH_DrmLicenseTemplate_Destroy(handle)

    def _check(self, handle: int, code: int) -> None:
        if code != ErrorCode.UNKNOWN:
            check(code)
            return
        error = LicenseRefusedError(code, last_reason())
        told = growing_bytes(lambda buffer, length: lib.OH_DrmLicenseTemplate_GetRefusal(handle, buffer, length), 1024)
        refusal = json.loads(told.rstrip(b"\0"))
        error.status, error.rule, error.pointer = refusal["status"], refusal["rule"], refusal["pointer"]
        error.message, error.suggestion = refusal["message"], refusal.get("suggestion")
        raise error

    def _told(self, call: Callable[[int, Any, Any], int]) -> Any:
        """JSON that a function tells; a refusal is explained."""
        handle = self.handle

        def checked(buffer: Any, length: Any) -> int:
            code = call(handle, buffer, length)
            if code == ErrorCode.UNKNOWN:
                self._check(handle, code)
            return code

        return json.loads(growing_text(checked, 4096))

    def parse(self, template: Json) -> None:
        """Replaces the template by a message. If that is refused, it stays as it was."""
        data = _json(template, "template")
        handle = self.handle
        self._check(handle, lib.OH_DrmLicenseTemplate_Parse(handle, data, unsigned32(len(data), "template")))

    def set(self, pointer: str, value: bool | int | str | bytes) -> None:
        """Sets a field, such as /policy_overrides/can_play. Objects on the way come into being; bytes become base64."""
        handle, place = self.handle, text(pointer, "pointer")
        if isinstance(value, bool):
            code = lib.OH_DrmLicenseTemplate_SetBool(handle, place, value)
        elif isinstance(value, int):
            code = lib.OH_DrmLicenseTemplate_SetInt(handle, place, signed64(value, "value"))
        else:
            word = text(value, "value") if isinstance(value, str) else base64.b64encode(octets(value, "value"))
            code = lib.OH_DrmLicenseTemplate_SetString(handle, place, word)
        self._check(handle, code)

    def validate(self) -> None:
        """Holds the template to the rules between its fields."""
        handle = self.handle
        self._check(handle, lib.OH_DrmLicenseTemplate_Validate(handle))

    def to_dict(self) -> dict[str, Any]:
        """The fields that have a value. It may contain content keys."""
        fields: dict[str, Any] = self._told(lib.OH_DrmLicenseTemplate_Serialize)
        return fields

    def to_json(self) -> str:
        """The same as JSON, the message for a license service."""
        handle = self.handle
        return growing_text(lambda buffer, length: lib.OH_DrmLicenseTemplate_Serialize(handle, buffer, length), 4096)

    def effective_policy(self, stored_policy: Json | None = None) -> dict[str, Any]:
        """A value for every field: field defaults, over them the stored policy, over that the template's own."""
        stored = self._stored(stored_policy)
        policy: dict[str, Any] = self._told(
            lambda handle, buffer, length: lib.OH_DrmLicenseTemplate_GetEffectivePolicy(handle, stored, buffer, length)
        )
        return policy

    def warnings(self, stored_policy: Json | None = None) -> list[dict[str, str]]:
        """What is doubtful: ``rule``, ``pointer`` and ``message`` of each."""
        stored = self._stored(stored_policy)
        doubts: list[dict[str, str]] = self._told(
            lambda handle, buffer, length: lib.OH_DrmLicenseTemplate_GetWarnings(handle, stored, buffer, length)
        )
        return doubts

    @staticmethod
    def _stored(policy: Json | None) -> bytes | None:
        if policy is None:
            return None
        data = _json(policy, "stored_policy")
        if b"\0" in data:
            raise InvalidValueError(reason="stored_policy: a NUL inside")
        return data


@dataclass(frozen=True)
class ContentKey:
    """Key id and key of a content's track, 16 bytes each."""

    key_id: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"ContentKey(key_id=bytes.fromhex('{self.key_id.hex()}'), key=...)"


@dataclass(frozen=True)
class ServiceAnswer:
    """What the license service answered.

    ``response``: for the device or whoever asked. ``status``: as in HTTP, 400 and above for a refusal. ``license_id``: None if the
    answer is not about a license. ``sequence``: rises with each renewal.
    """

    response: bytes
    status: int
    license_id: bytes | None
    sequence: int


class LicenseService(Closing):
    """The license service for com.policyplay.drm. Any thread.

    With a ``directory`` its keys, contents, policies, devices and licenses outlive the program; without, they end with it.
    """

    def __init__(
        self, directory: str | os.PathLike[str] | None = None, *, profile: LicenseProfile = LicenseProfile.STRICT
    ) -> None:
        path = None if directory is None else text(os.fspath(directory), "directory")
        created = c_void_p()
        check(lib.OH_DrmLicenseService_Create(path, unsigned32(profile, "profile"), byref(created)))
        self._handle = created.value

    def _destroy(self, handle: int) -> None:
        lib.OH_DrmLicenseService_Destroy(handle)

    def add_content(self, content: Json) -> None:
        """Adds a content, or replaces the one with the same id: ``{"content_id": base64, "policy": name, "keys": [...]}``."""
        data = _json(content, "content")
        check(lib.OH_DrmLicenseService_AddContent(self.handle, data, unsigned32(len(data), "content")))

    def add_policy(self, name: str, policy: Json) -> None:
        """Adds a policy, or replaces the one with the same name; ``default`` is for all content that has no other."""
        data = _json(policy, "policy")
        check(
            lib.OH_DrmLicenseService_AddPolicy(self.handle, text(name, "name"), data, unsigned32(len(data), "policy"))
        )

    def add_provider(self, name: str, token: str | None = None) -> None:
        """Adds a provider, or replaces the one with the same name."""
        secret = None if token is None else text(token, "token")
        check(lib.OH_DrmLicenseService_AddProvider(self.handle, text(name, "name"), secret))

    def add_catalog(self, catalog: Json) -> None:
        """Adds providers, policies and contents at once."""
        data = _json(catalog, "catalog")
        check(lib.OH_DrmLicenseService_AddCatalog(self.handle, data, unsigned32(len(data), "catalog")))

    def content_key(self, content_id: ReadableBuffer, track_type: str) -> ContentKey:
        """Key id and key of a content's track, for whoever encrypts it."""
        data = octets(content_id, "content_id")
        key_id, key = create_string_buffer(16), create_string_buffer(16)
        check(
            lib.OH_DrmLicenseService_GetContentKey(
                self.handle, data, unsigned32(len(data), "content_id"), text(track_type, "track_type"), key_id, key
            )
        )
        return ContentKey(key_id.raw, key.raw)

    def handle_message(self, message: str | ReadableBuffer) -> ServiceAnswer:
        """Answers a device's message, or a license template around it. A refusal is an answer, too."""
        data = json_octets(message, "message")
        handle, size = self.handle, unsigned32(len(data), "message")
        answer = c.OH_DrmLicenseService_Answer()
        response = growing_bytes(
            lambda buffer, length: lib.OH_DrmLicenseService_HandleMessage(
                handle, data, size, buffer, length, byref(answer)
            ),
            65536,
        )
        license_id = bytes(answer.licenseId)
        return ServiceAnswer(response, answer.status, license_id if any(license_id) else None, answer.sequence)

    def revoke_license(self, license_id: ReadableBuffer) -> None:
        """Ends a license: renewals are denied, and the next answer to its device says so."""
        check(lib.OH_DrmLicenseService_RevokeLicense(self.handle, sixteen(license_id, "license_id")))

    def authority(self) -> bytes:
        """The certificate of the service's authority, X.509 in DER."""
        handle = self.handle
        return growing_bytes(
            lambda buffer, length: lib.OH_DrmLicenseService_GetAuthority(handle, buffer, length), 4096
        )

    def set_time(self, wall_clock: datetime.datetime | float | None) -> None:
        """Sets the service's clock, which then stands still; for tests. None returns to the machine's clock."""
        if isinstance(wall_clock, datetime.datetime):
            wall_clock = wall_clock.timestamp()
        millis = -1 if wall_clock is None else whole(milliseconds(wall_clock, "wall_clock"), 0, (1 << 63) - 1, "wall_clock")
        check(lib.OH_DrmLicenseService_SetTime(self.handle, millis))
