# SPDX-License-Identifier: Apache-2.0
"""Samples, batches and access units, where they lie."""

import array
import ctypes
import mmap
import threading

import pytest

import native_drm
from native_drm import AccessUnitFormat, AccessUnitInfo, AccessUnitState, CencAlgorithm, CencScheme, SampleInfo
from vectors import CBC_DATA, CBC_IV, CLEAR, CTR_DATA, CTR_IV, KEY_ID, OTHER_ID


def test_bytearray(session, ctr):
    sample = bytearray(CTR_DATA)
    session.decrypt(ctr, sample)
    assert sample == CLEAR
    sample += b"it can be resized again"


def test_any_writable_buffer(session, ctr):
    whole = bytearray(b"before" + CTR_DATA + b"after")
    session.decrypt(ctr, memoryview(whole)[6:-5])
    assert whole == b"before" + CLEAR + b"after"
    words = array.array("I", CTR_DATA)
    session.decrypt(ctr, words)
    assert words.tobytes() == CLEAR
    raw = (ctypes.c_char * 64)(*CTR_DATA)
    session.decrypt(ctr, raw)
    assert raw.raw == CLEAR
    rows = memoryview(bytearray(CTR_DATA)).cast("B", (4, 16))
    session.decrypt(ctr, rows)
    assert rows.tobytes() == CLEAR
    with mmap.mmap(-1, 64) as pages:
        pages[:] = CTR_DATA
        session.decrypt(ctr, pages)
        assert pages[:] == CLEAR


def test_subsamples_pattern_and_setters(session):
    info = SampleInfo(CencAlgorithm.AES_CTR, KEY_ID, CTR_IV, subsamples=[(3, 20), (5, 44)])
    sample = bytearray(b"abc" + CTR_DATA[:20] + b"defgh" + CTR_DATA[20:])
    session.decrypt(info, sample)
    assert sample == b"abc" + CLEAR[:20] + b"defgh" + CLEAR[20:]
    assert info.subsamples == ((3, 20), (5, 44))

    info.algorithm, info.iv, info.subsamples = CencAlgorithm.AES_CBC, CBC_IV, ()
    sample = bytearray(CBC_DATA)
    session.decrypt(info, sample)
    assert sample == CLEAR

    info.scheme, info.pattern = CencScheme.CBCS, (1, 9)
    sample = bytearray(CBC_DATA[:16] + CLEAR[16:])
    session.decrypt(info, sample)
    assert sample == CLEAR
    assert (info.scheme, info.pattern, info.key_id, info.iv) == (CencScheme.CBCS, (1, 9), KEY_ID, CBC_IV)
    assert "AES_CBC" in repr(info)


def test_empty_and_unencrypted(session, ctr):
    session.decrypt(ctr, bytearray())
    sample = bytearray(b"clear")
    session.decrypt(SampleInfo(), sample)
    assert sample == b"clear"


def test_refused_samples_stay(session, ctr):
    sample = bytearray(CTR_DATA)
    ctr.subsamples = [(3, 20)]
    with pytest.raises(native_drm.InvalidValueError) as refused:
        session.decrypt(ctr, sample)
    assert refused.value.code == native_drm.ErrorCode.INVALID_VAL and refused.value.reason
    ctr.subsamples, ctr.key_id = (), OTHER_ID
    with pytest.raises(native_drm.NoKeyError, match=OTHER_ID.hex()):
        session.decrypt(ctr, sample)
    assert sample == CTR_DATA


def test_batch(session, ctr):
    samples = [bytearray(CTR_DATA) for _ in range(100)]
    cbc = SampleInfo(CencAlgorithm.AES_CBC, KEY_ID, CBC_IV)
    other = bytearray(CBC_DATA)
    session.decrypt_batch([*((ctr, sample) for sample in samples), (cbc, memoryview(other)), (ctr, bytearray())])
    assert all(sample == CLEAR for sample in samples) and other == CLEAR
    session.decrypt_batch([])

    unknown = SampleInfo(CencAlgorithm.AES_CTR, OTHER_ID, CTR_IV)
    samples = [bytearray(CTR_DATA) for _ in range(3)]
    with pytest.raises(native_drm.NoKeyError) as refused:
        session.decrypt_batch([(ctr, samples[0]), (unknown, samples[1]), (ctr, samples[2])])
    assert refused.value.sample_index == 1
    assert all(sample == CTR_DATA for sample in samples)


def adts(payload: bytes) -> bytes:
    """A frame of AAC (ISO/IEC 13818-7, 6.2): a header without CRC and what follows it."""
    length = 7 + len(payload)
    return bytes((0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC)) + payload


def test_access_unit(session):
    # SAMPLE-AES: 16 bytes behind the header are clear, then all whole blocks are encrypted.
    info = AccessUnitInfo(AccessUnitFormat.SAMPLE_AES_AAC, key_id=KEY_ID, iv=CBC_IV)
    state = AccessUnitState()
    frame = adts(bytes(16) + CBC_DATA + b"rest")
    unit = bytearray(frame + frame)
    assert session.decrypt_access_unit(info, state, unit) == len(unit)
    assert unit == adts(bytes(16) + CLEAR + b"rest") * 2
    assert state.key_id is None and state.next_key_id is None and not state.flags
    unit = bytearray(b"no frame")
    with pytest.raises(native_drm.InvalidValueError):
        session.decrypt_access_unit(info, state, unit)
    assert unit == b"no frame"


def test_threads(session):
    def work(failures):
        info = SampleInfo(CencAlgorithm.AES_CTR, KEY_ID, CTR_IV)
        for _ in range(500):
            sample = bytearray(CTR_DATA)
            session.decrypt(info, sample)
            if sample != CLEAR:
                failures.append(bytes(sample))

    failures: list[bytes] = []
    threads = [threading.Thread(target=work, args=(failures,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
