//! What the tests of the program share: running it, and the samples of clear files.
#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use media::mp4::{Fragment, Movie, Samples, read_box, read_header};
use media::{Input, StreamInput};

/// The directory of the project's test data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

/// Runs the program with standard input.
pub fn run_with(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_native-drm"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // It may end before it has read everything.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// Runs the program.
pub fn run(arguments: &[&str]) -> Output {
    run_with(arguments, &[])
}

/// What it says when it fails: one sentence.
pub fn sentence(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(text.starts_with("native-drm: ") && text.ends_with('\n') && text.lines().count() == 1, "{text:?}");
    text.trim_end().to_owned()
}

/// The samples of each track of a clear file, in the order of decoding.
pub fn samples(file: &[u8]) -> BTreeMap<u64, Vec<Vec<u8>>> {
    if file.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) { webm_samples(file) } else { mp4_samples(file) }
}

fn mp4_samples(file: &[u8]) -> BTreeMap<u64, Vec<Vec<u8>>> {
    let mut input = StreamInput::new(file);
    let mut found = BTreeMap::new();
    let mut movie: Option<Movie> = None;
    let mut at = 0;
    while let Some(header) = read_header(&mut input, at).unwrap() {
        match &header.kind.0 {
            b"moov" => {
                let parsed = Movie::parse(read_box(&mut input, &header).unwrap(), at).unwrap();
                for track in &parsed.tracks {
                    assert!(!track.is_encrypted(), "track {}", track.id);
                    if let Some(samples) = parsed.samples(track).unwrap() {
                        take(file, samples, &mut found);
                    }
                }
                movie = Some(parsed);
            }
            b"moof" => {
                let bytes = read_box(&mut input, &header).unwrap();
                let fragment = Fragment::parse(bytes, at, movie.as_ref().unwrap()).unwrap();
                for part in &fragment.tracks {
                    take(file, fragment.samples(part).unwrap(), &mut found);
                }
            }
            _ => input.skip(header.content_size().unwrap_or(u64::MAX)).unwrap(),
        }
        at = header.end().unwrap_or(file.len() as u64);
    }
    found
}

fn take(file: &[u8], mut samples: Samples, found: &mut BTreeMap<u64, Vec<Vec<u8>>>) {
    let list = found.entry(samples.track_id().into()).or_default();
    while let Some(sample) = samples.next(&mut StreamInput::new(&[][..]), &mut Vec::new()).unwrap() {
        assert!(sample.protection.is_none());
        let start = usize::try_from(sample.offset).unwrap();
        list.push(file[start..start + sample.size as usize].to_vec());
    }
}

/// A reader of its own: elements whose content is looked into, and blocks without lacing.
fn webm_samples(file: &[u8]) -> BTreeMap<u64, Vec<Vec<u8>>> {
    let mut found: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
    let mut at = 0;
    while at < file.len() {
        let id_length = file[at].leading_zeros() as usize + 1;
        let id = file[at..at + id_length].iter().fold(0_u32, |id, &byte| id << 8 | u32::from(byte));
        at += id_length;
        let size_length = file[at].leading_zeros() as usize + 1;
        let size = file[at..at + size_length].iter().fold(0_u64, |size, &byte| size << 8 | u64::from(byte));
        let size = (size & ((1 << (7 * size_length)) - 1)) as usize;
        at += size_length;
        match id {
            // Segment, Cluster, BlockGroup, Tracks, TrackEntry
            0x1853_8067 | 0x1f43_b675 | 0xa0 | 0x1654_ae6b | 0xae => continue,
            0x6d80 => panic!("ContentEncodings are left"),
            0xa1 | 0xa3 => {
                let content = &file[at..at + size];
                assert_eq!(content[3] & 6, 0, "lacing");
                found.entry((content[0] & 0x7f).into()).or_default().push(content[4..].to_vec());
            }
            _ => {}
        }
        at += size;
    }
    found
}
