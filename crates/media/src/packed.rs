//! Packed audio of HLS (RFC 8216 section 3.4): frames of AAC, AC-3 or E-AC-3, with an ID3 tag in front of each segment.
//!
//! Encrypted with SAMPLE-AES are the frames behind a tag that has the audio description of Apple's "MPEG-2 Stream Encryption
//! Format for HTTP Live Streaming". It is taken out of the tag, which keeps its size.

use cenc::access_unit::{AccessUnit, AudioCodec, Codec, Stream};

use crate::copy::{Copier, LARGEST_SAMPLE, Step};
use crate::decrypt::{Options, Report};
use crate::error::{Error, Result};
use crate::input::Input;
use crate::keys::Keys;
use crate::ts::SampleAes;

const TIMESTAMP: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
const DESCRIPTION: &[u8] = b"com.apple.streaming.audioDescription\0";
/// Bytes of an ID3 tag's header, and of a frame's.
const HEADER: usize = 10;
/// Bytes of an ID3v1 tag, which is at the end of a file.
const OLD_TAG: usize = 128;

/// Whether a file that starts so is packed audio.
pub(crate) fn is_likely(start: &[u8]) -> bool {
    start.starts_with(b"ID3") || codec(start).is_some()
}

/// The codec of a frame.
fn codec(frame: &[u8]) -> Option<AudioCodec> {
    [AudioCodec::Aac, AudioCodec::Ac3].into_iter().find(|codec| codec.frame_length(frame).is_some())
}

/// Decrypts a whole file. Its only track is number 1.
pub(crate) fn decrypt(mut copier: Copier<'_>, keys: &Keys, options: &Options) -> Result<Report> {
    if let Some(track) = options.tracks.iter().find(|&&track| track != 1) {
        return Err(Error::Unsupported(format!("there is no track {track}; packed audio is track 1")));
    }
    let mut audio = Audio { keys, options, with: None, frames: 0, report: Report::default() };
    walk(&mut copier, |part, bytes, offset| match part {
        Part::Tag => audio.tag(bytes, offset),
        Part::Frame(codec) => audio.frame(codec, bytes, offset),
    })?;
    copier.flush()?;
    Ok(audio.report)
}

/// What packed audio holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The codec of the first frame: `AAC`, `AC-3` or `E-AC-3`.
    pub codec: Option<&'static str>,
    /// Frames.
    pub frames: u64,
    /// Frames behind a tag that says that they are encrypted with SAMPLE-AES.
    pub encrypted_frames: u64,
}

/// Reads packed audio to its end, or to what cannot be read, which is returned beside what was there until then.
pub fn describe(input: &mut dyn Input) -> (Description, Option<Error>) {
    let mut found = Description::default();
    let mut is_encrypted = false;
    let (mut sink, mut progress) = (std::io::sink(), |_| {});
    let done = walk(&mut Copier::new(input, &mut sink, &mut progress), |part, bytes, _| {
        match part {
            Part::Tag => {
                if let Some(tag) = Private::find(bytes).filter(|tag| tag.timestamp || tag.description.is_some()) {
                    is_encrypted = tag.description.is_some();
                }
            }
            Part::Frame(codec) => {
                let name = match codec {
                    AudioCodec::Aac => "AAC",
                    // Its bit stream identification.
                    AudioCodec::Ac3 if bytes[5] >> 3 > 10 => "E-AC-3",
                    AudioCodec::Ac3 => "AC-3",
                };
                found.codec.get_or_insert(name);
                found.frames += 1;
                found.encrypted_frames += u64::from(is_encrypted);
            }
        }
        Ok(())
    });
    (found, done.err())
}

/// A part of a file.
enum Part {
    Tag,
    Frame(AudioCodec),
}

/// Gives each part of a file to `see`, whole and with the place where it starts.
fn walk(copier: &mut Copier<'_>, mut see: impl FnMut(Part, &mut [u8], u64) -> Result<()>) -> Result<()> {
    let mut frames = 0_u64;
    copier.copy(None, &|| ("the file".to_owned(), 0), |_, position, data| {
        let mut at = 0;
        while at < data.len() {
            let offset = position + at as u64;
            let rest = &mut data[at..];
            let is_tag = rest.starts_with(b"ID3");
            let what = || if is_tag { "ID3 tag".to_owned() } else { format!("frame {}", frames + 1) };
            let need = |bytes: usize| match at {
                0 => Step::Need { bytes, what: what(), offset },
                _ => Step::Write(at),
            };
            if rest.len() < HEADER {
                return Ok(need(HEADER));
            }
            let codec = codec(rest);
            let length = match codec {
                _ if is_tag => tag_length(rest),
                _ if rest.starts_with(b"TAG") => OLD_TAG,
                Some(codec) => codec.frame_length(rest).unwrap_or(HEADER),
                None => {
                    let reason = "neither a frame of AAC, AC-3 or E-AC-3 nor an ID3 tag starts like this";
                    return Err(malformed(what(), offset, reason));
                }
            };
            if length > LARGEST_SAMPLE as usize {
                return Err(malformed(what(), offset, &format!("it has {length} bytes, more than {LARGEST_SAMPLE}")));
            }
            if rest.len() < length {
                return Ok(need(length));
            }
            if is_tag {
                see(Part::Tag, &mut rest[..length], offset)?;
            } else if let Some(codec) = codec {
                frames += 1;
                see(Part::Frame(codec), &mut rest[..length], offset)?;
            }
            at += length;
        }
        Ok(Step::Write(at))
    })
}

