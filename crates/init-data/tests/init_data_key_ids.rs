//! Key ids as JSON, and which box they are taken from.

use init_data::Error;
use init_data::key_ids::{parse_clearplay_pssh_data, parse_keyids_init_data};
use init_data::{
    CLEARPLAY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID, POLICYPLAY_SYSTEM_ID, W3C_CLEAR_KEY_SYSTEM_ID, key_ids_for,
    key_ids_of_system, pssh,
};

/// What OpenHarmony's own NDK tests pass to GenerateMediaKeyRequest: version 0, another system's id, kids in JSON.
const NDK_EXAMPLE: &[u8] = b"\0\0\0\x8bpssh\0\0\0\0\x3d\x5e\x6d\x35\x9b\x9a\x41\xe8\xb8\x43\xdd\x3c\x6e\x72\xc4\x2c\0\0\0\x6b\
{\"version\":\"V1.0\",\"contentID\":\"dHMtMjY0LTEwODAtYWVz\",\"kids\":[\"G+Ek/+XmUkpBHQgXYWQQIg==\"],\"enschema\":\"cbc1\"}";
const NDK_KEY_ID: &str = "1be124ffe5e6524a411d081761641022";

fn refused<T: std::fmt::Debug>(result: Result<T, Error>, what: &str) -> usize {
    match result {
        Err(Error::Malformed { offset, .. }) => offset,
        other => panic!("{what}: expected Malformed, got {other:?}"),
    }
}

#[test]
fn keyids_follows_the_published_example() {
    let ids = parse_keyids_init_data(
        b"{\n  \"kids\":\n    [\n     \"LwVHf8JLtPrv2GUXFW2v_A\",\n     \"0DdtU9od-Bh5L3xbv0Xf_A\"\n    ]\n}",
    );
    let ids: Vec<_> = ids.unwrap().iter().map(hex::encode).collect();
    assert_eq!(ids, ["2f05477fc24bb4faefd86517156daffc", "d0376d53da1df818792f7c5bbf45dffc"]);
    let short = parse_keyids_init_data(b"{\"kids\":[\"AQ\"],\"later\":{\"x\":[1]}}").unwrap();
    assert_eq!(short, [[1]], "any length, members of later versions");
}

#[test]
fn keyids_is_strict() {
    let cases: [(&[u8], usize); 20] = [
        (b"", 0),
        (b"  ", 2),
        (b"[[\"AQ\"]]", 0),
        (b"null", 0),
        (b"{}", 1),
        (b"{\"kids\":[]}", 0),
        (b"{\"kids\":null}", 12),
        (b"{\"kids\":\"AQ\"}", 11),
        (b"{\"kids\":{\"0\":\"AQ\"}}", 8),
        (b"{\"kids\":[1]}", 9),
        (b"{\"kids\":[\"\"]}", 0),
        (b"{\"kids\":[\"AQ==\"]}", 10),
        (b"{\"kids\":[\"AR\"]}", 10),
        (b"{\"kids\":[\"A\"]}", 10),
        (b"{\"kids\":[\"+/+/\"]}", 10),
        (b"{\"kids\":[\"A Q\"]}", 10),
        (b"{\"kids\":[\"AQ\"],\"kids\":[\"AQ\"]}", 21),
        (b"{\"kids\":[\"AQ\"]} x", 16),
        (b"{\"kids\":[\"AQ\"]", 14),
        (b"{\"kids\":[\"\xff\xfe\"]}", 12),
    ];
    for (text, offset) in cases {
        let name = String::from_utf8_lossy(text);
        let at = refused(parse_keyids_init_data(text), &name);
        assert!(at.abs_diff(offset) <= 2, "{name}: offset {at}");
    }
    let deep = [b"{\"x\":".as_slice(), &b"[".repeat(100_000)].concat();
    refused(parse_keyids_init_data(&deep), "deep nesting");
    let second = b"{\n\"kids\":\n[\"AQ\",\n\"A*\"]}";
    assert_eq!(refused(parse_keyids_init_data(second), "second entry"), second.len() - 5);
}

#[test]
fn clearplay_data_has_16_byte_ids_in_standard_base64_or_hexadecimal() {
    let data = &NDK_EXAMPLE[32..];
    assert_eq!(hex::encode(parse_clearplay_pssh_data(data).unwrap()[0]), NDK_KEY_ID);
    let ended = [data, b"\0"].concat();
    assert_eq!(parse_clearplay_pssh_data(&ended).unwrap().len(), 1, "a C string with its NUL");
    assert_eq!(parse_clearplay_pssh_data(b"{\"kids\":[\"G+Ek/+XmUkpBHQgXYWQQIg\"]}").unwrap().len(), 1, "no padding");
    let base64 = "ASNFZ4mrze/+3LqYdlQyEA==";
    for digits in ["0123456789abcdeffedcba9876543210", "0123456789ABCDEFFEDCBA9876543210"] {
        for kids in [vec![digits], vec![digits, base64], vec![base64, digits]] {
            let text = format!("{{\"kids\":[\"{}\"]}}", kids.join("\",\""));
            let ids = parse_clearplay_pssh_data(text.as_bytes()).unwrap();
            assert!(ids.len() == kids.len() && ids.iter().all(|id| hex::encode(id) == digits.to_lowercase()), "{text}");
        }
    }
    for bad in [
        &b"{\"kids\":[\"0123456789abcdeffedcba987654321\"]}"[..],
        b"{\"kids\":[\"0123456789abcdeffedcba98765432100\"]}",
        b"{\"kids\":[\"0123456789abcdeffedcba987654321g\"]}",
        b"{\"kids\":[\"G-Ek_-XmUkpBHQgXYWQQIg\"]}",
        b"{\"kids\":[\"G+Ek/+XmUkpBHQgXYWQQ\"]}",
        b"{\"kids\":[\"G+Ek/+XmUkpBHQgXYWQQIiIi\"]}",
        b"{\"kids\":[\"\"]}",
        b"{\"kids\":[]}",
        b"\0\0",
        b"",
    ] {
        refused(parse_clearplay_pssh_data(bad), &String::from_utf8_lossy(bad));
    }
}

