//! The device: provisioning and the store of offline keys. The end of an instance.

use std::ffi::c_char;

use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::media_keys;
use crate::glue::translate;
use crate::isolation::handles;
use crate::native_drm_common::{
    CertificateStatusValue, DRM_OfflineMediakeyIdArray, MAX_OFFLINE_MEDIA_KEY_ID_COUNT, MediaKeySystem,
    OfflineMediaKeyStatusValue,
};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::NATIVE_DRM_MAX_RESPONSE_LEN;

/// Generates a provisioning request.
///
/// com.clearplay.drm and org.w3.clearkey answer with a fixed message, and any non-empty response is accepted: they need no
/// certificate. com.policyplay.drm: a signed request with the device's keys, new ones if it has none.
/// com.clearplay.drm fires EVENT_PROVISION_REQUIRED at the first request of an instance.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param request receives the request
/// @param requestLen in: bytes that request has room for, at least 1; out: bytes written, or bytes needed if there is
///     too little room
/// @param defaultUrl receives the URL to send the request to, and a NUL
/// @param defaultUrlLen bytes that defaultUrl has room for, at least 1
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null or a length is
///     not positive or too small; DRM_ERR_SERVICE_DIED if the device's identity cannot be read or the key system failed
/// @since 11
///
/// # Safety
/// `request` is writable for as many bytes as `requestLen` says; `defaultUrl` is writable for `defaultUrlLen` bytes;
/// `requestLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GenerateKeySystemRequest(
    mediaKeySystem: *mut MediaKeySystem,
    request: *mut u8,
    requestLen: *mut i32,
    defaultUrl: *mut c_char,
    defaultUrlLen: i32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let request = args::out("request", request)?;
        let request_length = args::in_out("requestLen", requestLen)?;
        let url = args::out("defaultUrl", defaultUrl)?;
        let url_room = args::length("defaultUrlLen", defaultUrlLen, 1, i32::MAX as usize)?;
        args::room("requestLen", request_length)?;
        let generated = system.generate_key_system_request()?;
        args::check_string("defaultUrl", url_room, &generated.default_url)?;
        args::fits("request", request_length, generated.data.len())?;
        system.announce_provisioning_request()?;
        request_length.store(generated.data.len())?;
        url.write_string("defaultUrl", url_room, &generated.default_url)?;
        request.write_slice(&generated.data);
        Ok(())
    })
}

/// Processes a provisioning response. com.policyplay.drm: the device's certificate; durable when it returns, and the
/// certificate of all instances and programs that use the same storagePath.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param response the response
/// @param responseLen bytes of response, 1 to NATIVE_DRM_MAX_RESPONSE_LEN
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, response is null or responseLen is
///     out of range; DRM_ERR_UNKNOWN if it answers no request of this instance or does not come from the service that the
///     device trusts; DRM_ERR_SERVICE_DENIED if it is the service's refusal; DRM_ERR_SERVICE_DIED if the certificate cannot
///     be stored or the key system failed
/// @since 11
///
/// # Safety
/// `response` is readable for `responseLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_ProcessKeySystemResponse(
    mediaKeySystem: *mut MediaKeySystem,
    response: *mut u8,
    responseLen: i32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let length = args::length("responseLen", responseLen, 1, NATIVE_DRM_MAX_RESPONSE_LEN)?;
        system.process_key_system_response(args::slice("response", response, length)?)
    })
}

/// Lists the ids of the stored (offline) media keys, damaged ones included.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param offlineMediaKeyIds receives the ids
/// @return DRM_ERR_OK, also if there are none; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or
///     offlineMediaKeyIds is null; DRM_ERR_SERVICE_DIED if the store cannot be read or the key system failed
/// @since 12
///
/// # Safety
/// `offlineMediaKeyIds` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetOfflineMediaKeyIds(
    mediaKeySystem: *mut MediaKeySystem,
    offlineMediaKeyIds: *mut DRM_OfflineMediakeyIdArray,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let out = args::out("offlineMediaKeyIds", offlineMediaKeyIds)?;
        let ids = system.offline_key_ids()?;
        debug_assert!(ids.len() <= MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
        out.write_with(|array| translate::offline_key_ids(&ids, array));
        Ok(())
    })
}

/// Gets the status of a stored (offline) media key: usable, or inactive because it was released or, for com.policyplay.drm,
/// because its license is over.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param offlineMediaKeyId the key's id
/// @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
/// @param status receives the status
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null or the length is
///     out of range; DRM_ERR_UNKNOWN if there is no such key; DRM_ERR_NOT_PROVISIONED if com.policyplay.drm has no
///     certificate; DRM_ERR_SERVICE_DIED if its file cannot be read or is damaged, or the key system failed
/// @since 12
///
/// # Safety
/// `offlineMediaKeyId` is readable for `offlineMediaKeyIdLen` bytes; `status` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetOfflineMediaKeyStatus(
    mediaKeySystem: *mut MediaKeySystem,
    offlineMediaKeyId: *mut u8,
    offlineMediaKeyIdLen: i32,
    status: *mut OfflineMediaKeyStatusValue,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let id = media_keys::offline_id(offlineMediaKeyId, offlineMediaKeyIdLen)?;
        let out = args::out("status", status)?;
        out.write(translate::stored_status(system.offline_key_status(id)?));
        Ok(())
    })
}

/// Deletes a stored (offline) media key, also a damaged one. Sessions that have restored it keep it; a license of
/// com.policyplay.drm that nobody has used is lost to them as well, since its first use could not be recorded.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param offlineMediaKeyId the key's id
/// @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, offlineMediaKeyId is null or the
///     length is out of range; DRM_ERR_UNKNOWN if there is no such key; DRM_ERR_SERVICE_DIED if it cannot be deleted or
///     the key system failed
/// @since 12
///
/// # Safety
/// `offlineMediaKeyId` is readable for `offlineMediaKeyIdLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_ClearOfflineMediaKeys(
    mediaKeySystem: *mut MediaKeySystem,
    offlineMediaKeyId: *mut u8,
    offlineMediaKeyIdLen: i32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let id = media_keys::offline_id(offlineMediaKeyId, offlineMediaKeyIdLen)?;
        system.clear_offline_key(id)
    })
}

/// Gets the status of the device certificate. com.clearplay.drm and org.w3.clearkey need none: CERT_STATUS_PROVISIONED.
/// com.policyplay.drm: that of the device's certificate in the store, by the instance's clock.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param certStatus receives the status
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or certStatus is null;
///     DRM_ERR_SERVICE_DIED if the device's identity cannot be read or the key system failed
/// @since 11
///
/// # Safety
/// `certStatus` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetCertificateStatus(
    mediaKeySystem: *mut MediaKeySystem,
    certStatus: *mut CertificateStatusValue,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let out = args::out("certStatus", certStatus)?;
        out.write(translate::certificate_status(system.certificate_status()?));
        Ok(())
    })
}

/// Destroys a MediaKeySystem and its sessions; their handles are stale afterwards and their keys are wiped.
///
/// Any thread, also in a callback. When it returns, no callback of the instance or its sessions is running or will run.
/// Called from a callback, of whatever session, it waits for no callback, so that callbacks can destroy each other's: one
/// that is running then goes on, and what it uses must outlive it. A decrypt that is under way on another thread is waited
/// for.
///
/// @param mediaKeySystem the instance
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem
/// @since 11
#[unsafe(no_mangle)]
pub extern "C" fn OH_MediaKeySystem_Destroy(mediaKeySystem: *mut MediaKeySystem) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| handles::destroy_system(mediaKeySystem))
}
