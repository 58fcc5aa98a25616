//! Function pointers of C as listeners of events.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use crate::glue::enums::{ErrCodeValue, EventTypeValue};
use crate::glue::translate;
use crate::native_drm_common::{DRM_KeysInfo, MediaKeySession, MediaKeySystem};
use crate::native_drm_extension::OH_MediaKeySession_UserDataCallback;
use crate::native_mediakeysession::{MediaKeySession_Callback, OH_MediaKeySession_Callback};
use drm::events::{Event, EventKind, Listener};
use drm::key_info::KeyInfo;

/// A pointer that belongs to the program that registered it.
#[derive(Clone, Copy)]
pub struct UserData(pub *mut c_void);

impl UserData {
    /// The pointer. Closures that call this capture the wrapper, which may go to other threads, not the pointer.
    pub fn pointer(self) -> *mut c_void {
        self.0
    }
}

// SAFETY: the library only passes the pointer back; that callbacks come from another thread is documented, so the
// program guarantees that what it points to may be used there.
unsafe impl Send for UserData {}
// SAFETY: as above; the pointer is only copied.
unsafe impl Sync for UserData {}

/// The number in a handle, from which the handle is made again for a callback.
pub type Token = usize;

type PlainEventFunction = unsafe extern "C" fn(EventTypeValue, *mut u8, i32, *mut c_char) -> ErrCodeValue;
type SystemEventFunction =
    unsafe extern "C" fn(*mut MediaKeySystem, EventTypeValue, *mut u8, i32, *mut c_char) -> ErrCodeValue;
type SystemUserDataFunction =
    unsafe extern "C" fn(*mut MediaKeySystem, EventTypeValue, *mut u8, i32, *mut c_char, *mut c_void) -> ErrCodeValue;

/// A callback for the events of a MediaKeySystem.
pub enum SystemCallback {
    /// API level 11.
    Plain(PlainEventFunction),
    /// API level 12.
    WithHandle(SystemEventFunction, Token),
    /// Ours.
    WithUserData(SystemUserDataFunction, Token, UserData),
}

/// The functions of a session's callbacks.
pub enum SessionFunctions {
    /// API level 11.
    Plain(MediaKeySession_Callback),
    /// API level 12.
    WithHandle(OH_MediaKeySession_Callback, Token),
    /// Ours.
    WithUserData(OH_MediaKeySession_UserDataCallback, Token, UserData),
}

/// Callbacks for the events and key changes of a session.
pub struct SessionCallback(pub SessionFunctions);

/// An event's arguments in the callback's own copy, which C may change.
struct Arguments {
    kind: EventTypeValue,
    info: Vec<u8>,
    info_length: i32,
    extra: Vec<u8>,
}

impl Arguments {
    fn new(kind: EventKind, info: &[u8], extra: i64) -> Self {
        let mut bytes = info.to_vec();
        // Info is often text; a NUL that does not count makes it printable.
        bytes.push(0);
        Self {
            kind: EventTypeValue(kind as u32),
            info: bytes,
            info_length: i32::try_from(info.len()).unwrap_or(i32::MAX),
            extra: CString::new(extra.to_string()).unwrap_or_default().into_bytes_with_nul(),
        }
    }

    fn info(&mut self) -> *mut u8 {
        self.info.as_mut_ptr()
    }

    fn extra(&mut self) -> *mut c_char {
        self.extra.as_mut_ptr().cast()
    }
}

impl Listener for SystemCallback {
    fn notify(&self, event: &Event) {
        let Event::Occurred { kind, info, extra } = event else { return };
        let mut arguments = Arguments::new(*kind, info, *extra);
        let (kind, length) = (arguments.kind, arguments.info_length);
        let (info, extra) = (arguments.info(), arguments.extra());
        // SAFETY: the program guarantees that what it registered is a function of that type; the arguments live until
        // the call returns.
        unsafe {
            match self {
                Self::Plain(function) => function(kind, info, length, extra),
                Self::WithHandle(function, token) => {
                    function(ptr::without_provenance_mut(*token), kind, info, length, extra)
                }
                Self::WithUserData(function, token, user_data) => {
                    function(ptr::without_provenance_mut(*token), kind, info, length, extra, user_data.pointer())
                }
            };
        }
    }
}

impl Listener for SessionCallback {
    fn notify(&self, event: &Event) {
        match event {
            Event::Occurred { kind, info, extra } => self.0.event(&mut Arguments::new(*kind, info, *extra)),
            Event::KeysChanged { keys, new_keys_available } => self.0.keys_changed(keys, *new_keys_available),
        }
    }
}

impl SessionFunctions {
    fn event(&self, arguments: &mut Arguments) {
        let (kind, length) = (arguments.kind, arguments.info_length);
        let (info, extra) = (arguments.info(), arguments.extra());
        // SAFETY: the program guarantees that what it registered are functions of those types; the arguments live until
        // the call returns.
        unsafe {
            match self {
                Self::Plain(callback) => callback.eventCallback.map(|function| function(kind, info, length, extra)),
                Self::WithHandle(callback, token) => {
                    callback.eventCallback.map(|function| function(session(*token), kind, info, length, extra))
                }
                Self::WithUserData(callback, token, user_data) => callback
                    .eventCallback
                    .map(|function| function(session(*token), kind, info, length, extra, user_data.pointer())),
            };
        }
    }

    fn keys_changed(&self, keys: &[KeyInfo], available: bool) {
        let mut info = Box::new(DRM_KeysInfo::ZERO);
        translate::keys_info(keys, &mut info);
        // SAFETY: the program guarantees that what it registered are functions of those types; `info` lives until the
        // call returns.
        unsafe {
            match self {
                Self::Plain(callback) => callback.keyChangeCallback.map(|function| function(&raw mut *info, available)),
                Self::WithHandle(callback, token) => {
                    callback.keyChangeCallback.map(|function| function(session(*token), &raw mut *info, available))
                }
                Self::WithUserData(callback, token, user_data) => callback
                    .keyChangeCallback
                    .map(|function| function(session(*token), &raw mut *info, available, user_data.pointer())),
            };
        }
    }
}

fn session(token: Token) -> *mut MediaKeySession {
    ptr::without_provenance_mut(token)
}
