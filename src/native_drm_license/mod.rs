//! `multimedia/drm_framework/native_drm_license.h`: license templates.

mod functions;
pub(crate) mod object;

pub use functions::*;
pub use object::{DRM_LicenseProfile, LicenseProfileValue, OH_DrmLicenseTemplate};
