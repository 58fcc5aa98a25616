//! `pssh` boxes in MP4 files.

use std::path::{Path, PathBuf};

use init_data::Error;
use init_data::pssh::PsshBox;
use init_data::{DASHIF_CLEAR_KEY_SYSTEM_ID, W3C_CLEAR_KEY_SYSTEM_ID, find_pssh, mp4, pssh};
use serde_json::Value;

fn own_vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/init_data")
}

/// The large collection, where it is present: named by the environment, or in a directory `vectors` or `shared/vectors`
/// beside the project or further up.
fn large_collection() -> Option<PathBuf> {
    let named = std::env::var_os("NATIVE_DRM_TEST_VECTORS").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(3);
    let beside = above.flat_map(|up| [up.join("vectors"), up.join("shared/vectors")]);
    named.into_iter().chain(beside).find(|path| path.join("manifest.json").is_file())
}

/// The box as the lists of expected boxes write it, without `where`.
fn describe(found: &PsshBox) -> String {
    let id = hex::encode(found.system_id);
    let kids: Vec<_> = found.key_ids.iter().map(hex::encode).collect();
    format!("{} {id} {kids:?} {}", found.version, found.data.len())
}

fn describe_expected(expected: &Value) -> String {
    let id = expected["system_id"].as_str().unwrap().replace('-', "");
    let kids: Vec<_> = expected["kids"].as_array().unwrap().iter().map(|kid| kid.as_str().unwrap()).collect();
    format!("{} {id} {kids:?} {}", expected["version"], expected["data_size"])
}

/// Compares with a list of media files and their boxes; returns how many files it has seen.
fn check(directory: &Path, list: &str) -> usize {
    let list: Value = serde_json::from_str(&std::fs::read_to_string(directory.join(list)).unwrap()).unwrap();
    let mut files = 0;
    for entry in list.as_array().unwrap() {
        let names: Vec<_> = entry["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let container = entry["container"].as_str().unwrap_or("fmp4");
        if !["mp4", "fmp4"].contains(&container) {
            continue;
        }
        let contents: Vec<_> = names.iter().map(|name| std::fs::read(directory.join(name)).unwrap()).collect();
        let found: Vec<_> = contents.iter().flat_map(|bytes| mp4::parse(bytes).unwrap().pssh).collect();
        let found: Vec<_> = found.iter().map(|raw| describe(&pssh::parse(raw).unwrap())).collect();
        let expected: Vec<_> = entry["pssh"].as_array().into_iter().flatten().map(describe_expected).collect();
        assert_eq!(found, expected, "{}", entry["id"]);
        files += names.len();
    }
    files
}

#[test]
fn real_beginnings_of_files_give_their_boxes() {
    assert_eq!(check(&own_vectors(), "expected.json"), 7);
}

#[test]
fn the_large_collection_gives_its_boxes() {
    match large_collection() {
        Some(directory) => assert!(check(&directory, "manifest.json") > 30),
        None => println!("skipped: no media collection beside the project"),
    }
}

#[test]
fn detection_returns_the_whole_boxes() {
    let file = std::fs::read(own_vectors().join("dashif-clear-key.mp4")).unwrap();
    let found = find_pssh(&file).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(pssh::parse(&found[0]).unwrap().system_id, DASHIF_CLEAR_KEY_SYSTEM_ID);
    let without = std::fs::read(own_vectors().join("no-pssh.mp4")).unwrap();
    assert!(mp4::parse(&without).unwrap().pssh.is_empty());
    // Its track names the key all the same.
    let found = find_pssh(&without).unwrap();
    assert_eq!(found, [pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &mp4::parse(&without).unwrap().key_ids, b"")]);
    assert!(matches!(find_pssh(&boxed(b"moov", &boxed(b"mvhd", &[0; 100]))), Err(Error::NotFound { .. })));
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
}

#[test]
fn sizes_of_every_form_are_walked() {
    let one = pssh::build(&[1; 16], &[[2; 16]], b"");
    let two = pssh::build(&[3; 16], &[], b"abc");
    let large = |kind: &[u8; 4], content: &[u8]| {
        [&1_u32.to_be_bytes()[..], kind, &(content.len() as u64 + 16).to_be_bytes(), content].concat()
    };
    let to_the_end = |kind: &[u8; 4], content: &[u8]| [&0_u32.to_be_bytes()[..], kind, content].concat();
    let uuid = boxed(b"uuid", &[5; 20]);

    let file = [
        boxed(b"ftyp", b"isom\0\0\0\0"),
        large(b"moov", &[uuid.clone(), large(b"free", b"xyz"), one.clone()].concat()),
        uuid,
        boxed(b"mdat", &two),
        to_the_end(b"moof", &[boxed(b"mfhd", &[0; 8]), two.clone(), one.clone()].concat()),
    ]
    .concat();
    let found = mp4::parse(&file).unwrap().pssh;
    assert_eq!(found, [&one[..], &two, &one], "also the repeated one, and none from mdat");
    assert_eq!(find_pssh(&file).unwrap(), [&one[..], &two[..]]);

    let endless = [boxed(b"moov", &one), to_the_end(b"mdat", &[9; 100])].concat();
    assert_eq!(mp4::parse(&endless).unwrap().pssh.len(), 1);
}

