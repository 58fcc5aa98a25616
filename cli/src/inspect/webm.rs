//! WebM files.

use media::webm::{Track as Described, parse_tracks};
use media::{Error, Input};

use super::cursor::Cursor;
use super::report::{Container, Encryption, Entry, Report, Track};

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TRACKS: u32 = 0x1654_ae6b;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;
/// `Tracks` above this is not read.
const LARGEST_TRACKS: u64 = 64 << 20;
/// The longest header of an element.
const HEADER: usize = 12;
const LACING: u8 = 6;

/// Reads a file from its beginning.
pub fn read(input: &mut dyn Input, name: String) -> Result<Report, Error> {
    let mut report = Report::new(name, input.length(), Container::WebM);
    let mut cursor = Cursor::new(input);
    let mut keys = Vec::new();
    loop {
        let at = cursor.position();
        let start = cursor.peek(HEADER)?;
        if start.is_empty() {
            break;
        }
        let Some((id, size, header)) = element(start) else {
            let cut = start.len() < HEADER;
            let what = if cut { "the file ends inside of an element's header" } else { "no EBML element" };
            report.pass_over(Some(at), format!("{what} at byte {at}"));
            break;
        };
        cursor.skip(header as u64)?;
        // What these hold follows them, so that nothing needs to be known about where they end.
        if matches!(id, SEGMENT | CLUSTER | BLOCK_GROUP) {
            continue;
        }
        let Some(size) = size else {
            report.pass_over(Some(at), format!("element {id:X} at byte {at} does not state its size"));
            break;
        };
        let mut left = size;
        match id {
            TRACKS if size <= LARGEST_TRACKS => {
                let offset = cursor.position();
                let content = cursor.take(size as usize)?;
                left -= content.len() as u64;
                tracks(&mut report, &content, offset, &mut keys);
            }
            BLOCK | SIMPLE_BLOCK => {
                let most = size.min(HEADER as u64) as usize;
                let content = cursor.peek(most)?;
                block(&mut report, content, &keys);
            }
            _ => {}
        }
        if cursor.skip(left)? < left {
            let fault =
                Error::Ends { end: cursor.position(), what: format!("element {id:X} of {size} bytes"), offset: at };
            report.fault(&fault);
            break;
        }
    }
    report.finish();
    Ok(report)
}

/// Reads `Tracks`. `keys` gets each track's number and key id.
fn tracks(report: &mut Report, content: &[u8], offset: u64, keys: &mut Vec<(u64, Option<Vec<u8>>)>) {
    let found = match parse_tracks(content, offset) {
        Ok(found) => found,
        Err(fault) => {
            report.fault(&fault);
            // The key ids may be there all the same.
            let header = [&init_data_start()[..], content].concat();
            let ids = init_data::webm::parse(&header).map(|found| found.key_ids).unwrap_or_default();
            ids.iter().for_each(|id| report.add_key_id(&hex::encode(id)));
            return;
        }
    };
    for described in &found {
        keys.push((described.number, described.encryption.as_ref().map(|encryption| encryption.key_id.clone())));
        report.tracks.push(track(described));
    }
}

/// `Tracks` of unknown size.
fn init_data_start() -> [u8; 5] {
    [0x16, 0x54, 0xae, 0x6b, 0xff]
}

fn track(described: &Described) -> Track {
    let encryption = described.encryption.as_ref().map(|found| Encryption {
        scheme: Some("webm".to_owned()),
        cipher: (found.algorithm == 5).then_some(match found.mode {
            2 => "AES-128-CBC",
            _ => "AES-128-CTR",
        }),
        is_protected: true,
        pattern: None,
        iv_bytes: 8,
        constant_iv: None,
        key_id: hex::encode(&found.key_id),
    });
    let entry = Entry {
        format: described.codec.clone(),
        codec: described.codec.clone(),
        name: codec_name(&described.codec),
        encryption,
    };
    let kind = match described.kind {
        1 => "video".to_owned(),
        2 => "audio".to_owned(),
        17 => "subtitles".to_owned(),
        33 => "metadata".to_owned(),
        other => other.to_string(),
    };
    Track { id: described.number, kind: Some(kind), entries: vec![entry], ..Track::default() }
}

/// Counts a block (RFC 9559, section 10), whose first frame starts with a signal byte if the track is encrypted.
fn block(report: &mut Report, content: &[u8], keys: &[(u64, Option<Vec<u8>>)]) {
    let Some((Some(number), length)) = number(content) else { return };
    let Some(index) = keys.iter().position(|(known, _)| *known == number) else { return };
    let Some(&[flags, signal]) = content.get(length + 2..).and_then(<[u8]>::first_chunk::<2>) else { return };
    // Of frames in laces the sizes stand in front; some of them may be clear.
    let is_encrypted = flags & LACING != 0 || signal & 1 != 0;
    let key = keys[index].1.as_deref().filter(|_| is_encrypted);
    report.tracks[index].add_sample(key);
}

/// Id, size (none if it is unknown) and header length of the element at the start of `bytes` (RFC 8794).
fn element(bytes: &[u8]) -> Option<(u32, Option<u64>, usize)> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    let id = bytes.get(..id_length).filter(|_| id_length <= 4)?;
    let id = id.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    let (size, size_length) = number(&bytes[id_length..])?;
    Some((id, size, id_length + size_length))
}

/// A number of variable length, none if it is the one that means "unknown"; and its bytes.
fn number(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= 8)?;
    let value = all.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    let most = (1_u64 << (7 * length)) - 1;
    Some((Some(value & most).filter(|&value| value != most), length))
}

fn codec_name(codec: &str) -> Option<&'static str> {
    Some(match codec {
        "V_VP8" => "VP8",
        "V_VP9" => "VP9",
        "V_AV1" => "AV1",
        "V_MPEG4/ISO/AVC" => "H.264",
        "V_MPEGH/ISO/HEVC" => "H.265",
        "A_OPUS" => "Opus",
        "A_VORBIS" => "Vorbis",
        "A_FLAC" => "FLAC",
        _ if codec.starts_with("A_AAC") => "AAC",
        "A_AC3" => "AC-3",
        "A_EAC3" => "E-AC-3",
        _ => return None,
    })
}
