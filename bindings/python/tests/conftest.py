# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys
from collections.abc import Iterator

import pytest

import native_drm
from native_drm import CencAlgorithm, MediaKeySession, MediaKeySystem, SampleInfo
from vectors import CTR_IV, KEY_ID, jwk_set


def pytest_sessionstart() -> None:
    """The package that is tested is the installed one."""
    assert pathlib.Path(native_drm.__file__).is_relative_to(sys.prefix), native_drm.__file__


@pytest.fixture
def system(tmp_path: pathlib.Path) -> Iterator[MediaKeySystem]:
    with MediaKeySystem(native_drm.CLEARKEY, storage_path=str(tmp_path)) as made:
        yield made


@pytest.fixture
def session(system: MediaKeySystem) -> Iterator[MediaKeySession]:
    """A session that holds the key."""
    with system.create_session() as made:
        made.process_response(jwk_set())
        yield made


@pytest.fixture
def ctr() -> SampleInfo:
    return SampleInfo(CencAlgorithm.AES_CTR, KEY_ID, CTR_IV)
