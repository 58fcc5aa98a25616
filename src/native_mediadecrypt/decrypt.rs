//! The functions that decrypt, and the one that finds the session to decrypt with.

use super::description::{DRM_Sample, DRM_SampleInfo};
use super::{batch, sample};
use crate::glue::args;
use crate::glue::boundary::{self, AvCode, DrmCode};
use crate::isolation::handles;
use crate::native_avbuffer::OH_AVBuffer;
use crate::native_averrors::AVErrCodeValue;
use crate::native_cencinfo::{DRM_KEY_ID_SIZE, DrmSubsample, OH_AVCencInfo};
use crate::native_drm_common::{MediaKeySession, MediaKeySystem};
use crate::native_drm_err::{Drm_ErrCode, ErrCodeValue};
use base::secret::wipe_registers;

/// Decrypts a sample in place.
///
/// Everything is checked before the first byte changes: when it fails, the sample is as it was. Does not allocate, log
/// or take a lock that another decrypt can hold, except with an isolated instance (native_drm_isolation.h), whose host
/// process gets the sample, and with keys that a plugin keeps.
///
/// Any thread, also several at the same time on one session.
///
/// @param mediaKeySession a session that holds the key
/// @param info how the sample is encrypted; read during the call
/// @param data the sample; may be null if dataLen is 0. Nothing else may access it during the call
/// @param dataLen bytes of data
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, structSize,
///     algorithm, scheme, ivLen or pattern is out of range, they contradict each other, or the subsamples do not add up
///     to dataLen; DRM_ERR_NO_KEY if the session has no 16-byte key for the key id (EVENT_KEY_REQUIRED follows, once per
///     key id until it arrives); DRM_ERR_NO_LICENSE if the key may not be used now;
///     DRM_ERR_DEVICE_TIME_ERROR if the clock was set back behind the last use of its stored license; DRM_ERR_UNKNOWN if
///     the algorithm is not supported; DRM_ERR_SERVICE_DIED if the first use of a stored license cannot be recorded, or
///     the key system failed
/// @since native_drm 0.1
///
/// # Safety
/// `info` and the subsamples that it names are readable; `data` is readable and writable for `dataLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_DecryptSample(
    mediaKeySession: *mut MediaKeySession,
    info: *const DRM_SampleInfo,
    data: *mut u8,
    dataLen: u32,
) -> ErrCodeValue {
    let done = boundary::attempt(|| sample::decrypt_at_once(mediaKeySession, info, data, dataLen));
    wipe_registers();
    match done {
        Some(()) => Drm_ErrCode::DRM_ERR_OK.into(),
        None => sample::look_into(mediaKeySession, info, data, dataLen),
    }
}

/// Decrypts a sample in place, described by an OH_AVCencInfo. Like OH_MediaKeySession_DecryptSample() otherwise.
///
/// CBC with pattern 0:0 is cbc1; for cbcs with every block encrypted set the pattern 1:0.
///
/// Any thread.
///
/// @param mediaKeySession a session that holds the key
/// @param cencInfo how the sample is encrypted; copied at the start
/// @param data the sample; may be null if dataLen is 0. Nothing else may access it during the call
/// @param dataLen bytes of data
/// @return as OH_MediaKeySession_DecryptSample(); DRM_ERR_INVALID_VAL also if cencInfo is not an OH_AVCencInfo or its
///     mode is DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET and its algorithm not DRM_ALG_CENC_UNENCRYPTED: what is not set
///     stands in the unit, where OH_MediaKeySession_DecryptAccessUnit() finds it
/// @since native_drm 0.1
///
/// # Safety
/// `data` is readable and writable for `dataLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_DecryptSampleWithCencInfo(
    mediaKeySession: *mut MediaKeySession,
    cencInfo: *mut OH_AVCencInfo,
    data: *mut u8,
    dataLen: u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| sample::decrypt_with_cenc_info(mediaKeySession, cencInfo, data, dataLen))
}

/// Decrypts the data of a buffer in place, as the OH_AVCencInfo says that OH_AVCencInfo_SetAVBuffer() attached to it.
/// The data is what offset and size of the buffer's attributes name; a size of 0 is an empty sample.
///
/// What was attached counts once. After success the data is clear and nothing is attached any more, so that a second
/// call is refused instead of garbling the data, and what is put into the buffer next cannot be taken for the sample
/// before. Where it fails, the data is as it was and what was attached stays. A clear sample needs an OH_AVCencInfo,
/// too, with DRM_ALG_CENC_UNENCRYPTED: the library cannot tell it from an encrypted one whose OH_AVCencInfo was
/// forgotten.
///
/// Any thread. Of two calls for one buffer at the same time one is refused. The buffer may be destroyed meanwhile: its
/// memory is freed when this call is done.
///
/// @param mediaKeySession a session that holds the key
/// @param buffer the buffer. Nothing else may access its data during the call
/// @return as OH_MediaKeySession_DecryptSampleWithCencInfo(); DRM_ERR_INVALID_VAL also if buffer is not an
///     OH_AVBuffer, nothing is attached to it, or another call is decrypting it
/// @since native_drm 0.1
///
/// # Safety
/// The data of `buffer` is accessed by nobody else during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_DecryptAVBuffer(
    mediaKeySession: *mut MediaKeySession,
    buffer: *mut OH_AVBuffer,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| sample::decrypt_buffer(mediaKeySession, buffer))
}

