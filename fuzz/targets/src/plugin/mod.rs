//! A key system that answers what the input says, in the life of an instance: lies about lengths, texts and levels, codes that are
//! none, tables that lack functions, and calls of the library from inside.
//!
//! After each call: a documented code; what was refused has a message and has written nothing; what was done has written what can be.
//! In the end the library has destroyed each instance and session that it was given, once, sessions first.

#![allow(clippy::wildcard_imports, reason = "most of it is called")]
#![allow(clippy::many_single_char_names, reason = "a pointer and a length, many times")]
#![allow(clippy::trivially_copy_pass_by_ref, reason = "checks of small and large results are of one form")]

mod functions;
mod puppet;
mod services;

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Once;

use native_drm::native_drm_common::*;
use native_drm::native_drm_err::ErrCodeValue;
use native_drm::native_drm_extension::*;
use native_drm::native_mediadecrypt::*;
use native_drm::native_mediakeysession::*;
use native_drm::native_mediakeysystem::*;

use crate::capi::calls::{request_info, sample_info};
use crate::capi::context::Context;
use crate::world;

/// Calls of one life.
const MAX_CALLS: usize = 40;

/// The first half of the input says what is called, the second one what the key system answers.
pub fn run(input: &[u8]) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        world::library_store();
        puppet::register();
    });
    let (calls, answers) = input.split_at(input.len() / 2);
    puppet::begin(answers);
    live(&mut Context::new(calls));
    assert_eq!(puppet::living(), (0, 0), "instances and sessions are left");
}

fn live(c: &mut Context<'_>) {
    let room = c.new_handle::<MediaKeySystem>();
    // SAFETY: a name and room for a handle.
    let code = unsafe { OH_MediaKeySystem_Create(puppet::NAME.as_ptr(), room) };
    let Some(system) = made(c, "OH_MediaKeySystem_Create", code, room) else { return };
    let mut sessions = Vec::new();
    for _ in 0..MAX_CALLS {
        if c.script.is_over() {
            break;
        }
        let which = usize::from(c.script.byte());
        let session = sessions.get(which / 2 % 3).copied();
        match session {
            Some(session) if which.is_multiple_of(2) => {
                if about_session(c, session) {
                    sessions.retain(|other| *other != session);
                }
            }
            None if which.is_multiple_of(2) => sessions.extend(create_session(c, system)),
            _ => about_system(c, system),
        }
    }
    for session in sessions {
        if c.flag() {
            assert_eq!(OH_MediaKeySession_Destroy(session).0, 0, "a session was not destroyed");
        }
    }
    assert_eq!(OH_MediaKeySystem_Destroy(system).0, 0, "an instance was not destroyed");
    assert_ne!(OH_MediaKeySystem_Destroy(system).0, 0, "an instance was destroyed twice");
}

/// The handle that a call has made, and the checks after it.
fn made<T>(c: &mut Context<'_>, name: &'static str, code: ErrCodeValue, room: *mut *mut T) -> Option<*mut T> {
    // SAFETY: the context's, until its `end`.
    let handle = unsafe { room.read_unaligned() };
    c.drm(code);
    c.end(name);
    (code.0 == 0).then_some(handle)
}

fn create_session(c: &mut Context<'_>, system: *mut MediaKeySystem) -> Option<*mut MediaKeySession> {
    let level = ContentProtectionLevelValue(1 + c.small() / 3);
    let level = c.given(level);
    let room = c.new_handle();
    // SAFETY: a level and room for a handle.
    let code = unsafe { OH_MediaKeySystem_CreateMediaKeySession(system, level, room) };
    made(c, "OH_MediaKeySystem_CreateMediaKeySession", code, room)
}

/// What a call has written, if it was not refused.
fn written<T>(code: ErrCodeValue, out: *const T) -> Option<T> {
    // SAFETY: the context's, until its `end`; a call that was given null is refused.
    (code.0 == 0).then(|| unsafe { out.read_unaligned() })
}

fn ends(text: &[c_char]) -> bool {
    text.contains(&0)
}

