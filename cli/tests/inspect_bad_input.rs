//! `native-drm inspect` on what is no good file: what can be read is shown, and the rest is said.

mod support;

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use serde_json::Value;
use support::{data, run, run_with, sentence};

fn piped(bytes: &[u8]) -> Value {
    let done = run_with(&["inspect", "--json", "-"], bytes);
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn passed_over(report: &Value) -> Vec<&str> {
    report["passed_over"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect()
}

fn vector(name: &str) -> Vec<u8> {
    fs::read(data().join("vectors").join(name)).unwrap()
}

#[test]
fn what_is_no_file() {
    let directory = data();
    for (path, expected) in [(directory.to_str().unwrap(), "directory"), ("/nonexistent/file.mp4", "No such file")] {
        let said = sentence(&run(&["inspect", path]));
        assert!(said.contains(path) && said.contains(expected), "{said}");
    }
    for (bytes, expected) in
        [(&b""[..], "empty"), (b"\0", "neither"), (b"text\n", "neither"), (&[0xff; 5000], "neither")]
    {
        assert!(sentence(&run_with(&["inspect", "-"], bytes)).contains(expected));
    }
    // What looks like something, but nothing in it can be read.
    for (bytes, expected) in [
        (&b"<html></html>"[..], "at byte 0: the root element is not MPD"),
        (b"<", "malformed DASH MPD at byte 0"),
        (b"<svg SmoothStreamingMedia=''/>", "at byte 0: the root element is not SmoothStreamingMedia"),
        (b"<!-- MPD -->", "malformed DASH MPD at byte 0: there is no element"),
        (b"<!-- SmoothStreamingMedia -->", "malformed Smooth Streaming manifest at byte 0: there is no element"),
        (b"\0\0\0\x07ftyp", "ftyp at byte 0: it states 7 bytes"),
        (b"\0\0\0\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xff", "ftyp at byte 0: it states 18446744073709551615 bytes"),
        (b"\x1aE\xdf\xa3", "ends inside of an element's header at byte 0"),
    ] {
        let said = sentence(&run_with(&["inspect", "-"], bytes));
        assert!(said.contains("nothing can be read: ") && said.contains(expected), "{said}");
    }
    for wrong in [&["inspect"][..], &["inspect", "a", "b"], &["inspect", "--yaml", "a"], &[]] {
        let done = run(wrong);
        assert_eq!(done.status.code(), Some(2), "{wrong:?}");
        assert!(done.stdout.is_empty());
    }
}

/// Cut anywhere, a file shows what is complete: tracks, once the movie box is there.
#[test]
fn cut_files() {
    let whole = vector("shaka-packager/multi-drms-audio/bear-640x360-audio.mp4");
    let text = piped(&whole);
    let movie = memchr::memmem::find(&whole, b"moov").unwrap() - 4;
    let end = movie + usize::try_from(u32::from_be_bytes(whole[movie..movie + 4].try_into().unwrap())).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cut.mp4");
    for length in (16..whole.len()).step_by(97).chain([end - 1, end, end + 1]) {
        let from_pipe = piped(&whole[..length]);
        fs::write(&path, &whole[..length]).unwrap();
        let from_file = run(&["inspect", "--json", path.to_str().unwrap()]);
        let from_file: Value = serde_json::from_slice(&from_file.stdout).unwrap();
        for report in [&from_pipe, &from_file] {
            if length >= end {
                assert_eq!(report["pssh"].as_array().unwrap()[0]["box"], text["pssh"][0]["box"], "{length}");
                assert_eq!(report["tracks"][0]["entries"], text["tracks"][0]["entries"], "{length}");
            } else if length > movie + 8 {
                assert!(!passed_over(report).is_empty(), "{length}");
            }
        }
        assert_eq!(from_pipe["tracks"][0]["entries"], from_file["tracks"][0]["entries"], "{length}");
    }
    // The sample entries stand before the tables and the boxes.
    let tables = memchr::memmem::find(&whole, b"stts").unwrap();
    let report = piped(&whole[..tables]);
    assert_eq!(report["key_ids"][0], "31323334353637383930313233343536");
    assert_eq!(report["tracks"][0]["entries"][0]["encryption"]["scheme"], "cenc");
    assert!(passed_over(&report)[0].contains("the file ends at byte"), "{report}");
}

#[test]
fn sizes_that_no_file_has() {
    let good = vector("shaka-packager/encryption-multi-keys-audio/bear-640x360-audio.mp4");
    for size in [1_u64 << 63, u64::MAX, (1 << 63) - 1, 1 << 40, 15, 0] {
        let mut bytes = good.clone();
        bytes.extend_from_slice(&[0, 0, 0, 1]);
        bytes.extend_from_slice(b"moof");
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(&[0; 100]);
        let report = piped(&bytes);
        assert_eq!(report["key_ids"].as_array().unwrap().len(), 2, "{size}");
        assert!(passed_over(&report).iter().any(|reason| reason.contains("moof")), "{size}: {report}");
    }
    // Inside of the movie box, and in tables.
    for (kind, at, value) in [("mvhd", 0, 0x7fff_ffff), ("trak", 0, 3), ("stsz", 16, u32::MAX), ("stsc", 12, u32::MAX)]
    {
        let mut bytes = vector("generated/b4-cens/b4-cens.mp4");
        let start = memchr::memmem::find(&bytes, kind.as_bytes()).unwrap() - 4;
        bytes[start + at..start + at + 4].copy_from_slice(&u32::to_be_bytes(value));
        let report = piped(&bytes);
        assert!(!passed_over(&report).is_empty(), "{kind}");
        assert_eq!(report["container"], "mp4");
    }
}

/// One track that is spoilt does not take the other away.
#[test]
fn one_bad_part() {
    let mut bytes = vector("generated/b4-cens/b4-cens.mp4");
    let schm = memchr::memmem::find(&bytes, b"schm").unwrap();
    bytes[schm - 4..schm].copy_from_slice(&7_u32.to_be_bytes());
    let report = piped(&bytes);
    assert_eq!(report["tracks"][1]["encrypted_samples"], 119);
    assert_eq!(report["tracks"][1]["entries"][0]["encryption"]["scheme"], "cens");
    assert!(passed_over(&report).iter().any(|reason| reason.contains("schm")), "{report}");
    let playlist = b"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://a\",KEYID=0x000102030405060708090a0b0c0d0e0f\n";
    let report = piped(playlist);
    assert_eq!(report["key_ids"][0], "000102030405060708090a0b0c0d0e0f");
    assert_eq!(passed_over(&report).len(), 1);
    let manifest = b"<MPD><Period><AdaptationSet><ContentProtection default_KID='x'/><ContentProtection default_KID='00010203-0405-0607-0809-0a0b0c0d0e0f'/>";
    let report = piped(manifest);
    assert_eq!(report["key_ids"][0], "000102030405060708090a0b0c0d0e0f");
    assert!(passed_over(&report).iter().any(|reason| reason.contains("not a UUID")));
}

/// Bytes that were changed at random never stop it.
#[test]
fn damaged_files() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos().into()
    });
    eprintln!("SEED={seed}");
    let mut state: u64 = seed;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let files = [
        vector("player/rotation.mp4"),
        vector("generated/b4-cens/b4-cens.mp4")[..8000].to_vec(),
        vector("player/vp8.webm"),
        vector("reports/media/24-ts-pmt-program-clearplay.ts"),
        vector("init_data/multi-drm.mpd"),
        vector("init_data/multi-drm.m3u8"),
    ];
    for round in 0..240 {
        let mut bytes = files[round % files.len()].clone();
        for _ in 0..=random(20) {
            let at = random(bytes.len().min(6000));
            bytes[at] = [0, 1, 0x7f, 0x80, 0xff, u8::try_from(random(256)).unwrap()][random(6)];
        }
        let done = run_with(&["inspect", "--json", "-"], &bytes);
        match done.status.code() {
            Some(0) => drop(serde_json::from_slice::<Value>(&done.stdout).unwrap()),
            _ => drop(sentence(&done)),
        }
    }
}

