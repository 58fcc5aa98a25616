//! A C function as receiver of log lines.

use std::ffi::CString;
use std::sync::Arc;

use crate::glue::callback::UserData;
use crate::glue::enums::LogLevelValue;
use crate::glue::error::{Error, Result};
use crate::native_drm_extension::OH_Drm_LogCallback;
use base::log::{self, Level, Sink};

/// Sets or removes the receiver.
pub fn set(level: LogLevelValue, callback: OH_Drm_LogCallback, user_data: UserData) -> Result<()> {
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
            let pointer = user_data.pointer();
            let line = CString::new(line.replace('\0', "\u{fffd}")).unwrap_or_default();
            // SAFETY: the program guarantees that what it registered is a function of that type; the line lives until
            // the call returns.
            unsafe { function(LogLevelValue(level as u32), line.as_ptr(), pointer) }
        })
    });
    log::set_sink(sink, limit);
    Ok(())
}
