//! The functions for license templates.

use std::ffi::c_char;
use std::sync::Arc;

use serde::Serialize;

use super::object::{LicenseProfileValue, LicenseTemplate, LicenseTemplates, OH_DrmLicenseTemplate, checked_profile};
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::native_drm_err::ErrCodeValue;
use base::secret::SecretString;
use base::sync::Mutex;
use license::template::{Setting, Template, WarningRule, parse};

/// Bytes of a template or stored policy as JSON, for NUL-terminated ones including the NUL.
pub const NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN: usize = 1_048_576;
/// Bytes of a JSON pointer argument, including its NUL.
pub const NATIVE_DRM_MAX_LICENSE_POINTER_LEN: usize = 1024;

/// Creates a template without any field, like the message {}.
///
/// Any thread.
///
/// @param profile the rules that it will be held to, one of DRM_LicenseProfile
/// @param licenseTemplate receives the template, to be destroyed with OH_DrmLicenseTemplate_Destroy()
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if profile is not a DRM_LicenseProfile or licenseTemplate is null;
///     DRM_ERR_UNKNOWN if there are 65,536 templates
/// @since native_drm 0.1
///
/// # Safety
/// `licenseTemplate` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_Create(
    profile: LicenseProfileValue,
    licenseTemplate: *mut *mut OH_DrmLicenseTemplate,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let profile = checked_profile(profile)?;
        let out = args::out("licenseTemplate", licenseTemplate)?;
        let template = LicenseTemplate { profile, template: Template::default(), warnings: Vec::new(), refusal: None };
        out.write(LicenseTemplates::insert(Arc::new(Mutex::new(template)))?);
        Ok(())
    })
}

/// Destroys a template and erases the keys in it.
///
/// Any thread.
///
/// @param licenseTemplate the template; stale afterwards
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_DrmLicenseTemplate_Destroy(licenseTemplate: *mut OH_DrmLicenseTemplate) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| LicenseTemplates::take("licenseTemplate", licenseTemplate).map(drop))
}

/// Replaces a template by a message. Every rule is checked; if one is broken the template stays as it was and
/// OH_DrmLicenseTemplate_GetRefusal() tells which.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param json the message, JSON in UTF-8; a NUL at the end is not part of it
/// @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, json is null or jsonLen is
///     out of range; DRM_ERR_UNKNOWN if the message is refused
/// @since native_drm 0.1
///
/// # Safety
/// `json` is readable for `jsonLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_Parse(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    json: *const u8,
    jsonLen: u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        let length = jsonLen as usize;
        if length > NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN {
            return Err(Error::invalid("jsonLen", "more than NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN"));
        }
        let text = args::bytes("json", "jsonLen", json, length)?;
        held.attempt(|held| {
            let parsed = parse(text, held.profile)?;
            held.template = parsed.template;
            held.warnings = parsed.warnings;
            // This one belongs to the template, which may change, not to the message.
            held.warnings.retain(|warning| warning.rule() != WarningRule::BothSelectors);
            Ok(())
        })
    })
}

/// Sets a boolean field.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param pointer JSON pointer to the field, such as "/policy_overrides/can_play", less than
///     NATIVE_DRM_MAX_LICENSE_POINTER_LEN bytes; objects on the way come into being, as does the element of
///     content_key_specs after the last one
/// @param value the value
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, or pointer is null, empty or
///     too long; DRM_ERR_UNKNOWN if there is no such field or it does not take this value; the template is unchanged then
/// @since native_drm 0.1
///
/// # Safety
/// `pointer` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_SetBool(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    pointer: *const c_char,
    value: bool,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        held.set(&args::string("pointer", pointer, NATIVE_DRM_MAX_LICENSE_POINTER_LEN)?, Setting::Boolean(value))
    })
}

/// Sets a duration (seconds, 0 = unlimited) or a security level (1 to 5).
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param pointer JSON pointer to the field, as for OH_DrmLicenseTemplate_SetBool()
/// @param value the value
/// @return as OH_DrmLicenseTemplate_SetBool()
/// @since native_drm 0.1
///
/// # Safety
/// `pointer` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_SetInt(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    pointer: *const c_char,
    value: i64,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        held.set(&args::string("pointer", pointer, NATIVE_DRM_MAX_LICENSE_POINTER_LEN)?, Setting::Integer(value))
    })
}

/// Sets a text, an enum (its word) or bytes (padded standard base64).
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param pointer JSON pointer to the field, as for OH_DrmLicenseTemplate_SetBool()
/// @param value the value, UTF-8, less than NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN bytes, may be empty; copied
/// @return as OH_DrmLicenseTemplate_SetBool(); DRM_ERR_INVALID_VAL also if value is null, too long or not UTF-8
/// @since native_drm 0.1
///
/// # Safety
/// `pointer` and `value` are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_SetString(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    pointer: *const c_char,
    value: *const c_char,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        let pointer = args::string("pointer", pointer, NATIVE_DRM_MAX_LICENSE_POINTER_LEN)?;
        // It may be a key.
        let value = SecretString::from(args::string_or_empty("value", value, NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN)?);
        held.set(&pointer, Setting::Text(&value))
    })
}

/// Holds a template to the rules between its fields, such as one that was built field by field.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate; DRM_ERR_UNKNOWN if the
///     template is refused
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_DrmLicenseTemplate_Validate(licenseTemplate: *mut OH_DrmLicenseTemplate) -> ErrCodeValue {
    change(licenseTemplate, |held| held.attempt(|held| held.template.validate(held.profile)).map(drop))
}

