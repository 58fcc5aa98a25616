//! Which key systems there are; their instances, configuration and sessions.

use std::ffi::c_char;
use std::ptr;

use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::callback;
use crate::glue::error::Error;
use crate::glue::media_keys;
use crate::glue::translate;
use crate::isolation::{self, handles};
use crate::native_drm_common::{
    ContentProtectionLevelValue, DRM_MediaKeySystemDescription, DRM_Statistics, EventTypeValue,
    MAX_MEDIA_KEY_SYSTEM_NAME_LEN, MediaKeySession, MediaKeySystem,
};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::{NATIVE_DRM_MAX_CONFIG_NAME_LEN, NATIVE_DRM_MAX_CONFIG_VALUE_LEN};
use crate::native_drm_plugin;
use drm::events::CallbackSlot;
use drm::{platform, registry};

/// Receives events of a MediaKeySystem, without its handle.
///
/// Called on a thread of the library, on which the program's signals are blocked. The events of an instance come one at a
/// time and in order, at the same time as those of its sessions and of others, which do not wait for them. Every function
/// of the library may be called from it.
///
/// native_drm_common.h says what it must not do.
///
/// @param eventType the event
/// @param info data of the event, valid during the call
/// @param infoLen bytes of info
/// @param extra a decimal number as text, "0" where there is nothing to say; never null
/// @return ignored
/// @since 11
pub type MediaKeySystem_Callback = Option<
    unsafe extern "C-unwind" fn(
        eventType: EventTypeValue,
        info: *mut u8,
        infoLen: i32,
        extra: *mut c_char,
    ) -> ErrCodeValue,
>;

/// Receives events of a MediaKeySystem, with its handle. Otherwise like MediaKeySystem_Callback.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySystem the instance that the event belongs to
/// @param eventType the event
/// @param info data of the event, valid during the call
/// @param infoLen bytes of info
/// @param extra a decimal number as text, never null
/// @return ignored
/// @since 12
pub type OH_MediaKeySystem_Callback = Option<
    unsafe extern "C-unwind" fn(
        mediaKeySystem: *mut MediaKeySystem,
        eventType: EventTypeValue,
        info: *mut u8,
        infoLen: i32,
        extra: *mut c_char,
    ) -> ErrCodeValue,
>;

/// Sets the callback with handle for the events of a MediaKeySystem. It replaces an earlier one and exists beside those
/// of the other generations.
///
/// Any thread. When it returns, an earlier callback is not running and will not run (unless called from a callback).
///
/// @param mediaKeySystem the instance
/// @param callback the callback
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or callback is null
/// @since 12
///
/// # Safety
/// `callback` may be called, on another thread, until it is replaced or the instance destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_SetCallback(
    mediaKeySystem: *mut MediaKeySystem,
    callback: OH_MediaKeySystem_Callback,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let function = callback.ok_or_else(|| Error::invalid("callback", "null"))?;
        let listener = callback::event_listener(mediaKeySystem, function, ptr::null_mut());
        system.listen(CallbackSlot::WithHandle, Some(listener))
    })
}

/// Lists the key systems that this library has, always in the same order: com.clearplay.drm, org.w3.clearkey,
/// com.policyplay.drm. An array of three has room for them. Those of plugins (native_drm_plugin.h) come behind these
/// three, and so do key systems that a later version adds: a program that is to get all of them offers
/// MAX_MEDIA_KEY_SYSTEM_NUM entries, or asks with count 0 how many there are, 64 at most.
///
/// Any thread.
///
/// @param descs receives the descriptions
/// @param count in: entries that descs has room for; out: entries written, or entries needed if there is too little
///     room
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if a pointer is null or count is too small
/// @since 12
///
/// # Safety
/// `descs` is writable for as many descriptions as `count` says; `count` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetMediaKeySystems(
    descs: *mut DRM_MediaKeySystemDescription,
    count: *mut u32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let count = args::in_out_count("count", count, "key systems")?;
        let descs = args::out("descs", descs)?;
        native_drm_plugin::search();
        let systems = registry::descriptors();
        args::needed("descs", count, systems.len())?;
        for (index, descriptor) in systems.iter().enumerate() {
            descs.at(index).write_with(|target| translate::description(descriptor, target));
        }
        Ok(())
    })
}

