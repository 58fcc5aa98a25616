//! A program's own instance of the library: what it does through the C functions.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use gst::prelude::*;

unsafe extern "C" {
    fn OH_MediaKeySystem_Create(name: *const c_char, system: *mut *mut c_void) -> i32;
    fn OH_MediaKeySystem_Destroy(system: *mut c_void) -> i32;
    fn OH_MediaKeySystem_CreateMediaKeySession(s: *mut c_void, level: *const i32, session: *mut *mut c_void) -> i32;
    fn OH_MediaKeySession_ProcessMediaKeyResponse(s: *mut c_void, r: *mut u8, n: i32, id: *mut u8, m: *mut i32) -> i32;
    fn OH_MediaKeySession_ClearMediaKeys(session: *mut c_void) -> i32;
}

/// An instance of a key system with one session.
pub struct Program {
    pub system: *mut c_void,
    session: *mut c_void,
}

// SAFETY: handles may be used on any thread.
unsafe impl Send for Program {}
// SAFETY: as above.
unsafe impl Sync for Program {}

impl Program {
    pub fn new(key_system: &CStr) -> Self {
        let (mut system, mut session) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the pointers are valid during the calls.
        unsafe {
            assert_eq!(OH_MediaKeySystem_Create(key_system.as_ptr(), &raw mut system), 0);
            assert_eq!(OH_MediaKeySystem_CreateMediaKeySession(system, &1, &raw mut session), 0);
        }
        Self { system, session }
    }

    pub fn add_keys(&self, jwk_set: &str) {
        let (mut text, mut id, mut id_len) = (jwk_set.as_bytes().to_vec(), [0_u8; 64], 64_i32);
        // SAFETY: lengths are those of the arrays, which live during the call.
        let code = unsafe {
            let len = text.len() as i32;
            OH_MediaKeySession_ProcessMediaKeyResponse(
                self.session,
                text.as_mut_ptr(),
                len,
                id.as_mut_ptr(),
                &raw mut id_len,
            )
        };
        assert_eq!(code, 0);
    }

    pub fn clear_keys(&self) {
        // SAFETY: any handle is allowed.
        assert_eq!(unsafe { OH_MediaKeySession_ClearMediaKeys(self.session) }, 0);
    }

    /// The context that hands the instance over.
    pub fn context(&self) -> gst::Context {
        self.context_that(true)
    }

    pub fn context_that(&self, persists: bool) -> gst::Context {
        let mut context = gst::Context::new("native-drm", persists);
        let structure = context.get_mut().expect("ours alone").structure_mut();
        // SAFETY: it is a pointer that nobody follows.
        let handle = unsafe { self.system.to_value().into_send_value() };
        structure.set_value("media-key-system", handle);
        context
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: any handle is allowed.
        unsafe { OH_MediaKeySystem_Destroy(self.system) };
    }
}