struct Audio<'a> {
    keys: &'a Keys,
    options: &'a Options,
    /// What frames are encrypted with from here on.
    with: Option<SampleAes>,
    frames: u64,
    report: Report,
}

impl Audio<'_> {
    fn frame(&mut self, codec: AudioCodec, frame: &mut [u8], offset: u64) -> Result<()> {
        self.frames += 1;
        let Some(with) = &self.with else { return Ok(()) };
        let stream = Stream::SampleAes { codec: Codec::Audio(codec), key_id: with.key_id, iv: with.iv };
        let parsed = AccessUnit::parse(&stream, None, frame)
            .map_err(|fault| malformed(format!("frame {}", self.frames), offset, &fault.problem.to_string()))?;
        if let Some(protection) = parsed.protection() {
            self.report.samples += 1;
            self.report.bytes += frame.len() as u64;
            parsed.decrypt(&protection.sample()?, with.key(), frame);
        }
        Ok(())
    }

    /// Takes a tag: those with a time stamp begin a segment.
    fn tag(&mut self, tag: &mut [u8], offset: u64) -> Result<()> {
        let Some(found) = Private::find(tag) else { return Ok(()) };
        if found.description.is_none() {
            if found.timestamp {
                self.with = None;
            }
            return Ok(());
        }
        match SampleAes::new(self.keys, self.options, &format!("ID3 tag at byte {offset}")) {
            Ok(with) => self.with = Some(with),
            Err(_) if self.options.skip_missing => {
                self.with = None;
                self.report.left = vec![1];
                return Ok(());
            }
            Err(fault) => return Err(fault),
        }
        // Frames that follow move up, and what becomes free is padding.
        while let Some((start, end)) = Private::find(tag).and_then(|found| found.description) {
            let frames = HEADER..frames_end(tag);
            tag.copy_within(end..frames.end, start);
            tag[frames.end - (end - start)..frames.end].fill(0);
        }
        Ok(())
    }
}

fn malformed(place: String, offset: u64, reason: &str) -> Error {
    Error::Malformed { place, offset, reason: reason.to_owned() }
}

/// A number of four times seven bits.
fn synchsafe(bytes: &[u8]) -> usize {
    bytes.iter().take(4).fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f))
}

/// Bytes of a tag, with its footer.
fn tag_length(tag: &[u8]) -> usize {
    frames_end_of(tag) + if tag[5] & 0x10 != 0 && tag[3] == 4 { HEADER } else { 0 }
}

fn frames_end_of(tag: &[u8]) -> usize {
    HEADER + synchsafe(&tag[6..])
}

/// Where a tag's frames and padding end, in a tag that is whole.
fn frames_end(tag: &[u8]) -> usize {
    frames_end_of(tag).min(tag.len())
}

/// What private frames of a tag say.
struct Private {
    timestamp: bool,
    /// Where the audio description's frame is.
    description: Option<(usize, usize)>,
}

impl Private {
    /// None if the tag cannot be read: another version than 2.3 and 2.4, or one that is not as Apple's are.
    fn find(tag: &[u8]) -> Option<Self> {
        // Unsynchronisation and extended headers change where frames are.
        if !matches!(tag[3], 3 | 4) || tag[5] & 0xc0 != 0 {
            return None;
        }
        let mut found = Self { timestamp: false, description: None };
        let end = frames_end(tag);
        let mut at = HEADER;
        while let Some(header) = tag.get(at..at + HEADER).filter(|header| at + HEADER <= end && header[0] != 0) {
            let size = match tag[3] {
                4 => synchsafe(&header[4..]),
                _ => header[4..8].iter().fold(0, |size, byte| size << 8 | usize::from(*byte)),
            };
            let Some(content) = tag.get(at + HEADER..(at + HEADER).saturating_add(size).min(end)) else { break };
            let next = at + HEADER + content.len();
            if header.starts_with(b"PRIV") {
                found.timestamp |= content.starts_with(TIMESTAMP);
                if content.starts_with(DESCRIPTION) && found.description.is_none() {
                    found.description = Some((at, next));
                }
            }
            at = next;
        }
        Some(found)
    }
}
