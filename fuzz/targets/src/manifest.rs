//! DASH and Smooth Streaming manifests, HLS playlists; WebM files and transport streams, which are read the same way.

use init_data::describe::BoxText;
use init_data::playlist::{self, Playlist};
use init_data::{self, Protection, Result, outline, pssh};

use crate::observe::{accepted, refused};

pub const DASH_WORDS: &[&str] = &[
    "<MPD>",
    "</MPD>",
    "<MPD xmlns:cenc=\"urn:mpeg:cenc:2013\">",
    "<ContentProtection>",
    "</ContentProtection>",
    "<ContentProtection cenc:default_KID=\"",
    "<cenc:pssh>",
    "</cenc:pssh>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE MPD [<!ENTITY a \"b\">]>",
    "&amp;",
    "&#65;",
    "&#x110000;",
    "&a;",
    "<?xml version=\"1.0\"?>",
    "\"/>",
    "9eb4050d-e44b-4802-932e-27d75083e266",
    "AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAE=",
    "<mspr:pro>",
    "</mspr:pro>",
    "urn:uuid:{",
];

pub const HLS_WORDS: &[&str] = &[
    "#EXTM3U\n",
    "#EXT-X-KEY:",
    "#EXT-X-SESSION-KEY:",
    "METHOD=SAMPLE-AES-CTR,",
    "METHOD=NONE",
    "KEYFORMAT=\"urn:uuid:",
    "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"",
    "URI=\"data:text/plain;base64,",
    "KEYID=0x",
    "\",",
    "identity",
    "\r\n",
    "KEYFORMATVERSIONS=\"1\"",
    "%41",
    "AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAE=",
    "\u{feff}",
    "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"",
    "{$a}",
    "#EXT-X-MAP:URI=\"a\",BYTERANGE=\"",
    "#EXT-X-BYTERANGE:9@",
    "#EXT-X-MEDIA-SEQUENCE:",
    "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n",
    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\",",
    "IV=0x",
];

pub const SMOOTH_WORDS: &[&str] = &[
    "<SmoothStreamingMedia>",
    "</SmoothStreamingMedia>",
    "<Protection>",
    "<ProtectionHeader SystemID=\"{9A04F079-9840-4286-AB92-E65BE0885F95}\">",
    "</ProtectionHeader>",
    "AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAE=",
    "\u{feff}",
];

/// Packets are 188 bytes long; the words help to get through a table's header.
pub const TS_WORDS: &[&str] = &["G@\0\u{10}", "\0\u{2}", "pssh"];

pub fn dash(input: &[u8]) {
    let parsed = init_data::dash::parse(input);
    let (mpd, _) = outline::dash(input);
    let sets = || mpd.periods.iter().flat_map(|period| &period.adaptation_sets);
    let representations = sets().flat_map(|set| &set.representations).flat_map(|one| &one.protections);
    let protections = mpd.protections.iter().chain(mpd.periods.iter().flat_map(|period| &period.protections));
    let protections = protections.chain(sets().flat_map(|set| &set.protections)).chain(representations);
    // The other ones are made of PlayReady Objects.
    same_boxes(&parsed, protections.flat_map(|one| &one.pssh), true);
    look_at("DASH", parsed);
}

pub fn hls(input: &[u8]) {
    let parsed = init_data::hls::parse(input);
    let (playlist, _) = outline::hls(input);
    // Variables may be substituted up to a limit, and the outline substitutes more of them.
    if !input.windows(2).any(|pair| pair == b"{$") {
        same_boxes(&parsed, playlist.keys.iter().flat_map(|key| &key.pssh), false);
    }
    look_at("HLS", parsed);
    let lines = input.split(|&byte| byte == b'\n').count();
    match playlist::parse(input) {
        Ok(Playlist::Media(segments)) => {
            assert!(segments.len() <= lines);
            for segment in &segments {
                assert!(!segment.resource.uri.text.is_empty());
                let ranges = [Some(&segment.resource), segment.map.as_deref()].into_iter().flatten();
                assert!(
                    ranges.filter_map(|one| one.range).all(|(offset, length)| offset.checked_add(length).is_some())
                );
                assert!(segment.key.as_ref().is_none_or(|key| key.method != "NONE" && key.line <= lines));
            }
            accepted("segments", segments.len());
        }
        Ok(Playlist::Multivariant(list)) => accepted("variants", list.variants.len() + list.renditions.len()),
        Err(fault) => {
            assert!((1..=lines).contains(&fault.line), "{fault}");
            refused(&fault);
        }
    }
}

pub fn smooth(input: &[u8]) {
    let parsed = init_data::smooth::parse(input);
    let (manifest, _) = outline::smooth(input);
    same_boxes(&parsed, manifest.protections.iter().flat_map(|one| &one.pssh), false);
    look_at("Smooth Streaming", parsed);
}

pub fn webm(input: &[u8]) {
    look_at("WebM", init_data::webm::parse(input));
}

pub fn mpeg_ts(input: &[u8]) {
    look_at("MPEG-TS", init_data::mpeg_ts::parse(input));
}

/// Panics if an outline has other boxes than the reader finds, in whichever order; with `has_more` that may have others, too.
fn same_boxes<'a>(parsed: &Result<Protection>, outlined: impl Iterator<Item = &'a BoxText>, has_more: bool) {
    let found = parsed.iter().flat_map(|found| &found.pssh);
    let mut found: Vec<_> = found.filter_map(|one| Some(BoxText::of(&pssh::parse(one).ok()?).complete)).collect();
    let mut outlined: Vec<_> = outlined.map(|one| one.complete.clone()).collect();
    found.sort_unstable();
    outlined.sort_unstable();
    if has_more {
        assert!(outlined.iter().all(|one| found.binary_search(one).is_ok()), "a box that the reader does not find");
        assert!(outlined.len() <= found.len());
    } else {
        assert_eq!(found, outlined);
    }
}

pub fn look_at(what: &str, parsed: Result<Protection>) {
    match parsed {
        Ok(protection) => {
            accepted(what, protection.pssh.len());
            accepted("key ids in a manifest", protection.key_ids.len());
            let (given, ids) = (protection.pssh.len(), protection.key_ids.clone());
            let boxes = protection.into_boxes(usize::MAX);
            // For Clear Key, ClearPlay and PolicyPlay.
            assert!(boxes.len() <= given + 3 * ids.len().div_ceil(125));
            let parsed: Vec<_> = boxes.iter().map(|bytes| pssh::parse(bytes).expect("a well-formed box")).collect();
            parsed.iter().for_each(super::pssh::check);
            super::pssh::select(&parsed);
            assert!(boxes[given..].iter().all(|made| made.len() <= 2048), "a box that fits nowhere");
        }
        Err(error) => refused(&error),
    }
}
