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
    ErrCodeValue of super::err::Drm_ErrCode;
    /// `DRM_EventType`.
    EventTypeValue of super::common::DRM_EventType;
    /// `DRM_ContentProtectionLevel`.
    ContentProtectionLevelValue of super::common::DRM_ContentProtectionLevel;
    /// `DRM_MediaKeyType`.
    MediaKeyTypeValue of super::common::DRM_MediaKeyType;
    /// `DRM_MediaKeyRequestType`.
    MediaKeyRequestTypeValue of super::common::DRM_MediaKeyRequestType;
    /// `DRM_OfflineMediaKeyStatus`.
    OfflineMediaKeyStatusValue of super::common::DRM_OfflineMediaKeyStatus;
    /// `DRM_CertificateStatus`.
    CertificateStatusValue of super::common::DRM_CertificateStatus;
    /// `OH_AVErrCode`.
    AVErrCodeValue of super::averrors::OH_AVErrCode;
    /// `DrmCencAlgorithm`.
    CencAlgorithmValue of super::cencinfo::DrmCencAlgorithm;
    /// `DrmCencInfoMode`.
    CencInfoModeValue of super::cencinfo::DrmCencInfoMode;
    /// `AVSession_ErrCode`.
    SessionErrValue of super::avsession_errors::AVSession_ErrCode;
    /// `AVSessionCallback_Result`.
    CallbackResultValue of super::avsession_errors::AVSessionCallback_Result;
    /// `AVMetadata_Result`.
    MetadataResultValue of super::avsession_errors::AVMetadata_Result;
    /// `AVSession_Type`.
    SessionTypeValue of super::avsession_base::AVSession_Type;
    /// `AVSession_PlaybackState`.
    PlaybackStateValue of super::avsession_base::AVSession_PlaybackState;
    /// `AVSession_LoopMode`.
    LoopModeValue of super::avsession_base::AVSession_LoopMode;
    /// `AVSession_ControlCommand`.
    ControlCommandValue of super::avsession_base::AVSession_ControlCommand;
    /// `AVMetadata_SkipIntervals`.
    SkipIntervalsValue of super::avsession_base::AVMetadata_SkipIntervals;
    /// `DRM_LicenseProfile`.
    LicenseProfileValue of super::drm_license::DRM_LicenseProfile;
    /// `NativeDrm_LogLevel`.
    LogLevelValue of super::drm_extension::NativeDrm_LogLevel;
}
