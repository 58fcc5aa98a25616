//! Protection in HLS playlists: `EXT-X-KEY` and `EXT-X-SESSION-KEY` (RFC 8216, sections 4.3.2.4 and 4.3.4.5) whose URI is a
//! `data:` URI (RFC 2397) with a `pssh` box in it, whatever their `KEYFORMAT`: OpenHarmony's player does not look at it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::boxes::array;
use super::error::Result;
use super::protection::{Protection, Reading, uuid};

pub(super) const WHAT: &str = "HLS playlist";
const KEY: &[u8] = b"#EXT-X-KEY:";
const SESSION_KEY: &[u8] = b"#EXT-X-SESSION-KEY:";
const DEFINE: &[u8] = b"#EXT-X-DEFINE:";

/// Where in an attribute list it cannot be read, and why.
pub(super) type Fault = (usize, &'static str);

/// An attribute: name, value without quotes, where that begins, and where the next attribute begins.
type Attribute<'a> = (&'a [u8], &'a [u8], usize, usize);

/// Reads the key tags of a media or master playlist. Keys of other kinds (AES-128 with a URL, FairPlay) are none of ours
/// and passed over, as is data that does not look like a `pssh` box. A line that cannot be read is dropped and said in the
/// log. Variables that the playlist defines itself (`EXT-X-DEFINE`) are substituted.
///
/// # Errors
/// [`Error::Malformed`](super::Error::Malformed) with the offset in `bytes` if the first line is not `#EXTM3U`, alone or
/// with attributes behind it; where nothing was found, also that of the first attribute list that breaks the grammar of
/// RFC 8216, section 4.2, or the first `pssh` box that does not parse.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut reading = Reading::new(WHAT);
    if !is_playlist(bytes) {
        reading.pass_over(0, "the first line is not #EXTM3U");
        return reading.finish();
    }
    let mut variables = Variables::new(bytes.len());
    let mut offset = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii_end();
        let (at, line_read) = match tag(text) {
            Tag::Define(at) => (at, variables.define(&text[at..])),
            Tag::Key { at, .. } => (at, key(&text[at..], offset + at, &mut variables, &mut reading)),
            Tag::Other => (0, Ok(())),
        };
        if let Err((fault_at, reason)) = line_read {
            reading.pass_over(offset + at + fault_at, reason);
        }
        offset += line.len();
    }
    reading.finish()
}

/// Whether the first line is `#EXTM3U`.
pub(super) fn is_playlist(bytes: &[u8]) -> bool {
    // RFC 8216 forbids a byte order mark; editors put one there all the same.
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).strip_prefix(b"#EXTM3U");
    start.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// A tag, and where its attributes begin in its line.
pub(super) enum Tag {
    /// `EXT-X-DEFINE`.
    Define(usize),
    /// `EXT-X-KEY`, `EXT-X-SESSION-KEY`.
    Key { at: usize, is_session_key: bool },
    /// Any other line.
    Other,
}

/// Which tag a line is.
pub(super) fn tag(line: &[u8]) -> Tag {
    match line {
        _ if line.starts_with(DEFINE) => Tag::Define(DEFINE.len()),
        _ if line.starts_with(KEY) => Tag::Key { at: KEY.len(), is_session_key: false },
        _ if line.starts_with(SESSION_KEY) => Tag::Key { at: SESSION_KEY.len(), is_session_key: true },
        _ => Tag::Other,
    }
}

/// The attributes of one key tag that matter here. `offset` is where `list` begins in the playlist.
fn key(list: &[u8], offset: usize, variables: &mut Variables, reading: &mut Reading) -> Result<(), Fault> {
    let (mut uri, mut uri_at, mut id) = (&[][..], 0, &[][..]);
    each_attribute(list, |name, value, value_at| match name {
        b"URI" => (uri, uri_at) = (value, value_at),
        b"KEYID" => id = value,
        _ => {}
    })?;
    let uri = variables.substitute(uri).ok_or((uri_at, "the variables' values are too long"))?;
    let id = variables.substitute(id).unwrap_or_default();
    // KEYID is an extension to RFC 8216; one that is written otherwise is somebody else's.
    if let Some(id) = std::str::from_utf8(&id).ok().and_then(uuid) {
        reading.add_key_id(id);
    }
    let Some(text) = base64_of_data_uri(&uri) else { return Ok(()) };
    let Some(data) = reading.base64(offset + uri_at, &text) else { return Ok(()) };
    if array(&data, 4) == Some(*b"pssh") {
        reading.add_pssh(offset + uri_at, &data);
    }
    Ok(())
}

/// `EXT-X-DEFINE` (RFC 8216bis, section 4.4.2.3): what the playlist defines itself. Values from the playlist's URL or from
/// a master playlist are not known here.
pub(super) struct Variables {
    values: HashMap<Vec<u8>, Vec<u8>>,
    /// Bytes that may still be substituted: a few lines could ask for any number.
    budget: usize,
}

impl Variables {
    /// None yet, in a playlist of so many bytes.
    pub fn new(length: usize) -> Self {
        Self { values: HashMap::new(), budget: length.saturating_mul(16) }
    }

    pub fn define(&mut self, list: &[u8]) -> Result<(), Fault> {
        let (mut name, mut value) = (None, None);
        each_attribute(list, |attribute, text, _| match attribute {
            b"NAME" => name = Some(text),
            b"VALUE" => value = Some(text),
            _ => {}
        })?;
        if let (Some(name), Some(value)) = (name, value) {
            let value = self.substitute(value).ok_or((0, "the variables' values are too long"))?;
            self.values.insert(name.to_vec(), value.into_owned());
        }
        Ok(())
    }

    /// Replaces each `{$name}`; a name that is not defined stays. `None` if the budget is used up.
    pub fn substitute<'a>(&mut self, text: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.windows(2).position(|pair| pair == b"{$") {
            let Some(length) = rest[start..].iter().position(|&byte| byte == b'}') else { break };
            let (before, reference) = (&rest[..start], &rest[start..=start + length]);
            out.extend_from_slice(before);
            let value = self.values.get(&reference[2..length]).map_or(reference, |value| value);
            self.budget = self.budget.checked_sub(value.len())?;
            out.extend_from_slice(value);
            rest = &rest[before.len() + reference.len()..];
        }
        if rest.len() == text.len() {
            return Some(Cow::Borrowed(text));
        }
        out.extend_from_slice(rest);
        Some(Cow::Owned(out))
    }
}

/// Calls `see` with each attribute's name, value without quotes, and where that begins in `list`.
pub(super) fn each_attribute<'a>(list: &'a [u8], mut see: impl FnMut(&'a [u8], &'a [u8], usize)) -> Result<(), Fault> {
    let mut at = 0;
    while at < list.len() {
        let (name, value, value_at, next) = attribute(list, at)?;
        see(name, value, value_at);
        at = next;
    }
    Ok(())
}

/// The attribute at `at`.
fn attribute(list: &[u8], at: usize) -> Result<Attribute<'_>, Fault> {
    let fault = |at: usize, reason: &'static str| (at, reason);
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
pub(super) fn base64_of_data_uri(uri: &[u8]) -> Option<Vec<u8>> {
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
