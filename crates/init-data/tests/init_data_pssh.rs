//! `pssh` boxes on their own: published examples, boundaries, random damage.

use init_data::Error;
use init_data::{W3C_CLEAR_KEY_SYSTEM_ID, find_pssh, key_ids, key_ids_for, pssh};
use serde_json::Value;

fn malformed_at(result: Result<impl std::fmt::Debug, Error>) -> usize {
    match result {
        Err(Error::Malformed { offset, .. }) => offset,
        other => panic!("expected Malformed, got {other:?}"),
    }
}

/// The example of W3C "cenc" Initialization Data Format, section 4.2.
fn w3c_example() -> Vec<u8> {
    let text = "0000004470737368010000001077efecc0b24d02ace33c1e52e2fb4b00000002\
                303132333435363738393031323334354142434445464748494a4b4c4d4e4f5000000000";
    hex::decode(text).unwrap()
}

#[test]
fn published_init_data_gives_the_published_key_ids() {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/crypto/initdata.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 6);
    for vector in vectors {
        let bytes = hex::decode(vector["init_data_hex"].as_str().unwrap()).unwrap();
        let ids = match vector["type"].as_str().unwrap() {
            "cenc" => pssh::parse_all(&bytes).and_then(|boxes| key_ids_for(&[W3C_CLEAR_KEY_SYSTEM_ID], &boxes, false)),
            "webm" => key_ids::parse_webm_init_data(&bytes).map(|id| vec![id.try_into().unwrap_or_default()]),
            other => panic!("unknown init data type {other}"),
        };
        if vector["name"] == "FailsForWebMTooSmall" {
            // Android takes 16 bytes alone; W3C's registry says "one or more", and browsers take up to 512.
            assert!(ids.is_ok());
            continue;
        }
        assert_eq!(ids.is_ok(), vector["valid"].as_bool().unwrap(), "{}: {ids:?}", vector["name"]);
        let expected: Vec<_> = vector["key_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let ids: Vec<_> = ids.unwrap_or_default().iter().map(hex::encode).collect();
        assert_eq!(ids, expected, "{}", vector["name"]);
    }
}

#[test]
fn a_box_is_taken_apart_and_built_again() {
    let bytes = w3c_example();
    let parsed = pssh::parse(&bytes).unwrap();
    assert_eq!((parsed.version, parsed.system_id), (1, W3C_CLEAR_KEY_SYSTEM_ID));
    assert_eq!(parsed.key_ids, [*b"0123456789012345", *b"ABCDEFGHIJKLMNOP"]);
    assert_eq!((parsed.data, parsed.raw), (&[][..], &bytes[..]));
    assert_eq!(pssh::build(&parsed.system_id, &parsed.key_ids, parsed.data), bytes);

    let without_ids = pssh::build(&[7; 16], &[], b"data");
    let parsed = pssh::parse(&without_ids).unwrap();
    assert_eq!((parsed.version, parsed.key_ids.len(), parsed.data), (0, 0, &b"data"[..]));
}

#[test]
fn concatenated_boxes_come_in_order_and_what_is_none_costs_only_itself() {
    let first = w3c_example();
    let second = pssh::build(&[9; 16], &[], b"x");
    let both = [&first[..], &second].concat();
    let boxes = pssh::parse_all(&both).unwrap();
    assert_eq!(boxes.iter().map(|b| b.raw).collect::<Vec<_>>(), [&first[..], &second]);

    assert_eq!(malformed_at(pssh::parse(&both)), first.len());
    let tail = [&both[..], &[0]].concat();
    assert_eq!(pssh::parse_all(&tail).unwrap(), boxes);
    let foreign = [&both[..], b"\0\0\0\x08free"].concat();
    assert_eq!(pssh::parse_all(&foreign).unwrap(), boxes);
    assert_eq!(malformed_at(pssh::parse_all(b"\0\0\0\x08free")), 4);
    assert_eq!(malformed_at(pssh::parse_all(&[])), 0);
}

#[test]
fn every_truncation_and_every_wrong_count_is_an_error() {
    let good = w3c_example();
    for length in 0..good.len() {
        malformed_at(pssh::parse_all(&good[..length]));
    }
    // Size, key id count and data size, each one off and at the extremes.
    for at in [0, 28, 64] {
        let right = u32::from_be_bytes(good[at..at + 4].try_into().unwrap());
        for wrong in [right.wrapping_sub(1), right + 1, 0x0fff_ffff, 0x1000_0001, u32::MAX - 15, u32::MAX] {
            let mut bad = good.clone();
            bad[at..at + 4].copy_from_slice(&wrong.to_be_bytes());
            malformed_at(pssh::parse(&bad));
        }
    }
    for size in 0_u32..8 {
        let mut bad = good.clone();
        bad[..4].copy_from_slice(&size.to_be_bytes());
        malformed_at(pssh::parse(&bad));
    }
}

