//! Texts of the AVSession kit: UTF-8, empty or not, up to a limit.

use std::ffi::c_char;

use crate::glue::args;
use crate::glue::error::Result;
use avsession::metadata::{MAX_LONG_TEXT, MAX_TEXT};

/// A text such as a title or an id.
pub fn text(argument: &'static str, pointer: *const c_char) -> Result<String> {
    args::string_or_empty(argument, pointer, MAX_TEXT + 1)
}

/// A long text.
pub fn long_text(argument: &'static str, pointer: *const c_char) -> Result<String> {
    args::string_or_empty(argument, pointer, MAX_LONG_TEXT + 1)
}

/// A text that must not be empty.
pub fn name(argument: &'static str, pointer: *const c_char) -> Result<String> {
    args::string(argument, pointer, MAX_TEXT + 1)
}
