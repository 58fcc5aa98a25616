//! Common encryption (ISO/IEC 23001-7): decrypting one sample in place.
//!
//! A [`Sample`] is the checked description of a sample (cipher, scheme, IV, pattern, subsamples). It decrypts with a
//! [`ContentKey`], which holds the round keys and was bound to the fastest instruction set of this CPU when it was
//! made. Nothing here allocates, locks, logs or reads a clock per sample. A [`Batch`] decrypts several.
//!
//! How the four schemes lay their blocks out:
//!
//! | scheme | mode | pattern | across subsamples | trailing partial block of a range |
//! |---|---|---|---|---|
//! | `cenc` | CTR | none | key stream runs on, byte by byte | encrypted |
//! | `cens` | CTR | yes | counter runs on, encrypted blocks alone count | clear |
//! | `cbc1` | CBC | none | chained | clear |
//! | `cbcs` | CBC | yes | every range starts at the IV | clear |
//!
//! The pattern starts anew in every protected range; in its last, incomplete run the whole blocks are still encrypted.
//! Only the low 64 bits of a counter block count, and they wrap without a carry into the IV half.
//!
//! ```
//! use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};
//!
//! # fn main() -> Result<(), cenc::Error> {
//! let key = ContentKey::new(&[0x2b; 16])?;
//! let mut data = vec![0u8; 100];
//! let subsamples = [Subsample { clear: 20, protected: 80 }];
//! let sample = Sample::new(Cipher::Aes128, Scheme::Cenc, &[7; 8], Pattern::NONE, &subsamples, data.len())?;
//! sample.decrypt(&key, &mut data);
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::inline_always,
    reason = "the path of a sample is one function: calls and results in memory would double its cost"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod access_unit;
mod batch;
mod error;
mod job;
pub mod kernel;
mod sample;
mod scheme;

pub use batch::Batch;
pub use error::{Error, Property};
pub use kernel::ContentKey;
pub use sample::Sample;
pub use scheme::{Cipher, Pattern, Scheme, Subsample};
