//! Each sample's IV and subsamples: sample encryption boxes (`senc`, PIFF's), and `saiz` with `saio`.

use std::ops::Range;

use cenc::Subsample;

use super::boxes::{Boxed, Buffer, Place, be32, be64};
use crate::error::{Error, Result};
use crate::input::Input;

/// Bytes that are read at a time where they are outside of the box that has the tables.
const WINDOW: usize = 64 << 10;
/// Bytes that are read ahead from a pipe, at most.
const MOST_AHEAD: u64 = 4 << 20;
/// Flag of `senc`: samples have subsamples.
const HAS_SUBSAMPLES: u32 = 2;
/// Flag of PIFF's: algorithm id, IV size and key id follow.
pub(super) const OVERRIDES: u32 = 1;

/// Where IVs and subsamples are.
#[derive(Clone, Debug)]
pub(super) enum Auxiliary {
    /// Nowhere.
    None,
    /// In `senc`: the place of what is left of it, in the box that has the tables.
    Inside { left: Range<usize>, samples: u32, has_subsamples: bool },
    /// Anywhere in the file.
    Outside(Box<Outside>),
}

/// `saiz` and `saio` (ISO/IEC 14496-12, section 8.7.8).
#[derive(Clone, Debug)]
pub(super) struct Outside {
    /// Bytes for each sample; 0 if they are in `sizes`.
    size: u8,
    sizes: Range<usize>,
    samples: u32,
    /// An offset for all, or one for each chunk.
    offsets: Range<usize>,
    wide: bool,
    /// What offsets count from.
    origin: u64,
    /// Where the box that has the tables starts in the file.
    base: u64,
    chunk: u32,
    /// Where the next one is in the file.
    at: u64,
    window: Vec<u8>,
    window_at: u64,
}

/// What is wrong with a sample's IV or subsamples.
pub(super) enum Fault {
    Reason(&'static str),
    Read(u64, std::io::Error),
}

impl Fault {
    #[cold]
    pub fn into_error(self, place: &str, offset: u64, sample: u64) -> Error {
        let malformed = |reason: &str| Error::Malformed {
            place: place.to_owned(),
            offset,
            reason: format!("sample {sample}: {reason}"),
        };
        match self {
            Self::Reason(reason) => malformed(reason),
            Self::Read(at, fault) => match fault.kind() {
                std::io::ErrorKind::Unsupported => Error::NeedsFile(format!(
                    "{place} at byte {offset}: the IV of sample {sample} stands at byte {at} (saio), away from where a pipe can be read"
                )),
                std::io::ErrorKind::UnexpectedEof => {
                    malformed(&format!("its IV would stand at byte {at} (saio), beyond the end of the file"))
                }
                _ => Error::Read { offset: at, fault },
            },
        }
    }
}

/// Reads `senc` (ISO/IEC 23001-7, section 7.2) from where its number of samples is.
pub(super) fn sample_encryption(
    buffer: Buffer<'_>,
    found: &Boxed,
    start: usize,
    flags: u32,
    place: &Place<'_>,
) -> Result<Auxiliary> {
    let Some(left) = found.content.end.checked_sub(start + 4) else {
        return Err(place.error("it is too short for its fields"));
    };
    let samples = be32(buffer.bytes, start);
    let has_subsamples = flags & HAS_SUBSAMPLES != 0;
    if has_subsamples && u64::from(samples) * 2 > left as u64 {
        return Err(place.error(format!("it states {samples} samples, but there is no room for them")));
    }
    Ok(Auxiliary::Inside { left: start + 4..found.content.end, samples, has_subsamples })
}

/// `saiz`: bytes for each sample or 0, their table, number of samples. None if it is about something else.
pub(super) fn sizes(buffer: Buffer<'_>, found: &Boxed, place: &Place<'_>) -> Result<Option<(u8, Range<usize>, u32)>> {
    let mut fields = buffer.fields(found, place);
    let (_, flags) = fields.version_and_flags()?;
    if flags & 1 != 0 && !is_encryption(fields.array()?, fields.array()?) {
        return Ok(None);
    }
    let size = fields.u8()?;
    let samples = fields.u32()?;
    let table = if size == 0 { fields.table(samples, 1)? } else { fields.at()..fields.at() };
    Ok(Some((size, table, samples)))
}

/// `saio`: the place of its offsets, and whether they have 64 bits. None if it is about something else.
pub(super) fn offsets(buffer: Buffer<'_>, found: &Boxed, place: &Place<'_>) -> Result<Option<(Range<usize>, bool)>> {
    let mut fields = buffer.fields(found, place);
    let (version, flags) = fields.version_and_flags()?;
    if flags & 1 != 0 && !is_encryption(fields.array()?, fields.array()?) {
        return Ok(None);
    }
    let count = fields.u32()?;
    let wide = version != 0;
    Ok(Some((fields.table(count, if wide { 8 } else { 4 })?, wide)))
}

/// Whether information of this type is about encryption: the scheme's code.
fn is_encryption(kind: [u8; 4], _parameter: [u8; 4]) -> bool {
    crate::SchemeType { code: crate::FourCc(kind) }.method().is_some() || &kind == b"piff"
}

impl Auxiliary {
    /// From `saiz` and `saio`.
    pub fn outside(
        (size, sizes, samples): (u8, Range<usize>, u32),
        (offsets, wide): (Range<usize>, bool),
        origin: u64,
        base: u64,
    ) -> Self {
        let outside = Outside {
            size,
            sizes,
            samples,
            offsets,
            wide,
            origin,
            base,
            chunk: 0,
            at: 0,
            window: Vec::new(),
            window_at: 0,
        };
        Self::Outside(Box::new(outside))
    }

