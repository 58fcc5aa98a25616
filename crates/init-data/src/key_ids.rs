//! Key ids written as JSON or on their own: W3C `keyids`, ClearPlay's `pssh` data, W3C `webm`.

use hex::FromHex;
use serde::Deserialize;

use super::error::{Error, Result};
use base::base64::Variant;
use base::json::byte_offset;

const KEYIDS: &str = "keyids init data";
const CLEARPLAY: &str = "ClearPlay pssh data";
const WEBM: &str = "webm init data";
const LONGEST_WEBM_KEY_ID: usize = 512;

/// Unknown members are left to later versions of both formats; a repeated `kids` is an error.
#[derive(Deserialize)]
struct KeyIdList {
    kids: Vec<String>,
}

/// Parses W3C `keyids` initialisation data: `{"kids":["<unpadded base64url>",…]}`, at least one id, none of them empty
/// (W3C "keyids" Initialization Data Format).
///
/// # Errors
/// [`Error::Malformed`] with the offset in `bytes`.
pub fn parse_keyids_init_data(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let decode = |text: &String| {
        let id = Variant::Url.decode(KEYIDS, text).map_err(|fault| fault.reason)?;
        if id.is_empty() { Err("empty key id") } else { Ok(id) }
    };
    each_key_id(KEYIDS, bytes, decode)?.into_iter().collect()
}

/// Parses the JSON in the data of ClearPlay's version 0 `pssh` boxes: member `kids`, an array of texts, at least one, each
/// 16 bytes in base64 or 32 hexadecimal digits (as base64 those would be 24 bytes). An entry that is neither is passed over, as long as there is another. Other members are common there (`version`, `contentID`, `enschema`). Padding may be missing and a
/// NUL may end the text, since OpenHarmony's ClearPlay reads both.
///
/// # Errors
/// [`Error::Malformed`] with the offset in `bytes`.
pub fn parse_clearplay_pssh_data(bytes: &[u8]) -> Result<Vec<[u8; 16]>> {
    let text = bytes.iter().rposition(|&byte| byte != 0).map_or(&[][..], |last| &bytes[..=last]);
    let ids = each_key_id(CLEARPLAY, text, |text| {
        if let Ok(id) = <[u8; 16]>::from_hex(text) {
            return Ok(id);
        }
        let id = Variant::Lenient.decode(CLEARPLAY, text).map_err(|fault| fault.reason)?;
        id.try_into().map_err(|_| "key id is not 16 bytes long")
    })?;
    let mut first_fault = None;
    let mut good = Vec::new();
    for id in ids {
        match id {
            Ok(id) => good.push(id),
            Err(fault) => {
                base::log_warn!("passed over: {fault}");
                first_fault.get_or_insert(fault);
            }
        }
    }
    match first_fault {
        Some(fault) if good.is_empty() => Err(fault),
        _ => Ok(good),
    }
}

/// Takes W3C `webm` initialisation data: the key id itself (`ContentEncKeyID`), 1 to 512 bytes as in browsers.
///
/// # Errors
/// [`Error::Malformed`] for any other length, and for a `pssh` box, which belongs to other types.
pub fn parse_webm_init_data(bytes: &[u8]) -> Result<Vec<u8>> {
    if bytes.get(4..8) == Some(b"pssh") {
        return Err(Error::malformed(WEBM, 4, "a pssh box where a key id is expected"));
    }
    match bytes.len() {
        1..=LONGEST_WEBM_KEY_ID => Ok(bytes.to_vec()),
        length => {
            Err(Error::malformed(WEBM, length.min(LONGEST_WEBM_KEY_ID), "a key id of 1 to 512 bytes is expected"))
        }
    }
}

/// Decodes each entry of `kids`; `decode` says what is wrong with one, but not where: the offset inside of an entry says
/// nothing to a caller who sees the whole.
fn each_key_id<T>(
    what: &'static str,
    bytes: &[u8],
    decode: impl Fn(&String) -> Result<T, &'static str>,
) -> Result<Vec<Result<T>>> {
    // serde would take an array for a struct, too.
    match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
        Some(at) if bytes[at] == b'{' => {}
        at => return Err(Error::malformed(what, at.unwrap_or(bytes.len()), "not a JSON object")),
    }
    let list: KeyIdList = serde_json::from_slice(bytes).map_err(|fault| {
        let offset = byte_offset(bytes, &fault);
        let reason = match fault.classify() {
            serde_json::error::Category::Data => "no array of strings under `kids`, or more than one `kids`",
            serde_json::error::Category::Eof => "the JSON text is incomplete",
            _ => "not JSON",
        };
        Error::malformed(what, offset, reason)
    })?;
    if list.kids.is_empty() {
        return Err(Error::malformed(what, 0, "`kids` is empty"));
    }
    let ids = list.kids.iter().enumerate().map(|(index, text)| {
        decode(text).map_err(|reason| {
            Error::malformed(what, offset_of(bytes, text), format!("entry {index} of `kids`: {reason}"))
        })
    });
    Ok(ids.collect())
}

/// Where `text` first stands in `bytes`; 0 if it is written with escapes.
fn offset_of(bytes: &[u8], text: &str) -> usize {
    if text.is_empty() {
        return 0;
    }
    std::str::from_utf8(bytes).ok().and_then(|whole| whole.find(text)).unwrap_or(0)
}