fn check_request(request: &DRM_MediaKeyRequest) {
    assert!((0..=MAX_MEDIA_KEY_REQUEST_DATA_LEN as i32).contains(&request.dataLen) && ends(&request.defaultUrl));
    assert!((1..=5).contains(&request.r#type.0), "request type {}", request.r#type.0);
}

fn check_statistics(rows: &DRM_Statistics) {
    let count = rows.statisticsCount as usize;
    assert!(count <= MAX_STATISTICS_COUNT);
    assert!(rows.statisticsName[..count].iter().all(|name| ends(name)));
    assert!(rows.statisticsDescription[..count].iter().all(|value| ends(value)));
}

fn check_status(rows: &DRM_MediaKeyStatus) {
    let count = rows.statusCount as usize;
    assert!(count <= MAX_MEDIA_KEY_STATUS_COUNT);
    assert!(rows.statusName[..count].iter().all(|name| ends(name)));
    assert!(rows.statusValue[..count].iter().all(|value| ends(value)));
}

fn check_ids(ids: &DRM_OfflineMediakeyIdArray) {
    assert!(ids.idsCount as usize <= MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
    let lengths = &ids.idsLen[..ids.idsCount as usize];
    assert!(lengths.iter().all(|length| (0..=MAX_OFFLINE_MEDIA_KEY_ID_LEN as i32).contains(length)));
}

fn check_level(level: &ContentProtectionLevelValue) {
    assert!((1..=3).contains(&level.0), "level {}", level.0);
}

fn check_certificate(status: &CertificateStatusValue) {
    assert!(status.0 <= 3, "certificate status {}", status.0);
}

fn check_stored(status: &OfflineMediaKeyStatusValue) {
    assert!(status.0 <= 2, "status of an offline key {}", status.0);
}

macro_rules! call {
    ($c:ident, $function:ident($($argument:expr),*) $(, $out:ident => $check:expr)?) => {{
        // SAFETY: the context's pointers are null or to memory of the length that goes with them, its strings end with a NUL; all of
        // it lives until the context's `end`. The callbacks may run at any time.
        #[allow(unused_unsafe, reason = "functions that take nothing but handles are safe")]
        let code = unsafe { $function($($argument),*) };
        $(if let Some(value) = written(code, $out) { $check(&value) })?
        $c.drm(code);
        $c.end(stringify!($function));
    }};
}

#[rustfmt::skip]
fn about_system(c: &mut Context<'_>, system: *mut MediaKeySystem) {
    match c.script.byte() % 17 {
        0 => call!(c, OH_MediaKeySystem_SetConfigurationString(system, c.text(), c.text())),
        1 => { let (p, n) = c.buffer(); call!(c, OH_MediaKeySystem_GetConfigurationString(system, c.text(), p.cast(), n)) }
        2 => { let (p, n) = c.bytes(); call!(c, OH_MediaKeySystem_SetConfigurationByteArray(system, c.text(), p, n)) }
        3 => { let (p, n) = c.buffer(); call!(c, OH_MediaKeySystem_GetConfigurationByteArray(system, c.text(), p, c.in_out(n))) }
        4 => { let out = c.out(); call!(c, OH_MediaKeySystem_GetStatistics(system, out), out => check_statistics) }
        5 => { let out = c.out(); call!(c, OH_MediaKeySystem_GetMaxContentProtectionLevel(system, out), out => check_level) }
        6 => { let ((p, n), (u, m)) = (c.buffer(), c.buffer()); call!(c, OH_MediaKeySystem_GenerateKeySystemRequest(system, p, c.in_out(n), u.cast(), m)) }
        7 => { let (p, n) = c.bytes(); call!(c, OH_MediaKeySystem_ProcessKeySystemResponse(system, p, n)) }
        8 => { let out = c.out(); call!(c, OH_MediaKeySystem_GetCertificateStatus(system, out), out => check_certificate) }
        9 => { let out = c.out(); call!(c, OH_MediaKeySystem_GetOfflineMediaKeyIds(system, out), out => check_ids) }
        10 => { let (p, n) = c.bytes(); let out = c.out(); call!(c, OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, p, n, out), out => check_stored) }
        11 => { let (p, n) = c.bytes(); call!(c, OH_MediaKeySystem_ClearOfflineMediaKeys(system, p, n)) }
        12 => call!(c, OH_MediaKeySystem_SetVirtualClock(system, c.number())),
        13 => call!(c, OH_MediaKeySystem_AdvanceVirtualClock(system, c.script.number(), c.flag())),
        14 => call!(c, OH_MediaKeySystem_FindSessionByKeyId(system, c.sixteen(), 0, c.out())),
        15 => call!(c, OH_MediaKeySystem_SetCallbackWithUserData(system, c.maybe(Some(system_event as _)), ptr::null_mut())),
        // One more than there may be, perhaps.
        _ => if let Some(session) = create_session(c, system) { call!(c, OH_MediaKeySession_Destroy(session)) },
    }
}

/// Whether it is destroyed now.
#[rustfmt::skip]
fn about_session(c: &mut Context<'_>, session: *mut MediaKeySession) -> bool {
    match c.script.byte() % 18 {
        0 | 1 => { let info = request_info(c); let info = c.given(info); let out = c.out(); call!(c, OH_MediaKeySession_GenerateMediaKeyRequest(session, info, out), out => check_request) }
        2..=4 => { let ((p, n), (id, m)) = (c.bytes(), c.buffer()); call!(c, OH_MediaKeySession_ProcessMediaKeyResponse(session, p, n, id, c.in_out(m))) }
        5 => { let out = c.out(); call!(c, OH_MediaKeySession_CheckMediaKeyStatus(session, out), out => check_status) }
        6 => call!(c, OH_MediaKeySession_ClearMediaKeys(session)),
        7 => { let ((p, n), (r, m)) = (c.bytes(), c.buffer()); call!(c, OH_MediaKeySession_GenerateOfflineReleaseRequest(session, p, n, r, c.in_out(m))) }
        8 => { let ((p, n), (r, m)) = (c.bytes(), c.bytes()); call!(c, OH_MediaKeySession_ProcessOfflineReleaseResponse(session, p, n, r, m)) }
        9 => { let (p, n) = c.bytes(); call!(c, OH_MediaKeySession_RestoreOfflineMediaKeys(session, p, n)) }
        10 => { let out = c.out(); call!(c, OH_MediaKeySession_GetContentProtectionLevel(session, out), out => check_level) }
        11 => { let out = c.out::<bool>(); call!(c, OH_MediaKeySession_RequireSecureDecoderModule(session, c.text(), out)) }
        12 => { let (p, n) = c.sized_buffer(); call!(c, OH_MediaKeySession_ExplainLicenses(session, p.cast(), c.in_out(n))) }
        13 => {
            let callback = OH_MediaKeySession_UserDataCallback { eventCallback: c.maybe(Some(session_event as _)), keyChangeCallback: c.maybe(Some(key_change as _)) };
            let callback = c.given(callback);
            call!(c, OH_MediaKeySession_SetCallbackWithUserData(session, callback, ptr::null_mut()));
        }
        14 => { call!(c, OH_MediaKeySession_Destroy(session)); return true }
        _ => { let info = sample_info(c); let info = c.given(info); let (p, n) = c.sized_buffer(); call!(c, OH_MediaKeySession_DecryptSample(session, info, p, n)) }
    }
    false
}

unsafe extern "C-unwind" fn system_event(
    _: *mut MediaKeySystem,
    event: EventTypeValue,
    _: *mut u8,
    _: i32,
    extra: *mut c_char,
    _: *mut c_void,
) -> ErrCodeValue {
    assert!(matches!(event.0, 201..=204 | 206) && !extra.is_null(), "event {}", event.0);
    ErrCodeValue(0)
}

unsafe extern "C-unwind" fn session_event(
    _: *mut MediaKeySession,
    event: EventTypeValue,
    info: *mut u8,
    length: i32,
    extra: *mut c_char,
    _: *mut c_void,
) -> ErrCodeValue {
    assert!(matches!(event.0, 201..=204 | 206) && !extra.is_null(), "event {}", event.0);
    assert!(length >= 0 && (length == 0 || !info.is_null()));
    ErrCodeValue(0)
}

unsafe extern "C-unwind" fn key_change(
    _: *mut MediaKeySession,
    keys: *mut DRM_KeysInfo,
    _: bool,
    _: *mut c_void,
) -> ErrCodeValue {
    assert!(!keys.is_null());
    ErrCodeValue(0)
}
