//! What decrypts samples: keys that were given, or somebody else who has them.

use std::sync::Arc;

use cenc::{ContentKey, Subsample};

use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::protection::Protection;

/// An encrypted sample, without its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Encrypted<'a> {
    /// The track's number in the file.
    pub track: u64,
    /// The sample's number in the track, or in the track's part of a fragment, from 1.
    pub number: u64,
    /// Where it starts in the file.
    pub offset: u64,
    /// How it is encrypted; one object for all samples that have it in common. Its method is known.
    pub protection: &'a Arc<Protection>,
    /// Its IV: 8 or 16 bytes.
    pub iv: &'a [u8],
    /// Clear and encrypted ranges in turn; all of it is encrypted if there are none.
    pub subsamples: &'a [Subsample],
}

impl Encrypted<'_> {
    /// An error about this sample.
    #[cold]
    pub fn error(&self, reason: impl Into<String>) -> Error {
        Error::Malformed {
            place: format!("track {}, sample {}", self.track, self.number),
            offset: self.offset,
            reason: reason.into(),
        }
    }
}

/// What decrypts samples.
pub trait Decryptor {
    /// Is told of `pssh` boxes before the samples that they are for: all of one `moov` or `moof`, which stands at `offset`. PIFF's are
    /// given in the form of `pssh`.
    fn init_data(&mut self, _boxes: &[u8], _is_movie: bool, _offset: u64) {}

    /// Decrypts `data`, a whole sample, in place.
    ///
    /// # Errors
    /// Whatever is to end the reading: [`Error::MissingKey`], [`Error::Refused`], [`Encrypted::error`] for tables that do not fit.
    fn decrypt(&mut self, sample: &Encrypted<'_>, data: &mut [u8]) -> Result<()>;
}

/// Decrypts with the keys that were given.
#[derive(Debug)]
pub struct WithKeys<'a> {
    keys: &'a Keys,
    /// The key that was used last.
    last: Option<(Arc<Protection>, Arc<ContentKey>)>,
}

impl<'a> WithKeys<'a> {
    /// With these.
    pub fn new(keys: &'a Keys) -> Self {
        Self { keys, last: None }
    }
}

impl Decryptor for WithKeys<'_> {
    fn decrypt(&mut self, sample: &Encrypted<'_>, data: &mut [u8]) -> Result<()> {
        let protection = sample.protection;
        let Some((cipher, scheme)) = protection.method else { return Ok(()) };
        let known = self.last.as_ref().filter(|(of, _)| Arc::ptr_eq(of, protection));
        let key = if let Some((_, key)) = known {
            key
        } else {
            let key = self.keys.get(&protection.key_id).ok_or_else(|| Error::MissingKey {
                key_id: hex::encode(protection.key_id),
                track: sample.track,
                sample: sample.number,
                offset: sample.offset,
            })?;
            &self.last.insert((Arc::clone(protection), Arc::clone(key))).1
        };
        let checked = cenc::Sample::new(cipher, scheme, sample.iv, protection.pattern, sample.subsamples, data.len());
        checked.map_err(|fault| sample.error(fault.to_string()))?.decrypt(key, data);
        Ok(())
    }
}
