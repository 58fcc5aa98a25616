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
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let protection = match bytes.get(4..8) {
        Some(b"pssh") => raw(bytes)?,
        Some(kind) if MP4_STARTS.iter().any(|start| kind == *start) => mp4::parse(bytes)?,
        _ if bytes.starts_with(&webm::START) => webm::parse(bytes)?,
        _ if text.starts_with(b"#EXTM3U") => hls::parse(bytes)?,
        _ if bytes.starts_with(b"\xff\xfe<\0") || bytes.starts_with(b"\xfe\xff\0<") => smooth::parse(bytes)?,
        _ if text.trim_ascii_start().starts_with(b"<") => {
            if contains(text, b"SmoothStreamingMedia") {
                smooth::parse(bytes)?
            } else {
                dash::parse(bytes)?
            }
        }
        _ if mpeg_ts::is_likely(bytes) => mpeg_ts::parse(bytes)?,
        // Boxes behind something else.
        _ => raw(bytes).map_err(|_| {
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
    Ok(Protection { pssh, key_ids: Vec::new() })
}

/// Whether the root element of a manifest may be of that name: it stands near the beginning.
fn contains(text: &[u8], name: &[u8]) -> bool {
    text[..text.len().min(4096)].windows(name.len()).any(|window| window == name)
}

fn not_found(reason: &'static str) -> Error {
    Error::NotFound { what: "pssh box", reason }
}
