//! The samples of a track, or of a track's part of a fragment, in the order of decoding.

use std::ops::Range;
use std::sync::Arc;

use cenc::Subsample;

use super::auxiliary::Auxiliary;
use super::boxes::{be32, be64};
use super::groups::{Descriptions, Runs};
use super::movie::Track;
use crate::error::{Error, Result};
use crate::input::Input;
use crate::protection::Protection;

/// One sample.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its number in the track, or in the track's part of a fragment, from 1.
    pub number: u64,
    /// Where it starts in the file.
    pub offset: u64,
    /// Bytes of it.
    pub size: u32,
    /// How it is encrypted; none if it is clear.
    pub protection: Option<Arc<Protection>>,
    /// Its IV: the first `iv_length` bytes.
    pub iv: [u8; 16],
    /// 8 or 16; 0 if it is clear.
    pub iv_length: u8,
    /// Its subsamples in the list that they were added to; empty if all of it is encrypted.
    pub subsamples: Range<usize>,
}

/// Bytes of each sample.
#[derive(Clone, Debug)]
pub(super) enum Sizes {
    /// All have the same.
    Uniform(u32),
    /// 32 bits at `at` and at every `stride` bytes after it.
    Wide { at: usize, stride: usize },
    /// 4, 8 or 16 bits (`stz2`), from the entry of this number.
    Narrow { at: usize, bits: u8, index: usize },
}

impl Sizes {
    pub fn next(&mut self, bytes: &[u8]) -> u32 {
        match self {
            Self::Uniform(size) => *size,
            Self::Wide { at, stride } => {
                let size = be32(bytes, *at);
                *at += *stride;
                size
            }
            Self::Narrow { at, bits, index } => {
                let entry = *index;
                *index += 1;
                let byte = |position: usize| u32::from(bytes.get(*at + position).copied().unwrap_or(0));
                match bits {
                    4 => byte(entry / 2) >> (4 * (1 - entry % 2)) & 15,
                    8 => byte(entry),
                    _ => byte(2 * entry) << 8 | byte(2 * entry + 1),
                }
            }
        }
    }
}

/// Samples that stand one after another: a chunk, or a run of a fragment.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub offset: u64,
    pub samples: u32,
    /// The sample entry, from 1.
    pub description: u32,
    /// The sizes, where a chunk has its own.
    pub sizes: Option<Sizes>,
}

/// Where chunks are.
#[derive(Clone, Debug)]
pub(super) enum Chunks {
    /// `stsc` and `stco` or `co64`.
    Table { offsets: Range<usize>, wide: bool, number: u32, to_chunk: Range<usize>, samples: u32, description: u32 },
    /// The runs of a fragment.
    Runs(std::vec::IntoIter<Chunk>),
}

/// The samples of a track, or of a track's part of a fragment.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The track.
    track: Arc<Track>,
    /// Whose tables they are, in messages.
    place: Arc<str>,
    /// Where that starts in the file.
    place_offset: u64,
    /// The box that has the tables.
    bytes: Arc<Vec<u8>>,
    chunks: Chunks,
    sizes: Sizes,
    /// Samples that the tables have in all, from `stsz`; none in a fragment.
    total: Option<u64>,
    groups: Option<Runs>,
    /// The fragment's own descriptions of groups.
    descriptions: Descriptions,
    auxiliary: Auxiliary,
    /// The next sample.
    next: Option<(u64, u32)>,
    number: u64,
    left_in_chunk: u32,
    chunk_number: u32,
    description: u32,
    /// The last protection out of a group: group, sample entry, protection.
    cached: Option<(u32, u32, Arc<Protection>)>,
    /// PIFF: the fragment's samples are encrypted otherwise than the track's.
    overridden: Option<Arc<Protection>>,
}

/// What [`Samples`] are made of.
pub(super) struct Parts {
    pub track: Arc<Track>,
    pub place: String,
    pub place_offset: u64,
    pub bytes: Arc<Vec<u8>>,
    pub chunks: Chunks,
    pub sizes: Sizes,
    pub total: Option<u64>,
    pub groups: Option<Range<usize>>,
    pub descriptions: Descriptions,
    pub auxiliary: Auxiliary,
    pub overridden: Option<Arc<Protection>>,
}

