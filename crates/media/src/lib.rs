//! Encrypted media files: their tracks and sample tables, how each sample is encrypted, and decrypting whole files.
//!
//! [`mp4`] reads the ISO base media file format (ISO/IEC 14496-12) with common encryption (ISO/IEC 23001-7) and PIFF 1.1:
//! progressive and fragmented files. [`webm`] reads WebM and Matroska. Transport streams and packed audio of HLS (RFC 8216
//! section 3.4) are decrypted by what stands in their elementary streams.
//!
//! [`decrypt`] copies a file from an [`Input`] to a writer, decrypting it on the way. It reads from the beginning to the
//! end, holds one group of samples in memory, and keeps every size: boxes about encryption become `free`, so that offsets and
//! indexes stay right. What is wrong in a file is an [`Error`] that names the place.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "what is cast was compared with something that is in memory, or with a limit below 2^31"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

mod copy;
mod decrypt;
mod decryptor;
mod error;
mod input;
mod keys;
pub mod mp4;
pub mod packed;
mod protection;
mod segments;
mod ts;
pub mod webm;

pub use decrypt::{Container, Options, Report, decrypt};
pub use decryptor::{Decryptor, Encrypted, WithKeys};
pub use error::{Error, Result};
pub use input::{FileInput, Input, StreamInput};
pub use keys::Keys;
pub use protection::{Protection, SchemeType};
pub use segments::Segments;

/// A four-character code, of a box or a scheme.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FourCc(pub [u8; 4]);

impl std::fmt::Display for FourCc {
    /// As text; bytes that are not printable ASCII as `\xNN`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

impl std::fmt::Debug for FourCc {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "'{self}'")
    }
}