/// What is passed over is not read, and nothing is held that grows with it.
#[test]
fn large_files_need_little_memory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.mp4");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(&fs::read(data().join("media/cenc.mp4")).unwrap()).unwrap();
    let at = file.stream_position().unwrap();
    let size = 6_u64 << 30;
    file.write_all(&[&[0, 0, 0, 1][..], b"mdat", &size.to_be_bytes()].concat()).unwrap();
    file.seek(SeekFrom::Start(at + size)).unwrap();
    let pssh = [&[0, 0, 0, 32][..], b"pssh", &[0; 4], &[7; 16], &[0; 4]].concat();
    file.write_all(&pssh).unwrap();
    drop(file);
    // 256 MiB of address space, most of which the program itself takes.
    let done = Command::new("sh")
        .args(["-c", "ulimit -v 262144; exec \"$0\" inspect --json \"$1\""])
        .arg(env!("CARGO_BIN_EXE_native-drm"))
        .arg(&path)
        .output()
        .unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let last = report["pssh"].as_array().unwrap().last().unwrap();
    assert_eq!(last["offset"], at + size);
    assert!(!report["tracks"].as_array().unwrap().is_empty());
}

/// A reader that has seen enough is no failure.
#[test]
fn closed_standard_output() {
    let path = data().join("vectors/reports/media/08-mpd-300-kids.mpd");
    let mut child = Command::new(env!("CARGO_BIN_EXE_native-drm"))
        .args(["inspect", "--json"])
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
}