#[test]
fn an_entry_of_clearplay_data_that_is_no_key_id_is_passed_over() {
    let (good, id) = ("ASNFZ4mrze/+3LqYdlQyEA==", "0123456789abcdeffedcba9876543210");
    for bad in ["", "bad", "0123456789abcdeffedcba98765432", "G-Ek_-XmUkpBHQgXYWQQIg"] {
        for kids in [vec![bad, good], vec![good, bad], vec![bad, good, bad], vec![good, bad, good]] {
            let text = format!("{{\"kids\":[\"{}\"]}}", kids.join("\",\""));
            let ids = parse_clearplay_pssh_data(text.as_bytes()).unwrap();
            assert_eq!(ids.len(), kids.iter().filter(|kid| **kid == good).count(), "{text}");
            assert!(ids.iter().all(|found| hex::encode(found) == id), "{text}");
        }
        refused(parse_clearplay_pssh_data(format!("{{\"kids\":[\"{bad}\",\"{bad}\"]}}").as_bytes()), bad);
    }
}

#[test]
fn the_systems_own_box_comes_first() {
    let other = pssh::build(&[1; 16], &[[0xaa; 16]], b"");
    let empty = pssh::build(&CLEARPLAY_SYSTEM_ID, &[], b"");
    let own = pssh::build(&CLEARPLAY_SYSTEM_ID, &[[0xbb; 16], [0xcc; 16], [0xbb; 16]], b"");
    let all = [other, empty, own].concat();
    let boxes = pssh::parse_all(&all).unwrap();
    let ids = |from: &[pssh::PsshBox]| key_ids_for(&[CLEARPLAY_SYSTEM_ID], from, true);
    assert_eq!(ids(&boxes).unwrap(), [[0xbb; 16], [0xcc; 16]], "without the repetition");
    assert_eq!(ids(&boxes[..2]).unwrap(), [[0xaa; 16]], "an own box without key ids says nothing");
    assert!(matches!(ids(&boxes[1..2]), Err(Error::NotFound { .. })));
    assert!(matches!(ids(&[]), Err(Error::NotFound { .. })));
}

#[test]
fn either_clear_key_id_is_own() {
    let dash = pssh::build(&DASHIF_CLEAR_KEY_SYSTEM_ID, &[[1; 16]], b"");
    let w3c = pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &[[2; 16]], b"");
    let other = pssh::build(&[9; 16], &[[3; 16]], b"");
    let all = [other, dash, w3c].concat();
    let boxes = pssh::parse_all(&all).unwrap();
    let systems = [W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID];
    assert_eq!(key_ids_for(&systems, &boxes, false).unwrap(), [[1; 16], [2; 16]], "both are Clear Key's");
    assert_eq!(key_ids_for(&systems, &boxes[..1], false).unwrap(), [[3; 16]]);
    assert!(matches!(key_ids_of_system(&systems, &boxes[..1], false), Err(Error::NotFound { .. })));
}

#[test]
fn json_counts_only_where_asked_for() {
    let boxes = pssh::parse_all(NDK_EXAMPLE).unwrap();
    let ids = key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes, true).unwrap();
    assert_eq!(hex::encode(ids[0]), NDK_KEY_ID, "another system's box with kids");
    assert!(matches!(key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes, false), Err(Error::NotFound { .. })));

    let own = pssh::build(&CLEARPLAY_SYSTEM_ID, &[], b"{\"kids\":[\"AAAA\"]}");
    let widevine = pssh::build(&[4; 16], &[], &[8, 1, 18, 16]);
    let both = [&widevine[..], NDK_EXAMPLE, &own].concat();
    let boxes = pssh::parse_all(&both).unwrap();
    refused(key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes[2..], true), "the own box is broken");
    let beside = key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes, true).unwrap();
    assert_eq!(hex::encode(beside[0]), NDK_KEY_ID, "the own box is broken, another is good");
    let foreign = key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes[..2], true).unwrap();
    assert_eq!(hex::encode(foreign[0]), NDK_KEY_ID, "data that is no JSON is passed over");
}

