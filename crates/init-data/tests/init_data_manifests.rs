//! Protection in DASH MPDs and HLS playlists.

use init_data::Error;
use init_data::pssh::{self, PsshBox};
use init_data::{
    CLEARPLAY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID, POLICYPLAY_SYSTEM_ID, W3C_CLEAR_KEY_SYSTEM_ID, dash, find_pssh,
    find_pssh_within, hls, key_ids_for, key_ids_of_system, mp4,
};

const PLAYREADY: &str = "9a04f07998404286ab92e65be0885f95";
const WIDEVINE: &str = "edef8ba979d64acea3c827dcd51d21ed";
const COMMON: &str = "1077efecc0b24d02ace33c1e52e2fb4b";
const BEAR: &str = "31323334353637383930313233343536";

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../tests/vectors/init_data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// System id, key ids and data length of each box found.
fn found(bytes: &[u8]) -> Vec<(String, Vec<String>, usize)> {
    let describe = |parsed: PsshBox| {
        (hex::encode(parsed.system_id), parsed.key_ids.iter().map(hex::encode).collect(), parsed.data.len())
    };
    find_pssh(bytes).unwrap().iter().map(|raw| describe(pssh::parse(raw).unwrap())).collect()
}

fn named(system: &str, key_ids: &[&str], data: usize) -> (String, Vec<String>, usize) {
    (system.to_owned(), key_ids.iter().map(|&id| id.to_owned()).collect(), data)
}

fn offset<T: std::fmt::Debug>(result: Result<T, Error>) -> usize {
    match result {
        Err(Error::Malformed { offset, .. }) => offset,
        other => panic!("expected Malformed, got {other:?}"),
    }
}

#[test]
fn real_manifests_give_the_boxes_of_their_media_and_the_key_ids_they_name() {
    let common = named(COMMON, &[BEAR], 0);
    assert_eq!(found(&file("multi-drm.mpd")), [named(PLAYREADY, &[], 518), named(WIDEVINE, &[], 24), common.clone()]);
    assert_eq!(found(&file("multi-drm.m3u8")), [named(WIDEVINE, &[], 24), common.clone()]);
    assert_eq!(found(&file("common-v0-empty.mpd")), [named(COMMON, &[], 0), common]);
    let dashif = named(COMMON, &["9eb4050de44b4802932e27d75083e266"], 0);
    assert_eq!(found(&file("dashif-clear-key.mpd")), [dashif]);
    // The MPD's box is byte for byte that of the media file.
    let (mpd, media) = (file("common-v0-empty.mpd"), file("common-v0-empty.mp4"));
    assert_eq!(dash::parse(&mpd).unwrap().pssh[0], mp4::parse(&media).unwrap().pssh[0]);
}

#[test]
fn key_rotation_names_no_key() {
    let zeros = "00000000-0000-0000-0000-000000000000";
    let mpd = format!("<MPD><ContentProtection cenc:default_KID='{zeros}'/></MPD>").into_bytes();
    assert!(dash::parse(&mpd).unwrap().key_ids.is_empty());
    assert!(matches!(find_pssh(&mpd), Err(Error::NotFound { .. })));
}

#[test]
fn an_own_box_that_lists_key_ids_needs_no_help() {
    let own = pssh::build(&[7; 16], &[[8; 16]], b"");
    let text = base64(&own);
    let mpd = format!(
        "\u{feff}<?xml version='1.0'?>\r\n<!-- <pssh/> --><MPD xmlns:e='urn:mpeg:cenc:2013'><Period><ContentProtection \
         e:default_KID='00112233-4455-6677-8899-AABBCCDDEEFF'><e:pssh>\n {}<!-- . -->&#x0a;<![CDATA[{}]]> </e:pssh>\
         </ContentProtection><ContentProtection default_KID='0102030405060708090a0b0c0d0e0f10'/></Period></MPD>\n",
        &text[..9],
        &text[9..]
    );
    let parsed = dash::parse(mpd.as_bytes()).unwrap();
    assert_eq!(parsed.pssh, [&own[..]]);
    let ids: Vec<_> = parsed.key_ids.iter().map(hex::encode).collect();
    assert_eq!(ids, ["00112233445566778899aabbccddeeff", "0102030405060708090a0b0c0d0e0f10"]);
    // The box is for another system: Clear Key gets one of its own.
    assert_eq!(find_pssh(mpd.as_bytes()).unwrap(), [own, pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &parsed.key_ids, b"")]);
    for system in [W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID] {
        let own = pssh::build(&system, &parsed.key_ids, b"");
        let mpd = mpd.replace(&text[..9], &base64(&own)[..9]).replace(&text[9..], &base64(&own)[9..]);
        assert_eq!(find_pssh(mpd.as_bytes()).unwrap(), [own], "all ids are listed");
    }
}

