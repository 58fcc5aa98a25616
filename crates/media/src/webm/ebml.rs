//! Elements of EBML (RFC 8794).

/// The header of an element.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub id: u32,
    /// Bytes of the content; none if unknown.
    pub size: Option<u64>,
    /// Bytes of the id.
    pub id_length: usize,
    /// Bytes of the id and the size.
    pub length: usize,
}

/// What stands where an element should start.
pub(super) enum Start {
    Element(Header),
    /// The data ends inside of the header.
    Incomplete,
    /// No element starts so.
    Invalid,
}

/// Reads an element's header.
pub(super) fn header(bytes: &[u8]) -> Start {
    let Some(&first) = bytes.first() else { return Start::Incomplete };
    let id_length = first.leading_zeros() as usize + 1;
    if id_length > 4 {
        return Start::Invalid;
    }
    let Some(id) = bytes.get(..id_length) else { return Start::Incomplete };
    let id = id.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    match bytes.get(id_length) {
        None => Start::Incomplete,
        Some(0) => Start::Invalid,
        Some(_) => match number(&bytes[id_length..]) {
            None => Start::Incomplete,
            Some((size, length)) => Start::Element(Header { id, size, id_length, length: id_length + length }),
        },
    }
}

/// A number of variable length, none if all its bits are set ("unknown"); and the bytes that it takes.
pub(super) fn number(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= 8)?;
    let value = all.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    let most = (1_u64 << (7 * length)) - 1;
    let value = value & most;
    Some((Some(value).filter(|&value| value != most), length))
}

/// Writes `value` as a number of as many bytes as `into` has, 1 to 8. False if it does not fit.
pub(super) fn write_number(value: u64, into: &mut [u8]) -> bool {
    let bits = 7 * into.len();
    // All bits set mean "unknown".
    if value >= (1 << bits) - 1 {
        return false;
    }
    let bytes = (value | 1 << bits).to_be_bytes();
    let length = into.len();
    into.copy_from_slice(&bytes[8 - length..]);
    true
}

/// Fills `bytes`, two at least, with a `Void` element.
pub(super) fn write_void(bytes: &mut [u8]) {
    bytes.fill(0);
    bytes[0] = 0xec;
    let length = bytes.len();
    if length - 2 < 127 {
        write_number(length as u64 - 2, &mut bytes[1..2]);
    } else {
        write_number(length as u64 - 9, &mut bytes[1..9]);
    }
}

/// The elements in the content of another: id, range of the whole, range of the content. Ends with the first that cannot be read,
/// as an error.
pub(super) fn children(
    bytes: &[u8],
    range: std::ops::Range<usize>,
) -> impl Iterator<Item = Result<Child, usize>> + use<'_> {
    let mut at = range.start;
    let end = range.end;
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let start = at;
        at = end;
        let Start::Element(header) = header(&bytes[start..end]) else { return Some(Err(start)) };
        let content = start + header.length;
        let size = header.size.and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= end - content);
        let Some(size) = size else { return Some(Err(start)) };
        at = content + size;
        Some(Ok(Child { id: header.id, start, content: content..at }))
    })
}

/// An element in another.
pub(super) struct Child {
    pub id: u32,
    pub start: usize,
    pub content: std::ops::Range<usize>,
}

/// An unsigned integer (RFC 8794, section 7.2); none above 8 bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}