#[test]
fn a_file_may_end_in_mdat_but_not_in_moov_or_moof() {
    let one = pssh::build(&[1; 16], &[], b"d");
    let moov = boxed(b"moov", &[boxed(b"mvhd", &[0; 100]), one].concat());
    let file = [boxed(b"ftyp", b"isom\0\0\0\0"), moov.clone(), boxed(b"mdat", &[0; 50])].concat();
    let moov_end = 16 + moov.len();
    for length in moov_end..file.len() {
        assert_eq!(mp4::parse(&file[..length]).unwrap().pssh.len(), 1, "{length}");
    }
    for length in 16 + 8..moov_end {
        let result = mp4::parse(&file[..length]);
        assert!(matches!(result, Err(Error::Malformed { offset: 16, .. })), "{length}: {result:?}");
    }
}

#[test]
fn contradicting_sizes_are_refused_with_their_place() {
    let one = pssh::build(&[1; 16], &[], b"d");
    let offset = |file: &[u8]| match mp4::parse(file) {
        Err(Error::Malformed { offset, .. }) => offset,
        other => panic!("expected Malformed, got {other:?}"),
    };
    // A child longer than its parent, a child without a size, a child smaller than its header, half a child header.
    let mut long = boxed(b"moov", &one);
    long[8 + 3] += 1;
    assert_eq!(offset(&[long, boxed(b"free", &[0; 9])].concat()), 8);
    for size in [0_u8, 7] {
        let mut child = boxed(b"free", b"");
        child[3] = size;
        assert_eq!(offset(&boxed(b"moov", &child)), 8);
        assert_eq!(
            mp4::parse(&boxed(b"moov", &[one.clone(), child].concat())).unwrap().pssh,
            std::slice::from_ref(&one)
        );
    }
    assert_eq!(offset(&boxed(b"moov", &[0; 4])), 8);
    assert_eq!(
        mp4::parse(&boxed(b"moov", &[one.clone(), vec![0; 4]].concat())).unwrap().pssh,
        std::slice::from_ref(&one)
    );
    // A damaged pssh inside, and a top-level box smaller than its header.
    let mut damaged = boxed(b"moof", &one);
    damaged[8 + 28 + 3] = 9;
    assert_eq!(offset(&damaged), 8 + 28);
    assert_eq!(offset(&[boxed(b"free", b""), b"\0\0\0\x04junk".to_vec()].concat()), 8);
    // 64-bit sizes at the limits, on top and inside.
    for size in [u64::MAX, u64::MAX - 7, 1 << 63] {
        let large = |kind: &[u8; 4]| [&1_u32.to_be_bytes()[..], kind, &size.to_be_bytes()].concat();
        assert_eq!(offset(&large(b"moov")), 0);
        assert_eq!(offset(&boxed(b"moov", &large(b"free"))), 8);
        assert!(mp4::parse(&large(b"mdat")).unwrap().pssh.is_empty());
    }
}

fn track(entry: &[u8; 4], fixed: usize, protection: &[u8]) -> Vec<u8> {
    let sinf = boxed(b"sinf", &[boxed(b"schm", &[0; 12]), boxed(b"schi", protection)].concat());
    let entry = boxed(entry, &[vec![0; fixed], boxed(b"avcC", &[1; 9]), sinf].concat());
    let stsd = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &entry].concat());
    let stbl = boxed(b"stbl", &stsd);
    boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &stbl)))
}

fn tenc(is_protected: u8, id: u8) -> Vec<u8> {
    boxed(b"tenc", &[&[0, 0, 0, 0, 0, 0, is_protected, 8][..], &[id; 16]].concat())
}

