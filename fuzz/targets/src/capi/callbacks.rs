//! Callbacks, which call the library in turn.

use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use native_drm::native_avsession::{OH_AVSession, OH_AVSession_Destroy, OH_AVSession_SetFavorite};
use native_drm::native_avsession_base::{ControlCommandValue, LoopModeValue};
use native_drm::native_avsession_errors::CallbackResultValue;
use native_drm::native_drm_common::{DRM_KeysInfo, EventTypeValue, MediaKeySession, MediaKeySystem};
use native_drm::native_drm_err::ErrCodeValue;
use native_drm::native_drm_extension::LogLevelValue;
use native_drm::native_mediakeysession::{OH_MediaKeySession_ClearMediaKeys, OH_MediaKeySession_Destroy};
use native_drm::native_mediakeysystem::OH_MediaKeySystem_Destroy;

/// Callbacks that have run.
static CALLED: AtomicUsize = AtomicUsize::new(0);

fn number() -> usize {
    CALLED.fetch_add(1, Ordering::Relaxed)
}

pub unsafe extern "C-unwind" fn plain_event(_: EventTypeValue, _: *mut u8, _: i32, _: *mut c_char) -> ErrCodeValue {
    ErrCodeValue(number() as u32 % 3)
}

pub unsafe extern "C-unwind" fn system_event(
    system: *mut MediaKeySystem,
    _: EventTypeValue,
    _: *mut u8,
    _: i32,
    extra: *mut c_char,
) -> ErrCodeValue {
    assert!(!extra.is_null(), "an event without extra");
    if number().is_multiple_of(16) {
        OH_MediaKeySystem_Destroy(system);
    }
    ErrCodeValue(0)
}

pub unsafe extern "C-unwind" fn system_event_with_data(
    system: *mut MediaKeySystem,
    event: EventTypeValue,
    info: *mut u8,
    length: i32,
    extra: *mut c_char,
    _: *mut c_void,
) -> ErrCodeValue {
    // SAFETY: the same arguments.
    unsafe { system_event(system, event, info, length, extra) }
}

pub unsafe extern "C-unwind" fn session_event(
    session: *mut MediaKeySession,
    _: EventTypeValue,
    info: *mut u8,
    length: i32,
    extra: *mut c_char,
) -> ErrCodeValue {
    assert!(!extra.is_null() && length >= 0 && (length == 0 || !info.is_null()));
    match number() % 16 {
        0 => OH_MediaKeySession_Destroy(session),
        1 => OH_MediaKeySession_ClearMediaKeys(session),
        _ => ErrCodeValue(0),
    }
}

pub unsafe extern "C-unwind" fn session_event_with_data(
    session: *mut MediaKeySession,
    event: EventTypeValue,
    info: *mut u8,
    length: i32,
    extra: *mut c_char,
    _: *mut c_void,
) -> ErrCodeValue {
    // SAFETY: the same arguments.
    unsafe { session_event(session, event, info, length, extra) }
}

pub unsafe extern "C-unwind" fn plain_key_change(keys: *mut DRM_KeysInfo, _: bool) -> ErrCodeValue {
    assert!(!keys.is_null());
    ErrCodeValue(number() as u32 % 3)
}

pub unsafe extern "C-unwind" fn key_change(
    session: *mut MediaKeySession,
    keys: *mut DRM_KeysInfo,
    _: bool,
) -> ErrCodeValue {
    assert!(!keys.is_null());
    if number().is_multiple_of(16) {
        OH_MediaKeySession_Destroy(session);
    }
    ErrCodeValue(0)
}

pub unsafe extern "C-unwind" fn key_change_with_data(
    session: *mut MediaKeySession,
    keys: *mut DRM_KeysInfo,
    new: bool,
    _: *mut c_void,
) -> ErrCodeValue {
    // SAFETY: the same arguments.
    unsafe { key_change(session, keys, new) }
}

/// Reads all of the box, as a program does; stops at some of them.
pub unsafe extern "C-unwind" fn pssh_box(uuid: *const u8, pssh: *const u8, length: usize, _: *mut c_void) -> i32 {
    // SAFETY: the library passes 16 bytes and the box, both valid until this returns.
    let (uuid, pssh) = unsafe { (std::slice::from_raw_parts(uuid, 16), std::slice::from_raw_parts(pssh, length)) };
    assert!(length >= 32 && pssh.windows(16).any(|id| id == uuid), "a box without its system id");
    i32::from(pssh.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == 0)
}

pub unsafe extern "C-unwind" fn log(_: LogLevelValue, message: *const c_char, _: *mut c_void) {
    assert!(!message.is_null());
}

fn av(session: *mut OH_AVSession) -> CallbackResultValue {
    match number() % 16 {
        0 => drop(OH_AVSession_Destroy(session)),
        1 => drop(OH_AVSession_SetFavorite(session, true)),
        _ => {}
    }
    CallbackResultValue(0)
}

macro_rules! av_callbacks {
    ($($name:ident($($argument:ty),*);)*) => {$(
        pub unsafe extern "C-unwind" fn $name(
            session: *mut OH_AVSession,
            $(_: $argument,)*
            _: *mut c_void,
        ) -> CallbackResultValue {
            av(session)
        }
    )*};
}

av_callbacks! {
    on_command(ControlCommandValue);
    on_move(u32);
    on_seek(u64);
    on_loop_mode(LoopModeValue);
    on_text(*const c_char);
    on_speed(f64);
    on_item(i32);
    on_common(*const c_char, *const c_char);
    on_key(i32, i32, i64);
    on_call();
}