/// Writes a template as JSON: fields without a value are left out, enums are words. It may contain content keys.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param json receives the text and a NUL
/// @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, a pointer is null or the
///     room is too small
/// @since native_drm 0.1
///
/// # Safety
/// `json` is writable for as many bytes as `jsonLen` says; `jsonLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_Serialize(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    json: *mut c_char,
    jsonLen: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| args::text_out("json", json, "jsonLen", jsonLen)?.write(&held.template.to_json()))
}

/// Writes the effective policy as JSON, with a value for every field: field defaults, then the stored policy, then the
/// template's policy_overrides. With use_policy_overrides_exclusively the stored policy drops out.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param storedPolicy the stored policy as JSON: the fields of policy_overrides and rental_scope ("start_window" or
///     "absolute"), less than NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN bytes; null for a service's default, {"can_play":true}
/// @param json receives the text and a NUL
/// @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, storedPolicy is empty, too
///     long or not UTF-8, another pointer is null or the room is too small; DRM_ERR_UNKNOWN if the template or the stored
///     policy is refused
/// @since native_drm 0.1
///
/// # Safety
/// `storedPolicy` is a string; `json` is writable for as many bytes as `jsonLen` says; `jsonLen` is readable and
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_GetEffectivePolicy(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    storedPolicy: *const c_char,
    json: *mut c_char,
    jsonLen: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        let out = args::text_out("json", json, "jsonLen", jsonLen)?;
        let stored = stored_policy(storedPolicy)?;
        out.write(&to_json(&held.effective_policy(stored.as_deref())?.0)?)
    })
}

/// Writes what is doubtful about a template and its effective policy as a JSON array of
/// {"rule","pointer","message"}; it may be empty.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param storedPolicy the stored policy, as for OH_DrmLicenseTemplate_GetEffectivePolicy()
/// @param json receives the text and a NUL
/// @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
/// @return as OH_DrmLicenseTemplate_GetEffectivePolicy()
/// @since native_drm 0.1
///
/// # Safety
/// `storedPolicy` is a string; `json` is writable for as many bytes as `jsonLen` says; `jsonLen` is readable and
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_GetWarnings(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    storedPolicy: *const c_char,
    json: *mut c_char,
    jsonLen: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        let out = args::text_out("json", json, "jsonLen", jsonLen)?;
        let stored = stored_policy(storedPolicy)?;
        out.write(&to_json(&held.effective_policy(stored.as_deref())?.1)?)
    })
}

/// Gets the status of the last refusal as HTTP numbers it: 400 malformed, 422 invalid.
///
/// The refusal is that of the last Parse, Set…, Validate, GetEffectivePolicy or GetWarnings of this template; one that
/// succeeds clears it.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param status receives the status, 0 if that call was not refused
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate or status is null
/// @since native_drm 0.1
///
/// # Safety
/// `status` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_GetRefusalStatus(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    status: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        args::out("status", status)?.write(held.refusal.as_ref().map_or(0, |refusal| refusal.status().into()));
        Ok(())
    })
}

/// Gets the id of the rule that the last refusal names, such as "SPEC_WITHOUT_TRACK_TYPE".
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param rule receives the id and a NUL; 64 bytes are always enough
/// @param ruleLen in: room in rule, at least 1; out: bytes of id and NUL, also if the room is too small
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, a pointer is null or the
///     room is too small; DRM_ERR_UNKNOWN if nothing was refused
/// @since native_drm 0.1
///
/// # Safety
/// `rule` is writable for as many bytes as `ruleLen` says; `ruleLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_GetRefusalRule(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    rule: *mut c_char,
    ruleLen: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| args::text_out("rule", rule, "ruleLen", ruleLen)?.write(held.refusal()?.rule().id()))
}

/// Gets the place of the last refusal as a JSON pointer (RFC 6901), empty for the whole message. As long as the names in
/// the message.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param pointer receives the pointer and a NUL
/// @param pointerLen in: room in pointer, at least 1; out: bytes of pointer and NUL, also if the room is too small
/// @return as OH_DrmLicenseTemplate_GetRefusalRule()
/// @since native_drm 0.1
///
/// # Safety
/// `pointer` is writable for as many bytes as `pointerLen` says; `pointerLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_GetRefusalPointer(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    pointer: *mut c_char,
    pointerLen: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| {
        args::text_out("pointer", pointer, "pointerLen", pointerLen)?.write(held.refusal()?.pointer())
    })
}

/// Writes the last refusal as a JSON object: status, reason, rule, pointer, message, and suggestion where there is one.
///
/// Any thread.
///
/// @param licenseTemplate the template
/// @param json receives the text and a NUL
/// @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
/// @return as OH_DrmLicenseTemplate_GetRefusalRule()
/// @since native_drm 0.1
///
/// # Safety
/// `json` is writable for as many bytes as `jsonLen` says; `jsonLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseTemplate_GetRefusal(
    licenseTemplate: *mut OH_DrmLicenseTemplate,
    json: *mut c_char,
    jsonLen: *mut u32,
) -> ErrCodeValue {
    change(licenseTemplate, |held| args::text_out("json", json, "jsonLen", jsonLen)?.write(&to_json(held.refusal()?)?))
}

fn change(
    template: *const OH_DrmLicenseTemplate,
    action: impl FnOnce(&mut LicenseTemplate) -> Result<()>,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| action(&mut LicenseTemplates::find("licenseTemplate", template)?.lock()))
}

fn stored_policy(pointer: *const c_char) -> Result<Option<String>> {
    if pointer.is_null() {
        return Ok(None);
    }
    args::string("storedPolicy", pointer, NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN).map(Some)
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string().into()))
}
