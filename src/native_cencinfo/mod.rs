//! `multimedia/player_framework/native_cencinfo.h`: OH_AVCencInfo, the encryption information of one sample.

mod functions;
pub(crate) mod object;

pub use functions::*;
pub use object::{
    CencAlgorithmValue, CencInfoModeValue, DRM_KEY_ID_SIZE, DRM_KEY_IV_SIZE, DRM_KEY_MAX_SUB_SAMPLE_NUM,
    DrmCencAlgorithm, DrmCencInfoMode, DrmSubsample, OH_AVCencInfo,
};
