//! Decrypting samples where they stand in the file's data, in the order of the file.

use cenc::Subsample;

use super::samples::{Sample, Samples};
use crate::copy::{LARGEST_SAMPLE, Step};
use crate::decrypt::Report;
use crate::decryptor::{Decryptor, Encrypted};
use crate::error::{Error, Result};
use crate::input::Input;

/// The samples that are to come, and those of the data at hand.
#[derive(Default)]
pub(super) struct Group {
    pub sources: Vec<Samples>,
    found: Vec<(u32, Sample)>,
    subsamples: Vec<Subsample>,
}

impl Group {
    /// Decrypts the samples that are whole in `data`, which starts at `position`.
    pub fn step(
        &mut self,
        input: &mut dyn Input,
        position: u64,
        data: &mut [u8],
        decryptor: &mut dyn Decryptor,
        report: &mut Report,
    ) -> Result<Step> {
        let end = position + data.len() as u64;
        let mut ready = end;
        let mut need = None;
        self.found.clear();
        self.subsamples.clear();
        let mut contributors = 0;
        self.sources.retain(|samples| samples.peek().is_some());
        for samples in &mut self.sources {
            let before = self.found.len();
            while let Some((offset, size)) = samples.peek() {
                if size == 0 {
                    samples.next(input, &mut self.subsamples)?;
                    continue;
                }
                if offset >= end {
                    break;
                }
                let number = samples.number();
                let track = samples.track_id();
                if offset < position {
                    return Err(misplaced(track, number, offset, position));
                }
                check_size(samples, offset, size)?;
                let after = offset + u64::from(size);
                if after > end {
                    if offset < ready {
                        ready = offset;
                        need = Some((track, number, size));
                    }
                    break;
                }
                if let Some(sample) = samples.next(input, &mut self.subsamples)? {
                    self.found.push((track, sample));
                }
            }
            contributors += usize::from(self.found.len() > before);
        }
        if contributors > 1 {
            self.found.sort_by_key(|(_, sample)| sample.offset);
        }
        let mut free = position;
        for (track, sample) in &self.found {
            let after = sample.offset + u64::from(sample.size);
            if sample.offset < free || after > ready {
                return Err(misplaced(*track, sample.number, sample.offset, free));
            }
            free = after;
            let start = (sample.offset - position) as usize;
            decrypt_sample(*track, sample, &self.subsamples, &mut data[start..][..sample.size as usize], decryptor)?;
            if sample.protection.is_some() {
                report.samples += 1;
                report.bytes += u64::from(sample.size);
            }
        }
        let bytes = (ready - position) as usize;
        Ok(match need {
            Some((track, number, size)) if bytes == 0 => {
                Step::Need { bytes: size as usize, what: format!("track {track}, sample {number}"), offset: ready }
            }
            _ => Step::Write(bytes),
        })
    }

    /// At the end of a fragment, or of the file: all samples must have been seen.
    pub fn all_seen(&self, end: u64) -> Result<()> {
        for samples in &self.sources {
            if let Some((offset, _)) = samples.peek() {
                return Err(Error::Malformed {
                    place: format!("track {}, sample {}", samples.track_id(), samples.number()),
                    offset,
                    reason: format!(
                        "no data is there up to byte {end}, where the next fragment or the end of the file is"
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Decrypts a whole sample; `subsamples` is the list that it was read with.
pub(super) fn decrypt_sample(
    track: u32,
    sample: &Sample,
    subsamples: &[Subsample],
    data: &mut [u8],
    decryptor: &mut dyn Decryptor,
) -> Result<()> {
    let Some(protection) = &sample.protection else { return Ok(()) };
    if protection.method.is_none() {
        return Err(Error::Unsupported(format!(
            "track {track}, sample {} at byte {}: the scheme '{}' is not known",
            sample.number, sample.offset, protection.scheme_type.code
        )));
    }
    let encrypted = Encrypted {
        track: track.into(),
        number: sample.number,
        offset: sample.offset,
        protection,
        iv: &sample.iv[..usize::from(sample.iv_length)],
        subsamples: &subsamples[sample.subsamples.clone()],
    };
    decryptor.decrypt(&encrypted, data)
}

/// Refuses samples that are too large to be held in memory.
pub(super) fn check_size(samples: &Samples, offset: u64, size: u32) -> Result<()> {
    if size <= LARGEST_SAMPLE {
        return Ok(());
    }
    Err(Error::Unsupported(format!(
        "track {}, sample {} at byte {offset}: {size} bytes, more than {LARGEST_SAMPLE}",
        samples.track_id(),
        samples.number()
    )))
}

#[cold]
pub(super) fn misplaced(track: u32, number: u64, offset: u64, free: u64) -> Error {
    Error::Malformed {
        place: format!("track {track}, sample {number}"),
        offset,
        reason: format!("it overlaps what stands before byte {free}"),
    }
}