    /// Reads ahead what a pipe will pass before it is needed. `input` stands before the data.
    pub fn read_ahead(&mut self, bytes: &[u8], input: &mut dyn Input) {
        if let Self::Outside(outside) = self {
            outside.read_ahead(bytes, input);
        }
    }

    /// Where what is to be read ahead from a pipe ends, if that is not far behind `position`, where it stands.
    pub fn ahead(&self, bytes: &[u8], position: u64) -> Option<u64> {
        let Self::Outside(outside) = self else { return None };
        let (at, total) = outside.extent(bytes)?;
        let end = at.checked_add(total).filter(|&end| at >= position && end - position <= MOST_AHEAD);
        end.filter(|&end| end > position)
    }

    /// Drops what was read; it is read again when it is needed.
    pub fn forget_window(&mut self) {
        if let Self::Outside(outside) = self {
            outside.window = Vec::new();
        }
    }

    /// Reads the next sample's: an IV of `iv_size` bytes, and its subsamples.
    pub fn next(
        &mut self,
        bytes: &[u8],
        input: &mut dyn Input,
        chunk: u32,
        iv_size: u8,
        iv: &mut [u8; 16],
        subsamples: &mut Vec<Subsample>,
    ) -> std::result::Result<(), Fault> {
        let iv_size = usize::from(iv_size);
        match self {
            Self::None => Ok(()),
            Self::Inside { left, samples, has_subsamples } => {
                *samples = samples.checked_sub(1).ok_or(Fault::Reason("senc has no entry for it"))?;
                let rest = &bytes[left.clone()];
                let used = read(rest, iv_size, *has_subsamples, iv, subsamples);
                let used = used.ok_or(Fault::Reason("senc is too short for it"))?;
                left.start += used;
                Ok(())
            }
            Self::Outside(outside) => {
                let size = usize::from(outside.next(bytes, chunk)?);
                let found = outside.get(bytes, input, size)?;
                // Without subsamples there is the IV alone.
                let used = read(found, iv_size, size > iv_size, iv, subsamples);
                // A sample that is not encrypted may have nothing.
                if used.is_none() && size > 0 || size < iv_size {
                    return Err(Fault::Reason("saiz gives it too few bytes for its IV and subsamples"));
                }
                Ok(())
            }
        }
    }
}

/// Reads an IV and subsamples; the bytes that they take. None if there are too few.
fn read(
    bytes: &[u8],
    iv_size: usize,
    has_subsamples: bool,
    iv: &mut [u8; 16],
    subsamples: &mut Vec<Subsample>,
) -> Option<usize> {
    let found = bytes.get(..iv_size)?;
    match iv_size {
        8 => iv[..8].copy_from_slice(found),
        16 => iv.copy_from_slice(found),
        _ => {}
    }
    if !has_subsamples {
        return Some(iv_size);
    }
    let (count, rest) = bytes[iv_size..].split_first_chunk::<2>()?;
    let count = usize::from(u16::from_be_bytes(*count));
    let table = rest.get(..6 * count)?;
    subsamples.extend(table.as_chunks::<6>().0.iter().map(|&[a, b, c, d, e, f]| Subsample {
        clear: u32::from(u16::from_be_bytes([a, b])),
        protected: u32::from_be_bytes([c, d, e, f]),
    }));
    Some(iv_size + 2 + 6 * count)
}

impl Outside {
    /// Goes to the next sample; the bytes that it has.
    fn next(&mut self, bytes: &[u8], chunk: u32) -> std::result::Result<u8, Fault> {
        self.samples = self.samples.checked_sub(1).ok_or(Fault::Reason("saiz has no entry for it"))?;
        let first = self.chunk == 0;
        let stride = if self.wide { 8 } else { 4 };
        // One offset is about all chunks.
        if first || (chunk != self.chunk && self.offsets.len() > stride) {
            let at = (chunk as usize - 1).checked_mul(stride).and_then(|at| at.checked_add(self.offsets.start));
            let at = if first && self.offsets.len() == stride { Some(self.offsets.start) } else { at };
            let at = at.filter(|at| self.offsets.contains(at)).ok_or(Fault::Reason("saio has no offset for it"))?;
            let offset = if self.wide { be64(bytes, at) } else { u64::from(be32(bytes, at)) };
            self.at =
                self.origin.checked_add(offset).ok_or(Fault::Reason("saio gives an offset where no file goes"))?;
        }
        self.chunk = chunk;
        if self.size != 0 {
            return Ok(self.size);
        }
        let size = bytes.get(self.sizes.start).copied().unwrap_or(0);
        self.sizes.start += 1;
        Ok(size)
    }