impl Samples {
    pub(super) fn new(parts: Parts) -> Result<Self> {
        let mut samples = Self {
            track: parts.track,
            place: parts.place.into(),
            place_offset: parts.place_offset,
            bytes: parts.bytes,
            chunks: parts.chunks,
            sizes: parts.sizes,
            total: parts.total,
            groups: parts.groups.map(Runs::new),
            descriptions: parts.descriptions,
            auxiliary: parts.auxiliary,
            next: None,
            number: 0,
            left_in_chunk: 0,
            chunk_number: 0,
            description: 0,
            cached: None,
            overridden: parts.overridden,
        };
        samples.advance(0)?;
        Ok(samples)
    }

    /// The track's id.
    pub fn track_id(&self) -> u32 {
        self.track.id
    }

    /// Where the next sample starts in the file, and its size. None at the end.
    pub fn peek(&self) -> Option<(u64, u32)> {
        self.next
    }

    /// The number of the next sample, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Reads IVs ahead that stand in front of the data, where `input` is a pipe that stands there.
    pub fn read_ahead(&mut self, input: &mut dyn Input) {
        self.auxiliary.read_ahead(&self.bytes, input);
    }

    /// Where IVs end that stand in front of the data, from `position` on, if a pipe must be read ahead for them.
    pub(super) fn ahead(&self, position: u64) -> Option<u64> {
        self.auxiliary.ahead(&self.bytes, position)
    }

    /// Drops what was read of IVs that stand outside of the box that has the tables.
    pub(super) fn forget_window(&mut self) {
        self.auxiliary.forget_window();
    }

    /// The next sample. Its subsamples are added to `subsamples`. `input` is read where IVs stand outside of the box that
    /// has the tables. None at the end.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the tables contradict themselves or each other, [`Error::NeedsFile`], [`Error::Read`].
    pub fn next(&mut self, input: &mut dyn Input, subsamples: &mut Vec<Subsample>) -> Result<Option<Sample>> {
        let Some((offset, size)) = self.next else { return Ok(None) };
        let number = self.number;
        let first = subsamples.len();
        let mut sample =
            Sample { number, offset, size, protection: None, iv: [0; 16], iv_length: 0, subsamples: first..first };
        if let Some(protection) = self.protection()? {
            let found = self.auxiliary.next(
                &self.bytes,
                input,
                self.chunk_number,
                if protection.is_protected { protection.iv_size } else { 0 },
                &mut sample.iv,
                subsamples,
            );
            found.map_err(|fault| fault.into_error(&self.place, self.place_offset, number))?;
            if protection.is_protected {
                if protection.iv_size == 0 {
                    sample.iv_length = protection.constant_iv.len() as u8;
                    sample.iv[..protection.constant_iv.len()].copy_from_slice(&protection.constant_iv);
                } else {
                    sample.iv_length = protection.iv_size;
                    if matches!(self.auxiliary, Auxiliary::None) {
                        return Err(
                            self.error(format!("sample {number} is encrypted, but has no IV (senc, saiz and saio)"))
                        );
                    }
                }
                sample.protection = Some(protection);
                sample.subsamples = first..subsamples.len();
            } else {
                subsamples.truncate(first);
            }
        }
        self.advance(u64::from(size))?;
        Ok(Some(sample))
    }

    /// How the next sample is encrypted.
    fn protection(&mut self) -> Result<Option<Arc<Protection>>> {
        let group = match &mut self.groups {
            Some(runs) => runs.next(&self.bytes),
            None => 0,
        };
        // Both were checked when the chunk began.
        let Some(entry) = self.track.entries.get(self.description as usize - 1) else { return Ok(None) };
        let Some(own) = &entry.protection else { return Ok(None) };
        if let Some(overridden) = &self.overridden {
            return Ok(Some(Arc::clone(overridden)));
        }
        let group = if group == 0 { self.default_group() } else { group };
        if group == 0 {
            return Ok(Some(Arc::clone(own)));
        }
        if let Some((for_group, for_entry, protection)) = &self.cached
            && (*for_group, *for_entry) == (group, self.description)
        {
            return Ok(Some(Arc::clone(protection)));
        }
        let (list, index) = match group.checked_sub(0x10000) {
            Some(local) if local > 0 => (&self.descriptions.groups, local),
            _ => (&self.track.groups.groups, group),
        };
        let Some(described) = list.get(index as usize - 1) else {
            return Err(self.error(format!(
                "sample {} is in group {group:#x} of 'seig', but {} are described (sgpd)",
                self.number,
                list.len()
            )));
        };
        let mut protection = (**described).clone();
        protection.scheme_type = own.scheme_type;
        protection.method = own.method;
        let protection = Arc::new(protection);
        self.cached = Some((group, self.description, Arc::clone(&protection)));
        Ok(Some(protection))
    }

