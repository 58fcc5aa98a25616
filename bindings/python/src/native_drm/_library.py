# SPDX-License-Identifier: Apache-2.0
"""Finds and loads libnative_drm.so."""

import os
import pathlib
from collections.abc import Mapping
from ctypes import CDLL
from typing import Any


def path() -> str:
    """The library: the one that the environment variable NATIVE_DRM_LIBRARY names, else the package's own."""
    named = os.environ.get("NATIVE_DRM_LIBRARY")
    return named if named else str(pathlib.Path(__file__).parent / "libnative_drm.so")


def load(prototypes: Mapping[str, tuple[Any, ...]]) -> CDLL:
    """Loads the library and declares its functions. One that was built without some of them lacks these."""
    library = CDLL(path())
    for name, (returned, *parameters) in prototypes.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            continue
        function.restype = returned
        function.argtypes = parameters
    return library
