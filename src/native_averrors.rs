//! `multimedia/player_framework/native_averrors.h`: the codes that OH_AVCencInfo functions return.

use crate::glue::enums::c_enum_values;

/// What OH_AVCencInfo functions return. Only AV_ERR_OK and AV_ERR_INVALID_VAL are returned by this library.
///
/// @since 9
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OH_AVErrCode {
    /// Success.
    AV_ERR_OK = 0,
    /// Out of memory.
    AV_ERR_NO_MEMORY = 1,
    /// Operation not permitted.
    AV_ERR_OPERATE_NOT_PERMIT = 2,
    /// A parameter check failed.
    AV_ERR_INVALID_VAL = 3,
    /// Input/output error.
    AV_ERR_IO = 4,
    /// Timeout.
    AV_ERR_TIMEOUT = 5,
    /// Unknown error.
    AV_ERR_UNKNOWN = 6,
    /// The service died.
    AV_ERR_SERVICE_DIED = 7,
    /// Invalid state.
    AV_ERR_INVALID_STATE = 8,
    /// Not supported.
    AV_ERR_UNSUPPORT = 9,
    /// Unusable input data.
    AV_ERR_INPUT_DATA_ERROR = 10,
    /// Unsupported format.
    AV_ERR_UNSUPPORTED_FORMAT = 11,
    /// Start of extended error numbers.
    AV_ERR_EXTEND_START = 100,
    /// Start of DRM error numbers.
    AV_ERR_DRM_BASE = 200,
    /// Decryption failed.
    AV_ERR_DRM_DECRYPT_FAILED = 201,
    /// Start of video error numbers.
    AV_ERR_VIDEO_BASE = 300,
}

c_enum_values! {
    AVErrCodeValue of OH_AVErrCode;
}
