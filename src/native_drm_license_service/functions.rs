//! The functions of the license service.

use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::object::{LicenseServices, OH_DrmLicenseService, OH_DrmLicenseService_Answer, ServiceObject};
use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::{NATIVE_DRM_MAX_CONFIG_NAME_LEN, NATIVE_DRM_MAX_RESPONSE_LEN};
use crate::native_drm_license::LicenseProfileValue;
use crate::native_drm_license::object::checked_profile;
use base::secret::{SecretString, on_clean_stack};
use base::sync::Mutex;
use license::protocol::Fixed;
use license_service::{Catalog, Content, Service, SettableClock, Settings};

/// Bytes in the longest directory name, including its NUL.
pub const NATIVE_DRM_MAX_LICENSE_PATH_LEN: usize = 4096;
/// Bytes in the longest message.
pub const NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN: usize = 262_144;

fn call(body: impl FnOnce() -> Result<()>) -> ErrCodeValue {
    on_clean_stack(|| boundary::call::<DrmCode>(body))
}

/// Creates a license service.
///
/// With a directory its keys, contents, policies, devices and licenses outlive the program; one process at a time uses a
/// directory. Without, they end with the service.
///
/// Any thread.
///
/// @param directory the directory, created where it is missing, NUL-terminated UTF-8, 1 to
///     NATIVE_DRM_MAX_LICENSE_PATH_LEN - 1 bytes; null for none
/// @param profile the rules that license templates are held to, one of DRM_LicenseProfile
/// @param service receives the service; destroy it with OH_DrmLicenseService_Destroy()
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if service is null, directory is not a valid string or profile is not a
///     DRM_LicenseProfile; DRM_ERR_SERVICE_DIED if the directory cannot be used or is in use; DRM_ERR_UNKNOWN if there are
///     65,536 services
/// @since native_drm 0.1
///
/// # Safety
/// `directory` is a string; `service` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_Create(
    directory: *const c_char,
    profile: LicenseProfileValue,
    service: *mut *mut OH_DrmLicenseService,
) -> ErrCodeValue {
    call(|| {
        let out = args::out("service", service)?;
        let directory = if directory.is_null() {
            None
        } else {
            Some(args::string("directory", directory, NATIVE_DRM_MAX_LICENSE_PATH_LEN)?)
        };
        let profile = checked_profile(profile)?;
        let settings = Settings { profile, ..Settings::default() };
        boundary::read_environment();
        let clock = Arc::new(SettableClock::new());
        let service = match directory {
            Some(directory) => Service::in_directory(Path::new(&directory), clock.clone(), settings)?,
            None => Service::in_memory(clock.clone(), settings)?,
        };
        out.write(LicenseServices::insert(Arc::new(ServiceObject {
            service,
            clock,
            answered: AtomicU64::new(0),
            waiting: Mutex::new(None),
        }))?);
        Ok(())
    })
}

/// Destroys a license service. What was in its directory stays there.
///
/// Any thread. Calls that are running on other threads end normally.
///
/// @param service the service
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if service is not a license service
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_DrmLicenseService_Destroy(service: *mut OH_DrmLicenseService) -> ErrCodeValue {
    call(|| LicenseServices::take("service", service).map(drop))
}

/// Adds a content, or replaces the one with the same id.
///
/// The text is JSON: `{"content_id": base64, "provider": name, "policy": name, "require_provider": true, "keys": [{"track_type":
/// "SD", "key_id": base64 of 16 bytes, "key": base64 of 16 bytes, "security_level": 1 to 5, "hdcp": "HDCP_NONE"}]}`. All but
/// content_id (1 to 1,024 bytes), key_id and key may be missing. Without keys, the tracks AUDIO, SD, HD, UHD1 and UHD2 have keys
/// that are derived from content_id; OH_DrmLicenseService_GetContentKey() tells them.
///
/// require_provider counts where the directory is used by native-drm-license-server: devices then get licenses only through a
/// message of the provider. If it is missing, it is whether the provider has a token.
///
/// Any thread.
///
/// @param service the service
/// @param json the text, UTF-8
/// @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters, ids or keys, if a key id belongs to another content, or if
///     require_provider is true without a provider;
///     DRM_ERR_UNKNOWN if the text is malformed; DRM_ERR_SERVICE_DIED if the directory cannot be written
/// @since native_drm 0.1
///
/// # Safety
/// `json` is readable for `jsonLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_AddContent(
    service: *mut OH_DrmLicenseService,
    json: *const u8,
    jsonLen: u32,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        let json = text("json", "jsonLen", json, jsonLen)?;
        Ok(object.service.add_content(&Content::parse(json)?)?)
    })
}

