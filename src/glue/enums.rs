//! C enums as Rust receives them: transparent integers, so that a value out of range is only a wrong number.
//!
//! cbindgen never sees this file; build.rs maps each type back to the C enum's name.

macro_rules! c_enum_values {
    ($($(#[$doc:meta])* $value:ident of $enumeration:path;)*) => {$(
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $value(pub u32);

        impl From<$enumeration> for $value {
            fn from(member: $enumeration) -> Self {
                Self(member as u32)
            }
        }
    )*};
}

c_enum_values! {
    /// `Drm_ErrCode`.
    ErrCodeValue of crate::native_drm_err::Drm_ErrCode;
    /// `DRM_EventType`.
    EventTypeValue of crate::native_drm_common::DRM_EventType;
    /// `DRM_ContentProtectionLevel`.
    ContentProtectionLevelValue of crate::native_drm_common::DRM_ContentProtectionLevel;
    /// `DRM_MediaKeyType`.
    MediaKeyTypeValue of crate::native_drm_common::DRM_MediaKeyType;
    /// `DRM_MediaKeyRequestType`.
    MediaKeyRequestTypeValue of crate::native_drm_common::DRM_MediaKeyRequestType;
    /// `DRM_OfflineMediaKeyStatus`.
    OfflineMediaKeyStatusValue of crate::native_drm_common::DRM_OfflineMediaKeyStatus;
    /// `DRM_CertificateStatus`.
    CertificateStatusValue of crate::native_drm_common::DRM_CertificateStatus;
    /// `OH_AVErrCode`.
    AVErrCodeValue of crate::native_averrors::OH_AVErrCode;
    /// `DrmCencAlgorithm`.
    CencAlgorithmValue of crate::native_cencinfo::DrmCencAlgorithm;
    /// `DrmCencInfoMode`.
    CencInfoModeValue of crate::native_cencinfo::DrmCencInfoMode;
    /// `AVSession_ErrCode`.
    SessionErrValue of crate::native_avsession_errors::AVSession_ErrCode;
    /// `AVSessionCallback_Result`.
    CallbackResultValue of crate::native_avsession_errors::AVSessionCallback_Result;
    /// `AVMetadata_Result`.
    MetadataResultValue of crate::native_avsession_errors::AVMetadata_Result;
    /// `AVSession_Type`.
    SessionTypeValue of crate::native_avsession_base::AVSession_Type;
    /// `AVSession_PlaybackState`.
    PlaybackStateValue of crate::native_avsession_base::AVSession_PlaybackState;
    /// `AVSession_LoopMode`.
    LoopModeValue of crate::native_avsession_base::AVSession_LoopMode;
    /// `AVSession_ControlCommand`.
    ControlCommandValue of crate::native_avsession_base::AVSession_ControlCommand;
    /// `AVMetadata_SkipIntervals`.
    SkipIntervalsValue of crate::native_avsession_base::AVMetadata_SkipIntervals;
    /// `DRM_LicenseProfile`.
    LicenseProfileValue of crate::native_drm_license::DRM_LicenseProfile;
    /// `NativeDrm_LogLevel`.
    LogLevelValue of crate::native_drm_extension::NativeDrm_LogLevel;
}
