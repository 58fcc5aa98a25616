//! `native-drm decrypt` of MPEG transport streams and packed audio. What reads and writes streams here has nothing in common
//! with what is tested.

#[path = "support/streams.rs"]
mod streams;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};
use streams::{cei_streams, demultiplex, multiplex, program_map, tag, with_information};
use support::{data, run, run_with, sentence};

const KEY: &str = "101112131415161718191a1b1c1d1e1f:202122232425262728292a2b2c2d2e2f";
const IV: &str = "303132333435363738393a3b3c3d3e3f";

fn encrypted() -> Vec<(String, PathBuf)> {
    let directory = fs::read_dir(data().join("streams/sample-aes/encrypted")).unwrap();
    let mut files: Vec<_> = directory
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    files.sort();
    assert_eq!(files.len(), 9);
    files
}

fn clear(name: &str) -> Vec<u8> {
    fs::read(data().join("streams/sample-aes/clear").join(name)).unwrap()
}

fn decrypted(file: &[u8], arguments: &[&str]) -> Vec<u8> {
    let done = run_with(&[&["decrypt", "-", "-"], arguments].concat(), file);
    assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

#[test]
fn sample_aes_becomes_what_the_packager_had() {
    for (name, path) in encrypted() {
        let (file, wanted) = (fs::read(&path).unwrap(), clear(&name));
        let found = decrypted(&file, &["--key", KEY, "--iv", IV]);
        assert_eq!(found.len(), file.len(), "{name}");
        if name.ends_with(".ts") {
            assert!(demultiplex(&found) == demultiplex(&wanted), "{name}");
            assert_ne!(program_map(&file)[0].0, program_map(&wanted)[0].0);
            let map = program_map(&found);
            assert_eq!(map[0].0, program_map(&wanted)[0].0, "{name}");
            assert!(map[0].1.iter().all(|tag| !matches!(tag, 0x05 | 0x0f)), "{name}: {map:?}");
            // Headers, counters and clocks are where they were.
            for (before, after) in file.chunks(188).zip(found.chunks(188)) {
                assert_eq!(before[..3], after[..3]);
                assert_eq!(before[3] & 0xdf, after[3] & 0xdf);
                if before[3] & 0x20 != 0 && before[4] >= 7 {
                    assert_eq!(before[5..12], after[5..12]);
                }
            }
        } else {
            assert!(found[tag(&found)..] == wanted[tag(&wanted)..], "{name}");
            assert!(found[10..tag(&wanted)] == wanted[10..tag(&wanted)], "{name}");
            assert!(found[tag(&wanted)..tag(&found)].iter().all(|byte| *byte == 0), "{name}");
        }
        // A file gives what a pipe does, whichever way key and IV are told.
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let other = "00000000000000000000000000000001:00000000000000000000000000000002";
        let of_key = format!("{}:0x{IV}", &KEY[..32]);
        let paths = ["decrypt", path.to_str().unwrap(), out.to_str().unwrap()];
        let done = run(&[&paths[..], &["--key", other, "--key", KEY, "--iv", &of_key]].concat());
        assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
        assert!(fs::read(&out).unwrap() == found, "{name}");
        // What is clear stays as it is, and says that it is.
        assert!(decrypted(&found, &["--key", other]) == found, "{name}");
        assert!(!is_encrypted(&found) && is_encrypted(&file), "{name}");
        // Without a key for it, it stays as it is if that is wanted.
        assert!(decrypted(&file, &["--key", other, "--skip-missing"]) == file, "{name}");
        for (arguments, reason) in [
            (&["--key", KEY][..], "the IV was not given: attribute IV of EXT-X-KEY in the playlist (--iv)"),
            (&["--key", KEY, "--key", other, "--iv", IV], "names no key id: a single key must be given"),
            (&["--key", other, "--iv", &of_key], "the key for key id 101112131415161718191a1b1c1d1e1f was not given"),
        ] {
            let said = sentence(&run(&[&paths[..], arguments].concat()));
            assert!(said.contains(reason), "{said}");
        }
    }
}

fn is_encrypted(file: &[u8]) -> bool {
    let report: Value = serde_json::from_slice(&run_with(&["inspect", "--json", "-"], file).stdout).unwrap();
    report["encrypted"].as_bool().unwrap()
}

/// Segments one after the other, in the middle of which encryption begins.
#[test]
fn segments_of_both_kinds() {
    for (name, path) in encrypted() {
        let segment = fs::read(&path).unwrap();
        let file = [&clear(&name)[..], &segment, &segment].concat();
        let found = decrypted(&file, &["--key", KEY, "--iv", IV]);
        let first = clear(&name).len();
        let one = decrypted(&segment, &["--key", KEY, "--iv", IV]);
        assert!(found == [&clear(&name)[..first], &one, &one].concat(), "{name}");
    }
}

/// Time codes of Blu-ray in front of each packet, bytes between packets, packets that are sent twice, null packets.
#[test]
fn packets_in_other_company() {
    for (name, path) in encrypted().into_iter().filter(|(name, _)| name.ends_with(".ts")) {
        let file = fs::read(&path).unwrap();
        let one = decrypted(&file, &["--key", KEY, "--iv", IV]);
        let with = |each: &dyn Fn(usize, &[u8]) -> Vec<u8>| {
            let make = |file: &[u8]| file.chunks(188).enumerate().flat_map(|(at, packet)| each(at, packet)).collect();
            let (file, wanted): (Vec<u8>, Vec<u8>) = (make(&file), make(&one));
            assert!(decrypted(&file, &["--key", KEY, "--iv", IV]) == wanted, "{name}");
        };
        with(&|at, packet| [&(at as u32).to_be_bytes(), packet].concat());
        with(&|at, packet| if at == 20 { [&[1; 100], packet].concat() } else { packet.to_vec() });
        with(&|at, packet| if at % 3 == 0 { [packet, packet].concat() } else { packet.to_vec() });
        let null = [&[0x47, 0x1f, 0xff, 0x10][..], &[0xff; 184]].concat();
        with(&|at, packet| if at % 3 == 0 { [&null, packet].concat() } else { packet.to_vec() });
    }
}

#[test]
fn what_is_cut_or_damaged_leaves_no_output() {
    let directory = tempfile::tempdir().unwrap();
    let (from, out) = (directory.path().join("in"), directory.path().join("out"));
    let mut failed = 0;
    let mut attempt = |name: &str, bytes: &[u8]| {
        fs::write(&from, bytes).unwrap();
        let paths = ["decrypt", from.to_str().unwrap(), out.to_str().unwrap(), "--key", KEY, "--iv", IV];
        let done = run(&paths);
        if done.status.success() {
            fs::remove_file(&out).unwrap();
            return None;
        }
        let said = sentence(&done);
        assert!(said.contains("byte") || said.contains("this is neither"), "{name}: {said}");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "{name}");
        failed += 1;
        Some(said)
    };
    for (name, path) in encrypted() {
        let file = fs::read(&path).unwrap();
        for part in 0..50 {
            let length = file.len() * part / 50;
            // At the end of a packet or a frame it may be a shorter file.
            if attempt(&name, &file[..length]).is_none() {
                assert!(!name.ends_with(".ts") || length % 188 == 0, "{name}: {length}");
            }
        }
        if !name.ends_with(".ts") {
            let wrong = [&file[..tag(&file)], &[0; 20], &file[tag(&file)..]].concat();
            assert!(attempt(&name, &wrong).unwrap().contains("frame 1 at byte"));
            continue;
        }
        let packets: Vec<_> = file.chunks(188).collect();
        let joined = |packets: &[&[u8]]| packets.concat();
        for (without, reason) in [(0, "no program association table"), (1, "no program map table")] {
            let rest: Vec<_> = packets.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, p)| *p).collect();
            assert!(attempt(&name, &joined(&rest)).unwrap().contains(reason));
        }
        let middle = (3..packets.len()).find(|&at| packets[at][1] & 0x40 == 0).unwrap();
        let lost = [&packets[..middle], &packets[middle + 1..]].concat();
        let said = attempt(&name, &joined(&lost)).unwrap();
        assert!(said.contains("PES packet") || said.contains("a packet is missing"), "{said}");
        for (byte, bits, reason) in [(1, 0x80, "a damaged packet"), (3, 0x80, "a packet that is scrambled")] {
            let mut wrong = file.clone();
            wrong[middle * 188 + byte] |= bits;
            let said = attempt(&name, &wrong).unwrap();
            assert!(said.contains(&format!("PID 80 at byte {}: {reason}", middle * 188)), "{said}");
        }
        // The map of another stream: its units are none of H.264, or no frames.
        let mut wrong = file.clone();
        let entry = 188 + packets[1].windows(3).position(|bytes| bytes == [0xe0, 0x50, 0xf0]).unwrap();
        wrong[entry + 1] ^= 1;
        assert!(attempt(&name, &wrong).unwrap().contains("no program map table that is complete and intact"));
        // The stream stands before the table.
        let late = [&packets[..1], &packets[2..], &packets[1..2]].concat();
        assert!(attempt(&name, &joined(&late)).unwrap().contains("stand before the program map table"));
    }
    assert!(failed > 400, "{failed}");
    let checksums: Vec<u8> =
        fs::read(&encrypted()[1].1).unwrap().chunks(188).flat_map(|packet| [packet, &[0; 16]].concat()).collect();
    let said = sentence(&run_with(&["decrypt", "-", "-", "--key", KEY, "--iv", IV], &checksums));
    assert!(said.contains("packets with 204 bytes"), "{said}");
}

