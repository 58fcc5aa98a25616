//! OpenHarmony's native DRM API for Linux: `libnative_drm`.
//!
//! C programs use the headers under `include/`; the functions behind them are in [`capi`]. The layers below it are
//! safe Rust and know nothing of C.

#![deny(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    // The path of a sample is one function: calls and results in memory would double its cost.
    clippy::inline_always,clippy::module_name_repetitions, clippy::missing_errors_doc, clippy::must_use_candidate, clippy::doc_markdown)]

pub mod avsession;
pub mod capi;
pub mod cenc;
pub mod drm;
pub mod error;
pub mod init_data;
pub mod license;
pub mod storage;
pub mod util;
