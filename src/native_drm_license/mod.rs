//! `multimedia/drm_framework/native_drm_license.h`: license templates.

mod functions;
mod object;

pub use functions::*;
#[cfg(feature = "license-service")]
pub(crate) use object::checked_profile;
pub use object::{DRM_LicenseProfile, LicenseProfileValue, OH_DrmLicenseTemplate};
