//! Whole files: `native-drm decrypt` without its command line.

use std::io::{Error, ErrorKind};

use media::mp4::{Fragment, Movie};
use media::{Input, Keys, Options, StreamInput, decrypt};

use crate::observe::{accepted, refused};

pub const WORDS: &[&str] = &[
    "moov", "moof", "mdat", "trak", "mdia", "minf", "stbl", "stsd", "stsz", "stz2", "stsc", "stco", "co64", "tkhd",
    "hdlr", "mvex", "trex", "traf", "tfhd", "trun", "senc", "saiz", "saio", "sgpd", "sbgp", "csgp", "seig", "encv",
    "enca", "enct", "sinf", "frma", "schm", "schi", "tenc", "pssh", "uuid", "free", "cenc", "cens", "cbc1", "cbcs",
    "piff", "sm4c", "sm4s", "\u{1a}E", "\0\0\x01", "\0\0\x03", "ID3", "PRIV",
];

/// A file in memory that can be read anywhere.
struct Memory<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Input for Memory<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        self.position += read;
        Ok(read)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Error> {
        self.position = self.position.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
        Ok(())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), Error> {
        let from = usize::try_from(offset).ok();
        let found = from.and_then(|from| self.bytes.get(from..)?.get(..into.len()));
        into.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn start(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let bytes = into.len().min(self.bytes.len());
        into[..bytes].copy_from_slice(&self.bytes[..bytes]);
        Ok(bytes)
    }

    fn length(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }
}

thread_local! {
    /// Those of the seeds.
    static KEYS: Keys = {
        let mut keys = Keys::default();
        for id in [[0x11; 16], [0x22; 16]] {
            keys.add(id, &id).unwrap();
        }
        keys
    };
}

/// A file decrypts to one of the same size, in which nothing is encrypted any more; a pipe gives the same as a file, or says that
/// it cannot. What fails says why. Keys are given as they are asked for.
pub fn run(data: &[u8]) {
    leniently(data);
    let sealed = with_checksums(data);
    let data = &sealed[..];
    let options = Options { iv: Some([0x33; 16]), key_id: Some([0x11; 16]), ..Options::default() };
    let mut keys = KEYS.with(Keys::clone);
    for _ in 0..8 {
        let mut clear = Vec::new();
        let mut come = 0;
        let mut progress = |position: u64| {
            assert!(position >= come && position <= data.len() as u64, "{position} after {come}");
            come = position;
        };
        let mut input = Memory { bytes: data, position: 0 };
        let done = decrypt(&mut input, &mut clear, &keys, &options, &mut progress);
        let fault = match done {
            Ok(report) => {
                assert_eq!(clear.len(), data.len());
                accepted("media file", report.samples as usize);
                again(data, &clear, &keys, &options);
                return;
            }
            Err(fault) => fault,
        };
        refused(&fault);
        let words = fault.to_string();
        assert!(words.len() > 10 && !words.contains('\n'), "{words:?}");
        let media::Error::MissingKey { key_id, .. } = fault else { return };
        let id: Vec<u8> =
            (0..key_id.len() / 2).filter_map(|at| u8::from_str_radix(&key_id[2 * at..2 * at + 2], 16).ok()).collect();
        let Ok(id) = <[u8; 16]>::try_from(id) else { return };
        assert!(keys.get(&id).is_none(), "a key that was given is missing");
        keys.add(id, &id).unwrap();
    }
}

/// Tables of transport streams with checksums that are right: otherwise nothing of them would be read.
fn with_checksums(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    for packet in data.chunks_exact_mut(188).filter(|packet| packet[0] == 0x47 && packet[1] & 0x40 != 0) {
        let start = 4 + if packet[3] & 0x20 == 0 { 0 } else { 1 + usize::from(packet[4]) };
        let Some(&pointer) = packet.get(start) else { continue };
        let Some(section) = packet.get_mut(start + 1 + usize::from(pointer)..) else { continue };
        let Some(&[0 | 2, high, low]) = section.first_chunk() else { continue };
        let end = 3 + (usize::from(high & 15) << 8 | usize::from(low));
        let Some(section) = section.get_mut(..end).filter(|section| section.len() >= 12) else { continue };
        let (content, sum) = section.split_at_mut(end - 4);
        let crc = content.iter().fold(u32::MAX, |sum, &byte| {
            (0..8).fold(sum ^ u32::from(byte) << 24, |sum, _| sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 })
        });
        sum.copy_from_slice(&crc.to_be_bytes());
    }
    data
}

fn again(data: &[u8], clear: &[u8], keys: &Keys, options: &Options) {
    let mut piped = Vec::new();
    match decrypt(&mut StreamInput::new(data), &mut piped, keys, options, &mut |_| {}) {
        Ok(_) => assert!(piped == clear, "a pipe gives something else"),
        Err(media::Error::NeedsFile(_)) => {}
        Err(other) => panic!("a pipe fails where a file does not: {other}"),
    }
    let mut twice = Vec::new();
    let mut input = Memory { bytes: clear, position: 0 };
    // Without keys, and without the IV.
    let report = decrypt(&mut input, &mut twice, &Keys::default(), &Options::default(), &mut |_| {});
    let report = report.unwrap_or_else(|fault| panic!("the clear file cannot be read: {fault}"));
    assert_eq!(report.samples, 0, "samples are still encrypted");
    assert!(twice == clear);
}

/// What is shown of a file, whatever is wrong with it: what a strict reader accepts, a lenient one reads in the same way and
/// without a word.
fn leniently(data: &[u8]) {
    let mut movie = None;
    let mut at = 0;
    while let Some(size) = data.get(at..).and_then(<[u8]>::first_chunk::<4>) {
        let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX).max(8);
        let bytes = data[at..].get(..size).unwrap_or(&data[at..]).to_vec();
        let offset = at as u64;
        match bytes.get(4..8) {
            Some(b"moov") => {
                let (lenient, faults) = Movie::parse_leniently(bytes.clone(), offset);
                let strict = Movie::parse(bytes, offset);
                assert_eq!(strict.is_ok(), faults.is_empty(), "{:?} {faults:?}", strict.err());
                if let Ok(strict) = strict {
                    let layout = |movie: &Movie| format!("{:?}", movie.tracks);
                    assert_eq!(layout(&strict), layout(&lenient));
                }
                accepted("tracks of a movie", lenient.tracks.len());
                movie = Some(lenient);
            }
            Some(b"moof") => {
                let (fragment, _) = Fragment::parse_leniently(bytes, offset, movie.as_ref());
                for part in &fragment.tracks {
                    let mut subsamples = Vec::new();
                    let mut input = StreamInput::new(&[][..]);
                    let Ok(mut samples) = fragment.samples(part) else { continue };
                    while samples.number() < 100_000
                        && let Ok(Some(_)) = samples.next(&mut input, &mut subsamples)
                    {
                        subsamples.clear();
                    }
                    accepted("samples of a part", samples.number() as usize);
                }
            }
            _ => {}
        }
        at += size;
    }
}