/// Tells whether a key system is supported.
///
/// Any thread.
///
/// @param name name of the key system, such as "com.clearplay.drm", NUL-terminated, less than
///     MAX_MEDIA_KEY_SYSTEM_NAME_LEN bytes
/// @return true if it is; false also if name is null, empty or too long
/// @since 11
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_IsSupported(name: *const c_char) -> bool {
    boundary::value(false, || {
        let name = args::string("name", name, MAX_MEDIA_KEY_SYSTEM_NAME_LEN)?;
        native_drm_plugin::search();
        Ok(registry::find(&name).is_some())
    })
}

/// Tells whether a key system is supported for a MIME type.
///
/// Any thread.
///
/// @param name name of the key system, as for OH_MediaKeySystem_IsSupported()
/// @param mimeType MIME type or EME init data type, NUL-terminated, less than NATIVE_DRM_MAX_CONFIG_NAME_LEN bytes;
///     parameters after ';' and letter case do not matter
/// @return true if it is; false also if an argument is null, empty or too long
/// @since 11
///
/// # Safety
/// `name` and `mimeType` are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_IsSupported2(name: *const c_char, mimeType: *const c_char) -> bool {
    boundary::value(false, || {
        let name = args::string("name", name, MAX_MEDIA_KEY_SYSTEM_NAME_LEN)?;
        let mime_type = args::string("mimeType", mimeType, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        native_drm_plugin::search();
        Ok(registry::find(&name).is_some_and(|found| found.supports_mime_type(&mime_type)))
    })
}

/// Tells whether a key system is supported for a MIME type at a content protection level.
///
/// Any thread.
///
/// @param name name of the key system, as for OH_MediaKeySystem_IsSupported()
/// @param mimeType MIME type or EME init data type, as for OH_MediaKeySystem_IsSupported2()
/// @param contentProtectionLevel the level
/// @return true if it is; false also if an argument is null, empty, too long or not a level
/// @since 11
///
/// # Safety
/// `name` and `mimeType` are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_IsSupported3(
    name: *const c_char,
    mimeType: *const c_char,
    contentProtectionLevel: ContentProtectionLevelValue,
) -> bool {
    boundary::value(false, || {
        let name = args::string("name", name, MAX_MEDIA_KEY_SYSTEM_NAME_LEN)?;
        let mime_type = args::string("mimeType", mimeType, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let level = translate::level("contentProtectionLevel", contentProtectionLevel)?;
        boundary::read_environment();
        native_drm_plugin::search();
        let found = registry::find(&name);
        Ok(found.is_some_and(|found| found.supports_level(&mime_type, level, platform::maximum_level())))
    })
}

/// Creates an instance of a key system.
///
/// Any thread.
///
/// @param name name of the key system, NUL-terminated, less than MAX_MEDIA_KEY_SYSTEM_NAME_LEN bytes
/// @param mediaKeySystem receives the instance, to be destroyed with OH_MediaKeySystem_Destroy()
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if an argument is null or name is empty or too long; DRM_ERR_UNKNOWN if
///     there is no such key system; DRM_ERR_MAX_SYSTEM_NUM_REACHED if 64 instances of it exist, or as many as its plugin
///     allows; what a plugin fails with
/// @since 11
///
/// # Safety
/// `name` is a string; `mediaKeySystem` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_Create(
    name: *const c_char,
    mediaKeySystem: *mut *mut MediaKeySystem,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let name = args::string("name", name, MAX_MEDIA_KEY_SYSTEM_NAME_LEN)?;
        let out = args::out("mediaKeySystem", mediaKeySystem)?;
        boundary::read_environment();
        if isolation::is_wanted(&name) {
            out.write(handles::insert_remote_system(&isolation::create(&name)?)?);
            return Ok(());
        }
        native_drm_plugin::search();
        let system = registry::create_system(&name)?;
        out.write(media_keys::insert_system(&system)?);
        Ok(())
    })
}