    /// The next `size` bytes.
    fn get<'a>(
        &'a mut self,
        bytes: &'a [u8],
        input: &mut dyn Input,
        size: usize,
    ) -> std::result::Result<&'a [u8], Fault> {
        let at = self.at;
        let end = at.checked_add(size as u64).ok_or(Fault::Reason("saio gives an offset where no file goes"))?;
        self.at = end;
        let inside = at.checked_sub(self.base).and_then(|at| usize::try_from(at).ok());
        if let Some(found) = inside.and_then(|at| bytes.get(at..)?.get(..size)) {
            return Ok(found);
        }
        let held = self.window_at..self.window_at + self.window.len() as u64;
        if at < held.start || end > held.end {
            let wanted = match input.length() {
                Some(length) => length.saturating_sub(at).min(WINDOW as u64),
                None => size as u64,
            };
            let wanted = wanted.max(size as u64);
            if wanted > MOST_AHEAD {
                return Err(Fault::Read(at, std::io::ErrorKind::Unsupported.into()));
            }
            self.window.resize(wanted as usize, 0);
            self.window_at = at;
            if let Err(fault) = input.read_at(at, &mut self.window) {
                self.window.clear();
                return Err(Fault::Read(at, fault));
            }
        }
        let start = (at - self.window_at) as usize;
        Ok(&self.window[start..start + size])
    }

    /// Reads everything ahead from a pipe, which does not give again what it has passed. What cannot be read ahead fails when
    /// it is needed.
    fn read_ahead(&mut self, bytes: &[u8], input: &mut dyn Input) {
        let Some((at, total)) = self.extent(bytes).filter(|_| input.length().is_none()) else { return };
        self.window.resize(total as usize, 0);
        self.window_at = at;
        if input.read_at(at, &mut self.window).is_err() {
            self.window.clear();
        }
    }

    /// Where all of it starts, and its bytes, if it stands together, outside of the box that has the tables, and is not too much
    /// to be held.
    fn extent(&self, bytes: &[u8]) -> Option<(u64, u64)> {
        let count = self.offsets.len() / if self.wide { 8 } else { 4 };
        let offset =
            if self.wide { be64(bytes, self.offsets.start) } else { u64::from(be32(bytes, self.offsets.start)) };
        let total = match self.size {
            0 => bytes.get(self.sizes.clone()).unwrap_or_default().iter().map(|&size| u64::from(size)).sum(),
            size => u64::from(size) * u64::from(self.samples),
        };
        let at = self.origin.checked_add(offset).filter(|_| count == 1 && total <= MOST_AHEAD)?;
        let is_inside = at >= self.base && at - self.base < bytes.len() as u64;
        (!is_inside).then_some((at, total))
    }
}
