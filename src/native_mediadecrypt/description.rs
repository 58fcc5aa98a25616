//! How a sample is encrypted, as C describes it.

use crate::native_cencinfo::{CencAlgorithmValue, DRM_KEY_ID_SIZE, DRM_KEY_IV_SIZE, DrmSubsample};

/// Value of DRM_SampleInfo.scheme: derive the scheme from algorithm and pattern. CTR without a pattern is cenc, CTR with
/// one is cens, CBC without a pattern is cbc1, CBC with one is cbcs.
pub const DRM_CENC_SCHEME_AUTO: u32 = 0;
/// Scheme "cenc": CTR, no pattern.
pub const DRM_CENC_SCHEME_CENC: u32 = 0x6365_6E63;
/// Scheme "cens": CTR with a pattern; pattern 0:0 = every whole block.
pub const DRM_CENC_SCHEME_CENS: u32 = 0x6365_6E73;
/// Scheme "cbc1": CBC, no pattern, chained across the subsamples of a sample.
pub const DRM_CENC_SCHEME_CBC1: u32 = 0x6362_6331;
/// Scheme "cbcs": CBC with a pattern, restarted at the IV for every subsample; pattern 0:0 = every whole block.
pub const DRM_CENC_SCHEME_CBCS: u32 = 0x6362_6373;

/// How one sample is encrypted (ISO/IEC 23001-7).
///
/// Set all of it to zero, then structSize to sizeof(DRM_SampleInfo), then the rest.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_SampleInfo {
    /// sizeof(DRM_SampleInfo); a later version of the library may append members.
    pub structSize: u32,
    /// The algorithm. DRM_ALG_CENC_UNENCRYPTED passes the sample through; DRM_ALG_CENC_AES_WV is not supported.
    pub algorithm: CencAlgorithmValue,
    /// DRM_CENC_SCHEME_AUTO, or the scheme's four characters as in the stream's schm box. Needed to tell cbcs with
    /// pattern 0:0 (full-sample audio in several subsamples) from cbc1.
    pub scheme: u32,
    /// Bytes used in iv: 8 or 16. In CTR modes an 8-byte IV is followed by a zero block counter; in CBC modes it is
    /// padded with zeros on the right.
    pub ivLen: u32,
    /// Key id.
    pub keyId: [u8; DRM_KEY_ID_SIZE],
    /// Initialisation vector.
    pub iv: [u8; DRM_KEY_IV_SIZE],
    /// Encrypted 16-byte blocks of the pattern; 0 with skipByteBlock 0 = no pattern.
    pub cryptByteBlock: u32,
    /// Clear 16-byte blocks of the pattern.
    pub skipByteBlock: u32,
    /// Number of subsamples, any; 0 = the whole sample is protected.
    pub subsampleCount: u32,
    /// Zero.
    pub reserved: u32,
    /// The subsamples; may be null if there are none. Their lengths must add up to the sample's.
    pub subsamples: *const DrmSubsample,
}

/// One sample of OH_MediaKeySession_DecryptSamples().
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_Sample {
    /// How the sample is encrypted.
    pub info: *const DRM_SampleInfo,
    /// The sample's bytes, decrypted in place; may be null if there are none.
    pub data: *mut u8,
    /// Number of bytes.
    pub dataLen: u32,
    /// Zero.
    pub reserved: u32,
}
