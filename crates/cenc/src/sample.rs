//! The checked description of one sample.

use super::error::{Error, Property};
use super::job::{Iv, Job, Mode};
use super::kernel::ContentKey;
use super::scheme::{Cipher, Pattern, Scheme, Subsample};

/// A sample that is known to be decryptable: everything that could be wrong with its description was refused by
/// [`Sample::new`].
///
/// It borrows the subsample table. That memory may belong to a program that changes it at any time: the bytes that
/// come out are then undefined, but nothing outside `data` is ever read or written.
pub struct Sample<'a> {
    pub(crate) cipher: Cipher,
    pub(crate) job: Job<'a>,
}

impl<'a> Sample<'a> {
    /// Checks a sample's description.
    ///
    /// - `iv`: 8 or 16 bytes. 8 bytes are followed by a zero block counter (CTR) or padded with zeros (CBC).
    /// - `pattern`: in blocks; for `cenc` and `cbc1` it must be 0:0 (ISO/IEC 23001-7 sections 10.1 and 10.2).
    /// - `subsamples`: any number; none means that the whole sample is protected.
    /// - `data_len`: length of the sample in bytes, which the subsamples must add up to.
    ///
    /// # Errors
    /// [`Error::Sample`] for an IV of another length, a pattern that the scheme does not have or that encrypts nothing, and
    /// subsamples that do not add up.
    pub fn new(
        cipher: Cipher,
        scheme: Scheme,
        iv: &'a [u8],
        pattern: Pattern,
        subsamples: &'a [Subsample],
        data_len: usize,
    ) -> Result<Self, Error> {
        Self::checked(cipher, scheme, iv, pattern, subsamples, data_len)
            .ok_or_else(|| refusal(scheme, iv, pattern, subsamples, data_len))
    }

    /// As [`Sample::new`], without the reason if something is wrong: not having to carry one makes small samples cheaper.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "returned through memory, it costs as much as a small sample's decryption")]
    pub fn checked(
        cipher: Cipher,
        scheme: Scheme,
        iv: &'a [u8],
        pattern: Pattern,
        subsamples: &'a [Subsample],
        data_len: usize,
    ) -> Option<Self> {
        let mode = Mode::new(scheme, pattern)?;
        let iv = match iv.len() {
            16 => Iv::Block(iv.try_into().ok()?),
            8 => Iv::Half(iv.try_into().ok()?),
            _ => return None,
        };
        (subsamples.is_empty() || sum(subsamples) == data_len as u64)
            .then_some(Self { cipher, job: Job { iv, mode, pattern, subsamples } })
    }

    /// Decrypts `data`, the sample whose length was given to [`Sample::new`], in place. Never fails, never panics.
    ///
    /// Should `data` have another length, the ranges are cut off at its end.
    #[inline(always)]
    pub fn decrypt(&self, key: &ContentKey, data: &mut [u8]) {
        key.decrypt(self.cipher, &self.job, data);
    }
}

/// Bytes of all subsamples.
#[inline(always)]
fn sum(subsamples: &[Subsample]) -> u64 {
    // Cannot overflow: a slice has less than 2^60 entries of 8 bytes, and each adds less than 2^33; the addition is
    // checked all the same where that would not hold, on the far side of the memory that exists.
    let mut sum = 0u64;
    for subsample in subsamples {
        let entry = u64::from(subsample.clear) + u64::from(subsample.protected);
        sum = sum.saturating_add(entry);
    }
    sum
}

/// Why a sample was refused. Out of line: the usual call does not need it.
#[cold]
fn refusal(scheme: Scheme, iv: &[u8], pattern: Pattern, subsamples: &[Subsample], data_len: usize) -> Error {
    let wrong = |property, reason| Error::Sample { property, reason };
    if !matches!(iv.len(), 8 | 16) {
        return wrong(Property::Iv, format!("{} bytes long; 8 or 16 are allowed", iv.len()));
    }
    if Mode::new(scheme, pattern).is_none() {
        let Pattern { crypt, skip } = pattern;
        let reason = if matches!(scheme, Scheme::Cenc | Scheme::Cbc1) {
            format!("{crypt}:{skip} given, but scheme {scheme:?} has no pattern")
        } else {
            format!("{crypt}:{skip} encrypts nothing")
        };
        return wrong(Property::Pattern, reason);
    }
    wrong(Property::Subsamples, format!("they add up to {} bytes, but the sample has {data_len}", sum(subsamples)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(scheme: Scheme, iv: &[u8], pattern: Pattern, subsamples: &[Subsample], len: usize) -> Option<String> {
        Sample::new(Cipher::Aes128, scheme, iv, pattern, subsamples, len).err().map(|error| error.to_string())
    }

    #[test]
    fn only_8_or_16_bytes_of_iv() {
        for length in 0..40 {
            let iv = vec![0; length];
            let refused = refusal(Scheme::Cenc, &iv, Pattern::NONE, &[], 5);
            assert_eq!(refused.is_none(), length == 8 || length == 16, "{length}: {refused:?}");
        }
    }

    #[test]
    fn patterns_that_a_scheme_does_not_know() {
        for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
            let striped = matches!(scheme, Scheme::Cens | Scheme::Cbcs);
            for (crypt, skip, legal) in
                [(0, 0, true), (1, 9, striped), (10, 0, striped), (u32::MAX, u32::MAX, striped), (0, 1, false)]
            {
                let refused = refusal(scheme, &[0; 8], Pattern { crypt, skip }, &[], 5);
                assert_eq!(refused.is_none(), legal, "{scheme:?} {crypt}:{skip} {refused:?}");
            }
        }
    }

    #[test]
    fn subsamples_must_add_up() {
        let exact = [Subsample { clear: 3, protected: 0 }, Subsample { clear: 0, protected: 7 }];
        assert_eq!(refusal(Scheme::Cenc, &[0; 8], Pattern::NONE, &exact, 10), None);
        for length in [0, 9, 11] {
            assert!(refusal(Scheme::Cenc, &[0; 8], Pattern::NONE, &exact, length).is_some());
        }
        assert_eq!(refusal(Scheme::Cenc, &[0; 8], Pattern::NONE, &[], 10), None);
        // 32-bit arithmetic would take this for zero.
        let huge = [Subsample { clear: u32::MAX, protected: 1 }];
        assert!(refusal(Scheme::Cenc, &[0; 8], Pattern::NONE, &huge, 0).is_some());
    }
}