/// Sets a configuration string.
///
/// "storagePath" names the directory of the offline store from now on. "outputHdcp" says how the output is protected,
/// HDCP_NONE, HDCP_V1 or HDCP_V2; licenses of com.policyplay.drm go by it at once. "provisioningUrl" and
/// "licenseUrl" are the default URLs of com.policyplay.drm's requests, the latter also of renewals whose license names none.
/// "sessionSharing" with the value "enable": a session decrypts with keys of the instance's other sessions, too.
/// "vendor", "version", "description", "algorithms", "deviceUniqueId", "maxSessionNum" and "currentSessionNum" are
/// read-only, except in com.clearplay.drm, where a value that was set takes the place of the default. Any other name is kept
/// with the instance and has no meaning to the library.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param value the value, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_VALUE_LEN - 1 bytes
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, or a string is null, empty, too
///     long or not UTF-8; DRM_ERR_UNKNOWN if the name is read-only, 256 names are set, "outputHdcp" has another value
///     or a URL does not fit into MAX_DEFAULT_URL_LEN;
///     DRM_ERR_SERVICE_DIED if the key system failed, or "storagePath" is relative and there is no current directory
/// @since 11
///
/// # Safety
/// `configName` and `value` are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_SetConfigurationString(
    mediaKeySystem: *mut MediaKeySystem,
    configName: *const c_char,
    value: *const c_char,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let name = args::string("configName", configName, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let value = args::string("value", value, NATIVE_DRM_MAX_CONFIG_VALUE_LEN)?;
        system.set_configuration_string(name, value)
    })
}

/// Gets a configuration string. See OH_MediaKeySystem_SetConfigurationString() for the names.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param value receives the value and a NUL
/// @param valueLen bytes that value has room for, at least 1
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null, the name is
///     empty or too long, or valueLen is too small (the last error names the bytes needed); DRM_ERR_UNKNOWN if there
///     is no such name; DRM_ERR_SERVICE_DIED if the key system or its storage failed
/// @since 11
///
/// # Safety
/// `configName` is a string; `value` is writable for `valueLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetConfigurationString(
    mediaKeySystem: *mut MediaKeySystem,
    configName: *const c_char,
    value: *mut c_char,
    valueLen: i32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let name = args::string("configName", configName, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let out = args::out("value", value)?;
        let room = args::length("valueLen", valueLen, 1, i32::MAX as usize)?;
        out.write_string("value", room, &system.configuration_string(&name)?)
    })
}

/// Sets a configuration byte array. The names are separate from those of strings; the same ones are read-only, except in
/// com.clearplay.drm.
/// "licenseAuthority" is the certificate (X.509 in DER) of the one authority that com.policyplay.drm trusts; without it the
/// first provisioning decides. Any other name is kept with the instance and has no meaning to the library.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param value the value; copied
/// @param valueLen bytes of value, 1 to NATIVE_DRM_MAX_CONFIG_VALUE_LEN
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null, the name is
///     empty or too long, or valueLen is out of range; DRM_ERR_UNKNOWN if the name is read-only or 256 names are set;
///     DRM_ERR_SERVICE_DIED if the key system failed
/// @since 11
///
/// # Safety
/// `configName` is a string; `value` is readable for `valueLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_SetConfigurationByteArray(
    mediaKeySystem: *mut MediaKeySystem,
    configName: *const c_char,
    value: *mut u8,
    valueLen: i32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let name = args::string("configName", configName, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let length = args::length("valueLen", valueLen, 1, NATIVE_DRM_MAX_CONFIG_VALUE_LEN)?;
        let value = args::slice("value", value, length)?.to_vec();
        system.set_configuration_bytes(name, value)
    })
}

