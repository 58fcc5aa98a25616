//! Protection system specific header boxes (ISO/IEC 23001-7, section 8.1).

use super::boxes::{self, array, be32};
use super::error::{Error, Result};

const WHAT: &str = "pssh box";
/// Version, flags and system id.
const FIXED: usize = 20;
const KEY_ID: usize = 16;

/// A parsed `pssh` box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PsshBox<'a> {
    /// The box version. 0 has no key id list.
    pub version: u8,
    /// The protection system that the box is for.
    pub system_id: [u8; 16],
    /// The key id list of a version above 0, in the order of the box.
    pub key_ids: Vec<[u8; 16]>,
    /// The system's own data; its meaning is the system's business.
    pub data: &'a [u8],
    /// The complete box, header included.
    pub raw: &'a [u8],
}

/// Parses exactly one box.
///
/// # Errors
/// [`Error::Malformed`] with the offset in `bytes`, also when bytes follow the box.
pub fn parse(bytes: &[u8]) -> Result<PsshBox<'_>> {
    let parsed = parse_first(bytes, 0)?;
    if parsed.raw.len() != bytes.len() {
        return Err(Error::malformed(WHAT, parsed.raw.len(), "bytes after the box"));
    }
    Ok(parsed)
}

/// Reads concatenated boxes: the `cenc` initialisation data of W3C EME. What is none of them, whether a box of another kind,
/// a malformed one or bytes of no box, is passed over and said in the log.
///
/// # Errors
/// [`Error::Malformed`] with the offset of the first fault if there is no well-formed box at all.
pub fn parse_all(bytes: &[u8]) -> Result<Vec<PsshBox<'_>>> {
    let mut boxes = Vec::new();
    let mut first_fault = None;
    let mut at = 0;
    while let Some(rest @ [_, ..]) = bytes.get(at..) {
        match parse_first(rest, at) {
            Ok(parsed) => {
                at += parsed.raw.len();
                boxes.push(parsed);
            }
            Err(fault) => {
                base::log_warn!("passed over: {fault}");
                first_fault.get_or_insert(fault);
                at = after_bad_box(bytes, at);
            }
        }
    }
    if boxes.is_empty() {
        return Err(first_fault.unwrap_or_else(|| Error::malformed(WHAT, 0, "no bytes")));
    }
    Ok(boxes)
}

/// Where to go on behind what is no well-formed box at `at`: behind the box, if a box or the end follows where its size
/// says so, else where the next `pssh` box may begin, or at the end.
pub(super) fn after_bad_box(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let size_at = |offset: usize| {
        let header = boxes::header(WHAT, rest.get(offset..)?, offset).ok()??;
        usize::try_from(header.size?).ok()?.checked_add(offset).filter(|&end| end <= rest.len())
    };
    let size = size_at(0).filter(|&size| size == rest.len() || size_at(size).is_some());
    let next = || rest.get(5..)?.windows(4).position(|kind| kind == b"pssh").map(|found| found + 5 - 4);
    at + size.or_else(next).unwrap_or(rest.len())
}

/// Builds a box: version 1 with the list if there are key ids, else version 0 (ISO/IEC 23001-7, section 8.1.2).
///
/// # Panics
/// Never for what fits a box: the caller's data and key ids together must stay under 4 GiB, the limit of its size field.
pub fn build(system_id: &[u8; 16], key_ids: &[[u8; 16]], data: &[u8]) -> Vec<u8> {
    let list = if key_ids.is_empty() { 0 } else { 4 + key_ids.len() * KEY_ID };
    let size = 8 + FIXED + list + 4 + data.len();
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(&word(size));
    out.extend_from_slice(b"pssh");
    out.extend_from_slice(&[u8::from(!key_ids.is_empty()), 0, 0, 0]);
    out.extend_from_slice(system_id);
    if !key_ids.is_empty() {
        out.extend_from_slice(&word(key_ids.len()));
        out.extend_from_slice(key_ids.as_flattened());
    }
    out.extend_from_slice(&word(data.len()));
    out.extend_from_slice(data);
    out
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).expect("a pssh box is smaller than 4 GiB").to_be_bytes()
}

/// Parses the box at the start of `bytes`, which starts at `offset` of what the caller was given.
///
/// The key id list is read for every version above 0, because that is the condition in the syntax of ISO/IEC 23001-7;
/// no version above 1 is published. A later one may append fields, so bytes after the data are accepted from version 2
/// on, and nowhere else. Size 0 ("to the end of the file") is reserved for top-level boxes by ISO/IEC 14496-12, and this
/// box belongs into `moov` or `moof`.
pub(super) fn parse_first(bytes: &[u8], offset: usize) -> Result<PsshBox<'_>> {
    let fault = |at: usize, reason: &'static str| Error::malformed(WHAT, offset + at, reason);

    let header = boxes::header(WHAT, bytes, offset)?.ok_or_else(|| fault(0, "shorter than a box header"))?;
    if &header.kind != b"pssh" {
        return Err(fault(4, "not a pssh box"));
    }
    let size = header.size.ok_or_else(|| fault(0, "a pssh box must state its size"))?;
    let raw = usize::try_from(size).ok().and_then(|size| bytes.get(..size));
    let raw = raw.ok_or_else(|| fault(0, "the box is longer than the data"))?;

    let mut at = header.length;
    let version = *raw.get(at).ok_or_else(|| fault(at, "no version"))?;
    let system_id = array(raw, at + 4).ok_or_else(|| fault(at + 4, "no complete system id"))?;
    at += FIXED;

    let mut key_ids = Vec::new();
    if version > 0 {
        let count = be32(raw, at).ok_or_else(|| fault(at, "no key id count"))?;
        let list = usize::try_from(count).ok().and_then(|count| count.checked_mul(KEY_ID));
        let list = list.and_then(|length| raw.get(at + 4..)?.get(..length));
        let list = list.ok_or_else(|| fault(at, "more key ids announced than the box holds"))?;
        key_ids.extend_from_slice(list.as_chunks::<KEY_ID>().0);
        at += 4 + list.len();
    }

    let length = be32(raw, at).ok_or_else(|| fault(at, "no data size"))?;
    let rest = raw.get(at + 4..).unwrap_or_default();
    let data = usize::try_from(length).ok().and_then(|length| rest.get(..length));
    let data = data.ok_or_else(|| fault(at, "more data announced than the box holds"))?;
    if version <= 1 && data.len() != rest.len() {
        return Err(fault(at + 4 + data.len(), "bytes between the data and the end of the box"));
    }
    Ok(PsshBox { version, system_id, key_ids, data, raw })
}
