//! Decrypting a file on its way from an input to an output.

use std::sync::Arc;

use cenc::ContentKey;

use super::block::{self, Scratch};
use super::ebml::{self, Header, Start};
use super::tracks::{self, CRC_32, Track};
use crate::copy::{Copier, LARGEST_SAMPLE, Step};
use crate::decrypt::{Options, Report};
use crate::error::{Error, Result};
use crate::keys::Keys;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TRACKS: u32 = 0x1654_ae6b;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;
/// `SeekHead`, `Info`, `Cues`, `Chapters`, `Attachments`, `Tags`, `Tracks`, `Cluster`: what ends a cluster of unknown size.
const LEVEL_1: [u32; 8] =
    [0x114d_9b74, 0x1549_a966, 0x1c53_bb6b, 0x1043_a770, 0x1941_a469, 0x1254_c367, TRACKS, CLUSTER];

/// Decrypts a whole file.
pub(crate) fn decrypt<'a>(mut copier: Copier<'a>, keys: &'a Keys, options: &'a Options) -> Result<Report> {
    let mut walk = Walk {
        keys,
        options,
        open: Vec::new(),
        skip: 0,
        tracks: None,
        scratch: Scratch::default(),
        report: Report::default(),
    };
    copier.copy(None, &|| ("the file".to_owned(), 0), |_, position, data| walk.step(position, data))?;
    let end = copier.position;
    let open = walk.open.iter().find(|open| open.end.is_some_and(|stated| stated > end + walk.skip));
    if let Some(open) = open.or(walk.open.last().filter(|_| walk.skip > 0)) {
        return Err(Error::Ends { end, what: format!("element {}", name(open.id)), offset: open.start });
    }
    if walk.skip > 0 {
        return Err(Error::Ends { end, what: "an element".to_owned(), offset: end });
    }
    if walk.tracks.is_none() {
        return Err(Error::Unsupported(format!("the file of {end} bytes has no Tracks")));
    }
    copier.flush()?;
    Ok(walk.report)
}

/// An element whose content is being walked through.
struct Open {
    id: u32,
    start: u64,
    /// None if its size is unknown.
    end: Option<u64>,
}

/// A track that is decrypted.
struct Wanted {
    track: Track,
    key: Option<Arc<ContentKey>>,
    blocks: u64,
}

struct Walk<'a> {
    keys: &'a Keys,
    options: &'a Options,
    open: Vec<Open>,
    /// Bytes to pass over.
    skip: u64,
    /// The tracks to decrypt; none before `Tracks`.
    tracks: Option<Vec<Wanted>>,
    scratch: Scratch,
    report: Report,
}

/// What goes wrong in a block.
enum BlockError {
    Reason(String),
    NoKey,
}

impl From<String> for BlockError {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

impl Walk<'_> {
    /// Works on the elements that are whole in `data`, which starts at `position`.
    fn step(&mut self, position: u64, data: &mut [u8]) -> Result<Step> {
        let mut at = 0;
        loop {
            let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(data.len() - at);
            self.skip -= passed as u64;
            at += passed;
            if at == data.len() {
                return Ok(Step::Write(at));
            }
            let offset = position + at as u64;
            let header = match ebml::header(&data[at..]) {
                Start::Element(header) => header,
                Start::Incomplete if at > 0 => return Ok(Step::Write(at)),
                Start::Incomplete => {
                    return Ok(Step::Need { bytes: data.len() + 12, what: "an element".to_owned(), offset });
                }
                Start::Invalid => return Err(self.error(offset, "no element starts like this")),
            };
            let end = self.enter(&header, offset)?;
            match header.id {
                SEGMENT | CLUSTER => {
                    self.open.push(Open { id: header.id, start: offset, end });
                    at += header.length;
                    continue;
                }
                BLOCK_GROUP => {
                    if end.is_none() {
                        return Err(self.error(offset, "a BlockGroup of unknown size"));
                    }
                    self.open.push(Open { id: header.id, start: offset, end });
                    at += header.length;
                    continue;
                }
                _ => {}
            }
            let Some(size) = header.size else {
                return Err(self.error(offset, "an element of unknown size that is neither Segment nor Cluster"));
            };
            match header.id {
                TRACKS | SIMPLE_BLOCK | BLOCK => {
                    let whole = size + header.length as u64;
                    if whole > u64::from(LARGEST_SAMPLE) {
                        return Err(self.error(
                            offset,
                            &format!("{} of {size} bytes, more than {LARGEST_SAMPLE}", name(header.id)),
                        ));
                    }
                    let whole = whole as usize;
                    if data.len() - at < whole {
                        return Ok(match at {
                            0 => Step::Need { bytes: whole, what: name(header.id).to_owned(), offset },
                            _ => Step::Write(at),
                        });
                    }
                    let element = &mut data[at..at + whole];
                    if header.id == TRACKS {
                        self.read_tracks(&mut element[header.length..], offset + header.length as u64)?;
                    } else {
                        self.block(element, &header, offset)?;
                    }
                    at += whole;
                }
                CRC_32 if size == 4 && self.is_working() => {
                    // Of what changes: it becomes Void.
                    data[at] = 0xec;
                    at += header.length;
                    self.skip = size;
                }
                _ => {
                    at += header.length;
                    self.skip = size;
                }
            }
        }
    }

