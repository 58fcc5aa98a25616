//! Texts of the AVSession kit: UTF-8, empty or not, up to a limit.

use std::ffi::c_char;

use crate::glue::args;
use crate::glue::error::Result;
use crate::native_avsession_extension::{NATIVE_AVSESSION_MAX_LONG_TEXT_LEN, NATIVE_AVSESSION_MAX_TEXT_LEN};
use avsession::metadata::{MAX_LONG_TEXT, MAX_TEXT};

const _: () = assert!(NATIVE_AVSESSION_MAX_TEXT_LEN == MAX_TEXT + 1);
const _: () = assert!(NATIVE_AVSESSION_MAX_LONG_TEXT_LEN == MAX_LONG_TEXT + 1);

/// A text such as a title or an id.
pub fn text(argument: &'static str, pointer: *const c_char) -> Result<String> {
    args::string_or_empty(argument, pointer, NATIVE_AVSESSION_MAX_TEXT_LEN)
}

/// A long text.
pub fn long_text(argument: &'static str, pointer: *const c_char) -> Result<String> {
    args::string_or_empty(argument, pointer, NATIVE_AVSESSION_MAX_LONG_TEXT_LEN)
}

/// A text that must not be empty.
pub fn name(argument: &'static str, pointer: *const c_char) -> Result<String> {
    args::string(argument, pointer, NATIVE_AVSESSION_MAX_TEXT_LEN)
}
