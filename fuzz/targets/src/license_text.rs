//! ClearPlay's licenses and JWK Sets, as the sessions of the two key systems read them.

use std::sync::{Arc, OnceLock};

use base::base64::Variant;
use drm::key_system::{KeySystem, License, LicenseKey, ProtectionLevel, SessionModule};
use drm::systems::{clearkey::ClearKey, clearplay::ClearPlay};

use crate::nobody::Nobody;
use crate::observe::{accepted, refused};

pub const WORDS: &[&str] = &[
    "0",
    "1",
    ":",
    ",",
    "AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==",
    "{\"keys\":[",
    "{\"kty\":\"oct\",\"kid\":\"",
    "\",\"k\":\"",
    "\"}",
    "]}",
    "\"type\":\"temporary\"",
    "\"type\":\"persistent-license\"",
    "==",
    "\\u003d",
    "null",
    "\"alg\":\"A128KW\"",
];

/// Neither key system here asks its host for anything.
fn session(key_system: &dyn KeySystem) -> Box<dyn SessionModule> {
    let system = key_system.open(Arc::new(Nobody::default()));
    system
        .and_then(|system| system.open_session(ProtectionLevel::SwCrypto, Arc::new(Nobody::default())))
        .expect("a session")
}

pub fn clearplay(input: &[u8]) {
    static SESSION: OnceLock<Box<dyn SessionModule>> = OnceLock::new();
    let session = SESSION.get_or_init(|| session(&ClearPlay));
    look_at(&**session, input, |license| {
        let entry = |key: &LicenseKey| {
            let (id, secret) = (Variant::Standard.encode(&key.id), Variant::Standard.encode(key.content()));
            format!("{}{id}:{secret}", u8::from(key.persistent))
        };
        license.keys.iter().map(entry).collect::<Vec<_>>().join(",")
    });
}

pub fn jwk_set(input: &[u8]) {
    static SESSION: OnceLock<Box<dyn SessionModule>> = OnceLock::new();
    let session = SESSION.get_or_init(|| session(&ClearKey));
    look_at(&**session, input, |license| {
        let key = |id: &[u8], key: &[u8]| serde_json::json!({ "kty": "oct", "kid": Variant::Url.encode(id), "k": Variant::Url.encode(key) });
        let keys: Vec<_> = license.keys.iter().map(|entry| key(&entry.id, entry.content())).collect();
        let session_type = if license.is_persistent() { "persistent-license" } else { "temporary" };
        serde_json::json!({ "keys": keys, "type": session_type }).to_string()
    });
    for id in [&[][..], &[7; 16]] {
        if let Err(error) = session.process_release_response(id, input) {
            refused(&error);
        }
    }
}

fn look_at(session: &dyn SessionModule, input: &[u8], write: impl Fn(&License) -> String) {
    match session.parse_license(input) {
        Ok(license) => {
            assert!(!license.keys.is_empty());
            assert!(license.keys.iter().all(|key| !key.id.is_empty() && !key.content().is_empty()));
            assert_eq!(license.media_key_id(), license.keys.last().expect("a key").id);
            let again = session.parse_license(write(&license).as_bytes()).expect("what was written can be read");
            let keys = |license: &License| -> Vec<_> {
                license.keys.iter().map(|key| (key.id.clone(), key.content().to_vec(), key.persistent)).collect()
            };
            assert_eq!(keys(&again), keys(&license));
            accepted("license", license.keys.len());
        }
        Err(error) => {
            // Keys are not to be quoted: what looks like one in the input must not be in the message.
            let message = error.to_string();
            for word in input.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| word.len() > 15) {
                let quoted = message.as_bytes().windows(word.len()).any(|window| window == word);
                assert!(!quoted || is_named_on_purpose(&message), "quoted in {message}");
            }
            refused(&error);
        }
    }
}

/// The members that messages quote: `type` and `kty`, no keys.
fn is_named_on_purpose(message: &str) -> bool {
    message.contains("is not a session type") || message.contains("kty is")
}
