//! Key ids in WebM files (Matroska, RFC 9559): `ContentEncKeyID` of each encrypted track.

use super::boxes::array;
use super::error::Result;
use super::protection::{Protection, Reading};

const WHAT: &str = "WebM file";

/// `EBML`, the header that every file starts with.
pub(super) const START: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Elements whose content is looked into: `Segment`, `Tracks`, `TrackEntry`, `ContentEncodings`, `ContentEncoding`,
/// `ContentEncryption`.
const MASTERS: [u32; 6] = [0x1853_8067, 0x1654_ae6b, 0xae, 0x6d80, 0x6240, 0x5035];
const CONTENT_ENC_KEY_ID: u32 = 0x47e2;

/// Reads the key ids of the tracks; the file may end anywhere. A key id that is not 16 bytes long fits into no `pssh` box
/// and is passed over.
///
/// # Errors
/// [`Error::Malformed`](super::Error::Malformed) with the offset of the first fault, if there is no key id.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut reading = Reading::new(WHAT);
    let mut at = 0;
    while let Some(rest @ [_, ..]) = bytes.get(at..) {
        let Some((id, size, header)) = element(rest) else {
            reading.pass_over(at, "not an EBML element");
            break;
        };
        at += header;
        // What the masters hold follows them, so that nothing needs to be known about where they end.
        if MASTERS.contains(&id) {
            continue;
        }
        let content = size.and_then(|size| bytes.get(at..)?.get(..size));
        let Some(content) = content else { break };
        if id == CONTENT_ENC_KEY_ID {
            match content.try_into() {
                Ok(id) => reading.add_key_id(id),
                Err(_) => reading.pass_over(at, "a ContentEncKeyID that is not 16 bytes long"),
            }
        }
        at += content.len();
    }
    reading.finish()
}

/// Id, size (`None` if it is unknown or too large) and header length of the element at the start of `bytes`.
fn element(bytes: &[u8]) -> Option<(u32, Option<usize>, usize)> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    if id_length > 4 {
        return None;
    }
    let id = bytes.get(..id_length)?.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    let size_length = bytes.get(id_length)?.leading_zeros() as usize + 1;
    if size_length > 8 {
        return None;
    }
    let mut size = [0; 8];
    size[8 - size_length..].copy_from_slice(bytes.get(id_length..id_length + size_length)?);
    let most = (1_u64 << (7 * size_length)) - 1;
    let size = array(&size, 0).map(u64::from_be_bytes)? & most;
    // All ones mean "unknown".
    let size = usize::try_from(size).ok().filter(|_| size != most);
    Some((id, size, id_length + size_length))
}
