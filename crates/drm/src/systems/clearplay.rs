//! com.clearplay.drm: wire-compatible with OpenHarmony's ClearPlay.

use std::sync::Arc;

use super::DEFAULT_URL;
use super::eme_json::{self, license_request};
use crate::error::{Error, Result};
use crate::key_system::{
    Descriptor, KeySystem, License, LicenseKey, MediaKeyRequestInfo, MediaKeyType, ProtectionLevel, Release, Request,
    RequestContext, SessionHost, SessionModule, SystemHost, SystemModule,
};
use crate::storage::StoredKey;
use base::base64::Variant;
use init_data;
use once_cell::sync::Lazy;

/// The key system.
pub struct ClearPlay;

static DESCRIPTOR: Lazy<Arc<Descriptor>> = Lazy::new(|| {
    Arc::new(Descriptor {
        announces_requests: true,
        has_settable_defaults: true,
        ..super::descriptor(
            "com.clearplay.drm",
            &[init_data::CLEARPLAY_SYSTEM_ID],
            "ClearPlay, compatible with OpenHarmony's",
        )
    })
});

const WHAT: &str = "ClearPlay license";

impl KeySystem for ClearPlay {
    fn descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(&DESCRIPTOR)
    }

    fn open(&self, _: Arc<dyn SystemHost>) -> Result<Box<dyn SystemModule>> {
        Ok(Box::new(Self))
    }
}

impl SystemModule for ClearPlay {
    fn key_system_request(&self) -> Result<Request> {
        Ok(super::needless_provisioning())
    }

    fn process_key_system_response(&self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn open_session(&self, _: ProtectionLevel, _: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(Self))
    }
}

impl SessionModule for ClearPlay {
    fn media_key_request(&self, info: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        let ids = info.key_ids(&DESCRIPTOR, |boxes| init_data::key_ids_for(&DESCRIPTOR.system_ids, boxes, true))?;
        let data = license_request(&ids, info.key_type, Variant::Standard)?;
        Ok(Request { default_url: DEFAULT_URL.to_owned(), ..Request::initial(data) })
    }

    fn parse_license(&self, response: &[u8]) -> Result<License> {
        if response.trim_ascii_start().starts_with(b"{") {
            eme_json::parse_license(response)
        } else {
            parse_entries(response)
        }
    }

    fn release_request(&self, key_id: &[u8], _: Option<&StoredKey>) -> Result<Vec<u8>> {
        license_request(&[key_id.to_vec()], MediaKeyType::Offline, Variant::Standard)
    }

    fn process_release_response(&self, _key_id: &[u8], _response: &[u8]) -> Result<Release> {
        Ok(Release::Deactivate)
    }
}

/// `<flag><base64 key id>:<base64 key>[,<flag><base64 key id>:<base64 key>…]`, flag 0 = online, 1 = offline.
///
/// Upstream's code wants the flag in every entry, upstream's README shows it in front alone: an entry without one has the
/// flag of the entry before it.
fn parse_entries(response: &[u8]) -> Result<License> {
    let mut keys = Vec::new();
    let mut persistent = None;
    let mut offset = 0;
    for entry in response.split(|&byte| byte == b',') {
        let colon = entry.iter().position(|&byte| byte == b':');
        let (id, key) = match colon {
            Some(colon) => (&entry[..colon], &entry[colon + 1..]),
            None => return Err(Error::malformed(WHAT, offset, "an entry without a colon")),
        };
        let (flag, id) = match (flag(id), persistent) {
            (Some(flag), before) if before.is_none() || length(id) % 2 == 1 => (flag, &id[1..]),
            (_, Some(before)) if length(id) % 4 != 1 => (before, id),
            _ => return Err(Error::malformed(WHAT, offset, "the flag is neither 0 nor 1")),
        };
        let malformed = |_| Error::malformed(WHAT, offset, "an entry that is not base64");
        let id = Variant::Lenient.decode(WHAT, whole_bytes(digits(id))).map_err(malformed)?;
        let key = Variant::Lenient.decode_secret(WHAT, whole_bytes(digits(key))).map_err(malformed)?;
        let key = LicenseKey::new(id, key, flag);
        keys.push(key.ok_or_else(|| Error::malformed(WHAT, offset, "an empty key id or key"))?);
        persistent = Some(flag);
        offset += entry.len() + 1;
    }
    Ok(License::unlimited(keys))
}

