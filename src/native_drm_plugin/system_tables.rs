//! What a plugin provides: the facts about its key system, and the functions of its instances and sessions.
//!
//! Their type is `C-unwind`, so that an exception that leaves one is no undefined behaviour: the first `catch_unwind` on its way ends the
//! process.

use std::ffi::{c_char, c_void};

use super::tables::{DRM_PluginHost, DRM_PluginSession, DRM_PluginSystem};
use crate::native_drm_common::{
    CertificateStatusValue, ContentProtectionLevelValue, DRM_MediaKeyRequest, DRM_MediaKeyRequestInfo,
    DRM_MediaKeyStatus, DRM_OfflineMediakeyIdArray, DRM_Statistics, OfflineMediaKeyStatusValue,
};
use crate::native_drm_err::ErrCodeValue;
use crate::native_mediadecrypt::DRM_SampleInfo;

/// A MIME type or EME init data type that a key system takes.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_PluginMimeType {
    /// Its name without parameters, NUL-terminated, less than MAX_MIMETYPE_LEN bytes. Init data is one key id for "webm",
    /// "video/webm" and "audio/webm", a JSON text for "keyids", and pssh boxes for any other.
    pub name: *const c_char,
    /// The highest protection level of its tracks; CONTENT_PROTECTION_LEVEL_UNKNOWN = the key system's.
    pub maxLevel: ContentProtectionLevelValue,
    /// Zero.
    pub reserved: u32,
}

/// The functions of a session. One that is null has the result that it says. All are given what createSession() returned.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_PluginSessionFunctions {
    /// sizeof(DRM_PluginSessionFunctions).
    pub structSize: u32,
    /// NATIVE_DRM_PLUGIN_API_VERSION.
    pub apiVersion: u32,
    /// Destroys the session. The last call for it; no other is under way. Must not be null.
    pub destroy: Option<unsafe extern "C-unwind" fn(session: *mut c_void)>,
    /// Writes the message that asks for keys. The request is zeroed before; its type must be set. DRM_ERR_NOT_PROVISIONED fires
    /// EVENT_PROVISION_REQUIRED, once until a provisioning response was accepted. Must not be null.
    pub generateMediaKeyRequest: Option<
        unsafe extern "C-unwind" fn(
            session: *mut c_void,
            info: *const DRM_MediaKeyRequestInfo,
            request: *mut DRM_MediaKeyRequest,
        ) -> ErrCodeValue,
    >,
    /// Takes an answer, installs its keys (DRM_PluginHost.installKeys), and writes the media key id that the program gets.
    /// mediaKeyIdLen: in, the plugin's maxMediaKeyIdLen; out, bytes written. The program has room for that. Must not be null.
    pub processMediaKeyResponse: Option<
        unsafe extern "C-unwind" fn(
            session: *mut c_void,
            response: *const u8,
            responseLen: u32,
            mediaKeyId: *mut u8,
            mediaKeyIdLen: *mut u32,
        ) -> ErrCodeValue,
    >,
    /// Lists names and values for OH_MediaKeySession_CheckMediaKeyStatus(); zeroed before. Null: one row per key.
    pub checkMediaKeyStatus:
        Option<unsafe extern "C-unwind" fn(session: *mut c_void, status: *mut DRM_MediaKeyStatus) -> ErrCodeValue>,
    /// The library is about to remove all keys of the session; it does not if this fails. Null: DRM_ERR_OK.
    pub clearMediaKeys: Option<unsafe extern "C-unwind" fn(session: *mut c_void) -> ErrCodeValue>,
    /// Writes the message that gives an offline key back. requestLen: in, bytes that request has room for; out, bytes written. Null:
    /// DRM_ERR_UNKNOWN.
    pub generateOfflineReleaseRequest: Option<
        unsafe extern "C-unwind" fn(
            session: *mut c_void,
            id: *const u8,
            idLen: u32,
            request: *mut u8,
            requestLen: *mut u32,
        ) -> ErrCodeValue,
    >,
    /// Takes the acknowledgement of a release, and deletes the offline key or makes it inactive. The library removes the key with
    /// that id from all sessions then. If the library's store has no such key, it is not called, and the program gets DRM_ERR_UNKNOWN
    /// (so for the next one), unless getOfflineMediaKeyIds() is there. Null: DRM_ERR_UNKNOWN.
    pub processOfflineReleaseResponse: Option<
        unsafe extern "C-unwind" fn(
            session: *mut c_void,
            id: *const u8,
            idLen: u32,
            response: *const u8,
            responseLen: u32,
        ) -> ErrCodeValue,
    >,
    /// Installs the keys that are stored under an id. In the library's store, an inactive one becomes usable. Null: DRM_ERR_UNKNOWN.
    pub restoreOfflineMediaKeys:
        Option<unsafe extern "C-unwind" fn(session: *mut c_void, id: *const u8, idLen: u32) -> ErrCodeValue>,
    /// Gets the session's protection level, which cannot be above the one that it was created with. Null: that one.
    pub getContentProtectionLevel: Option<
        unsafe extern "C-unwind" fn(session: *mut c_void, level: *mut ContentProtectionLevelValue) -> ErrCodeValue,
    >,
    /// Tells whether tracks of a MIME type need a secure decoder. Null: video at the highest level does.
    pub requiresSecureDecoderModule: Option<
        unsafe extern "C-unwind" fn(session: *mut c_void, mimeType: *const c_char, required: *mut bool) -> ErrCodeValue,
    >,
    /// Decrypts a sample in place with a key that the plugin keeps. Algorithm, scheme (never DRM_CENC_SCHEME_AUTO), IV and pattern have
    /// been checked, the subsamples add up to dataLen, and the key may be used now. If this fails, the sample must be as it was. Null:
    /// DRM_ERR_UNKNOWN.
    pub decrypt: Option<
        unsafe extern "C-unwind" fn(
            session: *mut c_void,
            info: *const DRM_SampleInfo,
            data: *mut u8,
            dataLen: u32,
        ) -> ErrCodeValue,
    >,
}