#[test]
fn content_encryption_information() {
    let (streams, keys) = cei_streams();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut checked = 0;
    for stream in &streams {
        let (name, kind) = (&stream.name, stream.stream_type);
        for with_length in [true, false] {
            let file = stream.multiplex(with_length);
            let found = decrypted(&file, &keys);
            assert_eq!(found.len(), file.len());
            let contents = &demultiplex(&found)[&0x50];
            assert_eq!(contents.len(), stream.units.len());
            for (index, (pes, (unit, wanted))) in
                contents.iter().zip(stream.units.iter().zip(&stream.clear)).enumerate()
            {
                let restored = with_information(&pes.content, unit);
                assert_eq!(hex::encode(&Sha256::digest(&restored)[..16]), *wanted, "{name}, unit {index}");
                checked += 1;
            }
            let map = program_map(&found);
            assert!(map[0].0 == kind && !map[0].1.contains(&0xc0), "{name}: {map:?}");
            // It is clear, and says so.
            assert!(is_encrypted(&file) && !is_encrypted(&found), "{name}");
            assert!(decrypted(&found, &keys) == found, "{name}");
            let other = &["--key", "00000000000000000000000000000001:00000000000000000000000000000002"];
            assert!(decrypted(&file, &[&other[..], &["--skip-missing"]].concat()) == file, "{name}");
            let said = sentence(&run_with(&[&["decrypt", "-", "-"], &other[..]].concat(), &file));
            assert!(said.contains("track 80, sample ") && said.contains("was not given"), "{name}: {said}");
        }
    }
    assert!(streams.len() >= 20 && checked > 250, "{} {checked}", streams.len());
}