/// Whatever boxes list which of a manifest's ids: each key system that can use the manifest asks for all of them.
#[test]
fn every_key_system_finds_all_key_ids_of_a_manifest() {
    let systems = [W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID, CLEARPLAY_SYSTEM_ID, POLICYPLAY_SYSTEM_ID];
    let ids = [[0xa1; 16], [0xb2; 16], [0xc3; 16]];
    let defaults: String =
        ids.iter().map(|id| format!("<ContentProtection c:default_KID='{}'/>", hex::encode(id))).collect();
    // Each system: no box, or one with each set of the ids; two systems at a time.
    for first in systems {
        for second in systems {
            for sets in 0..64 {
                let part = |system, set: usize| {
                    let listed: Vec<_> = (0..3).filter(|bit| set & (1 << bit) != 0).map(|bit| ids[bit]).collect();
                    let made = pssh::build(&system, &listed, b"");
                    if set == 0 { String::new() } else { format!("<c:pssh>{}</c:pssh>", base64(&made)) }
                };
                let boxes = [part(first, sets % 8), part(second, sets / 8)].concat();
                let mpd = format!(
                    "<MPD xmlns:c='urn:mpeg:cenc:2013'>{defaults}<ContentProtection>{boxes}</ContentProtection></MPD>"
                );
                let found = find_pssh(mpd.as_bytes()).unwrap().concat();
                let found = pssh::parse_all(&found).unwrap();
                let sorted = |ids: Result<Vec<[u8; 16]>, _>| {
                    let mut ids = ids.unwrap();
                    ids.sort_unstable();
                    ids
                };
                assert_eq!(sorted(key_ids_of_system(&systems[..2], &found, false)), ids, "Clear Key, {mpd}");
                assert_eq!(sorted(key_ids_for(&systems[2..3], &found, true)), ids, "ClearPlay, {mpd}");
                assert_eq!(sorted(key_ids_for(&systems[3..], &found, true)), ids, "PolicyPlay, {mpd}");
            }
        }
    }
}

#[test]
fn a_box_that_does_not_fit_lists_nothing() {
    let ids: Vec<[u8; 16]> = (0..130_u8).map(|id| [id + 1; 16]).collect();
    let long = pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &ids, b"");
    assert!(long.len() > 2048);
    let defaults: String =
        ids.iter().map(|id| format!("<ContentProtection default_KID='{}'/>", hex::encode(id))).collect();
    let mpd = format!("<MPD>{defaults}<ContentProtection><pssh>{}</pssh></ContentProtection></MPD>", base64(&long));
    assert_eq!(find_pssh(mpd.as_bytes()).unwrap(), [long]);
    let fitting = find_pssh_within(mpd.as_bytes(), 2048).unwrap();
    assert!(fitting.iter().all(|found| found.len() <= 2048));
    let fitting = fitting.concat();
    let found = pssh::parse_all(&fitting).unwrap();
    assert_eq!(key_ids_of_system(&[W3C_CLEAR_KEY_SYSTEM_ID], &found, false).unwrap(), ids);
}

fn base64(bytes: &[u8]) -> String {
    base::base64::Variant::Standard.encode(bytes)
}

fn mpd(inside: &str) -> String {
    format!("<MPD><ContentProtection>{inside}</ContentProtection></MPD>")
}

#[test]
fn boxes_count_at_any_level() {
    let own = pssh::build(&[7; 16], &[], b"");
    let text = base64(&own);
    for around in ["", "<ContentProtection>", "<ContentProtection><x>", "<Period><AdaptationSet><Representation>"] {
        let close: String = around.replace('<', "</").split_inclusive('>').rev().collect();
        let mpd = format!("<MPD>{around}<e:pssh>{text}</e:pssh>{close}</MPD>");
        assert_eq!(find_pssh(mpd.as_bytes()).unwrap(), std::slice::from_ref(&own), "{around}");
    }
}