#[test]
fn key_ids_stand_in_tracks_and_sample_groups() {
    let piff = [&PIFF_TENC[..], &[0, 0, 0, 0, 0, 0, 1, 8], &[3; 16]].concat();
    let moov = boxed(
        b"moov",
        &[
            track(b"encv", 78, &tenc(1, 1)),
            track(b"enca", 28, &tenc(1, 2)),
            track(b"encv", 78, &boxed(b"uuid", &piff)),
            track(b"encv", 78, &tenc(0, 9)),
            track(b"avc1", 78, &tenc(1, 9)),
            track(b"enct", 8, &tenc(1, 0)),
        ]
        .concat(),
    );
    let entry = |is_protected: u8, iv: u8, id: u8| [&[0, 0x19, is_protected, iv][..], &[id; 16]].concat();
    let word = |number: usize| (number as u32).to_be_bytes();
    let constant_iv = [&entry(1, 0, 5)[..], &[8], &[7; 8]].concat();
    let groups = [
        [&[0; 4], &b"seig"[..], &word(3), &entry(1, 8, 4), &constant_iv, &entry(0, 0, 9)].concat(),
        [&[1, 0, 0, 0], &b"seig"[..], &word(20), &word(2), &entry(1, 8, 6), &entry(1, 8, 7)].concat(),
        [&[1, 0, 0, 0], &b"seig"[..], &word(0), &word(1), &word(29), &[&entry(1, 0, 8)[..], &[8], &[7; 8]].concat()]
            .concat(),
        [&[2, 0, 0, 0], &b"seig"[..], &word(20), &word(0), &word(1), &entry(1, 8, 10)].concat(),
        [&[1, 0, 0, 0], &b"roll"[..], &word(20), &word(1), &entry(1, 8, 9)].concat(),
    ];
    let traf = groups.map(|group| boxed(b"sgpd", &group)).concat();
    let file = [boxed(b"ftyp", b"isom\0\0\0\0"), moov, boxed(b"moof", &boxed(b"traf", &traf))].concat();
    let ids = [1, 2, 3, 4, 5, 6, 7, 8, 10].map(|id| [id; 16]);
    assert_eq!(mp4::parse(&file).unwrap().key_ids, ids);
    assert_eq!(find_pssh(&file).unwrap(), [pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &ids, b"")]);

    // A box of an own system lists the first three; one of another system does not count.
    let own = pssh::build(&DASHIF_CLEAR_KEY_SYSTEM_ID, &ids[..3], b"");
    let other = pssh::build(&[7; 16], &ids, b"");
    let with_boxes = [&file[..], &boxed(b"moof", &[own.clone(), other.clone()].concat())].concat();
    let rest = pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &ids[3..], b"");
    assert_eq!(find_pssh(&with_boxes).unwrap(), [own, other, rest]);

    // Cut anywhere, it gives what is complete.
    let mut most = 0;
    for length in 0..=file.len() {
        let found = mp4::parse(&file[..length]).map_or(0, |found| found.key_ids.len());
        assert!(found >= most && ids.len() >= found, "{length}");
        most = found;
    }
    assert_eq!(most, ids.len());
}

/// Found by the fuzz target `mp4`: a `uuid` box up to the end of the file that ends before its type does.
#[test]
fn a_last_box_may_end_inside_of_its_header() {
    let key_id = boxed(b"moov", &track(b"encv", 78, &tenc(1, 1)));
    for kind in [b"uuid", b"pssh", b"moov", b"free"] {
        for size in [0_u32, 1, 8, 16, 23, 24, 32] {
            for length in 0..32 {
                let rest = [&size.to_be_bytes()[..], kind, &[0; 24]].concat();
                let file = [&boxed(b"ftyp", b"isom\0\0\0\0")[..], &key_id, &rest[..length]].concat();
                assert_eq!(mp4::parse(&file).unwrap().key_ids, [[1; 16]], "{size} {length}");
                let _ = mp4::parse(&rest[..length]);
            }
        }
    }
}

/// A sample encryption box of PIFF may name another key than its track does.
#[test]
fn key_ids_stand_in_sample_encryption_boxes_of_piff() {
    const PIFF_SENC: [u8; 16] = 0xa239_4f52_5a9b_4f14_a244_6c42_7c64_8df4_u128.to_be_bytes();
    let senc = |flags: u8, algorithm: u8, id: u8| {
        let content = [&PIFF_SENC[..], &[0, 0, 0, flags, 0, 0, algorithm, 8], &[id; 16], &[0; 4]].concat();
        boxed(b"moof", &boxed(b"traf", &boxed(b"uuid", &content)))
    };
    let all = [senc(1, 1, 1), senc(3, 2, 2), senc(0, 1, 3), senc(1, 0, 4)].concat();
    assert_eq!(mp4::parse(&all).unwrap().key_ids, [[1; 16], [2; 16]]);
    let cut =
        boxed(b"moof", &boxed(b"traf", &boxed(b"uuid", &[&PIFF_SENC[..], &[0, 0, 0, 1, 0, 0, 1, 8, 9]].concat())));
    assert_eq!(mp4::parse(&cut).unwrap().key_ids, [[0; 16]; 0]);
}

const PIFF_TENC: [u8; 16] = 0x8974_dbce_7be7_4c51_84f9_7148_f988_2554_u128.to_be_bytes();

#[test]
fn a_box_of_piff_becomes_an_ordinary_one() {
    let own = pssh::build(&[7; 16], &[], b"data");
    let uuid = 0xd08a_4f18_10f3_4a82_b6c8_32d8_aba1_83d3_u128.to_be_bytes();
    let piff = boxed(b"uuid", &[&uuid[..], &own[8..]].concat());
    assert_eq!(find_pssh(&boxed(b"moov", &piff)).unwrap(), std::slice::from_ref(&own));
    let bad = boxed(b"uuid", &[&uuid[..], &own[8..20]].concat());
    assert_eq!(find_pssh(&boxed(b"moov", &[bad, piff].concat())).unwrap(), [own]);
}