/// A part of init data, as far as one key system is concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// An own box of version 1.
    Listed(u8),
    /// An own box of version 0 with ids in its data.
    InData(u8),
    /// An own box of version 0 without data.
    Empty,
    /// An own box whose data cannot be read.
    Broken,
    /// Another system's box of version 1.
    Foreign(u8),
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Listed(1),
        Self::Listed(2),
        Self::InData(2),
        Self::InData(3),
        Self::Empty,
        Self::Broken,
        Self::Foreign(4),
    ];

    /// Two ids: neighbours have one of them in common.
    fn ids(self) -> Vec<[u8; 16]> {
        match self {
            Self::Listed(id) | Self::InData(id) | Self::Foreign(id) => vec![[id + 1; 16], [id; 16]],
            Self::Empty | Self::Broken => Vec::new(),
        }
    }

    fn bytes(self, system: &[u8; 16]) -> Vec<u8> {
        match self {
            Self::Listed(_) => pssh::build(system, &self.ids(), b""),
            Self::InData(_) => {
                let ids: Vec<_> = self.ids().iter().map(|id| format!("\"{}\"", hex::encode(id))).collect();
                pssh::build(system, &[], format!("{{\"kids\":[{}]}}", ids.join(",")).as_bytes())
            }
            Self::Empty => pssh::build(system, &[], b""),
            Self::Broken => pssh::build(system, &[], b"{\"kids\":[\"AAAA\"]}"),
            Self::Foreign(_) => pssh::build(&[9; 16], &self.ids(), b""),
        }
    }
}

/// The ids of some parts in their order, each once.
fn ids_of(parts: &[Part], counts: impl Fn(Part) -> bool) -> Vec<[u8; 16]> {
    let mut ids = Vec::new();
    for id in parts.iter().filter(|part| counts(**part)).flat_map(|part| part.ids()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

#[test]
fn all_boxes_of_the_system_count() {
    let is_foreign = |part| matches!(part, Part::Foreign(_));
    for (system, reads_data) in
        [(CLEARPLAY_SYSTEM_ID, true), (POLICYPLAY_SYSTEM_ID, true), (W3C_CLEAR_KEY_SYSTEM_ID, false)]
    {
        let is_own = |part| !is_foreign(part) && (reads_data || matches!(part, Part::Listed(_)));
        let mut sequences = vec![Vec::new()];
        for _ in 0..4 {
            let longer: Vec<_> =
                sequences.iter().flat_map(|parts| Part::ALL.map(|part| [&parts[..], &[part]].concat())).collect();
            for parts in &longer {
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes(&system)).collect();
                let boxes = pssh::parse_all(&bytes).unwrap();
                let own = ids_of(parts, is_own);
                let any = if own.is_empty() { ids_of(parts, is_foreign) } else { own.clone() };
                for (expected, found) in [
                    (own, key_ids_of_system(&[system], &boxes, reads_data)),
                    (any, key_ids_for(&[system], &boxes, reads_data)),
                ] {
                    match found {
                        Ok(ids) => assert_eq!(ids, expected, "{parts:?}"),
                        Err(fault) => {
                            assert!(expected.is_empty(), "{parts:?}: {fault}");
                            let is_broken = reads_data && parts.contains(&Part::Broken);
                            assert_eq!(matches!(fault, Error::Malformed { .. }), is_broken, "{parts:?}: {fault}");
                        }
                    }
                }
            }
            sequences = longer;
        }
    }
}

#[test]
fn of_other_systems_too_all_boxes_of_the_first_that_has_ids_count() {
    let widevine = 0xedef_8ba9_79d6_4ace_a3c8_27dc_d51d_21ed_u128.to_be_bytes();
    // WidevinePsshData: field 2 is a key id.
    let in_data = |id: u8| pssh::build(&widevine, &[], &[&[0x12, 16][..], &[id; 16]].concat());
    let listed = |system: u8, id: u8| pssh::build(&[system; 16], &[[id; 16]], b"");
    for (parts, expected) in [
        (vec![listed(8, 1), listed(9, 2), listed(8, 3), listed(9, 4), listed(8, 1)], vec![[1; 16], [3; 16]]),
        (vec![in_data(5), in_data(6), in_data(5)], vec![[5; 16], [6; 16]]),
        (vec![in_data(5), listed(9, 2), in_data(6), listed(9, 1)], vec![[2; 16], [1; 16]]),
    ] {
        let bytes = parts.concat();
        let boxes = pssh::parse_all(&bytes).unwrap();
        assert_eq!(key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes, true).unwrap(), expected);
    }
}

#[test]
fn the_boxes_of_two_own_system_ids_count_alike() {
    let systems = [W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID];
    let [w3c, dash] = systems;
    for (first, second) in [(w3c, dash), (dash, w3c)] {
        let part = |system: [u8; 16], id: u8| pssh::build(&system, &[[id; 16]], b"");
        let bytes = [part(first, 1), part(second, 2), part(first, 3), part(second, 4)].concat();
        let boxes = pssh::parse_all(&bytes).unwrap();
        assert_eq!(key_ids_of_system(&systems, &boxes, false).unwrap(), [1, 2, 3, 4].map(|id| [id; 16]));
    }
}
