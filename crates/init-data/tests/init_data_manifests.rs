//! Protection in DASH MPDs and HLS playlists.

use init_data::Error;
use init_data::pssh::{self, PsshBox};
use init_data::{W3C_CLEAR_KEY_SYSTEM_ID, dash, find_pssh, hls, key_ids_for, mp4};

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
    assert_eq!(dash::parse(&mpd).unwrap().pssh[0], mp4::find_pssh(&media).unwrap()[0].raw);
}

#[test]
fn key_rotation_names_no_key() {
    let zeros = "00000000-0000-0000-0000-000000000000";
    let mpd = format!("<MPD><ContentProtection cenc:default_KID='{zeros}'/></MPD>").into_bytes();
    assert!(dash::parse(&mpd).unwrap().key_ids.is_empty());
    assert!(matches!(find_pssh(&mpd), Err(Error::NotFound { .. })));
}

#[test]
fn a_box_that_lists_key_ids_needs_no_help() {
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
    assert_eq!(find_pssh(mpd.as_bytes()).unwrap(), [&own[..]]);
}

fn base64(bytes: &[u8]) -> String {
    base::base64::Variant::Standard.encode(bytes)
}

fn mpd(inside: &str) -> String {
    format!("<MPD><ContentProtection>{inside}</ContentProtection></MPD>")
}

#[test]
fn boxes_elsewhere_do_not_count() {
    let text = base64(&pssh::build(&[7; 16], &[], b""));
    let outside =
        format!("<MPD><pssh>{text}</pssh><ContentProtection><x><pssh>{text}</pssh></x></ContentProtection></MPD>");
    assert_eq!(dash::parse(outside.as_bytes()).unwrap(), Default::default());
    assert!(matches!(find_pssh(outside.as_bytes()), Err(Error::NotFound { .. })));
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
    for wrong in [
        "x",
        "00112233-4455-6677-8899-AABBCCDDEEF",
        "00112233-4455-6677-8899-AABBCCDDEEFG",
        "001122334-455-6677-8899-AABBCCDDEEFF",
    ] {
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
    let text = base64(&pssh::build(&[7; 16], &[], b""));
    for attributes in [
        "METHOD=NONE".to_owned(),
        "METHOD=AES-128,URI=\"https://example.com/key\",IV=0x00000000000000000000000000000001".to_owned(),
        format!("METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{text}\",KEYFORMAT=\"identity\""),
        format!("METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{text}\""),
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
