//! What the files of the C layer share: the boundary, handles, arguments, callbacks, translations.

pub mod args;
pub mod avsession_callback;
pub mod avsession_text;
pub mod boundary;
pub mod callback;
pub mod enums;
pub mod error;
pub mod handle;
pub mod log_callback;
pub mod sample;
pub mod translate;
