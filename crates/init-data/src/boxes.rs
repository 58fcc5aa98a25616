//! Box headers of the ISO base media file format (ISO/IEC 14496-12, section 4.2).

use super::error::{Error, Result};

/// A box header that was read whole.
pub(super) struct Header {
    /// The four-character code.
    pub kind: [u8; 4],
    /// Bytes before the box's content.
    pub length: usize,
    /// Bytes of the whole box; `None` for "up to the end of the file" (size field 0).
    pub size: Option<u64>,
}

/// Reads the header at the start of `bytes`. `None` if `bytes` ends inside it. `offset` is where `bytes` starts, for
/// messages about `what`.
pub(super) fn header(what: &'static str, bytes: &[u8], offset: usize) -> Result<Option<Header>> {
    let (Some(size), Some(kind)) = (be32(bytes, 0), array(bytes, 4)) else { return Ok(None) };
    let (mut length, size) = match size {
        0 => (8, None),
        1 => match array(bytes, 8) {
            Some(large) => (16, Some(u64::from_be_bytes(large))),
            None => return Ok(None),
        },
        small => (8, Some(u64::from(small))),
    };
    if &kind == b"uuid" {
        length += 16;
    }
    if size.is_some_and(|size| size < length as u64) {
        return Err(Error::malformed(what, offset, "box size smaller than its header"));
    }
    // A `uuid` box up to the end of the file need not be as long as its type.
    if bytes.len() < length {
        return Ok(None);
    }
    Ok(Some(Header { kind, length, size }))
}

/// The big-endian 32-bit number at `at`; `None` past the end.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// The `N` bytes at `at`; `None` past the end.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}