    /// The group of samples that no `sbgp` puts into one.
    fn default_group(&self) -> u32 {
        match self.descriptions.default {
            0 => self.track.groups.default,
            local => local | 0x10000,
        }
    }

    /// Goes on behind a sample of this size.
    fn advance(&mut self, size: u64) -> Result<()> {
        let mut offset = match self.next {
            // Offsets are below 2^63 and sizes below 2^32.
            Some((offset, _)) => offset.saturating_add(size),
            None => 0,
        };
        while self.left_in_chunk == 0 {
            let Some(chunk) = self.next_chunk()? else {
                self.next = None;
                return match self.total {
                    Some(total) if total != self.number => {
                        Err(self.error(format!("stsz has {total} samples, but the chunks hold {}", self.number)))
                    }
                    _ => Ok(()),
                };
            };
            self.chunk_number += 1;
            self.left_in_chunk = chunk.samples;
            self.description = chunk.description;
            offset = chunk.offset;
            if let Some(sizes) = chunk.sizes {
                self.sizes = sizes;
            }
            if chunk.description == 0 || chunk.description as usize > self.track.entries.len() {
                return Err(self.error(format!(
                    "samples refer to sample entry {}, but stsd has {}",
                    chunk.description,
                    self.track.entries.len()
                )));
            }
        }
        if self.total.is_some_and(|total| self.number >= total) {
            let total = self.total.unwrap_or_default();
            return Err(self.error(format!("the chunks hold more samples than the {total} of stsz")));
        }
        self.left_in_chunk -= 1;
        self.number += 1;
        let size = self.sizes.next(&self.bytes);
        if offset.checked_add(u64::from(size)).is_none_or(|end| i64::try_from(end).is_err()) {
            return Err(self.error(format!("sample {} is placed at byte {offset}, where no file goes", self.number)));
        }
        self.next = Some((offset, size));
        Ok(())
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        let Chunks::Table { offsets, wide, number, to_chunk, samples, description } = &mut self.chunks else {
            let Chunks::Runs(runs) = &mut self.chunks else { return Ok(None) };
            return Ok(runs.next());
        };
        if offsets.start >= offsets.end {
            return Ok(None);
        }
        *number += 1;
        if to_chunk.start < to_chunk.end && be32(&self.bytes, to_chunk.start) == *number {
            *samples = be32(&self.bytes, to_chunk.start + 4);
            *description = be32(&self.bytes, to_chunk.start + 8);
            to_chunk.start += 12;
            // Later entries are about later chunks.
            if to_chunk.start < to_chunk.end && be32(&self.bytes, to_chunk.start) <= *number {
                let reason = format!(
                    "stsc: after the entry for chunk {number} stands one for chunk {}",
                    be32(&self.bytes, to_chunk.start)
                );
                return Err(self.error(reason));
            }
        }
        let offset = if *wide { be64(&self.bytes, offsets.start) } else { u64::from(be32(&self.bytes, offsets.start)) };
        offsets.start += if *wide { 8 } else { 4 };
        let chunk = Chunk { offset, samples: *samples, description: *description, sizes: None };
        if *description == 0 {
            return Err(self.error("stsc has no entry for the first chunk".to_owned()));
        }
        Ok(Some(chunk))
    }

    #[cold]
    fn error(&self, reason: String) -> Error {
        Error::Malformed { place: self.place.to_string(), offset: self.place_offset, reason }
    }
}
