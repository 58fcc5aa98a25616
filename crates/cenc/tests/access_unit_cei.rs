//! The streams of tests/streams/cei.py: every unit becomes the one that the writer encrypted, by any level's kernels.

use std::collections::HashMap;
use std::path::Path;

use cenc::ContentKey;
use cenc::access_unit::{AccessUnit, Algorithm, Cei, Framing, LengthSize, Stream, VideoCodec, declare_clear};
use cenc::kernel::Level;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn id(text: &str) -> [u8; 16] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn stream(facts: &Value) -> Stream {
    let framing = match facts["nal_length_size"].as_u64().unwrap() {
        0 => Framing::StartCodes,
        2 => Framing::Lengths(LengthSize::Two),
        4 => Framing::Lengths(LengthSize::Four),
        other => panic!("lengths of {other} bytes"),
    };
    let codec = match facts["codec"].as_str().unwrap() {
        "h264" => VideoCodec::H264(framing),
        "h265" => VideoCodec::H265(framing),
        "avs3" => VideoCodec::Avs3,
        other => panic!("{other}"),
    };
    let algorithm = u8::try_from(facts["algorithm"].as_u64().unwrap()).unwrap();
    Stream::Cei { codec, algorithm: if algorithm == 0 { None } else { Algorithm::from_number(algorithm) } }
}

/// Information that is made clear says so, and nothing else has changed.
fn says_that_it_is_clear(stream: &Stream, unit: &[u8], place: &str) {
    let Stream::Cei { codec, algorithm } = *stream else { panic!() };
    let before = Cei::of_unit(codec, algorithm, unit).expect(place);
    let mut clear = unit.to_vec();
    let left = declare_clear(codec, &mut clear);
    clear.truncate(left);
    let after = Cei::of_unit(codec, algorithm, &clear).expect(place);
    assert_eq!(before.is_some(), after.is_some(), "{place}");
    if !before.is_some_and(|cei| cei.encrypted) {
        return;
    }
    let after = after.unwrap();
    assert!(!after.encrypted && after.algorithm == before.unwrap().algorithm, "{place}");
    assert!(AccessUnit::parse(stream, None, &clear).expect(place).protection().is_none(), "{place}");
    let front = unit.iter().zip(&clear).take_while(|(before, after)| before == after).count();
    let back = unit.iter().rev().zip(clear.iter().rev()).take_while(|(before, after)| before == after).count();
    // Flags, two key ids, IV, a descriptor, and emulation prevention.
    assert!(front + back + 100 > unit.len(), "{place}: {front} and {back} of {}", unit.len());
    assert!(unit.len() - clear.len() < 40, "{place}");
}

#[test]
fn all_units_become_clear() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/streams");
    let facts: Value = serde_json::from_slice(&std::fs::read(directory.join("cei.json")).unwrap()).unwrap();
    let bytes = std::fs::read(directory.join("cei.bin")).unwrap();
    for level in Level::available() {
        let keys: HashMap<[u8; 16], ContentKey> = facts["keys"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key_id, key)| (id(key_id), ContentKey::with_level(&id(key.as_str().unwrap()), level).unwrap()))
            .collect();
        let (mut rest, mut shorter, mut decrypted) = (bytes.as_slice(), 0, 0);
        for facts in facts["streams"].as_array().unwrap() {
            let stream = stream(facts);
            let mut state: Option<Cei> = None;
            for (index, unit) in facts["units"].as_array().unwrap().iter().enumerate() {
                let place = format!("{}, unit {index}, {}", facts["name"], level.name());
                let length = |at: usize| usize::try_from(unit[at].as_u64().unwrap()).unwrap();
                let (encrypted, others) = rest.split_at(length(0));
                rest = others;
                let parsed = AccessUnit::parse(&stream, state.as_ref(), encrypted).expect(&place);
                let mut data = encrypted.to_vec();
                if let Some(protection) = parsed.protection() {
                    let left = parsed.decrypt(&protection.sample().unwrap(), &keys[&protection.key_id], &mut data);
                    data.truncate(left);
                    decrypted += 1;
                }
                shorter += usize::from(data.len() < encrypted.len());
                assert_eq!(data.len(), length(1), "{place}");
                assert_eq!(hex::encode(&Sha256::digest(&data)[..16]), unit[2].as_str().unwrap(), "{place}");
                state = parsed.state().copied();
                says_that_it_is_clear(&stream, &data, &place);
            }
        }
        assert!(rest.is_empty() && shorter > 50 && decrypted > 150, "{shorter} {decrypted}");
    }
}
