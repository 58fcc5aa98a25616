//! Instances, their handles, and the constants and enums of the header.

use crate::glue::enums::c_enum_values;
use crate::glue::handle::kind;
use base::sync::Mutex;

/// Algorithms that encrypt samples.
///
/// @since 12
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrmCencAlgorithm {
    /// The sample is clear.
    DRM_ALG_CENC_UNENCRYPTED = 0,
    /// AES-128 in counter mode: schemes cenc and cens.
    DRM_ALG_CENC_AES_CTR = 1,
    /// A vendor's mode; not supported.
    DRM_ALG_CENC_AES_WV = 2,
    /// AES-128 in CBC mode: schemes cbc1 and cbcs.
    DRM_ALG_CENC_AES_CBC = 3,
    /// SM4 in CBC mode.
    DRM_ALG_CENC_SM4_CBC = 4,
    /// SM4 in counter mode.
    DRM_ALG_CENC_SM4_CTR = 5,
}

/// Whether an OH_AVCencInfo carries key id, IV and subsamples.
///
/// @since 12
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrmCencInfoMode {
    /// Key id, IV and subsamples are set.
    DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET = 0,
    /// Key id, IV and subsamples are not set.
    DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET = 1,
}

c_enum_values! {
    CencAlgorithmValue of DrmCencAlgorithm;
    CencInfoModeValue of DrmCencInfoMode;
}

/// Bytes of a key id.
pub const DRM_KEY_ID_SIZE: usize = 16;
/// Bytes of an initialisation vector.
pub const DRM_KEY_IV_SIZE: usize = 16;
/// Subsamples that an OH_AVCencInfo can hold; DRM_SampleInfo has no such limit.
pub const DRM_KEY_MAX_SUB_SAMPLE_NUM: usize = 64;

/// A clear range followed by a protected one (ISO/IEC 23001-7 section 7.2).
///
/// @since 12
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrmSubsample {
    /// Clear bytes.
    pub clearHeaderLen: u32,
    /// Protected bytes.
    pub payLoadLen: u32,
}

/// Encryption information of one sample. A handle: never dereferenced, safe to pass after destruction.
///
/// @since 12
pub struct OH_AVCencInfo {
    _handle: (),
}

/// What an `OH_AVCencInfo` holds.
#[derive(Clone)]
pub(crate) struct CencInfo {
    pub algorithm: u32,
    pub key_id: [u8; DRM_KEY_ID_SIZE],
    pub iv: [u8; DRM_KEY_IV_SIZE],
    pub encrypted_blocks: u32,
    pub skipped_blocks: u32,
    pub first_encrypted_offset: u32,
    pub subsamples: [DrmSubsample; DRM_KEY_MAX_SUB_SAMPLE_NUM],
    pub subsample_count: usize,
    pub mode: u32,
}

impl CencInfo {
    /// A clear sample's.
    pub fn new() -> Self {
        Self {
            algorithm: DrmCencAlgorithm::DRM_ALG_CENC_UNENCRYPTED as u32,
            key_id: [0; DRM_KEY_ID_SIZE],
            iv: [0; DRM_KEY_IV_SIZE],
            encrypted_blocks: 0,
            skipped_blocks: 0,
            first_encrypted_offset: 0,
            subsamples: [DrmSubsample::default(); DRM_KEY_MAX_SUB_SAMPLE_NUM],
            subsample_count: 0,
            mode: DrmCencInfoMode::DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET as u32,
        }
    }

    /// Whether key id, IV and subsamples are set.
    pub fn is_set(&self) -> bool {
        self.mode == DrmCencInfoMode::DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET as u32
    }
}

kind!(
    /// OH_AVCencInfo handles.
    CencInfos: OH_AVCencInfo => Mutex<CencInfo>, 3, "OH_AVCencInfo"
);
