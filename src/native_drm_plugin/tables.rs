//! What key system and library say to each other: keys, stores, and the functions of the library.

use std::ffi::{c_char, c_void};

use crate::glue::enums::c_enum_values;
use crate::native_drm_common::{EventTypeValue, OfflineMediaKeyStatusValue};
use crate::native_drm_err::ErrCodeValue;
use crate::native_drm_extension::{LogLevelValue, OH_Drm_PsshBoxCallback};

/// The version of this interface. Every table says for which version it was written; a library knows its own and all earlier ones.
pub const NATIVE_DRM_PLUGIN_API_VERSION: u32 = 1;

/// Bytes of a key id at most that a plugin can install.
pub const DRM_PLUGIN_MAX_KEY_ID_LEN: usize = 64;

/// Whether a key may be used.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_PluginKeyStatus {
    /// It decrypts.
    DRM_PLUGIN_KEY_USABLE = 0,
    /// Its time is over.
    DRM_PLUGIN_KEY_EXPIRED = 1,
    /// The output is not protected as it has to be.
    DRM_PLUGIN_KEY_OUTPUT_NOT_ALLOWED = 2,
    /// Not known yet.
    DRM_PLUGIN_KEY_PENDING = 3,
    /// It cannot decrypt.
    DRM_PLUGIN_KEY_INTERNAL_ERROR = 4,
    /// Its time has not begun.
    DRM_PLUGIN_KEY_USABLE_IN_FUTURE = 5,
}

/// Parts of a key system's store.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DRM_PluginStore {
    /// Offline media keys: programs see their ids.
    DRM_PLUGIN_STORE_OFFLINE_KEYS = 0,
    /// What belongs to the device, such as a certificate: no program sees it.
    DRM_PLUGIN_STORE_DEVICE = 1,
}

c_enum_values! {
    PluginKeyStatusValue of DRM_PluginKeyStatus;
    PluginStoreValue of DRM_PluginStore;
}

/// An instance of a plugin's key system, as the library knows it. A handle: never dereferenced, safe to pass after the instance's
/// destroy function was called (DRM_ERR_INVALID_VAL).
///
/// @since native_drm 0.1
pub struct DRM_PluginSystem {
    _handle: (),
}

/// A session of a plugin's key system, as the library knows it. A handle: never dereferenced, safe to pass after the session's
/// destroy function was called (DRM_ERR_INVALID_VAL).
///
/// @since native_drm 0.1
pub struct DRM_PluginSession {
    _handle: (),
}

/// A key that a plugin installs.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_PluginKey {
    /// sizeof(DRM_PluginKey).
    pub structSize: u32,
    /// Bytes of keyId, 1 to DRM_PLUGIN_MAX_KEY_ID_LEN. Samples name keys whose id has 16.
    pub keyIdLen: u32,
    /// The key id; copied.
    pub keyId: *const u8,
    /// Bytes of key. Only keys of 16 decrypt; 0 with a null key: the plugin keeps the key, and decrypts with it in its function
    /// decrypt(). The library sees to status and expiry of such a key, too.
    pub keyLen: u32,
    /// Whether it may be used; DRM_PluginKeyStatus. Without meaning for keys that are installed with an expiry.
    pub status: PluginKeyStatusValue,
    /// The key; copied into memory that is wiped and that core dumps leave out. Null for one that the plugin keeps.
    pub key: *const u8,
}

/// Something for a store.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_PluginStoreEntry {
    /// sizeof(DRM_PluginStoreEntry).
    pub structSize: u32,
    /// Bytes of id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN.
    pub idLen: u32,
    /// Its id.
    pub id: *const u8,
    /// Bytes of value, 0 to 1,048,576.
    pub valueLen: u32,
    /// What OH_MediaKeySystem_GetOfflineMediaKeyStatus() says of it, OFFLINE_MEDIA_KEY_STATUS_USABLE or
    /// OFFLINE_MEDIA_KEY_STATUS_INACTIVE; in DRM_PLUGIN_STORE_DEVICE without meaning.
    pub status: OfflineMediaKeyStatusValue,
    /// Its value; stored encrypted and authenticated.
    pub value: *const u8,
}

/// Receives something of a list, such as an id. Called on the thread that asked for the list, before that returns.
///
/// @param data the bytes, valid during the call
/// @param dataLen their number
/// @param userData what was passed
/// @return 0 to go on, anything else to stop
/// @since native_drm 0.1
pub type DRM_PluginListCallback =
    Option<unsafe extern "C" fn(data: *const u8, dataLen: u32, userData: *mut c_void) -> i32>;