/// Decrypts several samples in place. Everything is checked before the first byte changes: when it fails, all samples are
/// as they were. Only where a plugin keeps the keys, its own failure at one sample leaves those before it decrypted. Like
/// OH_MediaKeySession_DecryptSample() otherwise.
///
/// The fastest way to decrypt small samples: blocks of several samples are in flight at the same time. What follows each
/// other should have key id, algorithm, scheme and pattern in common. Does not allocate, whatever the count is, unless
/// more than 16 keys of other sessions are used (sessionSharing) or the instance is isolated.
///
/// Each key's license is asked once, when the samples are checked. Samples that overlap, or one that is there twice,
/// have undefined bytes afterwards; nothing else is touched.
///
/// Any thread.
///
/// @param mediaKeySession a session that holds the keys
/// @param samples the samples; their data must not overlap
/// @param count number of samples; 0 does nothing
/// @param failedIndex receives the index of the sample that was refused, on failure only; may be null
/// @return as OH_MediaKeySession_DecryptSample(), for the first sample that is refused; DRM_ERR_INVALID_VAL also if the
///     program changes samples, infos or subsamples during the call, where some of the samples may have been decrypted
/// @since native_drm 0.1
///
/// # Safety
/// `samples` is readable for `count` samples, and of each: `info` and the subsamples that it names are readable, `data`
/// is readable and writable for `dataLen` bytes that belong to no other sample. `failedIndex` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_DecryptSamples(
    mediaKeySession: *mut MediaKeySession,
    samples: *const DRM_Sample,
    count: u32,
    failedIndex: *mut u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| batch::decrypt_all(mediaKeySession, samples, count as usize, failedIndex))
}

/// Gets what an OH_AVCencInfo holds as a DRM_SampleInfo, which does not need the OH_AVCencInfo any more: for players
/// that keep it with a sample of their own. OH_MediaKeySession_DecryptSample() does with it what
/// OH_MediaKeySession_DecryptSampleWithCencInfo() does with the OH_AVCencInfo.
///
/// The scheme is DRM_CENC_SCHEME_AUTO and ivLen is 16. The firstEncryptedOffset becomes a clear subsample in front.
/// With mode DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET only the algorithm is given: key id, IV, ivLen, pattern and
/// number of subsamples are 0, which decrypts nothing but a clear sample.
///
/// Any thread.
///
/// @param cencInfo the instance
/// @param dataLen bytes of the sample that is to be described; counts only if there is a firstEncryptedOffset without
///     subsamples, where the rest of the sample is protected
/// @param info in: structSize is sizeof(DRM_SampleInfo); out: all of it. Its subsamples is the parameter subsamples,
///     which the caller keeps as long as info, or null if there are none
/// @param subsamples receives the subsamples; may be null if subsampleCount says 0
/// @param subsampleCount in: subsamples that there is room for, DRM_KEY_MAX_SUB_SAMPLE_NUM + 1 is always enough; out:
///     their number, also if there is too little room
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo, a pointer is null, structSize is
///     another, or there is too little room
/// @since native_drm 0.1
///
/// # Safety
/// `structSize` of `info` is readable, `info` is writable; `subsamples` is writable for as many subsamples as
/// `subsampleCount` says; `subsampleCount` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVCencInfo_GetSampleInfo(
    cencInfo: *mut OH_AVCencInfo,
    dataLen: u32,
    info: *mut DRM_SampleInfo,
    subsamples: *mut DrmSubsample,
    subsampleCount: *mut u32,
) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| sample::describe(cencInfo, dataLen, info, subsamples, subsampleCount))
}

/// Finds a session that holds a usable key, waiting for it if necessary.
///
/// Any thread. Waiting in a callback holds up the other callbacks of the same session or instance, and no others: a key
/// that one of those would fetch does not come meanwhile.
///
/// @param mediaKeySystem the instance whose sessions are searched, newest first
/// @param keyId the key id, DRM_KEY_ID_SIZE bytes
/// @param timeoutMs milliseconds to wait; 0 = do not wait, UINT32_MAX = without limit
/// @param mediaKeySession receives the session; it still belongs to whoever created it
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, also when it is destroyed while
///     waiting, or a pointer is null; DRM_ERR_NO_KEY if no session got the key in time; DRM_ERR_SERVICE_DIED if the key system failed
/// @since native_drm 0.1
///
/// # Safety
/// `keyId` is readable for 16 bytes; `mediaKeySession` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_FindSessionByKeyId(
    mediaKeySystem: *mut MediaKeySystem,
    keyId: *const u8,
    timeoutMs: u32,
    mediaKeySession: *mut *mut MediaKeySession,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let key_id: [u8; DRM_KEY_ID_SIZE] = args::array("keyId", keyId)?;
        let out = args::out("mediaKeySession", mediaKeySession)?;
        let timeout = (timeoutMs != u32::MAX).then(|| std::time::Duration::from_millis(u64::from(timeoutMs)));
        let session = system.find_session_by_key_id(&key_id, timeout)?;
        out.write(handles::any_session_pointer(&session)?);
        Ok(())
    })
}
