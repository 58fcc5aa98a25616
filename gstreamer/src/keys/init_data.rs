//! What a stream's protection events say, and which of it to ask for a key with.

use crate::drm::{self, KeyId};

/// Live streams bring new boxes with every fragment; a key is asked for with the newest ones.
const MAX_ENTRIES: usize = 64;

/// System ids whose boxes the library's key systems understand, the preferred first: the templates of `nativedrmdec`.
pub const OWN_SYSTEMS: [&str; 4] = [
    "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b",
    "e2719d58-a985-b3c9-781a-b030af78d30e",
    "47a10ff0-ca3c-49c6-9c12-a764ffde091f",
    "3e0f1006-ed99-4bfb-9e0a-d4f5b9983054",
];

/// Init data to ask for a key with, as `OH_MediaKeySession_GenerateMediaKeyRequest` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitData {
    /// Lower-case UUID; empty if the stream names none.
    pub system_id: String,
    /// `cenc`, `webm` or `keyids`.
    pub mime_type: &'static str,
    pub data: Vec<u8>,
    /// GStreamer's word for where it was: `isobmff/moov`, `isobmff/moof`, `dash/mpd`, `matroskademux`; empty if it was made here.
    pub origin: String,
}

/// The init data of one stream, oldest first, each once.
#[derive(Debug, Default)]
pub struct InitDataList {
    entries: Vec<InitData>,
}

impl InitDataList {
    /// Takes the data of a protection event: a pssh box, the 16 bytes of a key id, or a ContentProtection element. Gives what
    /// is new of it.
    pub fn add(&mut self, system_id: &str, data: &[u8], origin: &str) -> Vec<InitData> {
        let found: Vec<InitData> = if data.len() == 16 {
            let system_id = String::new();
            vec![InitData { system_id, mime_type: "webm", data: data.to_vec(), origin: origin.into() }]
        } else {
            let text = data.trim_ascii_start();
            let boxes = if text.first() == Some(&b'<') {
                // The reader wants a manifest, and does not look at how prefixes are bound.
                drm::pssh_boxes(&[b"<MPD>", text, b"</MPD>"].concat())
            } else {
                drm::pssh_boxes(data)
            };
            let entry = |(uuid, data): ([u8; 16], Vec<u8>)| InitData {
                system_id: uuid_text(&uuid),
                mime_type: "cenc",
                data,
                origin: origin.into(),
            };
            boxes.into_iter().map(entry).collect()
        };
        // An element without a box still names the system.
        let found = if found.is_empty() && !system_id.is_empty() {
            let system_id = system_id.to_ascii_lowercase();
            vec![InitData { system_id, mime_type: "cenc", data: Vec::new(), origin: origin.into() }]
        } else {
            found
        };
        let mut new = Vec::new();
        for entry in found {
            // What comes again is the newest, too.
            let known =
                self.entries.iter().position(|known| known.data == entry.data && known.system_id == entry.system_id);
            match known {
                Some(index) => drop(self.entries.remove(index)),
                None => new.push(entry.clone()),
            }
            self.entries.push(entry);
        }
        let surplus = self.entries.len().saturating_sub(MAX_ENTRIES);
        self.entries.drain(..surplus);
        new
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// What to ask for this key with, the best first: a box of one of the library's systems that has the key id in it, another
    /// box that has, a box of one of the library's systems that lists no key ids, and the key id itself.
    pub fn for_key(&self, key_id: &KeyId) -> Vec<InitData> {
        let own = |entry: &&InitData| OWN_SYSTEMS.contains(&entry.system_id.as_str());
        let names_it = |entry: &&InitData| entry.data.windows(16).any(|bytes| bytes == key_id);
        let newest = || self.entries.iter().rev().filter(|entry| !entry.data.is_empty());
        let mut chosen: Vec<InitData> = Vec::new();
        let first = newest()
            .filter(own)
            .find(names_it)
            .or_else(|| newest().find(names_it))
            .or_else(|| newest().filter(own).find(|entry| entry.data.get(8) == Some(&0)));
        chosen.extend(first.cloned());
        let system_id = self.entries.last().map(|entry| entry.system_id.clone()).unwrap_or_default();
        chosen.push(InitData {
            system_id,
            mime_type: "keyids",
            data: format!("{{\"kids\":[\"{}\"]}}", base64url(key_id)).into_bytes(),
            origin: String::new(),
        });
        chosen
    }
}

fn uuid_text(uuid: &[u8; 16]) -> String {
    let hex = drm::hex(uuid);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Base64url without padding, as W3C's `keyids` format wants key ids.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut value = 0_u32;
        for index in 0..3 {
            value = value << 8 | u32::from(group.get(index).copied().unwrap_or(0));
        }
        for index in 0..=group.len() {
            text.push(char::from(DIGITS[(value >> (18 - 6 * index) & 63) as usize]));
        }
    }
    text
}