/// Whether the flag that a text starts with, if it does, says that the key is to be stored.
fn flag(text: &[u8]) -> Option<bool> {
    match text.first() {
        Some(b'0') => Some(false),
        Some(b'1') => Some(true),
        _ => None,
    }
}

/// How many characters of a text are base64, padding included if it fits. 0 and 1 are base64 digits, too, so only the length
/// tells whether they are a flag: without one, 16 bytes take 22 or 24 characters, and none take 4n + 1.
fn length(id: &[u8]) -> usize {
    let digits = digits(id).len();
    let padding = id[digits..].iter().take_while(|&&byte| byte == b'=').count();
    // Padding that does not fit is ignored, as it is when the text is decoded.
    let padded = (digits + padding) % 4 < 2;
    if padded { digits + padding } else { digits }
}

/// The base64 digits that a text starts with: upstream's reading ends at the first character that is none, be it padding,
/// the end of a line or a NUL.
fn digits(text: &[u8]) -> &[u8] {
    let is_digit = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let end = text.iter().position(|byte| !is_digit(byte)).unwrap_or(text.len());
    &text[..end]
}

/// Without a single last digit, whose six bits make no byte.
fn whole_bytes(digits: &[u8]) -> &[u8] {
    &digits[..digits.len() - usize::from(digits.len() % 4 == 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_entries() {
        let license = ClearPlay.parse_license(b"1AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==,aWQ=:a2V5").unwrap();
        assert!(license.keys.iter().all(|key| key.persistent));
        assert_eq!(license.keys.len(), 2);
        assert_eq!(hex::encode(&license.keys[0].id), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(hex::encode(license.keys[0].content()), "101112131415161718191a1b1c1d1e1f");
        assert_eq!(license.media_key_id(), b"id");
    }

    #[test]
    fn names_the_offset_of_what_is_malformed() {
        for (text, offset) in [
            (&b""[..], 0),
            (b"2QQ==:QQ==", 0),
            (b"0QQ==", 0),
            (b"0:QQ==", 0),
            (b"0QQ==:Q", 0),
            (b"0QQ==:QQ==,", 11),
            (b"0QQ==:QQ==,QQ==:", 11),
            (b"0QQ==:QQ==,1QQ==:", 11),
            (b"0QQ==:QQ==,2QQ==:QQ==", 11),
            (b"0QQ==:QQ==,AQQQQ:QQ==", 11),
            (b"0QQ==:QQ==,1QQ==:QQ==,\n0QQ==:QQ==", 22),
        ] {
            let message = ClearPlay.parse_license(text).err().unwrap().to_string();
            assert!(message.contains(&format!("byte {offset}:")), "{text:?}: {message}");
        }
    }

    /// What an entry of a generated license says, and how.
    #[derive(Clone, Copy)]
    struct Style {
        /// 0, 1, or as the entry before.
        flag: Option<bool>,
        id_padding: &'static str,
        key_padding: &'static str,
        end: &'static str,
    }

    fn styles(flags: &[Option<bool>]) -> Vec<Style> {
        let mut styles = Vec::new();
        for &flag in flags {
            for id_padding in ["", "=="] {
                for key_padding in ["", "=", "=="] {
                    for end in ["", "\n", "\r\n", "\0", "\n\0", " ", "\u{e9}", ":", ";x"] {
                        styles.push(Style { flag, id_padding, key_padding, end });
                    }
                }
            }
        }
        styles
    }

    /// An id whose base64 starts with a digit that could be a flag, and a key.
    fn material(number: usize) -> ([u8; 16], [u8; 16]) {
        // In base64, 0xd0… starts with "0", 0xd4… with "1", 0 with "A".
        let first = [0xd0, 0xd4, 0][number % 3];
        let number = u8::try_from(number).unwrap();
        let mut id = [number; 16];
        id[0] = first;
        (id, [0x80 | number; 16])
    }

    fn write(styles: &[Style]) -> Vec<u8> {
        let entry = |(number, style): (usize, &Style)| {
            let (id, key) = material(number);
            let unpadded = |bytes: &[u8]| Variant::Standard.encode(bytes).trim_end_matches('=').to_owned();
            let flag = style.flag.map_or("", |flag| if flag { "1" } else { "0" });
            let (id, key) = (unpadded(&id), unpadded(&key));
            format!("{flag}{id}{}:{key}{}{}", style.id_padding, style.key_padding, style.end)
        };
        styles.iter().enumerate().map(entry).collect::<Vec<_>>().join(",").into_bytes()
    }

    fn assert_read(styles: &[Style]) {
        let text = write(styles);
        let license = ClearPlay.parse_license(&text);
        let license = license.unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()));
        let mut persistent = false;
        assert_eq!(license.keys.len(), styles.len());
        for (number, (key, style)) in license.keys.iter().zip(styles).enumerate() {
            persistent = style.flag.unwrap_or(persistent);
            let (id, secret) = material(number);
            assert_eq!(key.id, id, "{}", text.escape_ascii());
            assert_eq!(key.content(), secret, "{}", text.escape_ascii());
            assert_eq!(key.persistent, persistent, "{}", text.escape_ascii());
        }
        assert_eq!(license.media_key_id(), material(styles.len() - 1).0);
    }

    #[test]
    fn flags_padding_and_ends_in_all_combinations() {
        let given = [Some(false), Some(true)];
        let any = [Some(false), Some(true), None];
        for &first in &styles(&given) {
            assert_read(&[first]);
            for &second in &styles(&any) {
                assert_read(&[first, second]);
            }
        }
        // More entries: the flags and the padding of the key ids, which the length of a key id depends on.
        let plain = |styles: Vec<Style>| {
            styles.into_iter().filter(|style| style.key_padding == "==" && style.end.is_empty()).collect::<Vec<_>>()
        };
        for &first in &plain(styles(&given)) {
            for &second in &plain(styles(&any)) {
                for &third in &plain(styles(&any)) {
                    for &fourth in &plain(styles(&any)) {
                        assert_read(&[first, second, third, fourth]);
                    }
                }
            }
        }
    }

    #[test]
    fn one_bad_entry_spoils_the_license_wherever_it_stands() {
        let bad = [
            "",
            "0",
            "1",
            ":",
            "0:",
            "1oKGi",
            "0oKGi:",
            "1:oKGi",
            "\n",
            "0:=",
            "0\n:oKGi",
            "0oKGi:\0oKGi",
            "\u{e9}:oKGi",
        ];
        for count in 0..4 {
            let good: Vec<_> = styles(&[Some(false), Some(true)]).into_iter().cycle().step_by(7).take(count).collect();
            let text = String::from_utf8(write(&good)).unwrap();
            for position in 0..=count {
                for part in bad {
                    let mut entries: Vec<_> = text.split(',').filter(|entry| !entry.is_empty()).collect();
                    entries.insert(position, part);
                    let offset: usize = entries[..position].iter().map(|entry| entry.len() + 1).sum();
                    let text = entries.join(",");
                    let message = ClearPlay.parse_license(text.as_bytes()).err().unwrap().to_string();
                    assert!(message.contains(&format!("byte {offset}:")), "{text:?}: {message}");
                }
            }
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
        assert_eq!(request.default_url, "http://default.com");
    }
}
