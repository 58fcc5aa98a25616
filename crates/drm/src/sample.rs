//! A sample as a session is asked to decrypt it, before and after it was checked.

use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};

/// How a sample is encrypted and with which key.
pub struct SampleRequest<'a> {
    /// Cipher and scheme; none = the sample is clear.
    pub method: Option<(Cipher, Scheme)>,
    /// Key id.
    pub key_id: &'a [u8; 16],
    /// Initialisation vector, 8 or 16 bytes.
    pub iv: &'a [u8],
    /// Pattern.
    pub pattern: Pattern,
    /// Subsamples; none = the whole sample is protected.
    pub subsamples: &'a [Subsample],
}

/// A sample that was found good, and its key; clear samples have none.
pub struct CheckedSample<'g>(Option<(Sample<'g>, &'g ContentKey)>);

impl<'g> CheckedSample<'g> {
    /// A sample that is clear.
    pub(crate) fn clear() -> Self {
        Self(None)
    }

    /// A sample that `key` decrypts.
    pub(crate) fn protected(sample: Sample<'g>, key: &'g ContentKey) -> Self {
        Self(Some((sample, key)))
    }

    /// Decrypts in place.
    pub fn decrypt(&self, data: &mut [u8]) {
        if let Some((sample, key)) = &self.0 {
            sample.decrypt(key, data);
        }
    }
}
