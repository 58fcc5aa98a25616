//! The C API: the only place with `extern "C"` and raw pointers. One file is one header; the rest is what they share.

#![allow(unsafe_code)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The names are those of the C headers.
#![allow(non_camel_case_types, non_snake_case)]

pub mod averrors;
pub mod avmetadata;
pub mod avplaybackstate;
pub mod avsession;
pub mod avsession_base;
pub mod avsession_errors;
pub mod avsession_extension;
pub mod cencinfo;
pub mod common;
pub mod drm_extension;
pub mod drm_license;
#[cfg(feature = "license-service")]
pub mod drm_license_service;
pub mod enums;
pub mod err;
pub mod media_decrypt;
pub mod media_key_session;
pub mod media_key_system;

mod args;
mod avsession_callback;
mod avsession_text;
mod boundary;
mod callback;
mod handle;
mod log_callback;
mod sample;
mod translate;