/// The functions of an instance. One that is null has the result that it says. All are given what createSystem() returned.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_PluginSystemFunctions {
    /// sizeof(DRM_PluginSystemFunctions).
    pub structSize: u32,
    /// NATIVE_DRM_PLUGIN_API_VERSION.
    pub apiVersion: u32,
    /// Destroys the instance, after all of its sessions. The last call for it; no other is under way. Must not be null.
    pub destroy: Option<unsafe extern "C-unwind" fn(system: *mut c_void)>,
    /// Creates a session at a level, not above the instance's highest. hostSession stands for it in the functions of
    /// DRM_PluginHost, most of which work once this has returned. functions: receives the session's functions; copied, with a size
    /// as structSize says. session: receives what these are given. Must not be null.
    pub createSession: Option<
        unsafe extern "C-unwind" fn(
            system: *mut c_void,
            level: ContentProtectionLevelValue,
            hostSession: *mut DRM_PluginSession,
            functions: *mut *const DRM_PluginSessionFunctions,
            session: *mut *mut c_void,
        ) -> ErrCodeValue,
    >,
    /// A configuration string is set. The library keeps it unless this fails. Null: DRM_ERR_OK.
    pub setConfigurationString: Option<
        unsafe extern "C-unwind" fn(system: *mut c_void, name: *const c_char, value: *const c_char) -> ErrCodeValue,
    >,
    /// Gets a configuration string: NUL-terminated, in valueLen bytes, 4096. DRM_ERR_UNKNOWN leaves the answer to the library, which
    /// is what null does, too.
    pub getConfigurationString: Option<
        unsafe extern "C-unwind" fn(
            system: *mut c_void,
            name: *const c_char,
            value: *mut c_char,
            valueLen: u32,
        ) -> ErrCodeValue,
    >,
    /// A configuration byte array is set. As setConfigurationString().
    pub setConfigurationByteArray: Option<
        unsafe extern "C-unwind" fn(
            system: *mut c_void,
            name: *const c_char,
            value: *const u8,
            valueLen: u32,
        ) -> ErrCodeValue,
    >,
    /// Gets a configuration byte array. valueLen: in, bytes that value has room for, 4096; out, bytes written. As
    /// getConfigurationString() otherwise.
    pub getConfigurationByteArray: Option<
        unsafe extern "C-unwind" fn(
            system: *mut c_void,
            name: *const c_char,
            value: *mut u8,
            valueLen: *mut u32,
        ) -> ErrCodeValue,
    >,
    /// Adds statistics to the library's five, at most MAX_STATISTICS_COUNT in all; zeroed before. Null: adds none.
    pub getStatistics:
        Option<unsafe extern "C-unwind" fn(system: *mut c_void, statistics: *mut DRM_Statistics) -> ErrCodeValue>,
    /// Gets the highest level now, which cannot be above DRM_KeySystemPlugin.maxLevel. Null: that.
    pub getMaxContentProtectionLevel: Option<
        unsafe extern "C-unwind" fn(system: *mut c_void, level: *mut ContentProtectionLevelValue) -> ErrCodeValue,
    >,
    /// Writes a provisioning request, zeroed before; its type is ignored. Null: DRM_ERR_UNKNOWN.
    pub generateKeySystemRequest:
        Option<unsafe extern "C-unwind" fn(system: *mut c_void, request: *mut DRM_MediaKeyRequest) -> ErrCodeValue>,
    /// Takes a provisioning response. Null: DRM_ERR_UNKNOWN.
    pub processKeySystemResponse:
        Option<unsafe extern "C-unwind" fn(system: *mut c_void, response: *const u8, responseLen: u32) -> ErrCodeValue>,
    /// Gets the state of the device certificate. Null: CERT_STATUS_PROVISIONED.
    pub getCertificateStatus:
        Option<unsafe extern "C-unwind" fn(system: *mut c_void, status: *mut CertificateStatusValue) -> ErrCodeValue>,
    /// Lists the ids of offline keys; zeroed before. Null: those in DRM_PLUGIN_STORE_OFFLINE_KEYS. The next two are
    /// called only if this is not null.
    pub getOfflineMediaKeyIds:
        Option<unsafe extern "C-unwind" fn(system: *mut c_void, ids: *mut DRM_OfflineMediakeyIdArray) -> ErrCodeValue>,
    /// Gets the status of an offline key. DRM_ERR_UNKNOWN: there is none. Null: DRM_ERR_UNKNOWN.
    pub getOfflineMediaKeyStatus: Option<
        unsafe extern "C-unwind" fn(
            system: *mut c_void,
            id: *const u8,
            idLen: u32,
            status: *mut OfflineMediaKeyStatusValue,
        ) -> ErrCodeValue,
    >,
    /// Deletes an offline key. DRM_ERR_UNKNOWN: there is none. Null: DRM_ERR_UNKNOWN.
    pub clearOfflineMediaKeys:
        Option<unsafe extern "C-unwind" fn(system: *mut c_void, id: *const u8, idLen: u32) -> ErrCodeValue>,
}

