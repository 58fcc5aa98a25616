//! The function that decrypts access units, and what C describes them with.

use super::unit;
use crate::glue::boundary;
use crate::native_cencinfo::{DRM_KEY_ID_SIZE, DRM_KEY_IV_SIZE};
use crate::native_drm_common::MediaKeySession;
use crate::native_drm_err::{Drm_ErrCode, ErrCodeValue};
use base::secret::wipe_registers;

/// Value of DRM_AccessUnitInfo.format: H.264 with content encryption information of ChinaDRM (CEI) in SEI messages.
pub const DRM_ACCESS_UNIT_CEI_H264: u32 = 1;
/// H.265 with CEI in prefix SEI messages.
pub const DRM_ACCESS_UNIT_CEI_H265: u32 = 2;
/// AVS3 with CEI in extensions.
pub const DRM_ACCESS_UNIT_CEI_AVS3: u32 = 3;
/// SAMPLE-AES (Apple, "MPEG-2 Stream Encryption Format for HTTP Live Streaming"): H.264.
pub const DRM_ACCESS_UNIT_SAMPLE_AES_H264: u32 = 4;
/// SAMPLE-AES: AAC in ADTS frames.
pub const DRM_ACCESS_UNIT_SAMPLE_AES_AAC: u32 = 5;
/// SAMPLE-AES: AC-3.
pub const DRM_ACCESS_UNIT_SAMPLE_AES_AC3: u32 = 6;
/// SAMPLE-AES: Enhanced AC-3.
pub const DRM_ACCESS_UNIT_SAMPLE_AES_EAC3: u32 = 7;

/// Bit of DRM_AccessUnitState.flags: there was CEI in the stream; without it all other members are zero.
pub const DRM_ACCESS_UNIT_HAS_CEI: u32 = 1;
/// Slices are encrypted; keyId, iv and ivLen say how.
pub const DRM_ACCESS_UNIT_ENCRYPTED: u32 = 2;
/// The key id that will be used next is announced in nextKeyId: time to request its key.
pub const DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID: u32 = 4;
/// Slices have no second layer of emulation prevention.
pub const DRM_ACCESS_UNIT_ONE_PREVENTION: u32 = 8;
/// A descriptor has named the algorithm.
pub const DRM_ACCESS_UNIT_HAS_ALGORITHM: u32 = 16;

/// What does not stand in the access units of a stream.
///
/// Set all of it to zero, then structSize to sizeof(DRM_AccessUnitInfo), then the rest.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_AccessUnitInfo {
    /// sizeof(DRM_AccessUnitInfo); a later version of the library may append members.
    pub structSize: u32,
    /// Codec and kind of encryption, one of the DRM_ACCESS_UNIT_CEI_... and DRM_ACCESS_UNIT_SAMPLE_AES_... constants.
    pub format: u32,
    /// H.264 and H.265: 0 = start codes, as in MPEG-TS; 1, 2 or 4 = bytes of the length before each NAL unit, as in MP4.
    /// Otherwise 0.
    pub nalLengthSize: u32,
    /// CEI: the video's algorithm by the descriptor in the program map (tag 0xC0, low nibble of its first byte), which holds
    /// until a descriptor in the stream does: 1 = SM4-CBC 1:9, 2 = AES-CBC 1:9, 3 = SM4-CBC, 5 = AES-CBC; 0 = not known.
    /// SAMPLE-AES: 0.
    pub algorithm: u32,
    /// SAMPLE-AES: key id. CEI: not looked at, it stands in the stream.
    pub keyId: [u8; DRM_KEY_ID_SIZE],
    /// SAMPLE-AES: IV of the playlist. CEI: not looked at.
    pub iv: [u8; DRM_KEY_IV_SIZE],
}

/// What the last CEI of a stream said. Zero at the start of a stream and after a seek; SAMPLE-AES leaves it as it is.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_AccessUnitState {
    /// DRM_ACCESS_UNIT_HAS_CEI and the other bits.
    pub flags: u32,
    /// The algorithm, as in DRM_AccessUnitInfo, 0 also being no encryption.
    pub algorithm: u32,
    /// Bytes used in iv.
    pub ivLen: u32,
    /// Zero.
    pub reserved: u32,
    /// Key id.
    pub keyId: [u8; DRM_KEY_ID_SIZE],
    /// The key id that will be used next.
    pub nextKeyId: [u8; DRM_KEY_ID_SIZE],
    /// IV.
    pub iv: [u8; DRM_KEY_IV_SIZE],
    /// Zero.
    pub reservedForLater: [u8; 64],
}

/// Decrypts an access unit in place that says itself how it is encrypted: where OpenHarmony's OH_AVCencInfo has the mode
/// DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET, in MPEG-TS and HLS packed audio. The unit gets shorter if the encryptor added
/// emulation prevention.
///
/// Everything is checked before the first byte changes: when it fails, the unit, dataLen and state are as they were. Does
/// not allocate, log or take a lock that another decrypt can hold, as OH_MediaKeySession_DecryptSample(), whose policies,
/// statistics and EVENT_KEY_REQUIRED apply. A unit with nothing encrypted in it passes through and needs no key.
///
/// CEI: information counts from the unit that has it in front of its first slice; before the first information, units are
/// clear. The first slice of a unit that is long enough is encrypted, and no other, as in OpenHarmony's decoders.
///
/// Any thread; several at the same time on one session, each stream with its own state.
///
/// @param mediaKeySession a session that holds the key
/// @param info what does not stand in the unit; read during the call
/// @param state what the stream said before; belongs to the caller
/// @param data the unit: whole NAL units of one access unit, or whole audio frames, any number of them. Nothing else may
///     access it during the call
/// @param dataLen in: bytes of data, 1 to 268435456; out: bytes that the unit has now
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, structSize or
///     another member of info or state is out of range, the unit has no start code at its beginning or no frame where one
///     must be, a length in it goes beyond its end, CEI is cut off, has an IV of more than 16 bytes, encrypts with an IV of
///     another length than 8 or 16 or with an algorithm that is unknown, or an encrypted slice ends with emulation
///     prevention; DRM_ERR_UNKNOWN if a plugin keeps the key; DRM_ERR_NO_KEY, DRM_ERR_NO_LICENSE, DRM_ERR_DEVICE_TIME_ERROR
///     and DRM_ERR_SERVICE_DIED as OH_MediaKeySession_DecryptSample()
/// @since native_drm 0.1
///
/// # Safety
/// `info` is readable; `state` and `dataLen` are readable and writable; `data` is readable and writable for `*dataLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_DecryptAccessUnit(
    mediaKeySession: *mut MediaKeySession,
    info: *const DRM_AccessUnitInfo,
    state: *mut DRM_AccessUnitState,
    data: *mut u8,
    dataLen: *mut u32,
) -> ErrCodeValue {
    let done = boundary::attempt(|| unit::decrypt_at_once(mediaKeySession, info, state, data, dataLen));
    wipe_registers();
    match done {
        Some(()) => Drm_ErrCode::DRM_ERR_OK.into(),
        None => unit::look_into(mediaKeySession, info, state, data, dataLen),
    }
}
