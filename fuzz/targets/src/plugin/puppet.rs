//! A key system whose functions answer what the input says: codes, lengths and bytes, of which few can be.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use native_drm::native_drm_common::ContentProtectionLevelValue;
use native_drm::native_drm_err::ErrCodeValue;
use native_drm::native_drm_plugin::{
    DRM_KeySystemPlugin, DRM_PluginHost, DRM_PluginMimeType, DRM_PluginSession, DRM_PluginSessionFunctions,
    DRM_PluginSystem, DRM_PluginSystemFunctions, NATIVE_DRM_PLUGIN_API_VERSION, OH_Drm_RegisterKeySystem,
};

use super::functions as its;
use super::services;

/// Its name.
pub const NAME: &CStr = c"fuzz.plugin";
/// Bytes of a media key id that it may write.
const LONGEST_ID: u32 = 16;

static SYSTEM_ID: [u8; 16] = [0x42; 16];

struct State {
    answers: Vec<u8>,
    at: usize,
    /// The number of the newest object.
    last: usize,
    host: Option<&'static DRM_PluginHost>,
    /// What the library calls those that live, by what they are called here.
    systems: BTreeMap<usize, usize>,
    sessions: BTreeMap<usize, usize>,
}

static STATE: Mutex<State> = Mutex::new(State {
    answers: Vec::new(),
    at: 0,
    last: 0,
    host: None,
    systems: BTreeMap::new(),
    sessions: BTreeMap::new(),
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds it to the library's key systems.
pub fn register() {
    let types = [c"webm", c"cenc", c"keyids", c"video/webm"].map(|name| DRM_PluginMimeType {
        name: name.as_ptr(),
        maxLevel: ContentProtectionLevelValue(0),
        reserved: 0,
    });
    let plugin = DRM_KeySystemPlugin {
        structSize: size_of::<DRM_KeySystemPlugin>() as u32,
        apiVersion: NATIVE_DRM_PLUGIN_API_VERSION,
        name: NAME.as_ptr(),
        vendor: ptr::null(),
        version: ptr::null(),
        description: ptr::null(),
        algorithms: ptr::null(),
        systemIds: SYSTEM_ID.as_ptr(),
        systemIdCount: 1,
        mimeTypeCount: types.len() as u32,
        mimeTypes: types.as_ptr(),
        maxLevel: ContentProtectionLevelValue(0),
        maxSystems: 0,
        maxSessions: 3,
        maxMediaKeyIdLen: LONGEST_ID,
        context: ptr::null_mut(),
        createSystem: Some(create_system),
    };
    // SAFETY: all that it points to lives until the call returns, and the functions are of their types.
    let code = unsafe { OH_Drm_RegisterKeySystem(&raw const plugin) };
    assert_eq!(code.0, 0, "the key system was not registered");
}

/// From now on it answers what these bytes say, and then what can be.
pub fn begin(answers: &[u8]) {
    let mut state = state();
    state.answers = answers.to_vec();
    state.at = 0;
    state.systems.clear();
    state.sessions.clear();
}

/// Instances and sessions that the library has not destroyed.
pub fn living() -> (usize, usize) {
    let state = state();
    (state.systems.len(), state.sessions.len())
}

/// The next byte of the answers; zero past their end.
pub fn byte() -> u8 {
    let mut state = state();
    state.at += 1;
    state.answers.get(state.at - 1).copied().unwrap_or(0)
}

/// The next four bytes, as a number.
pub fn word() -> u32 {
    u32::from_be_bytes([(); 4].map(|()| byte()))
}

/// A length, mostly one that there is room for.
pub fn length(room: u32) -> u32 {
    match byte() {
        small @ 0..=199 => u32::from(small) % room.saturating_add(1),
        200..=215 => room,
        216..=231 => room.wrapping_add(1),
        232..=247 => u32::MAX,
        _ => word(),
    }
}

/// What a function returns: mostly that all is well.
fn answer() -> ErrCodeValue {
    const CODES: [u32; 16] = [
        401,
        24_700_101,
        24_700_102,
        24_700_103,
        24_700_104,
        24_700_105,
        24_700_106,
        24_700_107,
        24_700_108,
        24_700_109,
        24_700_110,
        24_700_111,
        24_700_201,
        1,
        24_700_000,
        u32::MAX,
    ];
    let byte = byte();
    ErrCodeValue(if byte < 192 { 0 } else { CODES[usize::from(byte) % CODES.len()] })
}

fn new_object(table: usize, code: ErrCodeValue, handle: usize, of_session: bool) -> *mut c_void {
    let mut state = state();
    state.last += 1;
    let number = state.last;
    // The library has to destroy what it was given, and nothing else.
    if code.0 == 0 && table < COMPLETE {
        let living = if of_session { &mut state.sessions } else { &mut state.systems };
        living.insert(number, handle);
    }
    ptr::without_provenance_mut(number)
}

fn choose_table<T>(tables: &[T]) -> (usize, *const T) {
    match byte() {
        good @ 0..=223 => (usize::from(good >= 192), ptr::from_ref(&tables[usize::from(good >= 192)])),
        224 => (usize::MAX, ptr::null()),
        225 => (usize::MAX, ptr::without_provenance(1)),
        bad => {
            let number = usize::from(bad) % tables.len();
            (number, ptr::from_ref(&tables[number]))
        }
    }
}

/// Calls of the library in a function of an instance, which has to live.
pub fn of_system(system: *mut c_void) -> ErrCodeValue {
    let (handle, host) = {
        let state = state();
        (state.systems.get(&system.addr()).copied(), state.host)
    };
    let handle = handle.expect("a call for an instance that is none");
    services::call(host.expect("a host"), handle, 0);
    answer()
}

/// Calls of the library in a function of a session, which has to live.
pub fn of_session(session: *mut c_void) -> ErrCodeValue {
    let (handle, system, host) = {
        let state = state();
        let system = state.systems.first_key_value().map(|(_, handle)| *handle);
        (state.sessions.get(&session.addr()).copied(), system, state.host)
    };
    let handle = handle.expect("a call for a session that is none");
    services::call(host.expect("a host"), system.expect("a session without its instance"), handle);
    answer()
}

unsafe extern "C-unwind" fn create_system(
    _: *mut c_void,
    host: *const DRM_PluginHost,
    handle: *mut DRM_PluginSystem,
    functions: *mut *const DRM_PluginSystemFunctions,
    system: *mut *mut c_void,
) -> ErrCodeValue {
    // SAFETY: the table lives as long as the process.
    state().host = Some(unsafe { &*host });
    let code = answer();
    let (table, pointer) = choose_table(&SYSTEM_TABLES);
    // SAFETY: the library's, valid during the call.
    unsafe {
        *functions = pointer;
        *system = new_object(table, code, handle.addr(), false);
    }
    code
}

unsafe extern "C-unwind" fn destroy_system(system: *mut c_void) {
    let mut state = state();
    assert!(state.systems.remove(&system.addr()).is_some(), "an instance that is none was destroyed");
    assert!(state.sessions.is_empty(), "an instance was destroyed before its sessions");
}

unsafe extern "C-unwind" fn create_session(
    system: *mut c_void,
    level: ContentProtectionLevelValue,
    handle: *mut DRM_PluginSession,
    functions: *mut *const DRM_PluginSessionFunctions,
    session: *mut *mut c_void,
) -> ErrCodeValue {
    assert!((1..=3).contains(&level.0), "a session at level {}", level.0);
    let code = of_system(system);
    let (table, pointer) = choose_table(&SESSION_TABLES);
    // SAFETY: the library's, valid during the call.
    unsafe {
        *functions = pointer;
        *session = new_object(table, code, handle.addr(), true);
    }
    code
}

unsafe extern "C-unwind" fn destroy_session(session: *mut c_void) {
    assert!(state().sessions.remove(&session.addr()).is_some(), "a session that is none was destroyed");
}

const SYSTEM: DRM_PluginSystemFunctions = DRM_PluginSystemFunctions {
    structSize: size_of::<DRM_PluginSystemFunctions>() as u32,
    apiVersion: NATIVE_DRM_PLUGIN_API_VERSION,
    destroy: Some(destroy_system),
    createSession: Some(create_session),
    setConfigurationString: Some(its::set_string),
    getConfigurationString: Some(its::get_string),
    setConfigurationByteArray: Some(its::set_bytes),
    getConfigurationByteArray: Some(its::get_bytes),
    getStatistics: Some(its::get_statistics),
    getMaxContentProtectionLevel: Some(its::get_level),
    generateKeySystemRequest: Some(its::provision),
    processKeySystemResponse: Some(its::take),
    getCertificateStatus: Some(its::certificate),
    getOfflineMediaKeyIds: Some(its::get_ids),
    getOfflineMediaKeyStatus: Some(its::id_status),
    clearOfflineMediaKeys: Some(its::take),
};

const SESSION: DRM_PluginSessionFunctions = DRM_PluginSessionFunctions {
    structSize: size_of::<DRM_PluginSessionFunctions>() as u32,
    apiVersion: NATIVE_DRM_PLUGIN_API_VERSION,
    destroy: Some(destroy_session),
    generateMediaKeyRequest: Some(its::generate),
    processMediaKeyResponse: Some(its::process),
    checkMediaKeyStatus: Some(its::status),
    clearMediaKeys: Some(its::clear),
    generateOfflineReleaseRequest: Some(its::release),
    processOfflineReleaseResponse: Some(its::released),
    restoreOfflineMediaKeys: Some(its::restore),
    getContentProtectionLevel: Some(its::session_level),
    requiresSecureDecoderModule: Some(its::secure),
    decrypt: Some(its::decrypt),
};

/// Tables at the beginning that the library takes: all functions, and those that must not be null.
const COMPLETE: usize = 2;

static SYSTEM_TABLES: [DRM_PluginSystemFunctions; 6] = [
    SYSTEM,
    DRM_PluginSystemFunctions {
        setConfigurationString: None,
        getConfigurationString: None,
        setConfigurationByteArray: None,
        getConfigurationByteArray: None,
        getStatistics: None,
        getMaxContentProtectionLevel: None,
        generateKeySystemRequest: None,
        processKeySystemResponse: None,
        getCertificateStatus: None,
        getOfflineMediaKeyIds: None,
        getOfflineMediaKeyStatus: None,
        clearOfflineMediaKeys: None,
        ..SYSTEM
    },
    DRM_PluginSystemFunctions { destroy: None, ..SYSTEM },
    DRM_PluginSystemFunctions { createSession: None, ..SYSTEM },
    DRM_PluginSystemFunctions { structSize: 8, ..SYSTEM },
    DRM_PluginSystemFunctions { apiVersion: 0, ..SYSTEM },
];

static SESSION_TABLES: [DRM_PluginSessionFunctions; 7] = [
    SESSION,
    DRM_PluginSessionFunctions {
        checkMediaKeyStatus: None,
        clearMediaKeys: None,
        generateOfflineReleaseRequest: None,
        processOfflineReleaseResponse: None,
        restoreOfflineMediaKeys: None,
        getContentProtectionLevel: None,
        requiresSecureDecoderModule: None,
        decrypt: None,
        ..SESSION
    },
    DRM_PluginSessionFunctions { destroy: None, ..SESSION },
    DRM_PluginSessionFunctions { generateMediaKeyRequest: None, ..SESSION },
    DRM_PluginSessionFunctions { processMediaKeyResponse: None, ..SESSION },
    DRM_PluginSessionFunctions { structSize: 8, ..SESSION },
    DRM_PluginSessionFunctions { apiVersion: 99, ..SESSION },
];
