//! Protection in HLS playlists: `EXT-X-KEY` and `EXT-X-SESSION-KEY` (RFC 8216, sections 4.3.2.4 and 4.3.4.5) whose
//! `KEYFORMAT` is the UUID of a protection system and whose URI is a `data:` URI (RFC 2397) with a `pssh` box in it.

use super::boxes::array;
use super::error::{Error, Result};
use super::manifest::{Protection, base64};
use base::base64::Variant;

const WHAT: &str = "HLS playlist";
const TAGS: [&[u8]; 2] = [b"#EXT-X-KEY:", b"#EXT-X-SESSION-KEY:"];

/// Reads the key tags of a media or master playlist. Keys of other kinds (AES-128 with a URL, FairPlay, `identity`) are
/// none of ours and passed over, as is data that does not look like a `pssh` box.
///
/// # Errors
/// [`Error::Malformed`] with the offset in `bytes` if the first line is not `#EXTM3U`, for an attribute list that breaks
/// the grammar of RFC 8216, section 4.2, and for a `pssh` box that does not parse.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut found = Protection::default();
    let mut offset = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii_end();
        // RFC 8216 forbids a byte order mark; editors put one there all the same.
        if offset == 0 && text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) != b"#EXTM3U" {
            return Err(Error::malformed(WHAT, 0, "the first line is not #EXTM3U"));
        }
        if let Some(tag) = TAGS.iter().find(|tag| text.starts_with(tag)) {
            key(&text[tag.len()..], offset + tag.len(), &mut found)?;
        }
        offset += line.len();
    }
    if offset == 0 {
        return Err(Error::malformed(WHAT, 0, "the first line is not #EXTM3U"));
    }
    Ok(found)
}

/// The attributes of one key tag that matter here.
#[derive(Default)]
struct Key<'a> {
    format: &'a [u8],
    uri: &'a [u8],
    uri_offset: usize,
    id: &'a [u8],
}

fn key(list: &[u8], offset: usize, found: &mut Protection) -> Result<()> {
    let mut key = Key::default();
    let mut at = 0;
    while at < list.len() {
        let (name, value, value_at, next) = attribute(list, at, offset)?;
        match name {
            b"KEYFORMAT" => key.format = value,
            b"URI" => (key.uri, key.uri_offset) = (value, offset + value_at),
            b"KEYID" => key.id = value,
            _ => {}
        }
        at = next;
    }
    if !starts_with_ignoring_case(key.format, b"urn:uuid:") {
        return Ok(());
    }
    // KEYID is an extension to RFC 8216; one that is written otherwise is somebody else's.
    let mut id = [0; 16];
    if key.id.len() == 34
        && starts_with_ignoring_case(key.id, b"0x")
        && hex::decode_to_slice(&key.id[2..], &mut id).is_ok()
    {
        found.add_key_id(id);
    }
    let Some(text) = base64_of_data_uri(key.uri) else { return Ok(()) };
    let data = base64(Variant::Lenient, WHAT, key.uri_offset, &text)?;
    if array(&data, 4) == Some(*b"pssh") {
        found.add_pssh(WHAT, key.uri_offset, &data)?;
    }
    Ok(())
}

/// The attribute at `at`: name, value without quotes, where that begins, and where the next attribute begins. `offset` is
/// where `list` begins in the playlist.
fn attribute(list: &[u8], at: usize, offset: usize) -> Result<(&[u8], &[u8], usize, usize)> {
    let fault = |at: usize, reason: &'static str| Error::malformed(WHAT, offset + at, reason);
    let rest = &list[at..];
    let equals = rest.iter().position(|byte| *byte == b'=').ok_or_else(|| fault(at, "an attribute without a value"))?;
    // Some writers put a space behind the comma.
    let name = rest[..equals].trim_ascii();
    if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-') {
        return Err(fault(at, "not an attribute name"));
    }
    let value_at = at + equals + 1;
    let rest = &list[value_at..];
    let (value, start, end) = if let Some(quoted) = rest.strip_prefix(b"\"") {
        let length = quoted.iter().position(|byte| *byte == b'"').ok_or_else(|| fault(value_at, "no closing quote"))?;
        (&quoted[..length], value_at + 1, value_at + length + 2)
    } else {
        let length = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
        (rest[..length].trim_ascii(), value_at, value_at + length)
    };
    match list.get(end) {
        None => Ok((name, value, start, end)),
        Some(b',') => Ok((name, value, start, end + 1)),
        Some(_) => Err(fault(end, "no comma between attributes")),
    }
}

/// The base64 text in a `data:` URI, percent escapes resolved; `None` for any other URI.
fn base64_of_data_uri(uri: &[u8]) -> Option<Vec<u8>> {
    if !starts_with_ignoring_case(uri, b"data:") {
        return None;
    }
    let comma = uri.iter().position(|byte| *byte == b',')?;
    let (head, text) = (&uri[5..comma], &uri[comma + 1..]);
    let marked = head.len().checked_sub(7).is_some_and(|start| head[start..].eq_ignore_ascii_case(b";base64"));
    if !marked {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let mut escaped = [0; 1];
        match text.get(at + 1..at + 3) {
            Some(digits) if byte == b'%' && hex::decode_to_slice(digits, &mut escaped).is_ok() => {
                out.push(escaped[0]);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Some(out)
}

fn starts_with_ignoring_case(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}
