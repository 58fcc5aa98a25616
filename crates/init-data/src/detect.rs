//! Finding `pssh` boxes in data of any of the supported kinds.

use std::collections::HashSet;

use super::error::{Error, Result};
use super::protection::Protection;
use super::{dash, hls, mp4, mpeg_ts, pssh, smooth, webm};

/// Boxes that ISO base media files and segments start with in practice (ISO/IEC 14496-12, 23000-19; QuickTime's `wide`).
const MP4_STARTS: [&[u8; 4]; 16] = [
    b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"ssix", b"emsg", b"prft", b"free", b"skip", b"wide", b"pdin",
    b"uuid", b"mdat", b"meta", b"mfra",
];

/// A kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Raw `pssh` boxes.
    Pssh,
    /// ISO base media file format.
    Mp4,
    /// WebM, Matroska.
    WebM,
    /// MPEG transport stream.
    MpegTs,
    /// DASH MPD.
    Dash,
    /// HLS playlist.
    Hls,
    /// Smooth Streaming manifest.
    Smooth,
}

/// What kind of data starts so; the first 4 KiB are enough. None if it is none of these.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Some(match bytes.get(4..8) {
        Some(b"pssh") => Kind::Pssh,
        Some(kind) if MP4_STARTS.iter().any(|start| kind == *start) => Kind::Mp4,
        _ if bytes.starts_with(&webm::START) => Kind::WebM,
        _ if text.starts_with(b"#EXTM3U") => Kind::Hls,
        _ if bytes.starts_with(b"\xff\xfe<\0") || bytes.starts_with(b"\xfe\xff\0<") => Kind::Smooth,
        _ if text.trim_ascii_start().starts_with(b"<") => {
            if contains(text, b"SmoothStreamingMedia") {
                Kind::Smooth
            } else {
                Kind::Dash
            }
        }
        _ if mpeg_ts::is_likely(bytes) => Kind::MpegTs,
        _ => return None,
    })
}

/// Finds the `pssh` boxes in data of any of these kinds: concatenated raw boxes; an ISO base media file, segment or
/// beginning of a file; a WebM file or its beginning; an MPEG transport stream; a DASH MPD, an HLS playlist or a Smooth
/// Streaming manifest.
///
/// Returns each complete box once, in the order of appearance, then boxes for key ids that stand outside of them, see
/// [`Protection::into_boxes`](super::Protection::into_boxes).
///
/// # Errors
/// [`Error::Malformed`] with the offset for data of a known kind with nothing in it that can be read; [`Error::NotFound`]
/// for data of no known kind and for data without a `pssh` box.
pub fn find_pssh(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    find_pssh_within(bytes, usize::MAX)
}

/// As [`find_pssh`], for a caller who has room for boxes of at most `longest` bytes: longer ones are left out, which is said
/// in the log, and what they list counts as listed nowhere.
///
/// # Errors
/// As [`find_pssh`], and [`Error::NotFound`] if nothing fits.
pub fn find_pssh_within(bytes: &[u8], longest: usize) -> Result<Vec<Vec<u8>>> {
    let protection = match kind(bytes) {
        Some(Kind::Pssh) => raw(bytes)?,
        Some(Kind::Mp4) => mp4::parse(bytes)?,
        Some(Kind::WebM) => webm::parse(bytes)?,
        Some(Kind::Hls) => hls::parse(bytes)?,
        Some(Kind::Smooth) => smooth::parse(bytes)?,
        Some(Kind::Dash) => dash::parse(bytes)?,
        Some(Kind::MpegTs) => mpeg_ts::parse(bytes)?,
        // Boxes behind something else.
        None => raw(bytes).map_err(|_| {
            not_found("the data is neither pssh boxes nor MP4, WebM, MPEG-TS, DASH, HLS or Smooth Streaming")
        })?,
    };
    let mut seen = HashSet::new();
    let mut boxes = protection.into_boxes(longest);
    boxes.retain(|found| seen.insert(found.clone()));
    if boxes.is_empty() { Err(not_found("the data holds none, or none that fits")) } else { Ok(boxes) }
}

fn raw(bytes: &[u8]) -> Result<Protection> {
    let pssh = pssh::parse_all(bytes)?.iter().map(|found| found.raw.to_vec()).collect();
    Ok(Protection { pssh, ..Protection::default() })
}

/// Whether the root element of a manifest may be of that name: it stands near the beginning.
fn contains(text: &[u8], name: &[u8]) -> bool {
    text[..text.len().min(4096)].windows(name.len()).any(|window| window == name)
}

fn not_found(reason: &'static str) -> Error {
    Error::NotFound { what: "pssh box", reason }
}