/// Gets a configuration byte array: one that was set, or "deviceUniqueId" (16 bytes).
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
/// @param value receives the value
/// @param valueLen in: bytes that value has room for; out: bytes written, or bytes needed if there is too little room
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null, the name is
///     empty or too long, or valueLen is too small or negative; DRM_ERR_UNKNOWN if there is no such name;
///     DRM_ERR_SERVICE_DIED if the key system or its storage failed
/// @since 11
///
/// # Safety
/// `configName` is a string; `value` is writable for as many bytes as `valueLen` says; `valueLen` is readable and
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetConfigurationByteArray(
    mediaKeySystem: *mut MediaKeySystem,
    configName: *const c_char,
    value: *mut u8,
    valueLen: *mut i32,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let name = args::string("configName", configName, NATIVE_DRM_MAX_CONFIG_NAME_LEN)?;
        let out = args::out("value", value)?;
        let length = args::in_out("valueLen", valueLen)?;
        let bytes = system.configuration_bytes(&name)?;
        args::needed("value", length, bytes.len())?;
        out.write_slice(&bytes);
        Ok(())
    })
}

/// Gets statistics: "version", "currentSessionNum", "decryptNumber" (samples decrypted since the instance was created),
/// "errorDecryptNumber" (samples that failed), "decryptBytes".
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param statistics receives the statistics
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or statistics is null;
///     DRM_ERR_SERVICE_DIED if the key system failed
/// @since 11
///
/// # Safety
/// `statistics` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetStatistics(
    mediaKeySystem: *mut MediaKeySystem,
    statistics: *mut DRM_Statistics,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let out = args::out("statistics", statistics)?;
        let rows = system.statistics()?;
        out.write_with(|target| translate::statistics(&rows, target));
        Ok(())
    })
}

/// Gets the highest content protection level: CONTENT_PROTECTION_LEVEL_SW_CRYPTO, unless the environment variable
/// NATIVE_DRM_EMULATE_LEVEL asks to emulate a higher one, which builds with emulation listen to.
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param contentProtectionLevel receives the level
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or contentProtectionLevel is null;
///     DRM_ERR_SERVICE_DIED if the key system failed
/// @since 11
///
/// # Safety
/// `contentProtectionLevel` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_GetMaxContentProtectionLevel(
    mediaKeySystem: *mut MediaKeySystem,
    contentProtectionLevel: *mut ContentProtectionLevelValue,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let out = args::out("contentProtectionLevel", contentProtectionLevel)?;
        out.write(translate::level_value(system.maximum_level()?));
        Ok(())
    })
}

/// Sets the callback without handle for the events of a MediaKeySystem. It replaces an earlier one and exists beside
/// those of the other generations.
///
/// Any thread. When it returns, an earlier callback is not running and will not run (unless called from a callback).
///
/// @param mediaKeySystem the instance
/// @param callback the callback
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or callback is null
/// @since 11
///
/// # Safety
/// `callback` may be called, on another thread, until it is replaced or the instance destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_SetMediaKeySystemCallback(
    mediaKeySystem: *mut MediaKeySystem,
    callback: MediaKeySystem_Callback,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let function = callback.ok_or_else(|| Error::invalid("callback", "null"))?;
        let listener = callback::event_listener(mediaKeySystem, function, ptr::null_mut());
        system.listen(CallbackSlot::Plain, Some(listener))
    })
}

/// Creates a session.
///
/// A level above the highest available one is accepted; the session then has the highest available one
/// (OH_MediaKeySession_GetContentProtectionLevel() tells).
///
/// Any thread.
///
/// @param mediaKeySystem the instance
/// @param level the wanted level, CONTENT_PROTECTION_LEVEL_SW_CRYPTO to CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO
/// @param mediaKeySession receives the session, to be destroyed with OH_MediaKeySession_Destroy() or together with
///     mediaKeySystem
/// @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null or the level is
///     out of range; DRM_ERR_MAX_SESSION_NUM_REACHED if 64 sessions exist, or as many as a plugin
///     allows; DRM_ERR_SERVICE_DIED if the key system failed; what a plugin fails with
/// @since 11
///
/// # Safety
/// `level` is readable; `mediaKeySession` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_CreateMediaKeySession(
    mediaKeySystem: *mut MediaKeySystem,
    level: *mut ContentProtectionLevelValue,
    mediaKeySession: *mut *mut MediaKeySession,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let level = translate::level("level", args::read("level", level)?)?;
        let out = args::out("mediaKeySession", mediaKeySession)?;
        let session = system.create_session(level)?;
        out.write(handles::insert_any_session(&system, &session)?);
        Ok(())
    })
}