#[test]
fn a_64_bit_size_is_read_and_overflowing_ones_are_refused() {
    let small = w3c_example();
    let large = |size: u64| [&1_u32.to_be_bytes(), &small[4..8], &size.to_be_bytes(), &small[8..]].concat();
    let bytes = large(small.len() as u64 + 8);
    let parsed = pssh::parse(&bytes).unwrap();
    assert_eq!((parsed.key_ids.len(), parsed.raw.len()), (2, bytes.len()));
    for size in [0, 8, 15, 16, bytes.len() as u64 - 1, bytes.len() as u64 + 1, u64::MAX] {
        malformed_at(pssh::parse(&large(size)));
    }
}

/// The syntax in ISO/IEC 23001-7 reads the list "if (version > 0)"; a later version may add fields behind the data.
#[test]
fn unknown_versions_are_read_as_the_standard_writes_the_condition() {
    let mut later = w3c_example();
    later[8] = 2;
    assert_eq!(pssh::parse(&later).unwrap().key_ids.len(), 2);
    later.extend_from_slice(b"more");
    later[3] += 4;
    let parsed = pssh::parse(&later).unwrap();
    assert_eq!((parsed.version, parsed.key_ids.len(), parsed.raw.len()), (2, 2, later.len()));
    later[8] = 1;
    assert_eq!(malformed_at(pssh::parse(&later)), later.len() - 4);
}

#[test]
fn flags_do_not_matter() {
    let mut flagged = w3c_example();
    flagged[11] = 1;
    assert_eq!(pssh::parse(&flagged).unwrap().key_ids.len(), 2);
}

#[test]
fn raw_boxes_are_found_once_each() {
    let (first, second) = (w3c_example(), pssh::build(&[9; 16], &[], b"x"));
    let repeated = [&first[..], &second, &first].concat();
    assert_eq!(find_pssh(&repeated).unwrap(), [&first[..], &second[..]]);
    assert!(matches!(find_pssh(b""), Err(Error::NotFound { .. })));
    assert!(matches!(find_pssh(b"no such thing at all"), Err(Error::NotFound { .. })));
}

/// A small generator is enough; the seed is in every message.
#[test]
fn random_damage_never_panics_and_never_invents_bytes() {
    let good = [w3c_example(), pssh::build(&[9; 16], &[], b"{\"kids\":[\"G+Ek/+XmUkpBHQgXYWQQIg==\"]}")].concat();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut state = seed;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            bytes[at] = random(256) as u8;
        }
        bytes.truncate(random(bytes.len() + 1));
        if let Ok(boxes) = pssh::parse_all(&bytes) {
            let mut end = 0;
            for found in &boxes {
                let start = found.raw.as_ptr().addr() - bytes.as_ptr().addr();
                assert!(start >= end && bytes[start..].starts_with(found.raw), "seed {seed}");
                end = start + found.raw.len();
            }
            let _ = key_ids_for(&[W3C_CLEAR_KEY_SYSTEM_ID], &boxes, true);
        }
        let _ = find_pssh(&bytes);
    }
}

/// Boxes of every kind of badness at every place among good ones.
#[test]
fn a_bad_box_costs_nothing_but_itself() {
    let good: Vec<_> = (1..=3_u8).map(|id| pssh::build(&[id; 16], &[[id; 16]], &[id; 5])).collect();
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = w3c_example();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        bad
    };
    let foreign = [&b"\0\0\0\x18free"[..], &[0; 16]].concat();
    let bad = [
        ("version 0 with a list", with(8, &[0])),
        ("a count too large", with(28, &[0xff; 4])),
        ("a data size too large", with(64, &[0, 0, 1, 0])),
        ("a size of none", with(0, &[0; 4])),
        ("a size below the header's", with(0, &[0, 0, 0, 7])),
        ("a size beyond the end", with(0, &[0x7f; 4])),
        ("another kind", with(4, b"free")),
        ("a cut box", w3c_example()[..40].to_vec()),
        ("half a header", b"\0\0\0".to_vec()),
        ("rubbish", vec![0xff; 23]),
        ("a foreign box", foreign),
    ];
    for (name, bad) in bad {
        for place in 0..=good.len() {
            let mut all: Vec<_> = good.clone();
            all.insert(place, bad.clone());
            let bytes = all.concat();
            let found = pssh::parse_all(&bytes).unwrap();
            assert_eq!(found.iter().map(|b| b.raw.to_vec()).collect::<Vec<_>>(), good, "{name} at {place}");
            let moov = [&(bytes.len() as u32 + 8).to_be_bytes()[..], b"moov", &bytes].concat();
            assert_eq!(find_pssh(&moov).unwrap(), good, "{name} at {place} of moov");
            if place > 0 {
                assert_eq!(find_pssh(&bytes).unwrap(), good, "{name} at {place}, detected");
            }
        }
    }
}