/// Adds a policy, or replaces the one with the same name. `default` is the name of the policy for all content that has no
/// other.
///
/// Any thread.
///
/// @param service the service
/// @param name the name, NUL-terminated UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param json the policy as an object with the fields of `policy_overrides`, and perhaps `rental_scope`
/// @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_UNKNOWN if the policy breaks a rule of the license
///     template; DRM_ERR_SERVICE_DIED if the directory cannot be written
/// @since native_drm 0.1
///
/// # Safety
/// `name` is a string; `json` is readable for `jsonLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_AddPolicy(
    service: *mut OH_DrmLicenseService,
    name: *const c_char,
    json: *const u8,
    jsonLen: u32,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        let name = args::string("name", name, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        Ok(object.service.add_policy(&name, text("json", "jsonLen", json, jsonLen)?)?)
    })
}

/// Adds a provider, or replaces the one with the same name.
///
/// Any thread.
///
/// @param service the service
/// @param name the name, NUL-terminated UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param token with which it authenticates where the directory is used by native-drm-license-server, NUL-terminated UTF-8,
///     16 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes; null for none
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_SERVICE_DIED if the directory cannot be written
/// @since native_drm 0.1
///
/// # Safety
/// `name` and `token` are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_AddProvider(
    service: *mut OH_DrmLicenseService,
    name: *const c_char,
    token: *const c_char,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        let name = args::string("name", name, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let token = if token.is_null() {
            None
        } else {
            Some(SecretString::from(args::string("token", token, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?))
        };
        Ok(object.service.add_provider(&name, token.as_deref())?)
    })
}

/// Adds providers, policies and contents from one text: `{"providers": [{"name", "token"}], "policies": {name: policy},
/// "contents": [content]}`, each part as the functions for one of them take it.
///
/// Any thread.
///
/// @param service the service
/// @param json the text, UTF-8
/// @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
/// @return as those functions; what comes before the part that failed is then added
/// @since native_drm 0.1
///
/// # Safety
/// `json` is readable for `jsonLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_AddCatalog(
    service: *mut OH_DrmLicenseService,
    json: *const u8,
    jsonLen: u32,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        Ok(object.service.add_catalog(&Catalog::parse(text("json", "jsonLen", json, jsonLen)?)?)?)
    })
}

/// Gets key id and key of a content's track, for whoever encrypts it.
///
/// Any thread.
///
/// @param service the service
/// @param contentId the content's id
/// @param contentIdLen bytes of contentId, at least 1
/// @param trackType the track type, NUL-terminated UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param keyId receives the key id, 16 bytes
/// @param key receives the key, 16 bytes
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_UNKNOWN if there is no such content or track;
///     DRM_ERR_SERVICE_DIED if the directory cannot be read
/// @since native_drm 0.1
///
/// # Safety
/// `contentId` is readable for `contentIdLen` bytes; `trackType` is a string; `keyId` and `key` are writable for 16
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_GetContentKey(
    service: *mut OH_DrmLicenseService,
    contentId: *const u8,
    contentIdLen: u32,
    trackType: *const c_char,
    keyId: *mut u8,
    key: *mut u8,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        let id = args::bytes("contentId", "contentIdLen", contentId, contentIdLen as usize)?;
        let track = args::string("trackType", trackType, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let (key_id_out, key_out) = (args::out("keyId", keyId)?, args::out("key", key)?);
        let (id, key) = object.service.content_key(id, &track)?;
        key_id_out.write_slice(&id.0);
        key_out.write_slice(&key);
        Ok(())
    })
}

