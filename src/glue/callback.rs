//! Function pointers of C as listeners of events.
//!
//! Three generations of callbacks differ in what they are given besides the event: nothing (API level 11), the handle (12),
//! the handle and user data (ours). [`EventFunction`] and [`KeyChangeFunction`] say how each is called; the rest is the same
//! for all.

use std::ffi::{CString, c_char, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use crate::glue::translate;
use crate::native_drm_common::{DRM_KeysInfo, EventTypeValue};
use crate::native_drm_err::ErrCodeValue;
use base::call::Call;
use drm::events::{Event, EventKind, Listener};

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

/// An event's arguments in the callback's own copy, which C may change.
pub struct EventArguments {
    kind: EventTypeValue,
    info: Vec<u8>,
    info_length: i32,
    extra: Vec<u8>,
}

impl EventArguments {
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

    fn pointers(&mut self) -> (EventTypeValue, *mut u8, i32, *mut c_char) {
        (self.kind, self.info.as_mut_ptr(), self.info_length, self.extra.as_mut_ptr().cast())
    }
}

/// A function for the events of an object with handles of type `H`.
pub trait EventFunction<H>: Copy + Send + Sync + 'static {
    /// Calls it, in a plain frame: see [`base::call`].
    ///
    /// # Safety
    /// It is a function of its type.
    unsafe fn call(self, handle: *mut H, event: &mut EventArguments, user_data: *mut c_void);
}

/// A function for the key changes of an object with handles of type `H`.
pub trait KeyChangeFunction<H>: Copy + Send + Sync + 'static {
    /// Calls it, in a plain frame: see [`base::call`].
    ///
    /// # Safety
    /// It is a function of its type.
    unsafe fn call(self, handle: *mut H, keys: &mut DRM_KeysInfo, new_keys_available: bool, user_data: *mut c_void);
}

/// For objects without key changes.
#[derive(Clone, Copy)]
pub enum Never {}

/// Receives events, in each generation.
type Plain = unsafe extern "C-unwind" fn(EventTypeValue, *mut u8, i32, *mut c_char) -> ErrCodeValue;
type WithHandle<H> = unsafe extern "C-unwind" fn(*mut H, EventTypeValue, *mut u8, i32, *mut c_char) -> ErrCodeValue;
type WithUserData<H> =
    unsafe extern "C-unwind" fn(*mut H, EventTypeValue, *mut u8, i32, *mut c_char, *mut c_void) -> ErrCodeValue;

/// Receives key changes, in each generation.
type PlainKeyChange = unsafe extern "C-unwind" fn(*mut DRM_KeysInfo, bool) -> ErrCodeValue;
type KeyChangeWithHandle<H> = unsafe extern "C-unwind" fn(*mut H, *mut DRM_KeysInfo, bool) -> ErrCodeValue;
type KeyChangeWithUserData<H> =
    unsafe extern "C-unwind" fn(*mut H, *mut DRM_KeysInfo, bool, *mut c_void) -> ErrCodeValue;

impl<H> EventFunction<H> for Plain {
    unsafe fn call(self, _: *mut H, event: &mut EventArguments, _: *mut c_void) {
        let (kind, info, length, extra) = event.pointers();
        // SAFETY: the caller guarantees the function's type; the arguments live until the call returns.
        unsafe { self(kind, info, length, extra) };
    }
}

impl<H: 'static> EventFunction<H> for WithHandle<H> {
    unsafe fn call(self, handle: *mut H, event: &mut EventArguments, _: *mut c_void) {
        let (kind, info, length, extra) = event.pointers();
        // SAFETY: as above.
        unsafe { self(handle, kind, info, length, extra) };
    }
}

impl<H: 'static> EventFunction<H> for WithUserData<H> {
    unsafe fn call(self, handle: *mut H, event: &mut EventArguments, user_data: *mut c_void) {
        let (kind, info, length, extra) = event.pointers();
        // SAFETY: as above.
        unsafe { self(handle, kind, info, length, extra, user_data) };
    }
}

impl<H> KeyChangeFunction<H> for PlainKeyChange {
    unsafe fn call(self, _: *mut H, keys: &mut DRM_KeysInfo, new_keys_available: bool, _: *mut c_void) {
        // SAFETY: the caller guarantees the function's type; the arguments live until the call returns.
        unsafe { self(keys, new_keys_available) };
    }
}

