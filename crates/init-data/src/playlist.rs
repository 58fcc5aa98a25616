//! HLS playlists (RFC 8216) as what is to be read: segments in their order, with the keys that apply to them, or variants and
//! renditions.
//!
//! Unlike [`hls`], which collects what it finds, this fails at the first line that cannot be read: a segment that is passed
//! over, or decrypted with another key, would go unnoticed.

use std::collections::HashMap;
use std::rc::Rc;

use super::hls::{self, Tag, Variables, WHAT};
use super::outline::hls_key;
use super::protection::Reading;

/// Why a playlist cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Error {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// A playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playlist {
    /// Of segments.
    Media(Vec<Segment>),
    /// Of other playlists.
    Multivariant(Multivariant),
}

/// A playlist of other playlists, which many call a master playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multivariant {
    /// `EXT-X-STREAM-INF`, in their order.
    pub variants: Vec<Variant>,
    /// `EXT-X-MEDIA`, in their order.
    pub renditions: Vec<Rendition>,
}

/// A variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Where its playlist is.
    pub uri: Uri,
    /// `BANDWIDTH`, in bits per second.
    pub bandwidth: u64,
    /// `AUDIO`: the group of its renditions of sound.
    pub audio: Option<String>,
}

/// A rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// `TYPE`: `AUDIO`, `VIDEO`, `SUBTITLES`, `CLOSED-CAPTIONS`.
    pub kind: String,
    /// `GROUP-ID`.
    pub group: String,
    /// `NAME`.
    pub name: String,
    /// `LANGUAGE`.
    pub language: Option<String>,
    /// Where its playlist is; none if it is in the variant's own segments.
    pub uri: Option<Uri>,
}

/// A URI as the playlist has it, its variables substituted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The line that it stands on, from 1.
    pub line: usize,
    /// The URI.
    pub text: String,
}

/// A file, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Where it is.
    pub uri: Uri,
    /// Offset and length of the part; none for all of it.
    pub range: Option<(u64, u64)>,
}

/// A media segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What to read.
    pub resource: Resource,
    /// `EXT-X-MAP`: what is to be read before it.
    pub map: Option<Rc<Resource>>,
    /// How it is encrypted; none for `METHOD=NONE` and without a tag.
    pub key: Option<Rc<SegmentKey>>,
    /// Its media sequence number.
    pub sequence: u64,
    /// `EXT-X-GAP`: it is not there.
    pub is_gap: bool,
}

/// What the `EXT-X-KEY` tags in front of a segment say together. Tags in a row are about one key, for several key systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentKey {
    /// The line of the first tag, from 1.
    pub line: usize,
    /// `METHOD`: `SAMPLE-AES`, `SAMPLE-AES-CTR`, `AES-128`, or something new.
    pub method: String,
    /// `IV`.
    pub iv: Option<[u8; 16]>,
    /// `KEYID`; without it, those in the `data:` URIs.
    pub key_ids: Vec<[u8; 16]>,
    is_said: bool,
}

/// Reads a playlist.
///
/// # Errors
/// The first line that cannot be read, and why.
pub fn parse(bytes: &[u8]) -> Result<Playlist, Error> {
    if !is_playlist(bytes) {
        return Err(Error { line: 1, reason: "it is not #EXTM3U".to_owned() });
    }
    // Editors put a byte order mark there.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader::new(bytes.len());
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line_read = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned());
        let line_read = line_read.and_then(|text| reader.line(index + 1, text.trim()));
        line_read.map_err(|reason| Error { line: index + 1, reason })?;
    }
    if reader.variant.is_some() {
        let line = bytes.split(|&byte| byte == b'\n').count();
        return Err(Error { line, reason: "it ends behind an EXT-X-STREAM-INF, without its URI".to_owned() });
    }
    if reader.master.variants.is_empty() && reader.master.renditions.is_empty() {
        return Ok(Playlist::Media(reader.segments));
    }
    Ok(Playlist::Multivariant(reader.master))
}

