//! `Tracks`: how each track is encrypted.

use std::ops::Range;

use super::ebml::{self, Child};
use crate::error::{Error, Result};

pub(super) const CRC_32: u32 = 0xbf;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CONTENT_ENCODINGS: u32 = 0x6d80;
const CONTENT_ENCODING: u32 = 0x6240;
const CONTENT_ENCODING_SCOPE: u32 = 0x5032;
const CONTENT_ENCRYPTION: u32 = 0x5035;
const CONTENT_ENC_ALGO: u32 = 0x47e1;
const CONTENT_ENC_KEY_ID: u32 = 0x47e2;
const CONTENT_ENC_AES_SETTINGS: u32 = 0x47e7;
const AES_SETTINGS_CIPHER_MODE: u32 = 0x47e8;

/// A track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// Its number, which blocks refer to.
    pub number: u64,
    /// What it is: 1 video, 2 audio, 17 subtitles, … (RFC 9559, section 5.1.4.1.3).
    pub kind: u64,
    /// The codec, such as `V_VP9`.
    pub codec: String,
    /// How blocks are encrypted; none if they are clear.
    pub encryption: Option<Encryption>,
    /// What is to become `Void` in the bytes of `Tracks`.
    pub(super) void: Option<Range<usize>>,
}

/// `ContentEncryption` (RFC 9559, section 5.1.4.1.31.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// The algorithm: 5 is AES.
    pub algorithm: u64,
    /// The block mode: 1 is counter mode, 2 CBC.
    pub mode: u64,
    /// The key id; WebM's are 16 bytes.
    pub key_id: Vec<u8>,
    /// What is encrypted: bit 0 blocks, bit 1 the codec's private data, bit 2 the next encoding's.
    pub scope: u64,
}

/// Reads the content of `Tracks`, `bytes`, which starts at `offset` in the file.
///
/// # Errors
/// [`Error::Malformed`] with the element that cannot be read.
pub fn parse(bytes: &[u8], offset: u64) -> Result<Vec<Track>> {
    let mut tracks = Vec::new();
    for child in each(bytes, 0..bytes.len(), offset, "Segment/Tracks") {
        let child = child?;
        if child.id == TRACK_ENTRY {
            tracks.push(track(bytes, child.content, offset)?);
        }
    }
    Ok(tracks)
}

fn each<'a>(
    bytes: &'a [u8],
    range: Range<usize>,
    offset: u64,
    place: &'a str,
) -> impl Iterator<Item = Result<Child>> + use<'a> {
    ebml::children(bytes, range).map(move |child| {
        child.map_err(|at| Error::Malformed {
            place: place.to_owned(),
            offset: offset + at as u64,
            reason: "an element that does not fit into it".to_owned(),
        })
    })
}

fn track(bytes: &[u8], range: Range<usize>, offset: u64) -> Result<Track> {
    let mut track = Track::default();
    for child in each(bytes, range, offset, "Segment/Tracks/TrackEntry") {
        let child = child?;
        let content = &bytes[child.content.clone()];
        match child.id {
            TRACK_NUMBER => track.number = integer(content, offset + child.start as u64)?,
            TRACK_TYPE => track.kind = integer(content, offset + child.start as u64)?,
            CODEC_ID => {
                String::from_utf8_lossy(content).trim_end_matches('\0').clone_into(&mut track.codec);
            }
            CONTENT_ENCODINGS => encodings(bytes, &child, offset, &mut track)?,
            _ => {}
        }
    }
    Ok(track)
}

fn integer(content: &[u8], at: u64) -> Result<u64> {
    ebml::unsigned(content).ok_or_else(|| Error::Malformed {
        place: "Segment/Tracks/TrackEntry".to_owned(),
        offset: at,
        reason: format!("an integer of {} bytes", content.len()),
    })
}

fn encodings(bytes: &[u8], encodings: &Child, offset: u64, track: &mut Track) -> Result<()> {
    const PLACE: &str = "Segment/Tracks/TrackEntry/ContentEncodings";
    let mut count = 0;
    for child in each(bytes, encodings.content.clone(), offset, PLACE) {
        let child = child?;
        if child.id != CONTENT_ENCODING {
            continue;
        }
        count += 1;
        let mut scope = 1;
        let mut encryption = None;
        for part in each(bytes, child.content.clone(), offset, PLACE) {
            let part = part?;
            match part.id {
                CONTENT_ENCODING_SCOPE => scope = integer(&bytes[part.content], offset + part.start as u64)?,
                CONTENT_ENCRYPTION => encryption = Some(content_encryption(bytes, part.content, offset)?),
                _ => {}
            }
        }
        if let Some(mut encryption) = encryption {
            if track.encryption.is_some() {
                return Err(Error::Malformed {
                    place: PLACE.to_owned(),
                    offset: offset + child.start as u64,
                    reason: "the track is encrypted twice".to_owned(),
                });
            }
            encryption.scope = scope;
            track.encryption = Some(encryption);
            track.void = Some(child.start..child.content.end);
        }
    }
    // Of several encodings, such as compression, the others stay.
    if count == 1 && track.encryption.is_some() {
        track.void = Some(encodings.start..encodings.content.end);
    }
    Ok(())
}

fn content_encryption(bytes: &[u8], range: Range<usize>, offset: u64) -> Result<Encryption> {
    const PLACE: &str = "Segment/Tracks/TrackEntry/ContentEncodings/ContentEncoding/ContentEncryption";
    let mut encryption = Encryption { mode: 1, ..Encryption::default() };
    for part in each(bytes, range, offset, PLACE) {
        let part = part?;
        let content = &bytes[part.content.clone()];
        match part.id {
            CONTENT_ENC_ALGO => encryption.algorithm = integer(content, offset + part.start as u64)?,
            CONTENT_ENC_KEY_ID => encryption.key_id = content.to_vec(),
            CONTENT_ENC_AES_SETTINGS => {
                for setting in each(bytes, part.content, offset, PLACE) {
                    let setting = setting?;
                    if setting.id == AES_SETTINGS_CIPHER_MODE {
                        encryption.mode = integer(&bytes[setting.content], offset + setting.start as u64)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(encryption)
}