/// Several pictures in a PES packet give what each gives in its own.
#[test]
fn several_pictures_in_a_packet() {
    let (streams, keys) = cei_streams();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut checked = 0;
    for stream in &streams {
        let delimiter: &[u8] = match stream.stream_type {
            0x1b => &[0, 0, 0, 1, 9, 0xf0],
            0x24 => &[0, 0, 1, 70, 1, 0x50],
            _ => continue,
        };
        let units: Vec<_> = stream.units.iter().map(|unit| [delimiter, unit].concat()).collect();
        let contents = |units: &[&[u8]]| {
            let found = demultiplex(&decrypted(&multiplex(stream.stream_type, stream.algorithm, units, true), &keys));
            found[&0x50].iter().flat_map(|pes| pes.content.clone()).collect::<Vec<u8>>()
        };
        let each: Vec<&[u8]> = units.iter().map(Vec::as_slice).collect();
        let together: Vec<Vec<u8>> = each.chunks(3).map(<[&[u8]]>::concat).collect();
        let together: Vec<&[u8]> = together.iter().map(Vec::as_slice).collect();
        assert!(contents(&together) == contents(&each), "{}", stream.name);
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}

/// Keys that are there for some of a stream's units only.
#[test]
fn some_keys_of_a_stream() {
    let (streams, keys) = cei_streams();
    let (mut partly, all) = (0, keys.iter().map(String::as_str).collect::<Vec<_>>());
    for stream in &streams {
        let file = stream.multiplex(true);
        let whole = demultiplex(&decrypted(&file, &all));
        for pair in all.chunks(2) {
            // What is left is still decrypted by the other keys.
            let part = decrypted(&file, &[pair, &["--skip-missing"]].concat());
            partly += usize::from(part != file && is_encrypted(&part));
            assert!(demultiplex(&decrypted(&part, &all)) == whole);
        }
    }
    assert!(partly > 3, "{partly}");
}

/// A stream that falls silent does not hold up others, and nothing is held without bound.
#[test]
fn streams_that_do_not_end() {
    let (name, path) = &encrypted()[8];
    assert_eq!(name, "slices.ts");
    let file = fs::read(path).unwrap();
    let mut open = file.clone();
    let second = (3..).find(|at| open[at * 188 + 1] & 0x40 != 0).unwrap() * 188;
    // Its first PES packet does not say how long it is.
    let start = 2 * 188 + 5 + open[2 * 188 + 4] as usize;
    assert_eq!(open[start..start + 3], [0, 0, 1]);
    open[start + 4..start + 6].fill(0);
    let silence = [&[0x47, 0x1f, 0xff, 0x10][..], &[0xff; 184]].concat().repeat((34 << 20) / 188);
    let options = ["--key", KEY, "--iv", IV];
    let wanted = decrypted(&open, &options);
    let found = decrypted(&[&open[..second], &silence, &open[second..]].concat(), &options);
    assert!(found == [&wanted[..second], &silence, &wanted[second..]].concat());
    let said = |file: &[u8]| sentence(&run_with(&["decrypt", "-", "-", options[0], KEY, "--iv", IV], file));
    let middle = second - 188;
    let late = said(&[&open[..middle], &silence, &open[middle..]].concat());
    assert!(late.contains("a packet that belongs to no PES packet"), "{late}");
    let late = said(&[&file[..middle], &silence, &file[middle..]].concat());
    assert!(late.contains("PES packet 1 says that it has"), "{late}");
    let large: Vec<u8> = (0..(17_u32 << 20) / 184)
        .flat_map(|at| {
            [&[0x47, 0, 0x50, 0x10 | ((open[middle + 3] as u32 + 1 + at) & 15) as u8][..], &[7; 184]].concat()
        })
        .collect();
    let large = said(&[&open[..second], &large].concat());
    assert!(large.contains("PES packet 1 has more than 16777216 bytes"), "{large}");
}

/// FFmpeg plays what comes out, where it is installed.
#[test]
fn peers_play_it() {
    for (name, path) in encrypted() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join(&name);
        let arguments = ["decrypt", path.to_str().unwrap(), out.to_str().unwrap(), "--key", KEY, "--iv", IV];
        assert!(run(&arguments).status.success());
        let frames = |path: &Path| {
            let done = Command::new("ffmpeg")
                .args(["-v", "error", "-xerror", "-i", path.to_str().unwrap(), "-f", "framemd5", "-"])
                .output();
            done.map(|done| (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned(), done.stdout))
        };
        let Ok(found) = frames(&out) else {
            eprintln!("skipped: there is no ffmpeg");
            return;
        };
        let wanted = frames(&data().join("streams/sample-aes/clear").join(&name)).unwrap();
        assert!(wanted.0 && found == wanted, "{name}: {} {}", found.1, wanted.1);
    }
}