#[test]
fn broken_mpds_are_refused_with_their_place() {
    let parse = |text: &str| dash::parse(text.as_bytes());
    for text in [
        "",
        " ",
        "<MPD",
        "<MPD>",
        "<MPD/",
        "<MPD><Period></MPD>",
        "</MPD>",
        "<MPD></Period>",
        "<MPD/><MPD/>",
        "<html/>",
    ] {
        offset(parse(text));
    }
    assert_eq!(offset(parse("<!DOCTYPE MPD [<!ENTITY a 'aaaa'>]><MPD>&a;</MPD>")), 0);
    assert_eq!(offset(parse("<MPD><Other/></MPD><x/>")), 19);
    assert_eq!(offset(dash::parse(b"<MPD>\xff</MPD>")), 5);
    for wrong in ["AAAA", "AAAAIHBzc2g", "*", "&amp;", "<x/>", ""] {
        assert_eq!(
            offset(parse(&mpd(&format!("<pssh>{wrong}</pssh>")))) / 10,
            if wrong == "<x/>" { 3 } else { 2 },
            "{wrong}"
        );
    }
    let kid = |value: &str| parse(&format!("<MPD><ContentProtection default_KID='{value}'/></MPD>"));
    for wrong in ["x", "00112233-4455-6677-8899-AABBCCDDEEF", "00112233-4455-6677-8899-AABBCCDDEEFG"] {
        assert_eq!(offset(kid(wrong)), 5, "{wrong}");
    }
    let two = kid(" 00112233-4455-6677-8899-aabbccddeeff\n11112233-4455-6677-8899-aabbccddeeff ");
    assert_eq!(two.unwrap().key_ids.len(), 2);
    assert_eq!(kid("").unwrap().key_ids.len(), 0);
}

/// What takes quadratic time or deep recursion in many readers: would not end, or end in a stack overflow.
#[test]
fn large_hostile_mpds_are_read_in_one_pass() {
    let many = |count: usize, each: &dyn Fn(usize) -> String| (0..count).map(each).collect::<String>();
    let attributes = many(200_000, &|number| format!(" a{number}=''"));
    let deep = 300_000;
    for text in [
        format!("<MPD{attributes}><ContentProtection{attributes}/></MPD>"),
        format!("<MPD>{}{}</MPD>", "<a>".repeat(deep), "</a>".repeat(deep)),
        format!("<MPD>{}{}</MPD>", many(50_000, &|n| format!("<a xmlns:n{n}='u'>")), "</a>".repeat(50_000)),
        mpd(&"<pssh>AAAAIHBzc2gAAAAAEHfv7MCyTQKs4zweUuL7SwAAAAA=</pssh>".repeat(50_000)),
        format!("<MPD>{}</MPD>", "&#65;".repeat(500_000)),
    ] {
        dash::parse(text.as_bytes()).unwrap();
    }
    offset(dash::parse("<a>".repeat(deep).as_bytes()));
    offset(dash::parse(format!("<MPD>{}", "<![CDATA[".repeat(deep)).as_bytes()));
}

fn playlist(attributes: &str) -> String {
    format!("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-KEY:{attributes}\n#EXTINF:4,\nmedia.mp4\n")
}

#[test]
fn playlists_are_read_whatever_their_form() {
    let own = pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &[[8; 16]], b"");
    let text = base64(&own);
    let escaped = text.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
    let bare = text.trim_end_matches('=');
    for attributes in [
        format!("METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{text}\",KEYFORMAT=\"urn:uuid:{COMMON}\""),
        format!("KEYFORMAT=\"URN:UUID:x\", URI=\"DATA:;BASE64,{escaped}\", METHOD=SAMPLE-AES,"),
        format!("X-OTHER=\"a,b=c\",KEYFORMAT=\"urn:uuid:{COMMON}\",URI=\"data:;charset=a,b;base64,{bare}\",IV=0x12")
            .replace(",b;base64", ";base64"),
    ] {
        for text in [playlist(&attributes), playlist(&attributes).replace('\n', "\r\n")] {
            assert_eq!(find_pssh(text.as_bytes()).unwrap(), [&own[..]], "{text}");
            let session = text.replace("EXT-X-KEY", "EXT-X-SESSION-KEY");
            assert_eq!(hls::parse(session.as_bytes()).unwrap().pssh, [&own[..]]);
            assert_eq!(hls::parse(format!("\u{feff}{text}").as_bytes()).unwrap().pssh, [&own[..]]);
        }
    }
    let real = file("multi-drm.m3u8");
    let boxes = find_pssh(&real).unwrap();
    let boxes: Vec<_> = boxes.iter().map(|raw| pssh::parse(raw).unwrap()).collect();
    assert_eq!(hex::encode(key_ids_for(&[W3C_CLEAR_KEY_SYSTEM_ID], &boxes, false).unwrap()[0]), BEAR);
}

