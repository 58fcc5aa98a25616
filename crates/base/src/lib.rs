//! What every crate of native_drm may use: read-copy-update, secret memory, clocks, the dispatcher, the log.

#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::inline_always,
    reason = "the path of a sample is one function: calls and results in memory would double its cost"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]
#![deny(unsafe_op_in_unsafe_fn)]

// What nobody has tested is refused, here because all other crates use this one (packaging/README.md).
#[cfg(not(target_pointer_width = "64"))]
compile_error!("native_drm is for 64-bit processors: handles need pointers of 64 bits");
#[cfg(not(target_endian = "little"))]
compile_error!("native_drm is for little-endian processors: nothing of it was tested on others");
#[cfg(target_env = "musl")]
compile_error!("native_drm is for the GNU C library, or OpenHarmony's: nothing of it was tested with musl itself");

pub mod base64;
pub mod call;
pub mod clock;
pub mod dispatcher;
pub mod gate;
pub mod json;
pub mod log;
pub mod rcu;
pub mod secret;
pub mod shared_memory;
pub mod sync;
pub mod text;