/// Whether the first line is `#EXTM3U`, with a byte order mark in front of it or without.
pub fn is_playlist(bytes: &[u8]) -> bool {
    hls::is_playlist(bytes)
}

const EMPTY: &str = "an empty URI";

struct Reader {
    variables: Variables,
    segments: Vec<Segment>,
    master: Multivariant,
    /// Bandwidth and group of the variant whose URI comes next.
    variant: Option<(u64, Option<String>)>,
    map: Option<Rc<Resource>>,
    key: Option<Rc<SegmentKey>>,
    /// A segment has followed the latest key tag.
    is_key_used: bool,
    /// Length and offset of `EXT-X-BYTERANGE`, for the next segment.
    range: Option<(u64, Option<u64>)>,
    /// Where the latest range of a file ended.
    ends: HashMap<String, u64>,
    sequence: u64,
    is_gap: bool,
}

impl Reader {
    fn new(length: usize) -> Self {
        Self {
            variables: Variables::new(length),
            segments: Vec::new(),
            master: Multivariant::default(),
            variant: None,
            map: None,
            key: None,
            is_key_used: false,
            range: None,
            ends: HashMap::new(),
            sequence: 0,
            is_gap: false,
        }
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        match hls::tag(line.as_bytes()) {
            Tag::Define(at) => {
                return self.variables.define(&line.as_bytes()[at..]).map_err(|(_, reason)| reason.to_owned());
            }
            Tag::Key { at, is_session_key: false } => return self.key(number, &line[at..]),
            Tag::Key { .. } => return Ok(()),
            Tag::Other => {}
        }
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "" => {}
            "#EXT-X-MAP" => {
                let mut list = self.attributes(value)?;
                let uri = list.remove("URI").ok_or("EXT-X-MAP without a URI")?;
                let range = list.remove("BYTERANGE").map(|text| range(&text)).transpose()?;
                // Without an offset it starts with the file (RFC 8216, section 4.3.2.5).
                let range = range.map(|(length, offset)| (length, offset.or(Some(0))));
                self.map = Some(Rc::new(self.resource(number, uri, range)?));
            }
            "#EXT-X-BYTERANGE" => self.range = Some(range(value)?),
            "#EXT-X-MEDIA-SEQUENCE" => {
                self.sequence = value.trim().parse().map_err(|_| "EXT-X-MEDIA-SEQUENCE is no number")?;
            }
            "#EXT-X-GAP" => self.is_gap = true,
            "#EXT-X-STREAM-INF" => {
                let mut list = self.attributes(value)?;
                let bandwidth = list.get("BANDWIDTH").map_or(Ok(0), |text| text.parse());
                let bandwidth = bandwidth.map_err(|_| "BANDWIDTH is no number")?;
                self.variant = Some((bandwidth, list.remove("AUDIO")));
            }
            "#EXT-X-MEDIA" => {
                let mut list = self.attributes(value)?;
                let uri = list.remove("URI").map(|text| Uri { line: number, text });
                let mut required = |name: &str| list.remove(name).ok_or_else(|| format!("EXT-X-MEDIA without {name}"));
                let (kind, group, name) = (required("TYPE")?, required("GROUP-ID")?, required("NAME")?);
                self.master.renditions.push(Rendition { kind, group, name, language: list.remove("LANGUAGE"), uri });
            }
            _ if line.starts_with('#') => {}
            _ => return self.uri(number, line),
        }
        Ok(())
    }

    /// A line that is a URI.
    fn uri(&mut self, line: usize, text: &str) -> Result<(), String> {
        let text = self.substituted(text.as_bytes())?;
        if text.is_empty() {
            return Err(EMPTY.to_owned());
        }
        if let Some((bandwidth, audio)) = self.variant.take() {
            self.master.variants.push(Variant { uri: Uri { line, text }, bandwidth, audio });
            return Ok(());
        }
        let range = self.range.take();
        let resource = self.resource(line, text, range)?;
        self.segments.push(Segment {
            resource,
            map: self.map.clone(),
            key: self.key.clone(),
            sequence: self.sequence,
            is_gap: std::mem::take(&mut self.is_gap),
        });
        self.sequence = self.sequence.checked_add(1).ok_or("the media sequence number has more than 64 bits")?;
        self.is_key_used = true;
        Ok(())
    }

    fn resource(&mut self, line: usize, text: String, range: Option<(u64, Option<u64>)>) -> Result<Resource, String> {
        if text.is_empty() {
            return Err(EMPTY.to_owned());
        }
        let mut found = None;
        if let Some((length, offset)) = range {
            let offset = offset.or_else(|| self.ends.get(&text).copied());
            let offset = offset.ok_or("a byte range without an offset, and none of the same file before it")?;
            let end = offset.checked_add(length).ok_or("a byte range of more than 2^64 bytes")?;
            self.ends.insert(text.clone(), end);
            found = Some((offset, length));
        }
        Ok(Resource { uri: Uri { line, text }, range: found })
    }

    fn key(&mut self, line: usize, list: &str) -> Result<(), String> {
        let mut reading = Reading::new(WHAT);
        let tag = hls_key(list.as_bytes(), 0, &mut self.variables, &mut reading);
        let tag = tag.map_err(|(_, reason)| reason.to_owned())?;
        let method = tag.method.clone().ok_or("EXT-X-KEY without METHOD")?;
        let former = self.key.take().filter(|_| !std::mem::take(&mut self.is_key_used));
        if method == "NONE" {
            return Ok(());
        }
        let iv = tag.iv.as_deref().map(|text| iv(text).ok_or("IV is not 0x with at most 32 hexadecimal digits"));
        let iv = iv.transpose()?;
        let mut key = SegmentKey { line, method, iv, key_ids: Vec::new(), is_said: false };
        if let Some(former) = former {
            if former.method != key.method {
                return Err(format!("METHOD={} beside METHOD={}", key.method, former.method));
            }
            key = SegmentKey { iv: former.iv.or(key.iv), ..(*former).clone() };
        }
        let ids = |texts: &mut dyn Iterator<Item = &String>| -> Vec<[u8; 16]> {
            texts.filter_map(|text| <[u8; 16]>::try_from(hex::decode(text).ok()?).ok()).collect()
        };
        if !key.is_said {
            let mut found = ids(&mut tag.key_id.iter());
            key.is_said = !found.is_empty();
            if key.is_said {
                key.key_ids.clear();
            } else {
                found = ids(&mut tag.pssh.iter().flat_map(crate::describe::BoxText::all_key_ids));
                found.extend(ids(&mut tag.playready.iter().flat_map(|object| &object.key_ids)));
            }
            found.retain(|id| *id != [0; 16]);
            for id in found {
                if !key.key_ids.contains(&id) {
                    key.key_ids.push(id);
                }
            }
        }
        self.key = Some(Rc::new(key));
        Ok(())
    }

    fn attributes(&mut self, list: &str) -> Result<HashMap<String, String>, String> {
        let mut found = Vec::new();
        hls::each_attribute(list.as_bytes(), |name, value, _| found.push((name, value)))
            .map_err(|(_, reason)| reason.to_owned())?;
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        found.into_iter().map(|(key, value)| Ok((name(key), self.substituted(value)?))).collect()
    }

    fn substituted(&mut self, text: &[u8]) -> Result<String, String> {
        let substituted = self.variables.substitute(text).ok_or("the variables' values are too long")?;
        String::from_utf8(substituted.into_owned()).map_err(|_| "not UTF-8".to_owned())
    }
}

/// `length[@offset]`.
fn range(text: &str) -> Result<(u64, Option<u64>), String> {
    let (length, offset) = text.trim().split_once('@').map_or((text.trim(), None), |(length, at)| (length, Some(at)));
    let wrong = |_| format!("{}: not a byte range LENGTH@OFFSET", text.trim());
    Ok((length.parse().map_err(wrong)?, offset.map(str::parse).transpose().map_err(wrong)?))
}

/// A hexadecimal number of 128 bits.
fn iv(text: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let is_right = (1..=32).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_right.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(u128::to_be_bytes)
}