/// Packets of a program map table and of one stream.
fn transport_stream(descriptors: &[u8], units: &[Vec<u8>]) -> Vec<u8> {
    fn packet(pid: u16, begins: bool, counter: u8, payload: &[u8]) -> Vec<u8> {
        let [high, low] = pid.to_be_bytes();
        let stuffing = 184 - payload.len();
        let control = if stuffing > 0 { 0x30 } else { 0x10 };
        let mut packet = vec![0x47, high | if begins { 0x40 } else { 0 }, low, control | counter & 15];
        if stuffing > 0 {
            packet.push(u8::try_from(stuffing - 1).unwrap());
            if stuffing > 1 {
                packet.push(0);
                packet.resize(4 + stuffing, 0xff);
            }
        }
        packet.extend_from_slice(payload);
        packet
    }
    let length = u8::try_from(descriptors.len()).unwrap();
    let mut section = vec![2, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0xe1, 1, 0xf0, length];
    section.extend_from_slice(descriptors);
    section.extend_from_slice(&[0x1b, 0xe1, 1, 0xf0, 0]);
    section[2] = u8::try_from(section.len() + 4 - 3).unwrap();
    section.extend_from_slice(&[0; 4]);
    let mut bytes = packet(0x100, true, 0, &[&[0][..], &section].concat());
    let mut counter = 0;
    for unit in units {
        let pes = [&[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0][..], unit].concat();
        for (index, part) in pes.chunks(184).enumerate() {
            bytes.extend(packet(0x101, index == 0, counter, part));
            counter += 1;
        }
    }
    bytes
}

/// An access unit with CEI, whose message stands `before` bytes behind its start.
fn unit(before: usize, key: u8) -> Vec<u8> {
    let uuid = hex::decode("70c1db9f66ae4127bfc0bb1981694b66").unwrap();
    // A message of another kind in front of it.
    let other = [4, u8::try_from(before).unwrap()];
    let mut unit = [&[0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 6][..], &other, &vec![0x55; before], &[5, 69]].concat();
    unit.extend_from_slice(&uuid);
    unit.push(0x80 | 0x40 | 0x20);
    // Zeros in an id bring emulation prevention: 00 00 03 00 and so on.
    unit.extend_from_slice(&[key, 0, 0, 3, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    unit.extend_from_slice(&[key + 1; 16]);
    unit.push(16);
    unit.extend_from_slice(&[0x33; 16]);
    unit.extend_from_slice(&[0xc0, 1, 2]);
    unit.extend_from_slice(&[0x80, 0, 0, 1, 0x65]);
    unit.extend_from_slice(&[0x77; 300]);
    unit
}

/// CEI is found wherever packets cut it.
#[test]
fn content_encryption_information() {
    for before in 0..184 {
        let units = [unit(before, 0x10), unit(before, 0x10), unit(before, 0x40)];
        let report = piped(&transport_stream(&[], &units));
        let cei = &report["programs"][0]["streams"][0]["cei"];
        assert_eq!(
            (&cei["units"], &cei["encrypted_units"], &cei["iv_bytes"]),
            (&3.into(), &3.into(), &16.into()),
            "{before}"
        );
        assert_eq!(cei["algorithm"], "AES-128-CBC 1:9", "{before}");
        let key = |first: &str| format!("{first}000000{}", "09".repeat(12));
        assert_eq!(cei["key_ids"], serde_json::json!([key("10"), key("40")]), "{before}");
        assert_eq!(cei["next_key_ids"], serde_json::json!(["11".repeat(16), "41".repeat(16)]), "{before}");
        assert_eq!(report["encrypted"], true);
    }
    // Without any the stream is clear; with a descriptor that says nothing, too.
    let report = piped(&transport_stream(&[0xc0, 1, 2], &[vec![0, 0, 1, 0x65, 1, 2, 3]]));
    assert_eq!(report["encrypted"], false);
    assert!(passed_over(&report)[0].contains("less than 2 bytes"), "{report}");
}

/// A box as people have it at hand: in base64, in hexadecimal digits.
#[test]
fn boxes_as_text() {
    let found = piped(&vector("init_data/multi-drm.m3u8"));
    let text = found["manifest"]["keys"][1]["pssh"][0]["box"].as_str().unwrap();
    let of_text = piped(format!("{text}\n").as_bytes());
    assert_eq!(of_text["container"], "pssh");
    assert_eq!(of_text["pssh"][0]["system"], "Widevine");
    assert_eq!(of_text["pssh"][0]["box"], text);
    let bytes = base::base64::Variant::Standard.decode("box", text).unwrap();
    assert_eq!(piped(hex::encode(&bytes).as_bytes())["pssh"], of_text["pssh"]);
    let raw = piped(&bytes);
    assert_eq!((&raw["pssh"][0]["offset"], &raw["pssh"][0]["box"]), (&0.into(), &of_text["pssh"][0]["box"]));
    let list = piped(br#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A"]}"#);
    assert_eq!(
        (&list["container"], &list["key_ids"][0]),
        (&"keyids".into(), &"2f05477fc24bb4faefd86517156daffc".into())
    );
}
