//! DASH manifests and HLS playlists.

use init_data::manifest::Protection;
use init_data::{self, Result, pssh};

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
];

pub fn dash(input: &[u8]) {
    look_at("DASH", init_data::dash::parse(input));
}

pub fn hls(input: &[u8]) {
    look_at("HLS", init_data::hls::parse(input));
}

fn look_at(what: &str, parsed: Result<Protection>) {
    match parsed {
        Ok(protection) => {
            accepted(what, protection.pssh.len());
            accepted("key ids in a manifest", protection.key_ids.len());
            let given = protection.pssh.len();
            let boxes = protection.into_boxes();
            assert!(boxes.len() <= given + 1);
            for bytes in &boxes {
                let parsed = pssh::parse(bytes).expect("a well-formed box");
                super::pssh::check(&parsed);
            }
        }
        Err(error) => refused(&error),
    }
}
