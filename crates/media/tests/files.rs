//! Files of every shape, whole, cut and lying.

mod support;

use std::io::{Error as IoError, ErrorKind};

use cenc::Scheme;
use media::{Error, Input, Keys, Options, Report, StreamInput, decrypt};
use support::{KEY_IDS, Place, SIMPLE, Shape, boxed, full, mp4, shapes, webm, words};

/// A file in memory that can be read anywhere.
struct Memory<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Input for Memory<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, IoError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        self.position += read;
        Ok(read)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), IoError> {
        self.position = self.position.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
        Ok(())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), IoError> {
        let from = usize::try_from(offset).ok();
        let found = from.and_then(|from| self.bytes.get(from..)?.get(..into.len()));
        into.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn start(&mut self, into: &mut [u8]) -> Result<usize, IoError> {
        let bytes = into.len().min(self.bytes.len());
        into[..bytes].copy_from_slice(&self.bytes[..bytes]);
        Ok(bytes)
    }

    fn length(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }
}

fn keys(ids: &[[u8; 16]]) -> Keys {
    let mut keys = Keys::default();
    for id in ids {
        keys.add(*id, id).unwrap();
    }
    keys
}

fn from_file(file: &[u8], keys: &Keys, options: &Options) -> Result<(Vec<u8>, Report), Error> {
    let mut clear = Vec::new();
    let report = decrypt(&mut Memory { bytes: file, position: 0 }, &mut clear, keys, options, &mut |_| {})?;
    Ok((clear, report))
}

fn from_pipe(file: &[u8], keys: &Keys) -> Result<Vec<u8>, Error> {
    let mut clear = Vec::new();
    decrypt(&mut StreamInput::new(file), &mut clear, keys, &Options::default(), &mut |_| {})?;
    Ok(clear)
}

fn position(file: &[u8], what: &[u8]) -> Option<usize> {
    file.windows(what.len()).position(|window| window == what)
}