    /// Whether anything is decrypted.
    fn is_working(&self) -> bool {
        self.tracks.as_ref().is_some_and(|tracks| !tracks.is_empty())
    }

    /// Closes what ends before the element at `offset`; where that ends.
    fn enter(&mut self, header: &Header, offset: u64) -> Result<Option<u64>> {
        self.open.retain(|open| open.end.is_none_or(|end| offset < end));
        if matches!(header.id, EBML | SEGMENT) {
            self.open.retain(|open| open.end.is_some());
        } else if LEVEL_1.contains(&header.id) {
            self.open.retain(|open| open.end.is_some() || open.id != CLUSTER);
        }
        if self.open.len() > 8 {
            return Err(self.error(offset, "elements are nested in a way that no file has"));
        }
        let Some(size) = header.size else { return Ok(None) };
        let end = offset.checked_add(header.length as u64).and_then(|content| content.checked_add(size));
        let outer = self.open.iter().filter_map(|open| open.end).min();
        let end = end.filter(|&end| outer.is_none_or(|outer| end <= outer));
        match end {
            Some(end) => Ok(Some(end)),
            None => Err(self.error(
                offset,
                &format!("{} of {size} bytes goes beyond the end of what is around it", name(header.id)),
            )),
        }
    }

    #[cold]
    fn error(&self, offset: u64, reason: &str) -> Error {
        let path: Vec<_> = self.open.iter().map(|open| name(open.id)).collect();
        let place = if path.is_empty() { "the file".to_owned() } else { path.join("/") };
        Error::Malformed { place, offset, reason: reason.to_owned() }
    }

    fn read_tracks(&mut self, content: &mut [u8], offset: u64) -> Result<()> {
        let tracks = tracks::parse(content, offset)?;
        let options = self.options;
        if self.tracks.is_some() {
            return Err(self.error(offset, "a second Tracks"));
        }
        if let Some(missing) = options.tracks.iter().find(|&&wanted| !tracks.iter().any(|track| track.number == wanted))
        {
            let numbers: Vec<_> = tracks.iter().map(|track| track.number.to_string()).collect();
            return Err(Error::Unsupported(format!(
                "there is no track {missing}; the file has {}",
                numbers.join(", ")
            )));
        }
        let mut wanted = Vec::new();
        for track in tracks {
            let Some(encryption) = &track.encryption else { continue };
            let key = encryption.key_id.as_slice().try_into().ok().and_then(|id| self.keys.get(id)).cloned();
            let is_wanted = options.tracks.is_empty() || options.tracks.contains(&track.number);
            if !is_wanted || (options.skip_missing && key.is_none()) {
                self.report.left.push(track.number);
                continue;
            }
            if encryption.algorithm != 5 || encryption.mode != 1 || encryption.scope != 1 {
                return Err(Error::Unsupported(format!(
                    "track {}: encrypted with algorithm {}, mode {}, scope {}; known is AES (5) in counter mode (1) for blocks (1)",
                    track.number, encryption.algorithm, encryption.mode, encryption.scope
                )));
            }
            if let Some(void) = track.void.clone() {
                ebml::write_void(&mut content[void]);
            }
            wanted.push(Wanted { track, key, blocks: 0 });
        }
        // A checksum is the first element, if there is one; it becomes Void.
        if !wanted.is_empty() && content.first().map(|&id| u32::from(id)) == Some(CRC_32) {
            content[0] = 0xec;
        }
        self.tracks = Some(wanted);
        Ok(())
    }

    fn block(&mut self, element: &mut [u8], header: &Header, offset: u64) -> Result<()> {
        let Some(found) = block::block(&element[header.length..]) else {
            return Err(self.error(offset, "a block that is too short for its header"));
        };
        let Some(tracks) = &mut self.tracks else {
            return Err(self.error(offset, "a block before Tracks"));
        };
        let Some(wanted) = tracks.iter_mut().find(|wanted| wanted.track.number == found.track) else { return Ok(()) };
        wanted.blocks += 1;
        let key = wanted.key.as_deref();
        let mut get = || key.ok_or(BlockError::NoKey);
        let done = block::decrypt(element, header.id_length, header.length, &found, &mut self.scratch, &mut get);
        match done {
            Ok(frames) => {
                self.report.samples += frames;
                self.report.bytes += if frames > 0 { element.len() as u64 } else { 0 };
                Ok(())
            }
            Err(BlockError::Reason(reason)) => Err(Error::Malformed {
                place: format!("track {}, block {}", found.track, wanted.blocks),
                offset,
                reason,
            }),
            Err(BlockError::NoKey) => Err(Error::MissingKey {
                key_id: hex::encode(wanted.track.encryption.as_ref().map_or(&[][..], |encryption| &encryption.key_id)),
                track: found.track,
                sample: wanted.blocks,
                offset,
            }),
        }
    }
}

fn name(id: u32) -> &'static str {
    match id {
        SEGMENT => "Segment",
        CLUSTER => "Cluster",
        TRACKS => "Tracks",
        BLOCK_GROUP => "BlockGroup",
        BLOCK => "Block",
        SIMPLE_BLOCK => "SimpleBlock",
        _ => "an element",
    }
}
