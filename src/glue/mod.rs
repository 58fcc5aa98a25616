//! What the files of the C layer share: the boundary, handles, arguments, callbacks, translations.
//!
//! Only exported functions call what is here. It is safe because they are not: it relies on what their `# Safety` sections
//! make callers guarantee about pointers, strings and callbacks.

pub mod args;
pub mod avsession_text;
pub mod boundary;
pub mod callback;
pub mod enums;
pub mod error;
pub mod handle;
pub mod media_keys;
pub mod translate;
