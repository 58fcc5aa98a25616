//! Calls of a plugin's functions: what they return, and what they are given.

use std::ffi::{CString, c_char};

use crate::glue::args::Plain;
use crate::native_drm_common::ContentProtectionLevelValue;
use crate::native_drm_err::{Drm_ErrCode, ErrCodeValue};
use base::text::Text;
use drm::error::{Error, Result};
use drm::key_system::ProtectionLevel;

/// Memory for a struct of C that a plugin fills.
#[allow(clippy::unnecessary_box_returns, reason = "several of them have tens of KiB")]
pub(super) fn zeroed<T: Plain>() -> Box<T> {
    let mut memory = Box::<T>::new_uninit();
    // SAFETY: room for one T, and `Plain` guarantees that zero is one.
    unsafe {
        memory.as_mut_ptr().write_bytes(0, 1);
        memory.assume_init()
    }
}

/// What a function of a plugin has returned, as the domain's result.
pub(super) fn check(function: &'static str, code: ErrCodeValue) -> Result<()> {
    const OK: u32 = Drm_ErrCode::DRM_ERR_OK as u32;
    const INVALID: u32 = Drm_ErrCode::DRM_ERR_INVALID_VAL as u32;
    const UNKNOWN: u32 = Drm_ErrCode::DRM_ERR_UNKNOWN as u32;
    const NOT_PROVISIONED: u32 = Drm_ErrCode::DRM_ERR_NOT_PROVISIONED as u32;
    const DEVICE_TIME: u32 = Drm_ErrCode::DRM_ERR_DEVICE_TIME_ERROR as u32;
    const DENIED: u32 = Drm_ErrCode::DRM_ERR_SERVICE_DENIED as u32;
    const NO_LICENSE: u32 = Drm_ErrCode::DRM_ERR_NO_LICENSE as u32;
    const NO_KEY: u32 = Drm_ErrCode::DRM_ERR_NO_KEY as u32;
    let reason = || format!("the plugin's {function} returned {}", code.0);
    Err(match code.0 {
        OK => return Ok(()),
        INVALID | UNKNOWN => Error::Refused(reason().into()),
        NOT_PROVISIONED => Error::NotProvisioned,
        DEVICE_TIME => Error::DeviceTime,
        DENIED => Error::Denied { status: 0, rule: String::new(), message: reason(), license_id: None },
        NO_LICENSE => Error::NoLicense { key_id: String::new(), reason: reason().into() },
        NO_KEY => Error::NoKey { key_id: String::new(), reason: reason().into() },
        _ => Error::Internal(reason().into()),
    })
}

/// As [`check`], for a function that may leave the answer to the library.
pub(super) fn knows(function: &'static str, code: ErrCodeValue) -> Result<bool> {
    if code == Drm_ErrCode::DRM_ERR_UNKNOWN.into() { Ok(false) } else { check(function, code).map(|()| true) }
}

/// A plugin that returns what cannot be.
pub(super) fn garbage(function: &'static str, what: impl Into<Text>) -> Error {
    Error::Internal(format!("the plugin's {function} returns {}", what.into()).into())
}

/// A length that a plugin has written.
pub(super) fn length(function: &'static str, length: u32, room: usize) -> Result<usize> {
    let length = length as usize;
    if length > room {
        return Err(garbage(function, format!("{length} bytes, for which there are {room}")));
    }
    Ok(length)
}

/// A text that a plugin has written into an array.
pub(super) fn text(function: &'static str, array: &[c_char]) -> Result<String> {
    let bytes: Vec<u8> = array.iter().flat_map(|byte| byte.to_ne_bytes()).take_while(|&byte| byte != 0).collect();
    if bytes.len() == array.len() {
        return Err(garbage(function, "a text without NUL"));
    }
    String::from_utf8(bytes).map_err(|_| garbage(function, "a text that is not UTF-8"))
}

/// Texts that a plugin has written into arrays, two for each row.
pub(super) fn rows<'a>(
    function: &'static str,
    count: u32,
    names: impl ExactSizeIterator<Item = &'a [c_char]>,
    values: impl Iterator<Item = &'a [c_char]>,
) -> Result<Vec<(String, String)>> {
    let room = names.len();
    let count = length(function, count, room)?;
    names.zip(values).take(count).map(|(name, value)| Ok((text(function, name)?, text(function, value)?))).collect()
}

/// A protection level that a plugin has written.
pub(super) fn level(function: &'static str, level: ContentProtectionLevelValue) -> Result<ProtectionLevel> {
    crate::glue::translate::level("level", level).map_err(|_| garbage(function, format!("level {}", level.0)))
}

/// A text for a plugin. Those from programs have no NUL in them.
pub(super) fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::Refused("a text with a NUL in it".into()))
}

/// The length of something for a plugin.
pub(super) fn length_of(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| Error::Refused("longer than 4 GiB".into()))
}
