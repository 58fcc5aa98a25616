//! Boxes at the top level of a file.

use crate::FourCc;
use crate::error::{Error, Result};
use crate::input::Input;

/// Boxes above this are not read into memory.
pub(super) const LARGEST: u64 = 1 << 30;
/// Fragments are parts of a file.
pub(super) const LARGEST_FRAGMENT: u64 = 64 << 20;

/// The header of a box at the top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopLevelBox {
    /// Its type.
    pub kind: FourCc,
    /// Where it starts in the file.
    pub offset: u64,
    /// Bytes of its header, without the extended type of `uuid`.
    pub header: u8,
    /// Bytes of the whole box; none if it goes to the end of the file.
    pub size: Option<u64>,
    /// The header itself.
    bytes: [u8; 16],
}

impl TopLevelBox {
    /// The header's bytes.
    pub fn header_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.header)]
    }

    /// Where it ends; none for the end of the file.
    pub fn end(&self) -> Option<u64> {
        self.size.map(|size| self.offset + size)
    }

    /// Bytes after the header; none if they go to the end of the file.
    pub fn content_size(&self) -> Option<u64> {
        self.size.map(|size| size - u64::from(self.header))
    }

    fn what(&self) -> String {
        format!("box '{}'", self.kind)
    }
}

/// Reads the header of the box at `offset`, where `input` stands. None at the end of the file.
///
/// # Errors
/// [`Error::Ends`] inside of the header; [`Error::Malformed`] for sizes that cannot be; [`Error::Read`].
pub fn read_header(input: &mut dyn Input, offset: u64) -> Result<Option<TopLevelBox>> {
    let mut bytes = [0; 16];
    let read = read_up_to(input, &mut bytes[..8], offset)?;
    if read == 0 {
        return Ok(None);
    }
    let ends = |read: usize| Error::Ends { end: offset + read as u64, what: "a box header".to_owned(), offset };
    if read < 8 {
        return Err(ends(read));
    }
    let kind = FourCc([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let mut header = 8;
    let size = match u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) {
        0 => None,
        1 => {
            let read = read_up_to(input, &mut bytes[8..], offset + 8)?;
            if read < 8 {
                return Err(ends(8 + read));
            }
            header = 16;
            let mut large = [0; 8];
            large.copy_from_slice(&bytes[8..]);
            Some(u64::from_be_bytes(large))
        }
        small => Some(u64::from(small)),
    };
    let wrong = |reason: String| Error::Malformed { place: kind.to_string(), offset, reason };
    if let Some(size) = size {
        if size < u64::from(header) {
            return Err(wrong(format!("it states {size} bytes, less than its header has")));
        }
        let end = offset.checked_add(size).filter(|&end| i64::try_from(end).is_ok());
        let end = end.ok_or_else(|| wrong(format!("it states {size} bytes, more than any file has")))?;
        if let Some(length) = input.length().filter(|&length| end > length) {
            return Err(Error::Ends { end: length, what: format!("box '{kind}' of {size} bytes"), offset });
        }
    }
    Ok(Some(TopLevelBox { kind, offset, header, size, bytes }))
}

/// Reads the whole box whose header was read last: header and content.
///
/// # Errors
/// [`Error::Ends`] if the file ends in it; [`Error::Malformed`] for a `moof` of more than 64 MiB, and others of more than 1 GiB; [`Error::Read`].
pub fn read_box(input: &mut dyn Input, found: &TopLevelBox) -> Result<Vec<u8>> {
    match read_box_leniently(input, found)? {
        (bytes, None) => Ok(bytes),
        (_, Some(fault)) => Err(fault),
    }
}

/// As [`read_box`], but what there is of a box in which the file ends, with that as an error beside it. `input` must not tell a
/// length that the box goes beyond.
///
/// # Errors
/// [`Error::Malformed`] for those that are too large; [`Error::Read`].
pub fn read_box_leniently(input: &mut dyn Input, found: &TopLevelBox) -> Result<(Vec<u8>, Option<Error>)> {
    let too_large = |bytes: u64| Error::Malformed {
        place: found.kind.to_string(),
        offset: found.offset,
        reason: format!("{bytes} bytes, too many to be read into memory"),
    };
    let largest = if &found.kind.0 == b"moof" { LARGEST_FRAGMENT } else { LARGEST };
    let stated = found.size.filter(|&size| size <= largest);
    if found.size.is_some() && stated.is_none() {
        return Err(too_large(found.size.unwrap_or_default()));
    }
    // That a file in storage is long enough was seen with the header. A pipe may end long before: memory grows with what comes.
    let known = stated.filter(|_| input.length().is_some());
    let mut bytes = found.header_bytes().to_vec();
    loop {
        let start = bytes.len();
        let step = known.unwrap_or(start.max(64 << 10) as u64);
        let room = stated.map_or(step, |stated| step.min(stated - start as u64)) as usize;
        if room == 0 {
            return Ok((bytes, None));
        }
        if start as u64 > largest {
            return Err(too_large(start as u64));
        }
        bytes.reserve_exact(room);
        bytes.resize(start + room, 0);
        let read = read_up_to(input, &mut bytes[start..], found.offset + start as u64)?;
        if read < room {
            bytes.truncate(start + read);
            if stated.is_none() {
                return Ok((bytes, None));
            }
            let end = found.offset + bytes.len() as u64;
            return Ok((bytes, Some(Error::Ends { end, what: found.what(), offset: found.offset })));
        }
    }
}

/// Reads until `into` is full or the file ends. `offset` is where, for messages.
pub(crate) fn read_up_to(input: &mut dyn Input, into: &mut [u8], offset: u64) -> Result<usize> {
    let mut read = 0;
    while read < into.len() {
        let more = input.read(&mut into[read..]);
        match more.map_err(|fault| Error::Read { offset: offset + read as u64, fault })? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