#[test]
fn keys_of_other_kinds_are_passed_over() {
    for attributes in [
        "METHOD=NONE".to_owned(),
        "METHOD=AES-128,URI=\"https://example.com/key\",IV=0x00000000000000000000000000000001".to_owned(),
        "METHOD=SAMPLE-AES,URI=\"skd://key\",KEYFORMAT=\"com.apple.streamingkeydelivery\"".to_owned(),
        format!(
            "METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,BgIAAAEAAQD8ATwA\",KEYFORMAT=\"urn:uuid:{PLAYREADY}\""
        ),
        format!(
            "METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain,no-base64\",KEYFORMAT=\"urn:uuid:{PLAYREADY}\",KEYID=0x12"
        ),
    ] {
        assert_eq!(hls::parse(playlist(&attributes).as_bytes()).unwrap(), Default::default(), "{attributes}");
    }
}

#[test]
fn broken_playlists_are_refused_with_their_place() {
    let start = playlist("").find("KEY:").unwrap() + 4;
    for (attributes, at) in [
        ("METHOD", 0),
        ("=X", 0),
        ("method=X", 0),
        ("METHOD=X,,", 9),
        ("METHOD=X,URI=\"open", 13),
        ("URI=\"a\"METHOD=X", 7),
        ("KEYFORMAT=\"urn:uuid:1\",URI=\"data:;base64,*\"", 28),
        ("KEYFORMAT=\"urn:uuid:1\",URI=\"data:;base64,AAAAIXBzc2gAAAAAEHfv7MCyTQKs4zweUuL7SwAAAAA=\"", 28),
    ] {
        assert_eq!(offset(hls::parse(playlist(attributes).as_bytes())), start + at, "{attributes}");
    }
    for text in ["", "\n#EXTM3U", "#EXTM3", "#EXTM3U8\n"] {
        assert_eq!(offset(hls::parse(text.as_bytes())), 0, "{text:?}");
    }
    assert_eq!(hls::parse(b"#EXTM3U").unwrap(), Default::default());
}

/// A bad part at every place among good ones.
fn at_every_place(good: &[String], bad: &[&str], check: impl Fn(&str, &str)) {
    for one in bad {
        for place in 0..=good.len() {
            let mut all = good.to_vec();
            all.insert(place, (*one).to_owned());
            check(&all.concat(), one);
        }
    }
}

#[test]
fn a_bad_part_of_a_manifest_costs_nothing_but_itself() {
    let boxes: Vec<_> = (1..=3_u8).map(|id| pssh::build(&[id; 16], &[], &[id])).collect();
    let good: Vec<_> = boxes.iter().map(|own| format!("<P><e:pssh>{}</e:pssh></P>", base64(own))).collect();
    let kid = "<P cenc:default_KID='9eb4050d-e44b-4802-932e-27d75083e266'/>".to_owned();
    let good = [good, vec![kid]].concat();
    let id = 0x9eb4_050d_e44b_4802_932e_27d7_5083_e266_u128.to_be_bytes();
    let all = [boxes, vec![pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &[id], b"")]].concat();
    let bad = [
        "<e:pssh>AAA*</e:pssh>",
        "<e:pssh>AAAAIHBzc2g</e:pssh>",
        "<e:pssh></e:pssh>",
        "<e:pssh><x/>AAAA</e:pssh>",
        "<e:pssh>&unknown;</e:pssh>",
        "<mspr:pro>AAAA</mspr:pro>",
        "<P default_KID='x'/>",
        "<P default_KID/>",
        "<P default_KID='9eb4050d-e44b-4802-932e-27d75083e2'/>",
        "</P>",
        "<P>",
        "<e:pssh>AAAA",
        "&",
        "<!DOCTYPE x>",
        "\u{fffd}",
    ];
    at_every_place(&good, &bad, |inside, one| {
        assert_eq!(find_pssh(format!("<MPD>{inside}</MPD>").as_bytes()).unwrap(), all, "{one} in {inside}");
        // An end that is missing.
        assert_eq!(find_pssh(format!("<MPD>{inside}").as_bytes()).unwrap(), all, "{one} in {inside}");
    });
}