/// Answers a message: what a MediaKeySystem or MediaKeySession of com.policyplay.drm generated, or a license template in
/// JSON with such a message as its payload. The caller decides over policies and keys.
///
/// The answer to a message is for the device as it is. The answer to a template is JSON for whoever sent it: `status` "OK",
/// `license` (base64 of what is for the device; not with `parse_only`), `license_id` (hexadecimal), `sequence`, `warnings`
/// and, for a license, `session_init` with its tokens.
///
/// A refusal is an answer, too: JSON with `status`, `reason`, `rule`, `pointer` and `message`, which
/// OH_MediaKeySession_ProcessMediaKeyResponse() takes and reports as DRM_ERR_SERVICE_DENIED.
///
/// Any thread. A message counts once: if response is too small, call again with the same message and enough room, before
/// anything else is asked of this service.
///
/// @param service the service
/// @param message the message
/// @param messageLen bytes of message, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
/// @param response receives the answer
/// @param responseLen in: room in response, at most NATIVE_DRM_MAX_RESPONSE_LEN is needed; out: bytes used or needed
/// @param answer receives what the answer is about; may be null
/// @return DRM_ERR_OK for a license and for a refusal; DRM_ERR_INVALID_VAL for bad parameters or if response is too small
/// @since native_drm 0.1
///
/// # Safety
/// `message` is readable for `messageLen` bytes; `response` is writable for as many bytes as `responseLen` says;
/// `responseLen` is readable and writable; `answer` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_HandleMessage(
    service: *mut OH_DrmLicenseService,
    message: *const u8,
    messageLen: u32,
    response: *mut u8,
    responseLen: *mut u32,
    answer: *mut OH_DrmLicenseService_Answer,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        let message = text("message", "messageLen", message, messageLen)?;
        let out = args::out("response", response)?;
        let length = args::in_out("responseLen", responseLen)?;
        let about = if answer.is_null() { None } else { Some(args::out("answer", answer)?) };
        let answered = object.answer(message);
        debug_assert!(answered.body.len() <= NATIVE_DRM_MAX_RESPONSE_LEN);
        if let Err(small) = args::needed("response", length, answered.body.len()) {
            *object.waiting.lock() = Some((message.to_vec(), answered));
            return Err(small);
        }
        out.write_slice(&answered.body);
        if let Some(about) = about {
            about.write_with(|about| {
                about.status = u32::from(answered.status);
                about.sequence = answered.sequence;
                about.licenseId = answered.license;
            });
        }
        Ok(())
    })
}

/// Ends a license: renewals are denied, and the next answer to its device, about whatever, says that it is over.
///
/// Any thread.
///
/// @param service the service
/// @param licenseId the license's id, NATIVE_DRM_LICENSE_ID_LEN bytes
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_UNKNOWN if there is no such license;
///     DRM_ERR_SERVICE_DIED if the directory cannot be written
/// @since native_drm 0.1
///
/// # Safety
/// `licenseId` is readable for 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_RevokeLicense(
    service: *mut OH_DrmLicenseService,
    licenseId: *const u8,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        Ok(object.service.revoke_license(Fixed(args::array("licenseId", licenseId)?))?)
    })
}

/// Gets the certificate of the service's authority, X.509 in DER: what devices may be told to trust.
///
/// Any thread.
///
/// @param service the service
/// @param certificate receives the certificate
/// @param certificateLen in: room in certificate; out: bytes used or needed
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL for bad parameters or if certificate is too small
/// @since native_drm 0.1
///
/// # Safety
/// `certificate` is writable for as many bytes as `certificateLen` says; `certificateLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_DrmLicenseService_GetAuthority(
    service: *mut OH_DrmLicenseService,
    certificate: *mut u8,
    certificateLen: *mut u32,
) -> ErrCodeValue {
    call(|| {
        let object = object(service)?;
        let out = args::out("certificate", certificate)?;
        let length = args::in_out("certificateLen", certificateLen)?;
        let authority = object.service.authority();
        args::needed("certificate", length, authority.len())?;
        out.write_slice(&authority);
        Ok(())
    })
}

/// Sets the service's clock, which then stands still; for tests.
///
/// Any thread.
///
/// @param service the service
/// @param unixMillis milliseconds since 1970; a negative number returns to the machine's clock
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if service is not a license service
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_DrmLicenseService_SetTime(service: *mut OH_DrmLicenseService, unixMillis: i64) -> ErrCodeValue {
    call(|| {
        object(service)?.clock.set(unixMillis);
        Ok(())
    })
}

fn object(service: *const OH_DrmLicenseService) -> Result<Arc<ServiceObject>> {
    LicenseServices::find("service", service)
}

fn text<'a>(
    argument: &'static str,
    length_argument: &'static str,
    pointer: *const u8,
    length: u32,
) -> Result<&'a [u8]> {
    if length as usize > NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN {
        return Err(Error::invalid(length_argument, "more than NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN"));
    }
    args::bytes(argument, length_argument, pointer, length as usize)
}
