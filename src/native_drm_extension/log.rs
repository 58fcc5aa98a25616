//! Log lines for a C function.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use crate::glue::boundary::{self, DrmCode};
use crate::glue::callback::UserData;
use crate::glue::enums::c_enum_values;
use crate::glue::error::{Error, Result};
use crate::native_drm_err::ErrCodeValue;
use base::call::Call;
use base::log::{self, Level, Sink};

/// How much to log.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeDrm_LogLevel {
    /// Nothing.
    NATIVE_DRM_LOG_OFF = 0,
    /// Errors: the library could not do what it should.
    NATIVE_DRM_LOG_ERROR = 1,
    /// Warnings: unexpected, and handled.
    NATIVE_DRM_LOG_WARN = 2,
    /// Life cycle of instances, sessions and licenses.
    NATIVE_DRM_LOG_INFO = 3,
    /// Details.
    NATIVE_DRM_LOG_DEBUG = 4,
}

c_enum_values! {
    LogLevelValue of NativeDrm_LogLevel;
}

/// Receives log lines: those of a call on the thread that made the call, at its end; others on a thread of the library's. It may
/// call every function of the library; while it blocks, nothing but its own thread's call waits.
///
/// native_drm_common.h says what it must not do.
///
/// @param level the line's level
/// @param message the line, NUL-terminated UTF-8 without line end, valid during the call
/// @param userData what was registered
/// @since native_drm 0.1
pub type OH_Drm_LogCallback =
    Option<unsafe extern "C-unwind" fn(level: LogLevelValue, message: *const c_char, userData: *mut c_void)>;

/// Sends log lines to a callback instead of standard error. Without it the environment variable
/// NATIVE_DRM_LOG=error|warn|info|debug decides what goes to standard error; nothing if it is not set.
///
/// Any thread. An earlier callback may still be running on another thread when it returns.
///
/// @param level the most detailed level that is wanted
/// @param callback the callback; null returns to standard error at that level
/// @param userData passed to the callback; not touched by the library
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if level is not a NativeDrm_LogLevel
/// @since native_drm 0.1
///
/// # Safety
/// `callback` may be called with `userData`, on any thread, until another one is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_Drm_SetLogCallback(
    level: LogLevelValue,
    callback: OH_Drm_LogCallback,
    userData: *mut c_void,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| set(level, callback, UserData(userData)))
}

/// Sets or removes the receiver.
fn set(level: LogLevelValue, callback: OH_Drm_LogCallback, user_data: UserData) -> Result<()> {
    let limit = match level.0 {
        0 => Level::Off,
        1 => Level::Error,
        2 => Level::Warn,
        3 => Level::Info,
        4 => Level::Debug,
        _ => return Err(Error::invalid("level", "not a NativeDrm_LogLevel")),
    };
    let sink = callback.map(|function| -> Sink {
        Arc::new(move |level: Level, line: &str| {
            let line = CString::new(line.replace('\0', "\u{fffd}")).unwrap_or_default();
            let arguments = Arguments { function, level: LogLevelValue(level as u32), line, user_data };
            // SAFETY: the function of that type of arguments, which only copies pointers.
            Some(unsafe { Call::new(arguments, tell) })
        })
    });
    log::set_sink(sink, limit);
    Ok(())
}

type Function = unsafe extern "C-unwind" fn(level: LogLevelValue, message: *const c_char, userData: *mut c_void);

/// All that a call needs.
struct Arguments {
    function: Function,
    level: LogLevelValue,
    line: CString,
    user_data: UserData,
}

/// A plain frame: see [`base::call`].
unsafe extern "C-unwind" fn tell(arguments: *mut Arguments) -> bool {
    // SAFETY: `Call` gives what it was made with, for this call alone.
    let own = unsafe { &*arguments };
    // SAFETY: the program guarantees that what it registered is a function of that type; the line lives until the call returns.
    unsafe { (own.function)(own.level, own.line.as_ptr(), own.user_data.pointer()) };
    true
}
