//! The functions.

use std::ptr;
use std::sync::Arc;

use super::object::{
    CencAlgorithmValue, CencInfo, CencInfoModeValue, CencInfos, DRM_KEY_ID_SIZE, DRM_KEY_IV_SIZE,
    DRM_KEY_MAX_SUB_SAMPLE_NUM, DrmCencAlgorithm, DrmCencInfoMode, DrmSubsample, OH_AVCencInfo,
};
use crate::glue::args;
use crate::glue::boundary::{self, AvCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::native_avbuffer::OH_AVBuffer;
use crate::native_avbuffer::object::AvBuffers;
use crate::native_averrors::AVErrCodeValue;
use base::sync::Mutex;

/// Creates an OH_AVCencInfo: unencrypted, key id and IV zero, no subsamples, mode
/// DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET.
///
/// Any thread.
///
/// @return the instance, to be destroyed with OH_AVCencInfo_Destroy(); null if there are 65,536 instances
/// @since 12
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVCencInfo_Create() -> *mut OH_AVCencInfo {
    boundary::value(ptr::null_mut(), || CencInfos::insert(Arc::new(Mutex::new(CencInfo::new()))))
}

/// Destroys an OH_AVCencInfo.
///
/// Any thread.
///
/// @param cencInfo the instance; stale afterwards
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo
/// @since 12
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVCencInfo_Destroy(cencInfo: *mut OH_AVCencInfo) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| CencInfos::take("cencInfo", cencInfo).map(drop))
}

/// Sets the algorithm.
///
/// Any thread.
///
/// @param cencInfo the instance
/// @param algo one of DrmCencAlgorithm
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo or algo is not a DrmCencAlgorithm
/// @since 12
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVCencInfo_SetAlgorithm(cencInfo: *mut OH_AVCencInfo, algo: CencAlgorithmValue) -> AVErrCodeValue {
    change(cencInfo, |info| {
        if algo.0 > DrmCencAlgorithm::DRM_ALG_CENC_SM4_CTR as u32 {
            return Err(Error::invalid("algo", "not a DrmCencAlgorithm"));
        }
        info.algorithm = algo.0;
        Ok(())
    })
}

/// Sets key id and IV; both are copied.
///
/// Any thread.
///
/// @param cencInfo the instance
/// @param keyId the key id
/// @param keyIdLen bytes of keyId, DRM_KEY_ID_SIZE
/// @param iv the initialisation vector; a shorter one has to be padded with zeros on the right
/// @param ivLen bytes of iv, DRM_KEY_IV_SIZE
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo, a pointer is null or a length is
///     another
/// @since 12
///
/// # Safety
/// `keyId` is readable for `keyIdLen` bytes; `iv` is readable for `ivLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVCencInfo_SetKeyIdAndIv(
    cencInfo: *mut OH_AVCencInfo,
    keyId: *mut u8,
    keyIdLen: u32,
    iv: *mut u8,
    ivLen: u32,
) -> AVErrCodeValue {
    change(cencInfo, |info| {
        if keyIdLen as usize != DRM_KEY_ID_SIZE {
            return Err(Error::invalid("keyIdLen", "not DRM_KEY_ID_SIZE"));
        }
        if ivLen as usize != DRM_KEY_IV_SIZE {
            return Err(Error::invalid("ivLen", "not DRM_KEY_IV_SIZE"));
        }
        let key_id = args::array("keyId", keyId)?;
        info.iv = args::array("iv", iv)?;
        info.key_id = key_id;
        Ok(())
    })
}

/// Sets pattern and subsamples; the subsamples are copied.
///
/// Any thread.
///
/// @param cencInfo the instance
/// @param encryptedBlockCount encrypted 16-byte blocks of the pattern; 0 with skippedBlockCount 0 = no pattern
/// @param skippedBlockCount clear 16-byte blocks of the pattern
/// @param firstEncryptedOffset clear bytes in front of the first subsample, usually 0
/// @param subsampleCount number of subsamples, 0 to DRM_KEY_MAX_SUB_SAMPLE_NUM; 0 = the whole sample is protected
/// @param subsamples the subsamples
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo, subsamples is null, or
///     subsampleCount is greater than DRM_KEY_MAX_SUB_SAMPLE_NUM
/// @since 12
///
/// # Safety
/// `subsamples` is readable for `subsampleCount` subsamples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVCencInfo_SetSubsampleInfo(
    cencInfo: *mut OH_AVCencInfo,
    encryptedBlockCount: u32,
    skippedBlockCount: u32,
    firstEncryptedOffset: u32,
    subsampleCount: u32,
    subsamples: *mut DrmSubsample,
) -> AVErrCodeValue {
    change(cencInfo, |info| {
        let count = subsampleCount as usize;
        if count > DRM_KEY_MAX_SUB_SAMPLE_NUM {
            return Err(Error::invalid("subsampleCount", "greater than DRM_KEY_MAX_SUB_SAMPLE_NUM"));
        }
        let given = args::slice("subsamples", subsamples, count)?;
        info.subsamples[..count].copy_from_slice(given);
        info.subsample_count = count;
        info.encrypted_blocks = encryptedBlockCount;
        info.skipped_blocks = skippedBlockCount;
        info.first_encrypted_offset = firstEncryptedOffset;
        Ok(())
    })
}

/// Says whether key id, IV and subsamples are set.
///
/// Any thread.
///
/// @param cencInfo the instance
/// @param mode one of DrmCencInfoMode
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo or mode is not a DrmCencInfoMode
/// @since 12
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVCencInfo_SetMode(cencInfo: *mut OH_AVCencInfo, mode: CencInfoModeValue) -> AVErrCodeValue {
    change(cencInfo, |info| {
        if mode.0 > DrmCencInfoMode::DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET as u32 {
            return Err(Error::invalid("mode", "not a DrmCencInfoMode"));
        }
        info.mode = mode.0;
        Ok(())
    })
}

/// Attaches a copy of the encryption information to a buffer, in place of what was attached to it. Later changes of the
/// OH_AVCencInfo do not change the copy, and it can be destroyed.
///
/// OH_MediaKeySession_DecryptAVBuffer() decrypts by it, and then detaches it.
///
/// Any thread.
///
/// @param cencInfo the instance
/// @param buffer the buffer that has the sample, or will have it
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo or buffer is not an OH_AVBuffer
/// @since 12
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVCencInfo_SetAVBuffer(cencInfo: *mut OH_AVCencInfo, buffer: *mut OH_AVBuffer) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| {
        let info = CencInfos::find("cencInfo", cencInfo)?;
        let buffer = AvBuffers::find("buffer", buffer)?;
        let copy = info.lock().clone();
        buffer.attach(copy);
        Ok(())
    })
}

fn change(info: *mut OH_AVCencInfo, f: impl FnOnce(&mut CencInfo) -> Result<()>) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| f(&mut CencInfos::find("cencInfo", info)?.lock()))
}