/// What the library does for plugins. The table lives as long as the process.
///
/// Every function may be called on any thread, also inside of the plugin's own functions, and also after an instance or session is
/// gone, which its handle then says (DRM_ERR_INVALID_VAL). OH_Drm_GetLastErrorMessage() has the reason of a failure.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRM_PluginHost {
    /// Bytes of the table that this library has; look before you call what a later version has added.
    pub structSize: u32,
    /// NATIVE_DRM_PLUGIN_API_VERSION of this library.
    pub apiVersion: u32,
    /// Installs keys for the library to decrypt with, or says that the plugin has them. A key with the same id is replaced.
    ///
    /// Inside of processMediaKeyResponse() and restoreOfflineMediaKeys(), on the thread that called these: the keys come into effect
    /// when the function has returned DRM_ERR_OK, and do not if it fails. Otherwise: at once. A key change is fired.
    ///
    /// With an expiry, the library ends the use of the keys by the instance's clock (EVENT_KEY_EXPIRED and a key change); it also fires
    /// EVENT_EXPIRATION_UPDATE. A plugin need not look at the clock itself. Keys of one response with several expiries come into
    /// effect one after the other.
    ///
    /// expiryMillis: milliseconds since 1970, rounded up to seconds; 0 = never. DRM_ERR_INVALID_VAL: the session is none or is
    /// being created, a pointer is null, a size, length or status is wrong. DRM_ERR_NO_LICENSE: the expiry is over.
    /// DRM_ERR_SERVICE_DIED: no memory or no thread.
    pub installKeys: Option<
        unsafe extern "C" fn(
            session: *mut DRM_PluginSession,
            keys: *const DRM_PluginKey,
            count: u32,
            expiryMillis: i64,
        ) -> ErrCodeValue,
    >,
    /// Removes and wipes a key, and fires a key change if it was there.
    pub removeKey:
        Option<unsafe extern "C" fn(session: *mut DRM_PluginSession, keyId: *const u8, keyIdLen: u32) -> ErrCodeValue>,
    /// Sets the status of a key that is installed. Fires nothing: keysChanged() does, once for several keys. DRM_ERR_UNKNOWN: there is
    /// no such key, or it was installed with an expiry.
    pub setKeyStatus: Option<
        unsafe extern "C" fn(
            session: *mut DRM_PluginSession,
            keyId: *const u8,
            keyIdLen: u32,
            status: PluginKeyStatusValue,
        ) -> ErrCodeValue,
    >,
    /// Fires a key change with all keys of the session.
    pub keysChanged:
        Option<unsafe extern "C" fn(session: *mut DRM_PluginSession, newKeysAvailable: bool) -> ErrCodeValue>,
    /// Fires an event of an instance, of any DRM_EventType. info is copied; at most 1,048,576 bytes; may be null if there are none.
    /// DRM_ERR_SERVICE_DIED: 4 MiB of events wait for a callback.
    pub postSystemEvent: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            eventType: EventTypeValue,
            info: *const u8,
            infoLen: u32,
            extra: i64,
        ) -> ErrCodeValue,
    >,
    /// Fires an event of a session. As postSystemEvent().
    pub postSessionEvent: Option<
        unsafe extern "C" fn(
            session: *mut DRM_PluginSession,
            eventType: EventTypeValue,
            info: *const u8,
            infoLen: u32,
            extra: i64,
        ) -> ErrCodeValue,
    >,
    /// Reads from the key system's store. valueLen: in, bytes that value has room for; out, bytes written or needed. status may be
    /// null. DRM_ERR_UNKNOWN: there is nothing under the id. DRM_ERR_SERVICE_DIED: the store cannot be read.
    pub storeGet: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            store: PluginStoreValue,
            id: *const u8,
            idLen: u32,
            value: *mut u8,
            valueLen: *mut u32,
            status: *mut OfflineMediaKeyStatusValue,
        ) -> ErrCodeValue,
    >,
    /// Stores all entries, or none. Durable when it returns. DRM_ERR_UNKNOWN: there would be more than 512 in that store.
    pub storePut: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            store: PluginStoreValue,
            entries: *const DRM_PluginStoreEntry,
            count: u32,
        ) -> ErrCodeValue,
    >,
    /// Deletes from the store. DRM_ERR_UNKNOWN: there is nothing under the id.
    pub storeDelete: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            store: PluginStoreValue,
            id: *const u8,
            idLen: u32,
        ) -> ErrCodeValue,
    >,
    /// Lists the ids in the store, ascending.
    pub storeList: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            store: PluginStoreValue,
            callback: DRM_PluginListCallback,
            userData: *mut c_void,
        ) -> ErrCodeValue,
    >,
    /// Reads the instance's clock, a virtual one where the program has set it: milliseconds since 1970, and milliseconds of a clock
    /// that never goes back. Either may be null.
    pub getTime: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            unixMillis: *mut i64,
            monotonicMillis: *mut u64,
        ) -> ErrCodeValue,
    >,
    /// Fills memory with random bytes that are fit for keys.
    pub getRandom: Option<unsafe extern "C" fn(bytes: *mut u8, count: u32) -> ErrCodeValue>,
    /// Gets a configuration string that the program has set. valueLen: in, bytes that value has room for; out, bytes written or needed,
    /// with the NUL. DRM_ERR_UNKNOWN: none is set.
    pub getConfigurationString: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            name: *const c_char,
            value: *mut c_char,
            valueLen: *mut u32,
        ) -> ErrCodeValue,
    >,
    /// Gets a configuration byte array that the program has set. As getConfigurationString(), without NUL.
    pub getConfigurationByteArray: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            name: *const c_char,
            value: *mut u8,
            valueLen: *mut u32,
        ) -> ErrCodeValue,
    >,
    /// Finds the key ids that init data names, as the built-in key systems do: in pssh boxes those of the plugin's own boxes, else
    /// those of the common system id. DRM_ERR_UNKNOWN: the MIME type is not one of the plugin's, or the init data is malformed or
    /// names none.
    pub getKeyIds: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            mimeType: *const c_char,
            initData: *const u8,
            initDataLen: u32,
            callback: DRM_PluginListCallback,
            userData: *mut c_void,
        ) -> ErrCodeValue,
    >,
    /// OH_Drm_ParsePsshBoxes(), for plugins that are not linked to the library.
    pub parsePsshBoxes: Option<
        unsafe extern "C" fn(
            data: *const u8,
            dataLen: usize,
            callback: OH_Drm_PsshBoxCallback,
            userData: *mut c_void,
        ) -> ErrCodeValue,
    >,
    /// Writes to the library's log (OH_Drm_SetLogCallback(), NATIVE_DRM_LOG), with the key system's name. Never log keys.
    pub log: Option<
        unsafe extern "C" fn(
            system: *mut DRM_PluginSystem,
            level: LogLevelValue,
            message: *const c_char,
        ) -> ErrCodeValue,
    >,
}
