//! NAL units: where they are, and taking emulation prevention out of them (ISO/IEC 14496-10 section 7.4.1 and annex B).

use super::error::{Error, Problem};
use super::zeros::Pairs;

/// How NAL units follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Start codes, as in MPEG-TS (annex B).
    StartCodes,
    /// Big-endian lengths before each NAL unit, as in MP4.
    Lengths(LengthSize),
}

/// Bytes of the length before each NAL unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthSize {
    /// 1 byte.
    One = 1,
    /// 2 bytes.
    Two = 2,
    /// 4 bytes.
    Four = 4,
}

/// Where a NAL unit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nal {
    /// Its header.
    pub(super) start: usize,
    /// After its last byte; zeros that follow it do not belong to it.
    pub(super) end: usize,
    /// The first 03 of emulation prevention, if it was looked for and there is any; otherwise 0, where none can be.
    pub(super) first_prevention: usize,
    /// The last one, or 0. Behind it nothing has to be looked for.
    pub(super) last_prevention: usize,
}

impl Nal {
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    /// Nothing is known of emulation prevention in it.
    fn new(start: usize, end: usize) -> Self {
        Self { start, end, ..Self::default() }
    }

    /// Emulation prevention is to stay in it.
    pub(super) fn forget_prevention(&mut self) {
        *self = Self::new(self.start, self.end);
    }

    /// There is emulation prevention at `at`, behind what was found before.
    fn found_prevention(&mut self, at: usize) {
        if self.first_prevention == 0 {
            self.first_prevention = at;
        }
        self.last_prevention = at;
    }
}

/// Goes through the NAL units of an access unit. Like [`Pairs`] it does not borrow the unit.
#[derive(Clone, Copy)]
pub(super) enum Nals {
    StartCodes(StartCodes),
    Lengths { next: usize, size: usize },
}

impl Nals {
    /// From the unit's start on.
    ///
    /// # Errors
    /// [`Problem::NoStartCode`].
    pub(super) fn new(framing: Framing, unit: &[u8]) -> Result<Self, Error> {
        Ok(match framing {
            Framing::StartCodes => Self::StartCodes(StartCodes::new(unit)?),
            Framing::Lengths(size) => Self::Lengths { next: 0, size: size as usize },
        })
    }

    /// The next NAL unit.
    ///
    /// # Errors
    /// [`Problem::NalLength`].
    pub(super) fn next_in(&mut self, unit: &[u8]) -> Result<Option<Nal>, Error> {
        match self {
            Self::StartCodes(codes) => Ok(codes.next_in(unit)),
            Self::Lengths { next, size } => {
                let at = *next;
                let Some(rest) = unit.get(at..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
                let wrong = || Problem::NalLength.at(at);
                let (prefix, rest) = rest.split_at_checked(*size).ok_or_else(wrong)?;
                let length = big_endian(prefix);
                if length == 0 || length > rest.len() {
                    return Err(wrong());
                }
                let start = at + *size;
                *next = start + length;
                Ok(Some(Nal::new(start, without_zeros(unit, start, *next))))
            }
        }
    }

    /// Looks for emulation prevention in a NAL unit where that has not been done on the way to its end.
    pub(super) fn look_for_prevention(&self, nal: &mut Nal, unit: &[u8]) {
        if matches!(self, Self::Lengths { .. }) {
            let body = &unit[..nal.end];
            let mut pairs = Pairs::from(nal.start);
            while let Some(at) = pairs.next_in(body) {
                if is_prevention(body, at) {
                    nal.found_prevention(at);
                }
            }
        }
    }
}

/// Goes from start code to start code.
#[derive(Clone, Copy)]
pub(super) struct StartCodes {
    pairs: Pairs,
    /// The header of the next NAL unit; none at the end.
    next: Option<usize>,
}

impl StartCodes {
    fn new(unit: &[u8]) -> Result<Self, Error> {
        // Zeros may be in front of the first start code, and nothing else.
        let one = unit.iter().position(|byte| *byte != 0).unwrap_or(unit.len());
        if one < 2 || unit.get(one) != Some(&1) {
            return Err(Problem::NoStartCode.at(0));
        }
        Ok(Self { pairs: Pairs::from(one + 1), next: Some(one + 1) })
    }

    fn next_in(&mut self, unit: &[u8]) -> Option<Nal> {
        let start = self.next.take()?;
        let mut nal = Nal::new(start, unit.len());
        while let Some(at) = self.pairs.next_in(unit) {
            match unit.get(at) {
                Some(1) => {
                    self.next = Some(at + 1);
                    nal.end = at - 2;
                    break;
                }
                Some(3) if is_prevention(unit, at) => nal.found_prevention(at),
                _ => {}
            }
        }
        // Of three zeros in front of the 1, which `pairs` reports one pair after the other, the first is no part of it either.
        nal.end = without_zeros(unit, start, nal.end.max(start));
        Some(nal)
    }
}

/// A number of at most four bytes.
fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte)) as usize
}

