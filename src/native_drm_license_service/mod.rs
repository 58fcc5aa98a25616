//! `multimedia/drm_framework/native_drm_license_service.h`: the license service in the program itself.

mod functions;
pub(crate) mod object;

pub use functions::*;
pub use object::{NATIVE_DRM_LICENSE_ID_LEN, OH_DrmLicenseService, OH_DrmLicenseService_Answer};
