//! HLS playlists.

use serde::Serialize;

use super::{Faults, boxes_in};
use crate::boxes::array;
use crate::describe::{self, BoxText, PlayReady};
use crate::hls::{self, Fault, Variables, WHAT};
use crate::protection::{Reading, uuid};
use crate::system_data::is_playready_object;

/// A playlist (RFC 8216).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Playlist {
    /// Whether it lists variants (a multivariant playlist), not segments.
    pub is_multivariant: bool,
    /// Variants that it lists.
    pub variants: usize,
    /// Segments that it lists.
    pub segments: usize,
    /// Its key tags, in their order.
    pub keys: Vec<HlsKey>,
}

/// An `EXT-X-KEY` or `EXT-X-SESSION-KEY`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HlsKey {
    /// The line that it stands on, from 1.
    pub line: usize,
    /// Whether it is `EXT-X-SESSION-KEY`.
    pub is_session_key: bool,
    /// `METHOD`.
    pub method: Option<String>,
    /// `KEYFORMAT`; `identity` if absent.
    pub key_format: Option<String>,
    /// The system's name, if that is the URN of one that is known here.
    pub system: Option<&'static str>,
    /// `URI`; none for a `data:` URI.
    pub uri: Option<String>,
    /// `IV`.
    pub iv: Option<String>,
    /// `KEYID`, in hexadecimal digits.
    pub key_id: Option<String>,
    /// Boxes in a `data:` URI.
    pub pssh: Vec<BoxText>,
    /// A PlayReady Object in a `data:` URI.
    pub playready: Option<PlayReady>,
    /// The first segment that it applies to, from 1 in the playlist; none for a session key.
    pub first_segment: Option<usize>,
    /// How many segments follow before the next key tags.
    pub segments: usize,
}

/// Reads a playlist.
pub fn hls(bytes: &[u8]) -> (Playlist, Faults) {
    let mut reading = Reading::new(WHAT);
    let mut playlist = Playlist::default();
    if !hls::is_playlist(bytes) {
        reading.pass_over(0, "the first line is not #EXTM3U");
        return (playlist, reading.into_faults());
    }
    let mut variables = Variables::new(bytes.len());
    let mut offset = 0;
    // Keys that apply to the segments that follow: from this one on in the list.
    let mut current = 0;
    let mut segments_since = 0;
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let text = line.trim_ascii_end();
        match hls::tag(text) {
            hls::Tag::Define(at) => {
                if let Err((fault_at, reason)) = variables.define(&text[at..]) {
                    reading.pass_over(offset + at + fault_at, reason);
                }
            }
            hls::Tag::Key { at, is_session_key } => match key(&text[at..], offset + at, &mut variables, &mut reading) {
                Ok(mut key) => {
                    (key.line, key.is_session_key) = (index + 1, is_session_key);
                    if !is_session_key {
                        if segments_since > 0 {
                            (current, segments_since) = (playlist.keys.len(), 0);
                        }
                        key.first_segment = Some(playlist.segments + 1);
                    }
                    playlist.keys.push(key);
                }
                Err((fault_at, reason)) => reading.pass_over(offset + at + fault_at, reason),
            },
            hls::Tag::Other if text.starts_with(b"#EXT-X-STREAM-INF:") => {
                playlist.is_multivariant = true;
                playlist.variants += 1;
            }
            hls::Tag::Other if text.starts_with(b"#EXTINF:") => {
                playlist.segments += 1;
                segments_since += 1;
                for key in playlist.keys.iter_mut().skip(current).filter(|key| !key.is_session_key) {
                    key.segments += 1;
                }
            }
            hls::Tag::Other => {}
        }
        offset += line.len();
    }
    (playlist, reading.into_faults())
}

/// A key tag's attributes. `offset` is where `list` begins in the playlist.
pub(crate) fn key(
    list: &[u8],
    offset: usize,
    variables: &mut Variables,
    reading: &mut Reading,
) -> Result<HlsKey, Fault> {
    let mut key = HlsKey::default();
    let mut uri = None;
    hls::each_attribute(list, |name, value, at| {
        // What is too long stays as it is.
        let substituted = variables.substitute(value).unwrap_or(value.into());
        let text = || Some(String::from_utf8_lossy(&substituted).into_owned());
        match name {
            b"METHOD" => key.method = text(),
            b"KEYFORMAT" => key.key_format = text(),
            b"IV" => key.iv = text(),
            b"KEYID" => key.key_id = text().as_deref().and_then(uuid).map(hex::encode),
            b"URI" => uri = Some((substituted.into_owned(), at)),
            _ => {}
        }
    })?;
    key.system = key.key_format.as_deref().and_then(uuid).and_then(|id| describe::system_name(&id));
    if key.key_format.as_deref() == Some("com.apple.streamingkeydelivery") {
        key.system = Some("FairPlay");
    }
    let Some((uri, at)) = uri else { return Ok(key) };
    let Some(text) = hls::base64_of_data_uri(&uri) else {
        key.uri = Some(String::from_utf8_lossy(&uri).into_owned());
        return Ok(key);
    };
    if let Some(data) = reading.base64(offset + at, &text) {
        if array(&data, 4) == Some(*b"pssh") {
            key.pssh = boxes_in(reading, offset + at, &data);
        } else if is_playready_object(&data) {
            key.playready = Some(describe::playready(&data));
        } else {
            reading.pass_over(offset + at, "the data is neither a pssh box nor a PlayReady Object");
        }
    }
    Ok(key)
}
