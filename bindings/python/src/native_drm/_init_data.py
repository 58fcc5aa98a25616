# SPDX-License-Identifier: Apache-2.0
"""Init data in media and manifests."""

import uuid
from ctypes import string_at
from dataclasses import dataclass

from native_drm import c
from native_drm._arguments import ReadableBuffer, octets
from native_drm._errors import check
from native_drm.c import lib


@dataclass(frozen=True)
class PsshBox:
    """A complete pssh box, ready to be used as init data, and its system id."""

    system_id: uuid.UUID
    data: bytes


def parse_pssh_boxes(data: ReadableBuffer) -> list[PsshBox]:
    """All pssh boxes of pssh boxes in a row, an MP4 or WebM file, an MPEG transport stream, a DASH, HLS or Smooth Streaming manifest.

    Files may be cut anywhere. Key ids that stand outside of boxes get one made. OperationError if there is none.
    """
    raw = octets(data, "data")
    found: list[PsshBox] = []

    def add(system_id: int | None, box: int | None, length: int, user_data: int | None) -> int:
        if system_id is not None and box is not None:
            found.append(PsshBox(uuid.UUID(bytes=string_at(system_id, 16)), string_at(box, length)))
        return 0

    check(lib.OH_Drm_ParsePsshBoxes(raw, len(raw), c.OH_Drm_PsshBoxCallback(add), None))
    return found
