//! Key ids in the data of other systems' `pssh` boxes. They are read as ids, nothing more.

use super::protection::uuid;
use super::pssh::PsshBox;
use super::xml::{self, Item};
use base::base64::Variant;

/// Google's Widevine, `edef8ba9-79d6-4ace-a3c8-27dcd51d21ed`.
pub const WIDEVINE_SYSTEM_ID: [u8; 16] = 0xedef_8ba9_79d6_4ace_a3c8_27dc_d51d_21ed_u128.to_be_bytes();

/// Microsoft's PlayReady, `9a04f079-9840-4286-ab92-e65be0885f95`.
pub const PLAYREADY_SYSTEM_ID: [u8; 16] = 0x9a04_f079_9840_4286_ab92_e65b_e088_5f95_u128.to_be_bytes();

/// The key ids in the data of a Widevine or PlayReady box, in its order; none for other systems and for data that cannot
/// be read.
pub fn key_ids(of: &PsshBox) -> Vec<[u8; 16]> {
    let mut ids = match of.system_id {
        WIDEVINE_SYSTEM_ID => widevine(of.data),
        PLAYREADY_SYSTEM_ID => playready(of.data),
        _ => Vec::new(),
    };
    ids.retain(|id| *id != [0; 16]);
    ids
}

/// Field 2 of the protocol buffer: 16 bytes, or 32 hexadecimal digits as some packagers write them.
fn widevine(data: &[u8]) -> Vec<[u8; 16]> {
    let mut ids = Vec::new();
    widevine_fields(data, |field, number, value| {
        if field == 2 && number.is_none() {
            let text = || std::str::from_utf8(value).ok().and_then(uuid);
            ids.extend(value.try_into().ok().or_else(text));
        }
    });
    ids
}

/// Calls `see` with each field's number, and with its value: a number, or bytes. Whether all could be read.
pub(super) fn widevine_fields(mut data: &[u8], mut see: impl FnMut(u64, Option<u64>, &[u8])) -> bool {
    while !data.is_empty() {
        let Some(tag) = varint(&mut data) else { return false };
        let mut number = None;
        let value = match tag & 7 {
            0 => {
                number = varint(&mut data);
                number.map(|_| &[][..])
            }
            1 => data.split_off(..8),
            2 => varint(&mut data).and_then(|length| data.split_off(..usize::try_from(length).ok()?)),
            5 => data.split_off(..4),
            _ => None,
        };
        // The rest cannot be told apart any more.
        let Some(value) = value else { return false };
        // Fields of fixed size are none that matters.
        if matches!(tag & 7, 0 | 2) {
            see(tag >> 3, number, value);
        }
    }
    true
}

fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *data.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Whether data is a PlayReady Object: its length stands in front, little-endian.
pub(super) fn is_playready_object(data: &[u8]) -> bool {
    let length = data.first_chunk::<4>().map(|length| u32::from_le_bytes(*length));
    data.len() >= 10 && length.and_then(|length| usize::try_from(length).ok()) == Some(data.len())
}

/// `KID` elements of the headers in a PlayReady Object: base64 of a little-endian GUID, as text (version 4.0) or in the
/// attribute `VALUE` (4.1 to 4.3).
fn playready(object: &[u8]) -> Vec<[u8; 16]> {
    let mut ids = Vec::new();
    playready_headers(object, |kind, content| {
        if kind == HEADER {
            header_key_ids(&xml::utf16(content, u16::from_le_bytes), &mut ids);
        }
    });
    ids
}

/// The type of a record that is a header.
const HEADER: u16 = 1;

/// Calls `see` with the type and content of each record in a PlayReady Object. Whether all of it is there.
pub(super) fn playready_headers(object: &[u8], mut see: impl FnMut(u16, &[u8])) -> bool {
    let mut records = object.get(6..).unwrap_or_default();
    while let Some((&[kind @ .., low, high], rest)) = records.split_first_chunk::<4>() {
        let length = usize::from(u16::from_le_bytes([low, high]));
        see(u16::from_le_bytes(kind), &rest[..length.min(rest.len())]);
        let Some(after) = rest.get(length..) else { return false };
        records = after;
    }
    records.is_empty() && is_playready_object(object)
}

pub(super) fn header_key_ids(header: &str, ids: &mut Vec<[u8; 16]>) {
    let mut add = |text: &str| {
        let decoded = Variant::Lenient.decode("PlayReady header", text).ok();
        ids.extend(decoded.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(from_guid));
    };
    xml::read(header, &["KID"], |_, item| match item {
        Item::Start { element, .. } if element.local_name().as_ref() == "KID" => {
            if let Some(value) = xml::attribute(element, "VALUE") {
                add(value.trim());
            }
        }
        Item::Text { text, .. } if !text.is_empty() => add(text),
        _ => {}
    });
}

/// A GUID has its first three fields in little-endian order.
fn from_guid(mut id: [u8; 16]) -> [u8; 16] {
    id[..4].reverse();
    id[4..6].reverse();
    id[6..8].reverse();
    id
}