impl<H: 'static> KeyChangeFunction<H> for KeyChangeWithHandle<H> {
    unsafe fn call(self, handle: *mut H, keys: &mut DRM_KeysInfo, new_keys_available: bool, _: *mut c_void) {
        // SAFETY: as above.
        unsafe { self(handle, keys, new_keys_available) };
    }
}

impl<H: 'static> KeyChangeFunction<H> for KeyChangeWithUserData<H> {
    unsafe fn call(self, handle: *mut H, keys: &mut DRM_KeysInfo, new_keys_available: bool, user_data: *mut c_void) {
        // SAFETY: as above.
        unsafe { self(handle, keys, new_keys_available, user_data) };
    }
}

impl<H> KeyChangeFunction<H> for Never {
    unsafe fn call(self, _: *mut H, _: &mut DRM_KeysInfo, _: bool, _: *mut c_void) {
        match self {}
    }
}

/// What a program registered for an object, of any generation.
struct Functions<H, E, K> {
    event: Option<E>,
    key_change: Option<K>,
    /// The number in the object's handle, from which the handle is made again.
    token: usize,
    user_data: UserData,
    handle: PhantomData<fn(*mut H)>,
}

/// A listener that calls functions of C. What has no function is not told.
pub fn listener<H: 'static, E: EventFunction<H>, K: KeyChangeFunction<H>>(
    handle: *mut H,
    event: Option<E>,
    key_change: Option<K>,
    user_data: *mut c_void,
) -> Arc<dyn Listener> {
    Arc::new(Functions { event, key_change, token: handle.addr(), user_data: UserData(user_data), handle: PhantomData })
}

/// As [`listener`], for objects that have no key changes.
pub fn event_listener<H: 'static, E: EventFunction<H>>(
    handle: *mut H,
    event: E,
    user_data: *mut c_void,
) -> Arc<dyn Listener> {
    listener(handle, Some(event), None::<Never>, user_data)
}

impl<H: 'static, E: EventFunction<H>, K: KeyChangeFunction<H>> Listener for Functions<H, E, K> {
    fn call(&self, event: &Event) -> Option<Call> {
        let (token, user_data) = (self.token, self.user_data);
        match event {
            Event::Occurred { kind, info, extra } => {
                let event = EventArguments::new(*kind, info, *extra);
                let arguments =
                    Arguments::<H, _, _> { function: self.event?, token, user_data, event, handle: PhantomData };
                // SAFETY: the function of that type of arguments, which only copies pointers.
                Some(unsafe { Call::new(arguments, tell_of_event) })
            }
            Event::KeysChanged { keys, new_keys_available } => {
                let function = self.key_change?;
                let mut info = Box::new(DRM_KeysInfo::ZERO);
                translate::keys_info(keys, &mut info);
                let event = (info, *new_keys_available);
                let arguments = Arguments::<H, _, _> { function, token, user_data, event, handle: PhantomData };
                // SAFETY: as above.
                Some(unsafe { Call::new(arguments, tell_of_key_change) })
            }
        }
    }
}

/// All that a call needs.
struct Arguments<H, F, E> {
    function: F,
    token: usize,
    user_data: UserData,
    event: E,
    handle: PhantomData<fn(*mut H)>,
}

/// A plain frame: see [`base::call`].
unsafe extern "C-unwind" fn tell_of_event<H, F: EventFunction<H>>(
    arguments: *mut Arguments<H, F, EventArguments>,
) -> bool {
    // SAFETY: `Call` gives what it was made with, for this call alone.
    let own = unsafe { &mut *arguments };
    let (handle, user_data) = (ptr::without_provenance_mut(own.token), own.user_data.pointer());
    // SAFETY: the program guarantees that what it registered is a function of that type.
    unsafe { own.function.call(handle, &mut own.event, user_data) };
    true
}

/// A plain frame.
unsafe extern "C-unwind" fn tell_of_key_change<H, F: KeyChangeFunction<H>>(
    arguments: *mut Arguments<H, F, (Box<DRM_KeysInfo>, bool)>,
) -> bool {
    // SAFETY: as above.
    let own = unsafe { &mut *arguments };
    let (handle, user_data) = (ptr::without_provenance_mut(own.token), own.user_data.pointer());
    let (info, new_keys_available) = &mut own.event;
    // SAFETY: as above.
    unsafe { own.function.call(handle, info, *new_keys_available, user_data) };
    true
}