#[test]
fn every_shape_of_mp4() {
    let keys = keys(&KEY_IDS);
    for (name, shape) in shapes() {
        let (file, samples) = mp4(&shape);
        let (clear, report) =
            from_file(&file, &keys, &Options::default()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(clear.len(), file.len(), "{name}");
        // The samples stand together.
        assert!(position(&clear, &samples.concat()).is_some(), "{name}");
        for gone in [&b"enca"[..], b"sinf", b"senc", b"saiz", b"saio", b"pssh", b"seig", b"uuid\xa2\x39\x4f\x52"] {
            let kept = gone == b"seig" && position(&clear, b"sgpd").is_none();
            assert!(kept || position(&clear, gone).is_none(), "{name}: {}", gone.escape_ascii());
        }
        assert!(position(&clear, b"mp4a").is_some(), "{name}");
        assert_eq!(report.samples, 6, "{name}");
        match from_pipe(&file, &keys) {
            Ok(piped) => assert!(piped == clear, "{name}"),
            Err(Error::NeedsFile(reason)) => assert!(shape.moov_last, "{name}: {reason}"),
            Err(other) => panic!("{name}: {other}"),
        }
        // Nothing is left to decrypt.
        let (again, report) = from_file(&clear, &Keys::default(), &Options::default()).unwrap();
        assert!(again == clear && report == Report::default(), "{name}");
    }
}

#[test]
fn every_shape_of_webm() {
    let keys = keys(&KEY_IDS);
    for (width, live) in [(2, false), (3, true), (8, false), (7, true)] {
        let (file, frames) = webm(width, live);
        let (clear, report) = from_file(&file, &keys, &Options::default()).unwrap();
        assert_eq!((clear.len(), report.samples), (file.len(), 4));
        let mut at = 0;
        for frame in frames {
            at += position(&clear[at..], &frame).unwrap() + frame.len();
        }
        assert!(position(&clear, &[0x6d, 0x80]).is_none() && position(&clear, &[0xbf, 0x84]).is_none());
        assert!(from_pipe(&file, &keys).unwrap() == clear);
        let (again, report) = from_file(&clear, &Keys::default(), &Options::default()).unwrap();
        assert!(again == clear && report == Report::default());
    }
}

/// A cut file is refused, with the place, unless it is one that may end there.
#[test]
fn files_cut_anywhere() {
    let keys = keys(&KEY_IDS);
    let all = shapes().into_iter().map(|(name, shape)| (name, mp4(&shape).0));
    for (name, file) in all.chain([("webm".to_owned(), webm(2, false).0)]) {
        let fragments = position(&file, b"moof").map(|at| at - 4);
        for end in 0..file.len() {
            match from_file(&file[..end], &keys, &Options::default()) {
                Ok(_) => assert_eq!(Some(end), fragments, "{name} cut at {end}"),
                Err(fault) => {
                    let words = fault.to_string();
                    assert!(words.contains("byte") && !words.contains('\n'), "{name} cut at {end}: {words}");
                }
            }
            // A pipe does not know where it ends.
            assert_eq!(from_pipe(&file[..end], &keys).is_ok(), Some(end) == fragments, "{name} cut at {end}");
        }
    }
}

/// Every field is given every extreme value. What comes out is of the same size, or a sentence.
#[test]
fn tables_that_lie() {
    let keys = keys(&KEY_IDS);
    let chosen = ["piff-cenc", "saio-cenc-sub", "senc-cbcs-subsamples-rotation", "compact", "constant-cbcs"];
    let all = shapes().into_iter().filter(|(name, _)| chosen.iter().any(|part| name.contains(part)));
    let all = all.map(|(name, shape)| (name, mp4(&shape).0)).chain([("webm".to_owned(), webm(2, false).0)]);
    let (mut refused, mut taken) = (0, 0);
    for (name, file) in all {
        for at in 0..file.len() - 4 {
            for value in [0, 1, 0xff, 0x10001, 0x8000_0000, 0xffff_ffff_u32] {
                let mut lying = file.clone();
                lying[at..at + 4].copy_from_slice(&value.to_be_bytes());
                match from_file(&lying, &keys, &Options::default()) {
                    Ok((clear, _)) => {
                        assert_eq!(clear.len(), file.len(), "{name}, {value:#x} at {at}");
                        taken += 1;
                    }
                    Err(fault) => {
                        let words = fault.to_string();
                        assert!(words.len() > 10 && !words.contains('\n'), "{name}, {value:#x} at {at}: {words}");
                        refused += 1;
                    }
                }
            }
        }
    }
    // Most bytes are samples, names, or nothing that decryption looks at.
    assert!(refused > 10_000 && taken > 10_000, "{refused} {taken}");
}

fn refusal(file: &[u8], given: &[[u8; 16]]) -> String {
    from_file(file, &keys(given), &Options::default()).unwrap_err().to_string()
}

#[test]
fn missing_keys_are_named() {
    let (file, _) = mp4(&SIMPLE);
    let data = position(&file, b"mdat").unwrap() + 4;
    let id = "11111111111111111111111111111111";
    let wanted = format!("track 1, sample 1 at byte {data}: the key for key id {id} was not given");
    assert_eq!(refusal(&file, &[]), wanted);
    let rotation = Shape { rotation: true, scheme: Scheme::Cbcs, ..SIMPLE };
    assert!(refusal(&mp4(&rotation).0, &KEY_IDS[..1]).contains("track 1, sample 4 at byte"));
    assert!(refusal(&webm(2, false).0, &[]).starts_with("track 1, sample 2 at byte "));
}

#[test]
fn tracks_can_be_left_encrypted() {
    let options = Options { skip_missing: true, ..Options::default() };
    for file in [mp4(&SIMPLE).0, webm(2, false).0] {
        let (same, report) = from_file(&file, &Keys::default(), &options).unwrap();
        assert!(same == file && report.left == [1] && report.samples == 0);
        let other = Options { tracks: vec![2], ..Options::default() };
        let fault = from_file(&file, &keys(&KEY_IDS), &other).unwrap_err();
        assert_eq!(fault.to_string(), "there is no track 2; the file has 1");
    }
}

#[test]
fn sizes_that_no_file_has() {
    let (file, _) = mp4(&SIMPLE);
    for size in [1_u64 << 63, u64::MAX, u64::MAX - 100, 15] {
        for kind in [b"moov", b"mdat", b"free", b"moof"] {
            let header = [&[0, 0, 0, 1], &kind[..], &size.to_be_bytes()].concat();
            let start = position(&file, b"moov").unwrap() - 4;
            let lying = [&file[..start], &header, &file[start..]].concat();
            for fault in [refusal(&lying, &KEY_IDS), from_pipe(&lying, &keys(&KEY_IDS)).unwrap_err().to_string()] {
                let place = format!("{} at byte {start}: it states {size} bytes", kind.escape_ascii());
                let before_movie = kind == b"mdat" && fault.contains("this needs a file");
                assert!(fault.starts_with(&place) || before_movie, "{fault}");
            }
        }
    }
}

/// A table of ten million entries that is not there costs nothing; uniform ones that are cost no memory.
#[test]
fn millions_of_samples() {
    let shape = Shape { fragmented: false, place: Place::Constant, scheme: Scheme::Cbcs, subsamples: false, ..SIMPLE };
    let (file, _) = mp4(&shape);
    let at = position(&file, b"stsz").unwrap() + 8;
    let mut lying = file.clone();
    lying[at + 4..at + 8].copy_from_slice(&10_000_000_u32.to_be_bytes());
    assert!(refusal(&lying, &KEY_IDS).contains("moov/trak/mdia/minf/stbl/stsz"));
    // Of one byte each, in one chunk.
    lying[at..at + 4].copy_from_slice(&1_u32.to_be_bytes());
    let fault = refusal(&lying, &KEY_IDS);
    assert!(fault.contains("stsz has 10000000 samples, but the chunks hold 6"), "{fault}");
}

#[test]
fn overlapping_samples_are_refused() {
    let shape = Shape { fragmented: false, ..SIMPLE };
    let (mut file, _) = mp4(&shape);
    let at = position(&file, b"stco").unwrap() + 16;
    let offset = u32::from_be_bytes(file[at - 4..at].try_into().unwrap());
    file[at..at + 4].copy_from_slice(&(offset + 1).to_be_bytes());
    let fault = refusal(&file, &KEY_IDS);
    assert!(fault.starts_with(&format!("track 1, sample 3 at byte {}: it overlaps", offset + 1)), "{fault}");
}

#[test]
fn what_is_no_media_file() {
    for (file, reason) in [
        (&b""[..], "the file has fewer than 8 bytes"),
        (b"#EXTM3U\n#EXT-X", "neither an MP4 nor a WebM file"),
        (&boxed(b"ftyp", b"iso6")[..], "has no moov box"),
        (&[boxed(b"ftyp", b"iso6"), full(b"moof", 0, 0, &words(&[1]))].concat(), "stands before any moov"),
        (&[0x1a, 0x45, 0xdf, 0xa3, 0x83, 1, 2, 3], "has no Tracks"),
    ] {
        let fault = refusal(file, &KEY_IDS);
        assert!(fault.contains(reason), "{fault}");
    }
}