/// The key id that a version 1 box lists, if it is only one.
pub fn only_key_id(pssh: &[u8]) -> Option<KeyId> {
    let is_version_1 = pssh.get(8) == Some(&1);
    let count = pssh.get(28..32)?;
    (is_version_1 && count == [0, 0, 0, 1]).then(|| pssh.get(32..48)?.try_into().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: KeyId = *b"0123456789012345";

    fn pssh(system: &str, key_ids: &[KeyId], data: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend([u8::from(!key_ids.is_empty()), 0, 0, 0]);
        let hex = system.replace('-', "");
        body.extend((0..16).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")));
        if !key_ids.is_empty() {
            body.extend((key_ids.len() as u32).to_be_bytes());
            body.extend(key_ids.concat());
        }
        body.extend((data.len() as u32).to_be_bytes());
        body.extend(data);
        [&(8 + body.len() as u32).to_be_bytes(), b"pssh".as_slice(), &body].concat()
    }

    #[test]
    fn a_box_that_names_the_key_comes_first() {
        let mut list = InitDataList::default();
        let widevine = pssh("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", &[], b"\x12\x100123456789012345");
        let other = pssh(OWN_SYSTEMS[0], &[[7; 16]], b"");
        assert_eq!(list.add("", &widevine, "isobmff/moov").len(), 1);
        assert_eq!(list.add("", &other, "isobmff/moov").len(), 1);
        assert_eq!(list.for_key(&KEY_ID)[0].data, widevine);
        let own = pssh(OWN_SYSTEMS[0], &[KEY_ID], b"");
        list.add("", &own, "isobmff/moof");
        assert_eq!(list.for_key(&KEY_ID)[0].data, own);
        assert_eq!(list.for_key(&KEY_ID)[0].system_id, OWN_SYSTEMS[0]);
        assert_eq!(list.for_key(&KEY_ID)[1].data, br#"{"kids":["MDEyMzQ1Njc4OTAxMjM0NQ"]}"#);
        assert_eq!(only_key_id(&own), Some(KEY_ID));
        assert_eq!(only_key_id(&widevine), None);
    }

    #[test]
    fn equal_boxes_are_kept_once_and_old_ones_go() {
        let mut list = InitDataList::default();
        let boxes: Vec<_> = (0..=MAX_ENTRIES as u8).map(|i| pssh(OWN_SYSTEMS[0], &[[i; 16]], b"")).collect();
        for data in &boxes {
            assert_eq!(list.add("", data, "isobmff/moof").len(), 1);
            assert_eq!(list.add("", data, "isobmff/moof").len(), 0);
        }
        assert_eq!(list.entries.len(), MAX_ENTRIES);
        assert_eq!(list.for_key(&[0; 16])[0].mime_type, "keyids");
        assert_eq!(list.for_key(&[1; 16])[0].data, boxes[1]);
    }

    #[test]
    fn elements_of_manifests_are_read_with_and_without_their_namespace() {
        // base64 of the Clear Key box with the key id 0123456789012345.
        let text = "AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAEwMTIzNDU2Nzg5MDEyMzQ1AAAAAA==";
        for namespace in ["", " xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\""] {
            let mut list = InitDataList::default();
            let element = format!(
                "\n<ContentProtection{namespace} schemeIdUri=\"urn:uuid:1077EFEC-C0B2-4D02-ACE3-3C1E52E2FB4B\">\
                 <cenc:pssh>{text}</cenc:pssh></ContentProtection>"
            );
            let new = list.add("1077EFEC-C0B2-4D02-ACE3-3C1E52E2FB4B", element.as_bytes(), "dash/mpd");
            assert_eq!(new.len(), 1, "{namespace}");
            assert_eq!(new[0].data, pssh(OWN_SYSTEMS[0], &[KEY_ID], b""));
        }
    }

    #[test]
    fn rubbish_names_the_system_and_nothing_else() {
        let mut list = InitDataList::default();
        for data in [&b"<ContentProtection/>"[..], b"", b"\0\0\0\x08pssh", b"<<<", &[0xff; 40]] {
            list.add("EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED", data, "dash/mpd");
        }
        let asked = list.for_key(&KEY_ID);
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].mime_type, &asked[0].system_id[..8]), ("keyids", "edef8ba9"));
    }
}