/// A key system: facts about it, and the function that makes instances.
///
/// The table and what it points to are copied. Set all of it to zero, then structSize and apiVersion, then the rest.
///
/// # How functions of a plugin are called
///
/// On whichever thread a function of the library was called on, several at the same time, also for the same session; with no lock of the
/// library held, so that they may call any function of the library, except those that destroy the session or instance that the call is
/// for. While one does not return, the program's call does not return, and there is no time limit. Texts are UTF-8.
///
/// A function that fails returns a Drm_ErrCode other than DRM_ERR_OK, and the program's function returns it, too:
/// DRM_ERR_INVALID_VAL as DRM_ERR_UNKNOWN, since the program's arguments have been checked, and one that the library never
/// returns as DRM_ERR_SERVICE_DIED. So does a result that cannot be: a length beyond the room, a level or status that is none, a
/// text without NUL. Nothing is changed then.
///
/// C++ exceptions, longjmp() and pthread_exit() must not leave a function of a plugin. With an exception or pthread_exit() the process
/// ends (abort). Catch exceptions, and return DRM_ERR_SERVICE_DIED.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_KeySystemPlugin {
    /// sizeof(DRM_KeySystemPlugin). A larger one is of a later version, and what is added is not looked at.
    pub structSize: u32,
    /// NATIVE_DRM_PLUGIN_API_VERSION that the plugin was written for.
    pub apiVersion: u32,
    /// Name, such as "com.example.drm": 1 to 57 letters, digits and ".-_"; a dot does not come first, and ".device" not last.
    pub name: *const c_char,
    /// Configuration string "vendor"; may be null, as the next three.
    pub vendor: *const c_char,
    /// Configuration string "version".
    pub version: *const c_char,
    /// Configuration string "description".
    pub description: *const c_char,
    /// Configuration string "algorithms".
    pub algorithms: *const c_char,
    /// System ids of its pssh boxes, 16 bytes each, its own first.
    pub systemIds: *const u8,
    /// Number of system ids, 1 to 16.
    pub systemIdCount: u32,
    /// Number of MIME types, 1 to 256.
    pub mimeTypeCount: u32,
    /// What it takes.
    pub mimeTypes: *const DRM_PluginMimeType,
    /// The highest protection level; CONTENT_PROTECTION_LEVEL_UNKNOWN = the device's, beyond which nothing counts.
    pub maxLevel: ContentProtectionLevelValue,
    /// Instances at the same time, 1 to 64; 0 = 64.
    pub maxSystems: u32,
    /// Sessions of an instance at the same time, 1 to 64; 0 = 64.
    pub maxSessions: u32,
    /// Bytes of the longest media key id that processMediaKeyResponse() writes, 0 to MAX_OFFLINE_MEDIA_KEY_ID_LEN. A program that
    /// has less room gets DRM_ERR_INVALID_VAL and this number, before the plugin uses up the response.
    pub maxMediaKeyIdLen: u32,
    /// Passed to createSystem().
    pub context: *mut c_void,
    /// Creates an instance. host: what the library does for plugins. hostSystem stands for the instance in its functions, which work
    /// already. functions: receives the instance's functions; copied, with a size as structSize says. system: receives what these
    /// are given. Must not be null.
    pub createSystem: Option<
        unsafe extern "C-unwind" fn(
            context: *mut c_void,
            host: *const DRM_PluginHost,
            hostSystem: *mut DRM_PluginSystem,
            functions: *mut *const DRM_PluginSystemFunctions,
            system: *mut *mut c_void,
        ) -> ErrCodeValue,
    >,
}

/// The function that a shared library with a key system exports, under the name NativeDrm_PluginInit. It is called once when the
/// library is loaded. It may call functions of native_drm, but must not wait for another thread that does.
///
/// @param host what native_drm does for plugins
/// @param plugin receives the key system; read before any other function of the plugin is called
/// @return DRM_ERR_OK; anything else leaves the plugin out
/// @since native_drm 0.1
pub type NativeDrm_PluginInitFunction = Option<
    unsafe extern "C-unwind" fn(host: *const DRM_PluginHost, plugin: *mut *const DRM_KeySystemPlugin) -> ErrCodeValue,
>;