/// The end of a NAL unit without the zeros after it.
fn without_zeros(unit: &[u8], start: usize, end: usize) -> usize {
    unit[start..end].iter().rposition(|byte| *byte != 0).map_or(start, |last| start + last + 1)
}

/// Whether the byte at `at`, after two zeros, is emulation prevention: a 03 that is followed by what it protects, or is the
/// last byte. What else follows a 03 was not protected when it was written, so it is content.
#[inline]
fn is_prevention(body: &[u8], at: usize) -> bool {
    body.get(at) == Some(&3) && body.get(at + 1).is_none_or(|next| *next <= 3)
}

/// Whether a slice ends with emulation prevention, which protects nothing there.
pub(super) fn ends_with_prevention(nal: &Nal, unit: &[u8]) -> bool {
    unit[nal.start..nal.end].ends_with(&[0, 0, 3])
}

/// Moves the bytes of a unit forward, each at most once.
pub(super) struct Mover<'a> {
    unit: &'a mut [u8],
    read: usize,
    write: usize,
}

impl<'a> Mover<'a> {
    pub(super) fn new(unit: &'a mut [u8]) -> Self {
        Self { unit, read: 0, write: 0 }
    }

    /// What is not moved yet is where it was.
    pub(super) fn unit(&self) -> &[u8] {
        self.unit
    }

    /// Where the next byte goes to.
    pub(super) fn position(&self) -> usize {
        self.write
    }

    /// What has been moved, from a position on.
    pub(super) fn moved(&mut self, from: usize) -> &mut [u8] {
        &mut self.unit[from..self.write]
    }

    /// Keeps everything up to a place of the unit.
    pub(super) fn keep_until(&mut self, end: usize) {
        let end = end.clamp(self.read, self.unit.len());
        if self.read != self.write {
            self.unit.copy_within(self.read..end, self.write);
        }
        self.write += end - self.read;
        self.read = end;
    }

    /// Keeps a NAL unit but its emulation prevention.
    pub(super) fn keep_without_prevention(&mut self, nal: &Nal) {
        if nal.first_prevention != 0 {
            let end = nal.end.min(self.unit.len());
            let mut pairs = Pairs::from(nal.first_prevention.saturating_sub(2));
            let last = nal.last_prevention.min(end);
            while let Some(at) = pairs.next_in(&self.unit[..last]) {
                if is_prevention(&self.unit[..end], at) {
                    self.keep_until(at);
                    self.read = at + 1;
                }
            }
        }
        self.keep_until(nal.end);
    }

    /// Puts `length` bytes in the place of those up to `end`, which are not fewer.
    pub(super) fn replace(&mut self, end: usize, length: usize, byte: impl Fn(usize) -> u8) {
        let end = end.clamp(self.read, self.unit.len());
        for index in 0..length.min(end - self.read) {
            self.unit[self.write] = byte(index);
            self.write += 1;
        }
        self.read = end;
    }

    /// Takes what was lost from a length of `size` bytes that was moved as it was; `position` is where what it measures was
    /// moved to.
    pub(super) fn shorten_length(&mut self, size: usize, position: usize, lost: usize) {
        if let Some(prefix) = position.checked_sub(size).and_then(|start| self.unit.get_mut(start..position)) {
            let length = big_endian(prefix).saturating_sub(lost).to_be_bytes();
            prefix.copy_from_slice(&length[length.len() - size..]);
        }
    }

    /// Keeps the rest; returns how many bytes there are now.
    pub(super) fn finish(mut self) -> usize {
        self.keep_until(self.unit.len());
        self.write
    }
}

/// The bytes of a NAL unit without emulation prevention.
#[derive(Clone)]
pub(super) struct Rbsp<'a> {
    rest: &'a [u8],
    zeros: u8,
}

impl<'a> Rbsp<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body, zeros: 0 }
    }

    /// Bytes that are left, with emulation prevention.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Passes over emulation prevention that comes next.
    pub(super) fn pass_prevention(&mut self) {
        if let Some((&3, rest)) = self.rest.split_first()
            && self.zeros >= 2
        {
            (self.rest, self.zeros) = (rest, 0);
        }
    }
}

impl Iterator for Rbsp<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (mut byte, mut rest) = self.rest.split_first()?;
        if self.zeros >= 2 && *byte == 3 {
            self.zeros = 0;
            (byte, rest) = rest.split_first()?;
        }
        self.zeros = if *byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        self.rest = rest;
        Some(*byte)
    }
}
