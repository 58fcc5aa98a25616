//! What every crate of native_drm may use: read-copy-update, secret memory, clocks, the dispatcher, the log.

#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::inline_always,
    reason = "the path of a sample is one function: calls and results in memory would double its cost"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod base64;
pub mod clock;
pub mod dispatcher;
pub mod gate;
pub mod json;
pub mod log;
pub mod rcu;
pub mod secret;
pub mod sync;
pub mod text;
