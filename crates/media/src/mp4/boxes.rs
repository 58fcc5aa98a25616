//! Boxes in memory (ISO/IEC 14496-12, section 4.2), and where they stand, for messages.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use crate::error::{Error, Result};

/// A box, or what is around it: the path to it and its offset in the file.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The box around it.
    pub parent: Option<&'a Place<'a>>,
    /// Its type.
    pub kind: [u8; 4],
    /// Where it starts in the file.
    pub offset: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(formatter, "{parent}/")?;
        }
        write!(formatter, "{}", self.kind.escape_ascii())
    }
}

impl Place<'_> {
    /// Something is wrong here.
    #[cold]
    pub fn error(&self, reason: impl Into<String>) -> Error {
        Error::Malformed { place: self.to_string(), offset: self.offset, reason: reason.into() }
    }
}

/// A box in a buffer.
pub(super) struct Boxed {
    /// Its type.
    pub kind: [u8; 4],
    /// The extended type of a `uuid` box.
    pub uuid: Option<[u8; 16]>,
    /// Where it starts in the buffer.
    pub start: usize,
    /// What is in it.
    pub content: Range<usize>,
}

/// A buffer that holds a box of the file.
#[derive(Clone, Copy)]
pub(super) struct Buffer<'a> {
    pub bytes: &'a [u8],
    /// Where the buffer starts in the file.
    pub base: u64,
    /// What was passed over, where what is wrong spoils only itself. None where it spoils the file.
    pub faults: Option<&'a Faults>,
}

/// What is wrong in a file, as far as it was passed over.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<Error>>);

impl Faults {
    /// More than this says nothing new.
    const MOST: usize = 1000;

    fn add(&self, fault: Error) {
        let mut faults = self.0.borrow_mut();
        if faults.len() < Self::MOST {
            faults.push(fault);
        }
    }

    pub fn into_list(self) -> Vec<Error> {
        self.0.into_inner()
    }
}

impl<'a> Buffer<'a> {
    /// The place of a box in `parent`.
    pub fn place<'p>(&self, parent: Option<&'p Place<'p>>, found: &Boxed) -> Place<'p> {
        Place { parent, kind: found.kind, offset: self.base + found.start as u64 }
    }

    /// Reads the box at `at` in `parent`, which ends at `end`; none at the end. Less than a header at the end is what some
    /// writers of QuickTime leave there.
    pub fn next(&self, at: usize, end: usize, parent: &Place<'_>) -> Result<Option<(Boxed, usize)>> {
        let rest = &self.bytes[at..end];
        let Some(header) = rest.first_chunk::<8>() else { return Ok(None) };
        let kind = [header[4], header[5], header[6], header[7]];
        let place = Place { parent: Some(parent), kind, offset: self.base + at as u64 };
        let mut length = 8;
        let mut size = u64::from(u32::from_be_bytes([header[0], header[1], header[2], header[3]]));
        if size == 1 {
            let large = rest[8..].first_chunk::<8>().ok_or_else(|| place.error("its header is not complete"))?;
            size = u64::from_be_bytes(*large);
            length = 16;
        } else if size == 0 {
            // Some writers of QuickTime end lists with a zero.
            if kind == [0; 4] {
                return Ok(None);
            }
            return Err(place.error("a box inside of another must state its size"));
        }
        let whole = usize::try_from(size).ok().filter(|&size| size <= rest.len());
        let whole = if let Some(whole) = whole {
            whole
        } else {
            self.pass_over(place.error(format!("it states {size} bytes, but {} are left in {parent}", rest.len())))?;
            rest.len()
        };
        let uuid = if &kind == b"uuid" {
            let uuid = rest.get(length..).and_then(<[u8]>::first_chunk::<16>).copied();
            length += 16;
            uuid
        } else {
            None
        };
        if whole < length {
            return Err(place.error(format!("it states {size} bytes, less than its header has")));
        }
        Ok(Some((Boxed { kind, uuid, start: at, content: at + length..at + whole }, at + whole)))
    }

    /// Calls `each` for every box in a range.
    pub fn each(
        &self,
        range: Range<usize>,
        parent: &Place<'_>,
        mut each: impl FnMut(&Boxed, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut at = range.start;
        loop {
            let (found, next) = match self.next(at, range.end, parent) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(()),
                Err(fault) => return self.pass_over(fault),
            };
            let place = self.place(Some(parent), &found);
            each(&found, &place).or_else(|fault| self.pass_over(fault))?;
            at = next;
        }
    }

    /// Something is wrong: an error, unless that spoils only itself.
    pub fn pass_over(&self, fault: Error) -> Result<()> {
        match self.faults {
            Some(faults) => {
                faults.add(fault);
                Ok(())
            }
            None => Err(fault),
        }
    }

    /// The fields of a box.
    pub fn fields<'p>(&self, found: &Boxed, place: &'p Place<'p>) -> Fields<'a, 'p> {
        Fields { bytes: &self.bytes[..found.content.end], at: found.content.start, place }
    }
}

/// Reads the fields of a box in turn.
pub(super) struct Fields<'a, 'p> {
    bytes: &'a [u8],
    at: usize,
    place: &'p Place<'p>,
}

impl<'a> Fields<'a, '_> {
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..count));
        let taken = taken.ok_or_else(|| self.place.error("it is too short for its fields"))?;
        self.at += count;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Version and flags of a full box.
    pub fn version_and_flags(&mut self) -> Result<(u8, u32)> {
        let both = self.u32()?;
        Ok(((both >> 24) as u8, both & 0x00ff_ffff))
    }

    /// The place of `count` entries of `size` bytes each in the buffer, which follow here.
    pub fn table(&mut self, count: u32, size: usize) -> Result<Range<usize>> {
        let bytes = u64::from(count) * size as u64;
        let left = self.bytes.len() - self.at;
        if bytes > left as u64 {
            return Err(self.place.error(format!("it states {count} entries, but there is room for {}", left / size)));
        }
        let start = self.at;
        // It is at most what is left.
        self.at += bytes as usize;
        Ok(start..self.at)
    }

    /// Where the next field is in the buffer.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Something is wrong with these fields.
    pub fn error(&self, reason: impl Into<String>) -> Error {
        self.place.error(reason)
    }
}

/// The big-endian 32-bit number at `at`, which was checked to be there; 0 otherwise.
#[inline]
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// As [`be32`] for 64 bits.
#[inline]
pub(super) fn be64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
