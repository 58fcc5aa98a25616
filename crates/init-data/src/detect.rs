//! Finding `pssh` boxes in data of any of the supported kinds.

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::{Error, Result};
use super::{dash, hls, mp4, pssh};

/// Boxes that ISO base media files and segments start with in practice (ISO/IEC 14496-12, 23000-19; QuickTime's `wide`).
const MP4_STARTS: [&[u8; 4]; 16] = [
    b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"ssix", b"emsg", b"prft", b"free", b"skip", b"wide", b"pdin",
    b"uuid", b"mdat", b"meta", b"mfra",
];

/// Finds the `pssh` boxes in data of any of these kinds: concatenated raw boxes; an ISO base media file, segment or
/// beginning of a file; a DASH MPD; an HLS playlist.
///
/// Returns each complete box once, in the order of appearance. A manifest that names key ids outside of its boxes gives
/// one box more, see [`Protection::into_boxes`](super::manifest::Protection::into_boxes).
///
/// # Errors
/// [`Error::Malformed`] with the offset for data of a known kind that does not parse; [`Error::NotFound`] for data of no
/// known kind and for data without a `pssh` box.
pub fn find_pssh(bytes: &[u8]) -> Result<Vec<Cow<'_, [u8]>>> {
    let binary = match bytes.get(4..8) {
        Some(b"pssh") => Some(pssh::parse_all(bytes)?),
        Some(kind) if MP4_STARTS.iter().any(|start| kind == *start) => Some(mp4::find_pssh(bytes)?),
        _ => None,
    };
    if let Some(found) = binary {
        return distinct(found.into_iter().map(|found| Cow::Borrowed(found.raw)));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let protection = if text.starts_with(b"#EXTM3U") {
        hls::parse(bytes)?
    } else if text.trim_ascii_start().starts_with(b"<") {
        dash::parse(bytes)?
    } else {
        return Err(not_found("the data is neither pssh boxes nor MP4, DASH MPD or HLS playlist"));
    };
    distinct(protection.into_boxes().into_iter().map(Cow::Owned))
}

/// The first of each, in order; an error if there is none.
fn distinct<'a>(boxes: impl Iterator<Item = Cow<'a, [u8]>>) -> Result<Vec<Cow<'a, [u8]>>> {
    let mut seen = HashSet::new();
    let boxes: Vec<_> = boxes.filter(|found| seen.insert(found.clone())).collect();
    if boxes.is_empty() { Err(not_found("the data holds none")) } else { Ok(boxes) }
}

fn not_found(reason: &'static str) -> Error {
    Error::NotFound { what: "pssh box", reason }
}
