//! com.clearplay.drm: wire-compatible with OpenHarmony's ClearPlay.

use std::sync::Arc;

use super::eme_json::{self, license_request};
use super::{ALGORITHMS, MIME_TYPES, VENDOR};
use crate::error::{Error, Result};
use crate::key_system::{
    Descriptor, KeySystem, License, LicenseKey, MediaKeyRequestInfo, MediaKeyType, Release, Request, RequestContext,
    SessionModule, SystemModule,
};
use crate::platform::Platform;
use crate::storage::StoredKey;
use base::base64::Variant;
use init_data;

/// The key system.
pub struct ClearPlay;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "com.clearplay.drm",
    uuid: init_data::CLEARPLAY_SYSTEM_ID,
    system_ids: &[init_data::CLEARPLAY_SYSTEM_ID],
    vendor: VENDOR,
    description: "ClearPlay, compatible with OpenHarmony's",
    algorithms: ALGORITHMS,
    mime_types: MIME_TYPES,
    announces_requests: true,
};

const WHAT: &str = "ClearPlay license";

impl KeySystem for ClearPlay {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, _: &Arc<Platform>) -> Box<dyn SystemModule> {
        Box::new(Self)
    }
}

impl SystemModule for ClearPlay {
    fn open_session(&self) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(Self))
    }
}

impl SessionModule for ClearPlay {
    fn media_key_request(&self, info: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        let ids = info.key_ids(&DESCRIPTOR, |boxes| init_data::key_ids_for(DESCRIPTOR.system_ids, boxes, true))?;
        Ok(Request::initial(license_request(&ids, info.key_type, Variant::Standard)?))
    }

    fn parse_license(&self, response: &[u8]) -> Result<License> {
        if response.trim_ascii_start().starts_with(b"{") {
            eme_json::parse_license(response)
        } else {
            parse_pairs(response)
        }
    }

    fn release_request(&self, key_id: &[u8], _: &StoredKey) -> Result<Vec<u8>> {
        license_request(&[key_id.to_vec()], MediaKeyType::Offline, Variant::Standard)
    }

    fn process_release_response(&self, _key_id: &[u8], _response: &[u8]) -> Result<Release> {
        Ok(Release::Deactivate)
    }
}

/// `<flag><base64 key id>:<base64 key>[,…]`, flag 0 = online, 1 = offline.
fn parse_pairs(response: &[u8]) -> Result<License> {
    let text =
        std::str::from_utf8(response).map_err(|error| Error::malformed(WHAT, error.valid_up_to(), "not ASCII text"))?;
    let persistent = match text.as_bytes().first() {
        Some(b'0') => false,
        Some(b'1') => true,
        _ => return Err(Error::malformed(WHAT, 0, "the flag is neither 0 nor 1")),
    };
    let mut keys = Vec::new();
    let mut offset = 1;
    for pair in text[1..].split(',') {
        let (id, key) =
            pair.split_once(':').ok_or_else(|| Error::malformed(WHAT, offset, "an entry without a colon"))?;
        let key_offset = offset + id.len() + 1;
        let id = Variant::Standard
            .decode(WHAT, id)
            .map_err(|_| Error::malformed(WHAT, offset, "the key id is not padded base64"))?;
        let key = Variant::Standard
            .decode_secret(WHAT, key)
            .map_err(|_| Error::malformed(WHAT, key_offset, "the key is not padded base64"))?;
        let entry = LicenseKey::new(id, key);
        keys.push(entry.ok_or_else(|| Error::malformed(WHAT, offset, "an empty key id or key"))?);
        offset += pair.len() + 1;
    }
    Ok(License::unlimited(keys, persistent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_pairs() {
        let license = ClearPlay.parse_license(b"1AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==,aWQ=:a2V5").unwrap();
        assert!(license.persistent);
        assert_eq!(license.keys.len(), 2);
        assert_eq!(hex::encode(&license.keys[0].id), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(hex::encode(&*license.keys[0].key), "101112131415161718191a1b1c1d1e1f");
        assert_eq!(license.media_key_id(), b"id");
    }

    #[test]
    fn names_the_offset_of_what_is_malformed() {
        for (text, offset) in [
            (&b""[..], 0),
            (b"2QQ==:QQ==", 0),
            (b"0QQ==", 1),
            (b"0QQ:QQ==", 1),
            (b"0QQ==:Q", 6),
            (b"0QQ==:QQ==,", 11),
            (b"0QQ==:QQ==,QQ==:", 11),
            (b"0QQ==:QQ==\xff", 10),
        ] {
            let message = ClearPlay.parse_license(text).err().unwrap().to_string();
            assert!(message.contains(&format!("byte {offset}:")), "{text:?}: {message}");
        }
    }

    #[test]
    fn requests_name_key_ids_in_padded_base64() {
        let info = MediaKeyRequestInfo {
            key_type: MediaKeyType::Offline,
            init_data: (0..16).collect(),
            mime_type: "video/webm; codecs=vp9".into(),
            options: Vec::new(),
        };
        let request = ClearPlay.media_key_request(&info, &RequestContext::default()).unwrap();
        let expected = r#"{"kids":["AAECAwQFBgcICQoLDA0ODw=="],"type":"persistent-license"}"#;
        assert_eq!(request.data, expected.as_bytes());
    }
}
