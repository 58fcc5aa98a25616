//! `pssh` boxes in ISO base media files: initialisation segments, media segments, whole files or their beginnings.

use super::boxes;
use super::error::{Error, Result};
use super::pssh::{self, PsshBox};

const WHAT: &str = "MP4 file";

/// Collects the `pssh` boxes of `moov` and `moof` (ISO/IEC 23001-7, section 8.1), and those that stand at the top level,
/// in the order of the file. An empty result means a file without any.
///
/// The data may end inside `mdat` or any other box that cannot hold a `pssh`.
///
/// # Errors
/// [`Error::Malformed`] with the offset for a box size that contradicts its surroundings, for a `moov` or `moof` that
/// the data does not hold completely, and for a `pssh` box that does not parse.
pub fn find_pssh(bytes: &[u8]) -> Result<Vec<PsshBox<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest @ [_, ..]) = bytes.get(at..) {
        let Some(header) = boxes::header(WHAT, rest, at)? else { break };
        let size = header.size.map_or(Some(rest.len()), |size| usize::try_from(size).ok());
        let whole = size.and_then(|size| rest.get(..size));
        match &header.kind {
            b"moov" | b"moof" => {
                let whole = whole.ok_or_else(|| Error::malformed(WHAT, at, "the data ends inside moov or moof"))?;
                children(whole, header.length, at, &mut found)?;
            }
            b"pssh" => found.push(pssh::parse_first(rest, at)?),
            _ => {}
        }
        let Some(whole) = whole else { break };
        at += whole.len();
    }
    Ok(found)
}

/// Walks the boxes of `parent`, a complete `moov` or `moof` at `offset` of the file, from `at` on.
fn children<'a>(parent: &'a [u8], mut at: usize, offset: usize, found: &mut Vec<PsshBox<'a>>) -> Result<()> {
    while let Some(rest @ [_, ..]) = parent.get(at..) {
        let fault = |reason: &'static str| Error::malformed(WHAT, offset + at, reason);
        let header = boxes::header(WHAT, rest, offset + at)?.ok_or_else(|| fault("incomplete box header"))?;
        let size = header.size.ok_or_else(|| fault("a box inside moov or moof must state its size"))?;
        let size = usize::try_from(size).ok().filter(|&size| size <= rest.len());
        let size = size.ok_or_else(|| fault("the box is longer than the moov or moof around it"))?;
        if &header.kind == b"pssh" {
            found.push(pssh::parse_first(rest, offset + at)?);
        }
        at += size;
    }
    Ok(())
}
