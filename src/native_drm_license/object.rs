//! License templates and their handles.

use crate::glue::args;
use crate::glue::enums::c_enum_values;
use crate::glue::error::{Error, Result};
use crate::glue::handle::kind;
use base::sync::Mutex;
use license::template::{Policy, Profile, Refusal, Setting, StoredPolicy, Template, Warning};

/// The rules that a license template is held to.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_LicenseProfile {
    /// Enforces every rule.
    DRM_LICENSE_PROFILE_STRICT = 0,
    /// What the samples of Azure Media Services send is accepted with warnings: allowed_track_types beside
    /// content_key_specs, unknown fields, upper-case HDCP, null members.
    DRM_LICENSE_PROFILE_AZURE = 1,
}

c_enum_values! {
    LicenseProfileValue of DRM_LicenseProfile;
}

/// A license template. A handle: never dereferenced, safe to pass after destruction.
///
/// @since native_drm 0.1
pub struct OH_DrmLicenseTemplate {
    _handle: (),
}

/// What an `OH_DrmLicenseTemplate` holds.
pub(crate) struct LicenseTemplate {
    pub profile: Profile,
    pub template: Template,
    /// Of reading the message.
    pub warnings: Vec<Warning>,
    /// Of the last call that can be refused.
    pub refusal: Option<Refusal>,
}

impl LicenseTemplate {
    /// Does what may be refused and keeps the refusal for the getters.
    pub fn attempt<T>(&mut self, action: impl FnOnce(&mut Self) -> std::result::Result<T, Refusal>) -> Result<T> {
        let result = action(self);
        self.refusal = result.as_ref().err().cloned();
        Ok(result?)
    }

    /// Sets a field.
    pub fn set(&mut self, pointer: &str, value: Setting<'_>) -> Result<()> {
        self.attempt(|this| this.template.set(pointer, value))
    }

    /// The effective policy on top of a stored one, and what is doubtful about it.
    pub fn effective_policy(&mut self, stored: Option<&str>) -> Result<(Policy, Vec<Warning>)> {
        self.attempt(|this| {
            let mut warnings = this.warnings.clone();
            warnings.extend(this.template.validate(this.profile)?);
            let stored = match stored {
                Some(text) => {
                    let (stored, of_stored) = StoredPolicy::parse(text.as_bytes(), this.profile)?;
                    warnings.extend(of_stored);
                    Some(stored)
                }
                None => None,
            };
            let policy = this.template.effective_policy(stored.as_ref())?;
            warnings.extend(policy.warnings());
            Ok((policy, warnings))
        })
    }

    /// The last refusal.
    pub fn refusal(&self) -> Result<&Refusal> {
        self.refusal.as_ref().ok_or_else(|| Error::Refused("nothing was refused".into()))
    }
}

/// The profile that a `DRM_LicenseProfile` names.
pub(crate) fn checked_profile(value: LicenseProfileValue) -> Result<Profile> {
    args::member("profile", value, |number| match number {
        0 => Some(Profile::Strict),
        1 => Some(Profile::Azure),
        _ => None,
    })
}

kind!(
    /// OH_DrmLicenseTemplate handles.
    LicenseTemplates: OH_DrmLicenseTemplate => Mutex<LicenseTemplate>, 8, "OH_DrmLicenseTemplate"
);
