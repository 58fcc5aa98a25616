//! Decrypting a sample through the C function allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use crate::native_avbuffer::{OH_AVBuffer_Create, OH_AVBuffer_Destroy, OH_AVBuffer_SetBufferAttr};
use crate::native_avbuffer_info::OH_AVCodecBufferAttr;
use crate::native_averrors::{AVErrCodeValue, OH_AVErrCode};
use crate::native_cencinfo::{
    DrmCencAlgorithm, DrmSubsample, OH_AVCencInfo_Create, OH_AVCencInfo_Destroy, OH_AVCencInfo_SetAVBuffer,
    OH_AVCencInfo_SetAlgorithm, OH_AVCencInfo_SetKeyIdAndIv, OH_AVCencInfo_SetSubsampleInfo,
};
use crate::native_drm_common::{DRM_ContentProtectionLevel, MediaKeySession, MediaKeySystem};
use crate::native_drm_err::{Drm_ErrCode, ErrCodeValue};
use crate::native_mediadecrypt::{
    DRM_ACCESS_UNIT_SAMPLE_AES_AAC, DRM_ACCESS_UNIT_SAMPLE_AES_H264, DRM_AccessUnitInfo, DRM_AccessUnitState,
    DRM_Sample, DRM_SampleInfo, OH_MediaKeySession_DecryptAVBuffer, OH_MediaKeySession_DecryptAccessUnit,
    OH_MediaKeySession_DecryptSample, OH_MediaKeySession_DecryptSamples,
};
use crate::native_mediakeysession::OH_MediaKeySession_ProcessMediaKeyResponse;
use crate::native_mediakeysystem::{
    OH_MediaKeySystem_Create, OH_MediaKeySystem_CreateMediaKeySession, OH_MediaKeySystem_Destroy,
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's guarantees are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's guarantees are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const OK: ErrCodeValue = ErrCodeValue(Drm_ErrCode::DRM_ERR_OK as u32);
const AV_OK: AVErrCodeValue = AVErrCodeValue(OH_AVErrCode::AV_ERR_OK as u32);

#[test]
fn decrypting_allocates_nothing() {
    let mut system: *mut MediaKeySystem = ptr::null_mut();
    let mut session: *mut MediaKeySession = ptr::null_mut();
    let mut level = DRM_ContentProtectionLevel::CONTENT_PROTECTION_LEVEL_SW_CRYPTO.into();
    let mut license = *b"0AAECAwQFBgcICQoLDA0ODw==:K34VFiiu0qar9xWICc9PPA==";
    let (mut id, mut id_length) = ([0; 16], 16);
    let length = i32::try_from(license.len()).unwrap();
    // SAFETY: a string with its NUL; buffers with their lengths; variables of the right types.
    unsafe {
        assert_eq!(OH_MediaKeySystem_Create(c"com.clearplay.drm".as_ptr(), &raw mut system), OK);
        assert_eq!(OH_MediaKeySystem_CreateMediaKeySession(system, &raw mut level, &raw mut session), OK);
        let (license, id, id_length) = (license.as_mut_ptr(), id.as_mut_ptr(), &raw mut id_length);
        assert_eq!(OH_MediaKeySession_ProcessMediaKeyResponse(session, license, length, id, id_length), OK);
    }

    let mut data = vec![0u8; 3 * 65536];
    let mut subsamples = [DrmSubsample { clearHeaderLen: 16, payLoadLen: 8176 }; 8];
    let buffer = OH_AVBuffer_Create(65536);
    let cenc_info = OH_AVCencInfo_Create();
    let algorithms = [
        (DrmCencAlgorithm::DRM_ALG_CENC_UNENCRYPTED, 0, 0),
        (DrmCencAlgorithm::DRM_ALG_CENC_AES_CTR, 0, 0),
        (DrmCencAlgorithm::DRM_ALG_CENC_AES_CTR, 1, 9),
        (DrmCencAlgorithm::DRM_ALG_CENC_AES_CBC, 0, 0),
        (DrmCencAlgorithm::DRM_ALG_CENC_AES_CBC, 1, 9),
        (DrmCencAlgorithm::DRM_ALG_CENC_SM4_CTR, 0, 0),
        (DrmCencAlgorithm::DRM_ALG_CENC_SM4_CBC, 1, 9),
    ];
    let mut iv = [7u8; 16];
    for (algorithm, crypt, skip) in algorithms {
        let info = DRM_SampleInfo {
            structSize: u32::try_from(size_of::<DRM_SampleInfo>()).unwrap(),
            algorithm: algorithm.into(),
            scheme: 0,
            ivLen: 16,
            keyId: id,
            iv,
            cryptByteBlock: crypt,
            skipByteBlock: skip,
            subsampleCount: 8,
            reserved: 0,
            subsamples: subsamples.as_ptr(),
        };
        let first = data.as_mut_ptr();
        let sample = |index: usize| DRM_Sample {
            info: &raw const info,
            data: first.wrapping_add(index * 65536),
            dataLen: 65536,
            reserved: 0,
        };
        let samples = [0, 1, 2].map(sample);
        let small = DRM_SampleInfo { subsampleCount: 0, subsamples: ptr::null(), ..info };
        let sample = |index: usize| DRM_Sample {
            info: &raw const small,
            data: first.wrapping_add(index * 190),
            dataLen: 190,
            reserved: 0,
        };
        let many: Vec<_> = (0..1000).map(sample).collect();
        // SAFETY: `info` and its subsamples live as long as the calls; `data` has three times that many bytes.
        let decrypt = || unsafe { OH_MediaKeySession_DecryptSample(session, &raw const info, first, 65536) };
        // The first call of a thread may prepare things.
        assert_eq!(decrypt(), OK);
        let before = ALLOCATIONS.get();
        for _ in 0..100 {
            assert_eq!(decrypt(), OK);
        }
        // SAFETY: three samples, each with a part of `data` of its own.
        let code = unsafe { OH_MediaKeySession_DecryptSamples(session, samples.as_ptr(), 3, ptr::null_mut()) };
        assert_eq!(code, OK);
        for count in [1, 16, 17, 64, 1000] {
            let samples = &many[..count as usize];
            // SAFETY: `count` samples of `small`, each with bytes of its own.
            let code = unsafe { OH_MediaKeySession_DecryptSamples(session, samples.as_ptr(), count, ptr::null_mut()) };
            assert_eq!(code, OK);
        }
        let (key_id, iv) = ((&raw mut id).cast(), (&raw mut iv).cast());
        let attributes = OH_AVCodecBufferAttr { pts: 0, size: 65536, offset: 0, flags: 0 };
        assert_eq!(OH_AVCencInfo_SetAlgorithm(cenc_info, algorithm.into()), AV_OK);
        // SAFETY: 16 bytes, 8 subsamples, a struct; nothing accesses the buffer's data.
        unsafe {
            assert_eq!(OH_AVCencInfo_SetKeyIdAndIv(cenc_info, key_id, 16, iv, 16), AV_OK);
            let table = subsamples.as_mut_ptr();
            assert_eq!(OH_AVCencInfo_SetSubsampleInfo(cenc_info, crypt, skip, 0, 8, table), AV_OK);
            for _ in 0..2 {
                assert_eq!(OH_AVBuffer_SetBufferAttr(buffer, &raw const attributes), AV_OK);
                assert_eq!(OH_AVCencInfo_SetAVBuffer(cenc_info, buffer), AV_OK);
                assert_eq!(OH_MediaKeySession_DecryptAVBuffer(session, buffer), OK);
            }
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{algorithm:?} {crypt}:{skip}");
    }
    units(session, id, iv, &mut data);
    assert_eq!(OH_AVCencInfo_Destroy(cenc_info), AV_OK);
    assert_eq!(OH_AVBuffer_Destroy(buffer), AV_OK);
    assert_eq!(OH_MediaKeySystem_Destroy(system), OK);
}

/// Access units: slices, more than are remembered on the stack, with emulation prevention; frames.
fn units(session: *mut MediaKeySession, id: [u8; 16], iv: [u8; 16], data: &mut [u8]) {
    let slice = [&[0, 0, 1, 0x65][..], &[0x55; 40], &[0, 0, 3, 1], &[0x55; 300]].concat();
    let frame = [&[0xff, 0xf1, 0x50, 0x80, 0x20, 0x1f, 0xfc][..], &[0x55; 249]].concat();
    for (format, part) in [(DRM_ACCESS_UNIT_SAMPLE_AES_H264, slice), (DRM_ACCESS_UNIT_SAMPLE_AES_AAC, frame)] {
        let info = DRM_AccessUnitInfo {
            structSize: u32::try_from(size_of::<DRM_AccessUnitInfo>()).unwrap(),
            format,
            nalLengthSize: 0,
            algorithm: 0,
            keyId: id,
            iv,
        };
        let unit = part.repeat(100);
        let mut state = DRM_AccessUnitState {
            flags: 0,
            algorithm: 0,
            ivLen: 0,
            reserved: 0,
            keyId: [0; 16],
            nextKeyId: [0; 16],
            iv: [0; 16],
            reservedForLater: [0; 64],
        };
        let mut lengths = [0; 3];
        let before = ALLOCATIONS.get();
        for left in &mut lengths {
            data[..unit.len()].copy_from_slice(&unit);
            *left = u32::try_from(unit.len()).unwrap();
            let (state, data) = (&raw mut state, data.as_mut_ptr());
            // SAFETY: structs of the right types; `data` has more bytes than the unit.
            let code = unsafe { OH_MediaKeySession_DecryptAccessUnit(session, &raw const info, state, data, left) };
            assert_eq!(code, OK);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "units of format {format}");
        let removed = if format == DRM_ACCESS_UNIT_SAMPLE_AES_H264 { 100 } else { 0 };
        assert_eq!(lengths, [u32::try_from(unit.len()).unwrap() - removed; 3]);
    }
}
