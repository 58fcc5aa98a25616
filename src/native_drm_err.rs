//! `multimedia/drm_framework/native_drm_err.h`: the codes that DRM functions return.

use crate::glue::enums::c_enum_values;

/// What DRM functions return.
///
/// The numbers of the codes that this library returns are those of OpenHarmony's DrmErrorCode. The members marked
/// "never returned" keep the NDK's numbers, so that sources written for the NDK compile.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drm_ErrCode {
    /// Success.
    DRM_ERR_OK = 0,
    /// A parameter check failed: null, stale, foreign or destroyed handle; empty or overlong string; length or enum
    /// value out of range; buffer too small. Nothing was changed.
    DRM_ERR_INVALID_VAL = 401,
    /// The call was well formed but could not be done: malformed license or init data, no such configuration name or
    /// offline key, unsupported scheme. OH_Drm_GetLastErrorMessage() has the reason.
    DRM_ERR_UNKNOWN = 24_700_101,
    /// 64 MediaKeySystem instances of this key system exist already.
    DRM_ERR_MAX_SYSTEM_NUM_REACHED = 24_700_103,
    /// 64 MediaKeySession instances of this MediaKeySystem exist already.
    DRM_ERR_MAX_SESSION_NUM_REACHED = 24_700_104,
    /// The device has not been provisioned.
    DRM_ERR_NOT_PROVISIONED = 24_700_105,
    /// There is no device certificate.
    DRM_ERR_NO_DEVICE_CERT = 24_700_106,
    /// The device certificate has been revoked.
    DRM_ERR_DRM_CERTIFICATES_REVOKED = 24_700_107,
    /// The device's clock cannot be trusted.
    DRM_ERR_DEVICE_TIME_ERROR = 24_700_108,
    /// The license service refused.
    DRM_ERR_SERVICE_DENIED = 24_700_109,
    /// The key is present, but its license does not allow to use it now.
    DRM_ERR_NO_LICENSE = 24_700_110,
    /// The session has no key for this key id.
    DRM_ERR_NO_KEY = 24_700_111,
    /// The key system itself failed: it panicked, its storage cannot be read or written, no thread for callbacks can be
    /// started, too many events wait for a callback, there is no memory for keys, or the host process of an isolated
    /// instance has ended.
    DRM_ERR_SERVICE_DIED = 24_700_201,
    /// Never returned: base of the NDK's error numbers.
    DRM_CAPI_ERR_BASE = 24_700_500,
    /// Never returned: out of memory.
    DRM_ERR_NO_MEMORY = 24_700_501,
    /// Never returned: operation not permitted.
    DRM_ERR_OPERATION_NOT_PERMITTED = 24_700_502,
    /// Never returned: input/output error.
    DRM_ERR_IO = 24_700_504,
    /// Never returned: timeout.
    DRM_ERR_TIMEOUT = 24_700_505,
    /// Never returned: invalid state.
    DRM_ERR_INVALID_STATE = 24_700_508,
    /// Never returned: unsupported.
    DRM_ERR_UNSUPPORTED = 24_700_509,
    /// Never returned: start of extended error numbers.
    DRM_ERR_EXTEND_START = 24_700_600,
}

/// OpenHarmony's documentation calls the type DrmErrorCode.
pub type DrmErrorCode = Drm_ErrCode;

impl Drm_ErrCode {
    /// The code that a function of this library fails with and that has this number.
    pub(crate) fn of_failure(number: u32) -> Option<Self> {
        let all = [
            Self::DRM_ERR_INVALID_VAL,
            Self::DRM_ERR_UNKNOWN,
            Self::DRM_ERR_MAX_SYSTEM_NUM_REACHED,
            Self::DRM_ERR_MAX_SESSION_NUM_REACHED,
            Self::DRM_ERR_NOT_PROVISIONED,
            Self::DRM_ERR_DEVICE_TIME_ERROR,
            Self::DRM_ERR_SERVICE_DENIED,
            Self::DRM_ERR_NO_LICENSE,
            Self::DRM_ERR_NO_KEY,
            Self::DRM_ERR_SERVICE_DIED,
        ];
        all.into_iter().find(|code| *code as u32 == number)
    }
}

c_enum_values! {
    ErrCodeValue of Drm_ErrCode;
}
