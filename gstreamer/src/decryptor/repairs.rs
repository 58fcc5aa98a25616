//! What demuxers before certain versions say wrong, and what to do about it. Chosen by the version, never by the content: a
//! clear frame of a demuxer without the fault may look like one with it.

use crate::decryptor::protection::Description;
use crate::drm::KeyId;

/// A version of GStreamer, such as 1.22.0.
pub type Version = (u32, u32, u32);

/// Reads `1.22.0` and the like.
pub fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)))
}

/// The faults of a demuxer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// qtdemux before 1.24: key ids in sample groups are not read, samples have the key id 0. The key id is in the boxes of
    /// their fragment.
    pub no_sample_groups: bool,
    /// qtdemux before 1.22.6: clear samples at the beginning of a cbcs track are described as encrypted, without subsamples.
    pub clear_lead_encrypted: bool,
    /// matroskademux before 1.22.5: clear frames keep the signal byte in front of them.
    pub signal_byte_kept: bool,
}

impl Faults {
    pub fn of_qtdemux(version: Version) -> Self {
        Self {
            no_sample_groups: version < (1, 24, 0),
            clear_lead_encrypted: version < (1, 22, 6),
            signal_byte_kept: false,
        }
    }

    pub fn of_matroskademux(version: Version) -> Self {
        Self { signal_byte_kept: version < (1, 22, 5), ..Self::default() }
    }
}

/// The key ids of fragments, for a demuxer that does not read sample groups.
#[derive(Debug, Default)]
pub struct Rotation {
    current: Option<KeyId>,
    /// Counts from the sample after the next.
    next: Option<KeyId>,
}

impl Rotation {
    /// The box of a fragment says this key id. When it reads a file itself, the demuxer parses a fragment, and says so, before it
    /// has given the last sample of the one before.
    pub fn fragment(&mut self, key_id: KeyId, reads_itself: bool) {
        if reads_itself && self.current.is_some() {
            self.next = Some(key_id);
        } else {
            self.current = Some(key_id);
        }
    }

    /// After a flush the next box belongs to the next sample.
    pub fn flush(&mut self) {
        *self = Self::default();
    }

    /// The key id of the next sample, encrypted or clear; nothing if no box has said one.
    pub fn sample(&mut self) -> Option<KeyId> {
        let key_id = self.current;
        if let Some(next) = self.next.take() {
            self.current = Some(next);
        }
        key_id
    }
}

/// Gives a sample the key id of its fragment, if it has none of its own.
pub fn repair(description: &mut Description, fragment: Option<KeyId>) {
    if let (0, Some(key_id)) = (u128::from_be_bytes(description.key_id), fragment) {
        description.key_id = key_id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_end_with_the_version_that_mends_them() {
        assert_eq!(version("1.22.0"), Some((1, 22, 0)));
        assert_eq!(version("1.26.2.1"), Some((1, 26, 2)));
        assert_eq!(version("1.24"), Some((1, 24, 0)));
        assert_eq!(version("unknown"), None);
        assert!(Faults::of_qtdemux((1, 22, 5)).clear_lead_encrypted);
        assert!(!Faults::of_qtdemux((1, 22, 6)).clear_lead_encrypted);
        assert!(Faults::of_qtdemux((1, 22, 12)).no_sample_groups);
        assert_eq!(Faults::of_qtdemux((1, 24, 0)), Faults::default());
        assert!(Faults::of_matroskademux((1, 22, 4)).signal_byte_kept);
        assert_eq!(Faults::of_matroskademux((1, 22, 5)), Faults::default());
    }

    #[test]
    fn a_box_that_comes_early_counts_from_the_sample_after_the_next() {
        let mut fed = Rotation::default();
        let mut reading = Rotation::default();
        let mut key_ids = [Vec::new(), Vec::new()];
        for fragment in 1..=3 {
            fed.fragment([fragment; 16], false);
            reading.fragment([fragment; 16], true);
            for (rotation, key_ids) in [&mut fed, &mut reading].into_iter().zip(&mut key_ids) {
                key_ids.extend((0..2).map(|_| rotation.sample().expect("a key id")[0]));
            }
        }
        assert_eq!(key_ids, [vec![1, 1, 2, 2, 3, 3], vec![1, 1, 1, 2, 2, 3]]);
    }
}
