//! Program association and program map tables (ISO/IEC 13818-1 sections 2.4.4.4 and 2.4.4.9).

use cenc::access_unit::{Algorithm, AudioCodec, Codec, Framing, VideoCodec};

use super::section::seal;

const ASSOCIATION: u8 = 0;
const MAP: u8 = 2;
/// Descriptors: what OpenHarmony's demuxer reads, MPEG's registration and private data, and DVB's stuffing (EN 300 468).
const DRM: u8 = 0xc0;
const REGISTRATION: u8 = 0x05;
const PRIVATE_DATA: u8 = 0x0f;
const STUFFING: u8 = 0x42;

/// How an elementary stream can be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It has a stream type of SAMPLE-AES.
    SampleAes(Codec),
    /// Content encryption information may be in it; the algorithm of the map.
    Cei(VideoCodec, Option<Algorithm>),
}

/// A stream in a program map table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub pid: u16,
    /// None if it cannot be encrypted in a way that is known here.
    pub kind: Option<Kind>,
    stream_type: usize,
    descriptors: (usize, usize),
}

/// A program map table.
#[derive(Debug)]
pub(super) struct Map {
    pub streams: Vec<Entry>,
    descriptors: (usize, usize),
}

/// The PIDs of program maps in a program association table; none if the section is another one.
pub(super) fn association(section: &[u8]) -> Option<Vec<u16>> {
    // What is not current yet has a number of its own.
    if section[0] != ASSOCIATION || section[5] & 1 == 0 {
        return None;
    }
    let programs = section[8..section.len() - 4].chunks_exact(4);
    let maps = programs.filter(|program| program[..2] != [0, 0]);
    Some(maps.map(|program| u16::from_be_bytes([program[2], program[3]]) & 0x1fff).collect())
}

/// Reads a program map table; none if the section is another one.
///
/// # Errors
/// What is wrong with it.
pub(super) fn map(section: &[u8]) -> Result<Option<Map>, &'static str> {
    if section[0] != MAP || section[5] & 1 == 0 {
        return Ok(None);
    }
    let end = section.len() - 4;
    let descriptors_of = |at: usize| {
        let length = section.get(at..at + 2).filter(|_| at + 2 <= end);
        let length = length.map(|bytes| usize::from(bytes[0] & 0x0f) << 8 | usize::from(bytes[1]));
        let length = length.filter(|length| at + 2 + length <= end);
        length.map(|length| (at + 2, at + 2 + length)).ok_or("descriptors go beyond the table's end")
    };
    let descriptors = descriptors_of(10)?;
    let common = algorithm(&section[descriptors.0..descriptors.1]);
    let mut streams = Vec::new();
    let mut at = descriptors.1;
    while at < end {
        let own = descriptors_of(at + 3)?;
        let algorithm = algorithm(&section[own.0..own.1]).or(common);
        let pid = u16::from_be_bytes([section[at + 1], section[at + 2]]) & 0x1fff;
        streams.push(Entry { pid, kind: kind(section[at], algorithm), stream_type: at, descriptors: own });
        at = own.1;
    }
    Ok(Some(Map { streams, descriptors }))
}

fn kind(stream_type: u8, algorithm: Option<Algorithm>) -> Option<Kind> {
    Some(match stream_type {
        0xdb => Kind::SampleAes(Codec::H264(Framing::StartCodes)),
        0xcf => Kind::SampleAes(Codec::Audio(AudioCodec::Aac)),
        0xc1 | 0xc2 => Kind::SampleAes(Codec::Audio(AudioCodec::Ac3)),
        0x1b => Kind::Cei(VideoCodec::H264(Framing::StartCodes), algorithm),
        0x24 => Kind::Cei(VideoCodec::H265(Framing::StartCodes), algorithm),
        // OpenHarmony's number.
        0xd4 => Kind::Cei(VideoCodec::Avs3, algorithm),
        _ => return None,
    })
}

/// Each descriptor: its place, tag and content.
fn descriptors(bytes: &[u8]) -> impl Iterator<Item = (usize, u8, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let &[tag, length] = bytes.get(at..)?.first_chunk()?;
        let content = bytes.get(at + 2..at + 2 + usize::from(length))?;
        let found = (at, tag, content);
        at += 2 + content.len();
        Some(found)
    })
}

/// Whether a descriptor with the tag 0xC0, which anybody may use, is the one about encryption: algorithms and a `pssh` box.
fn is_drm(tag: u8, content: &[u8]) -> bool {
    tag == DRM && content.get(6..10) == Some(b"pssh")
}

/// The video algorithm in descriptors.
fn algorithm(bytes: &[u8]) -> Option<Algorithm> {
    let mut found = descriptors(bytes).filter(|(_, tag, content)| is_drm(*tag, content));
    found.find_map(|(_, _, content)| Algorithm::from_number(content[0] & 0x0f))
}

/// Whether a descriptor of a stream says that it is encrypted with SAMPLE-AES.
fn is_sample_aes(tag: u8, content: &[u8]) -> bool {
    match content.first_chunk() {
        Some(b"zavc" | b"aacd" | b"ac3d" | b"ec3d") => tag == PRIVATE_DATA || tag == REGISTRATION,
        // The audio setup information.
        Some(b"apad") => tag == REGISTRATION,
        _ => false,
    }
}

/// Makes descriptors stuffing.
fn erase(bytes: &mut [u8], which: impl Fn(u8, &[u8]) -> bool) -> bool {
    let places: Vec<_> = descriptors(bytes)
        .filter(|(_, tag, content)| which(*tag, content))
        .map(|(at, _, content)| (at, content.len()))
        .collect();
    for &(at, length) in &places {
        bytes[at] = STUFFING;
        bytes[at + 2..at + 2 + length].fill(0xff);
    }
    !places.is_empty()
}

/// Makes the table one of clear streams: those with SAMPLE-AES that are `decrypted`, and if `drm`, all that OpenHarmony's
/// demuxer would find. True if anything has changed.
pub(super) fn declare_clear(section: &mut [u8], map: &Map, drm: bool, decrypted: impl Fn(u16) -> bool) -> bool {
    let mut changed = drm && erase(&mut section[map.descriptors.0..map.descriptors.1], is_drm);
    for stream in &map.streams {
        let (start, end) = stream.descriptors;
        changed |= drm && erase(&mut section[start..end], is_drm);
        if matches!(stream.kind, Some(Kind::SampleAes(_))) && decrypted(stream.pid) {
            let stream_type = &mut section[stream.stream_type];
            *stream_type = match *stream_type {
                0xdb => 0x1b,
                0xcf => 0x0f,
                0xc1 => 0x81,
                _ => 0x87,
            };
            erase(&mut section[start..end], is_sample_aes);
            changed = true;
        }
    }
    if changed {
        seal(section);
    }
    changed
}
