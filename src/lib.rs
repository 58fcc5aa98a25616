//! `libnative_drm`: OpenHarmony's native DRM API for Linux.
//!
//! C programs use the headers under `include/`. One file here, or one directory, is one header; `glue` is what they share. This
//! is the only place with `extern "C"` and raw pointers. It checks, finds, calls one verb of the crates below it and
//! translates; it decides nothing.
//!
//! # Safety
//!
//! A handle is a number that is looked up, so functions that take no other pointers are safe. Null is always allowed, and
//! refused where it makes no sense, as is a misaligned pointer. About all other pointers the `# Safety` sections use these
//! words, each for the time of the call:
//!
//! - *readable*: it points to a value of its type, or to as many as the section says, that nobody writes;
//! - *writable*: it points to room for a value of its type, or for as many as the section says, that nobody else accesses;
//! - *a string*: it is readable up to a NUL, or up to the limit that the function's documentation gives.
//!
//! The sections are for callers in Rust; build.rs leaves them out of the headers, whose parameter descriptions say the same.

#![deny(missing_docs, clippy::missing_safety_doc)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::inline_always,
    reason = "the path of a sample is one function: calls and results in memory would double its cost"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]
#![deny(unsafe_op_in_unsafe_fn)]
// Names and comments are those of the C headers.
#![allow(non_camel_case_types, non_snake_case, rustdoc::bare_urls)]

mod glue;
mod isolation;

pub mod native_avbuffer;
pub mod native_avbuffer_info;
pub mod native_averrors;
pub mod native_avmetadata;
pub mod native_avplaybackstate;
pub mod native_avsession;
pub mod native_avsession_base;
pub mod native_avsession_errors;
pub mod native_avsession_extension;
pub mod native_cencinfo;
pub mod native_drm_common;
pub mod native_drm_err;
pub mod native_drm_extension;
pub mod native_drm_isolation;
pub mod native_drm_license;
#[cfg(feature = "license-service")]
pub mod native_drm_license_service;
pub mod native_drm_plugin;
pub mod native_mediadecrypt;
pub mod native_mediakeysession;
pub mod native_mediakeysystem;

#[cfg(test)]
mod tests {
    mod decrypt_allocations;
    mod handle_kinds;
    mod isolation_messages;
}
