//! DASH and Smooth Streaming manifests, HLS playlists; WebM files and transport streams, which are read the same way.

use init_data::{self, Protection, Result, pssh};

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
    look_at("DASH", init_data::dash::parse(input));
}

pub fn hls(input: &[u8]) {
    look_at("HLS", init_data::hls::parse(input));
}

pub fn smooth(input: &[u8]) {
    look_at("Smooth Streaming", init_data::smooth::parse(input));
}

pub fn webm(input: &[u8]) {
    look_at("WebM", init_data::webm::parse(input));
}

pub fn mpeg_ts(input: &[u8]) {
    look_at("MPEG-TS", init_data::mpeg_ts::parse(input));
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
