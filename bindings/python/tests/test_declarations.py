# SPDX-License-Identifier: Apache-2.0
"""The declarations against the recorded facts of the C API, and against the library."""

import ctypes
import json
import pathlib

import pytest

from native_drm import _enums, c

FACTS = pathlib.Path(__file__).parents[3] / "c_tests" / "abi"
FILES = [json.loads((FACTS / name).read_text()) for name in ("drm-ndk.json", "cencinfo.json", "avbuffer.json", "extension.json")]


@pytest.mark.parametrize("struct", [struct for facts in FILES for struct in facts["structs"]], ids=lambda struct: struct["name"])
def test_struct(struct):
    declared = getattr(c, struct["name"])
    assert ctypes.sizeof(declared) == struct["size"] and ctypes.alignment(declared) == struct["align"]
    for field in struct["fields"]:
        place = getattr(declared, field["name"])
        assert (place.offset, place.size) == (field["offset"], field["size"]), field["name"]


def test_functions():
    assert len(c.PROTOTYPES) > 150
    for name in c.PROTOTYPES:
        assert hasattr(c.lib, name), name


def test_enums():
    assert c.DRM_ERR_NO_KEY == _enums.ErrorCode.NO_KEY == 24700111
    assert c.CONTROL_CMD_INVALID == _enums.ControlCommand.INVALID == -1
    assert _enums.CencScheme.CBCS == int.from_bytes(b"cbcs", "big")
    assert _enums.AccessUnitFormat.SAMPLE_AES_H264 == 4