#[test]
fn key_ids_of_a_manifest_may_be_written_in_any_form() {
    let id = 0x9eb4_050d_e44b_4802_932e_27d7_5083_e266_u128.to_be_bytes();
    for text in [
        "9eb4050d-e44b-4802-932e-27d75083e266",
        "9EB4050DE44B4802932E27D75083E266",
        "9eb4050d-e44b-4802-932e27d75083e266",
        "-9eb4-050d-e44b-4802-932e-27d7-5083-e266-",
        "{9eb4050d-e44b-4802-932e-27d75083e266}",
        "urn:uuid:9eb4050d-e44b-4802-932e-27d75083e266",
        "URN:UUID:9eb4050d-e44b-4802-932e-27d75083e266",
    ] {
        let mpd = format!("<MPD><a default_KID='x {text} 9eb4'/></MPD>");
        assert_eq!(dash::parse(mpd.as_bytes()).unwrap().key_ids, [id], "{text}");
    }
}

#[test]
fn any_number_of_key_ids_gets_boxes_that_fit() {
    for count in [1, 124, 125, 126, 250, 251, 300] {
        let ids: Vec<_> = (1..=count).map(|number: u128| number.to_be_bytes()).collect();
        let mpd: String = ids.iter().map(|id| format!("<A default_KID='{}'/>", hex::encode(id))).collect();
        let boxes = find_pssh(format!("<MPD>{mpd}{mpd}</MPD>").as_bytes()).unwrap();
        let found: Vec<_> = boxes.iter().flat_map(|raw| pssh::parse(raw).unwrap().key_ids).collect();
        assert_eq!(found, ids);
        assert_eq!(boxes.len(), ids.len().div_ceil(125));
        assert!(boxes.iter().all(|raw| raw.len() <= 2048));
    }
}

#[test]
fn a_bad_line_of_a_playlist_costs_nothing_but_itself() {
    let boxes: Vec<_> = (1..=3_u8).map(|id| pssh::build(&[id; 16], &[], &[id])).collect();
    let formats = ["", ",KEYFORMAT=\"identity\"", ",KEYFORMAT=\"urn:uuid:x\""];
    let lines = boxes.iter().zip(formats);
    let good: Vec<_> = lines
        .map(|(own, format)| format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:;base64,{}\"{format}\n", base64(own)))
        .collect();
    let bad = [
        "#EXT-X-KEY:METHOD\n",
        "#EXT-X-KEY:=\n",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:;base64,AAA*\"\n",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:;base64,AAAAIHBzc2g\"\n",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:;base64,{$unknown}\"\n",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"open\n",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,KEYID=0x12\n",
        "#EXT-X-DEFINE:NAME\n",
        "#EXT-X-DEFINE:IMPORT=\"a\"\n",
        "\u{fffd}\n",
    ];
    for start in ["#EXTM3U\n", "#EXTM3U x-tvg-url=\"http://x\"\n", "\u{feff}#EXTM3U\r\n"] {
        at_every_place(&good, &bad, |lines, one| {
            assert_eq!(find_pssh(format!("{start}{lines}").as_bytes()).unwrap(), boxes, "{one} in {lines}");
        });
    }
}

#[test]
fn variables_of_a_playlist_are_substituted_and_stay_in_bounds() {
    let own = pssh::build(&[7; 16], &[], b"data");
    let (head, tail) = (&base64(&own)[..20], &base64(&own)[20..]);
    let id = "00112233445566778899aabbccddeeff";
    let text = format!(
        "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{head}\"\n#EXT-X-DEFINE:VALUE=\"{{$a}}{tail}\",NAME=\"b_-1\"\n\
         #EXT-X-DEFINE:NAME=\"id\",VALUE=\"0x{id}\"\n\
         #EXT-X-KEY:METHOD=SAMPLE-AES,KEYID={{$id}},URI=\"data:;base64,{{$b_-1}}\"\n\
         #EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:;base64,{{$a}}{tail}\"\n"
    );
    let found = hls::parse(text.as_bytes()).unwrap();
    assert_eq!(found.pssh, [&own[..], &own]);
    assert_eq!(found.key_ids.iter().map(hex::encode).collect::<Vec<_>>(), [id]);

    // Each doubles the one before: 2^60 bytes.
    let mut text = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"0\",VALUE=\"xx\"\n".to_owned();
    for number in 1..60 {
        let last = number - 1;
        text += &format!("#EXT-X-DEFINE:NAME=\"{number}\",VALUE=\"{{${last}}}{{${last}}}\"\n");
    }
    text += &format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:;base64,{}\"\n", base64(&own));
    assert_eq!(hls::parse(text.as_bytes()).unwrap().pssh, [&own[..]]);
}
