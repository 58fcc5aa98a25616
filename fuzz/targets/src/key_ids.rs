//! Key ids as JSON: W3C `keyids`, ClearPlay's `pssh` data; and W3C `webm`.

use base::base64::Variant;
use init_data::key_ids::{parse_clearplay_pssh_data, parse_keyids_init_data, parse_webm_init_data};

use crate::observe::{accepted, refused};

pub const WORDS: &[&str] = &[
    "{\"kids\":[",
    "\"kids\"",
    "]}",
    "\"AAECAwQFBgcICQoLDA0ODw\"",
    "\"AAECAwQFBgcICQoLDA0ODw==\"",
    "\\u006b",
    "\u{0}",
    "\"version\":\"V1.0\"",
    "\\ud800",
    "[",
    "{",
];

pub fn run(input: &[u8]) {
    match parse_keyids_init_data(input) {
        Ok(ids) => {
            assert!(!ids.is_empty() && ids.iter().all(|id| !id.is_empty()));
            let text = write(ids.iter().map(|id| Variant::Url.encode(id)));
            assert_eq!(parse_keyids_init_data(text.as_bytes()).expect("what was written can be read"), ids);
            accepted("keyids", ids.len());
        }
        Err(error) => refused(&error),
    }
    match parse_clearplay_pssh_data(input) {
        Ok(ids) => {
            let text = write(ids.iter().map(|id| Variant::Standard.encode(id)));
            assert_eq!(parse_clearplay_pssh_data(text.as_bytes()).expect("what was written can be read"), ids);
            accepted("ClearPlay key ids", ids.len());
        }
        Err(error) => refused(&error),
    }
    match parse_webm_init_data(input) {
        Ok(id) => assert_eq!(id, input),
        Err(error) => refused(&error),
    }
}

fn write(ids: impl Iterator<Item = String>) -> String {
    serde_json::json!({ "kids": ids.collect::<Vec<_>>() }).to_string()
}
