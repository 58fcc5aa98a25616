//! The JSON texts of W3C EME section 9.1: license requests (9.1.3) and, as licenses, JWK Sets (9.1.4).

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::error::{Error, Result};
use crate::key_system::{License, LicenseKey, MediaKeyType};
use base::base64::Variant;
use base::json::{Object, byte_offset};

const WHAT: &str = "JWK Set";

/// Session types of EME.
const TEMPORARY: &str = "temporary";
const PERSISTENT: &str = "persistent-license";

#[derive(Serialize)]
struct LicenseRequest {
    kids: Vec<String>,
    #[serde(rename = "type")]
    session_type: &'static str,
}

/// `{"kids":["<base64>",…],"type":"temporary"|"persistent-license"}` (ClearPlay writes another base64 than EME).
pub fn license_request(key_ids: &[Vec<u8>], key_type: MediaKeyType, base64: Variant) -> Result<Vec<u8>> {
    let session_type = match key_type {
        MediaKeyType::Online => TEMPORARY,
        MediaKeyType::Offline => PERSISTENT,
    };
    to_json(&LicenseRequest { kids: key_ids.iter().map(|id| base64.encode(id)).collect(), session_type })
}

/// Serialises a message.
pub fn to_json(message: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(message).map_err(|error| Error::Internal(error.to_string().into()))
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Object<Jwk>>,
    #[serde(rename = "type", default)]
    session_type: Option<String>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    k: String,
}

impl Drop for Jwk {
    fn drop(&mut self) {
        self.k.zeroize();
    }
}

/// Parses a JWK Set of symmetric keys. The type is "temporary" if it is absent.
pub fn parse_license(text: &[u8]) -> Result<License> {
    let Object::<JwkSet>(set) = serde_json::from_slice(text).map_err(|error| malformed_json(WHAT, text, &error))?;
    let persistent = match set.session_type.as_deref() {
        None | Some(TEMPORARY) => false,
        Some(PERSISTENT) => true,
        Some(other) => return Err(Error::malformed(WHAT, 0, format!("type {other:?} is not a session type"))),
    };
    if set.keys.is_empty() {
        return Err(Error::malformed(WHAT, 0, "no keys"));
    }
    let keys = set
        .keys
        .iter()
        .enumerate()
        .map(|(index, Object(jwk))| license_key(index, jwk, persistent))
        .collect::<Result<_>>()?;
    Ok(License::unlimited(keys))
}

fn license_key(index: usize, jwk: &Jwk, persistent: bool) -> Result<LicenseKey> {
    let entry = |reason: String| Error::malformed(WHAT, 0, format!("keys[{index}]: {reason}"));
    if jwk.kty != "oct" {
        return Err(entry(format!("kty is {:?}, not \"oct\"", jwk.kty)));
    }
    let id = Variant::Url.decode(WHAT, &jwk.kid).map_err(|error| entry(format!("kid: {error}")))?;
    let key = Variant::Url.decode_secret(WHAT, &jwk.k).map_err(|_| entry("k is not unpadded base64url".into()))?;
    LicenseKey::new(id, key, persistent).ok_or_else(|| entry("empty kid or k".into()))
}

/// What is wrong with a JSON text, and where. serde_json's own words are left out, since they can quote the input.
pub fn malformed_json(what: &'static str, text: &[u8], error: &serde_json::Error) -> Error {
    let reason = match error.classify() {
        serde_json::error::Category::Data => "a member is missing, repeated or of the wrong type",
        serde_json::error::Category::Eof => "the text ends too early",
        _ => "not JSON",
    };
    Error::malformed(what, byte_offset(text, error), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    // W3C EME section 9.1.4, example.
    const EXAMPLE: &str =
        r#"{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"LwVHf8JLtPrv2GUXFW2v_A"}],"type":"temporary"}"#;

    #[test]
    fn parses_the_example_of_the_specification() {
        let license = parse_license(EXAMPLE.as_bytes()).unwrap();
        assert!(!license.is_persistent());
        assert_eq!(hex::encode(license.media_key_id()), "2f05477fc24bb4faefd86517156daffc");
        assert_eq!(hex::encode(&*license.keys[0].key), "b50d1b25559be9bd0a3cbe8ab59232fc");
    }

    #[test]
    fn refuses_what_is_not_a_jwk_set() {
        for (text, needle) in [
            ("", "too early"),
            ("[1]", "wrong type"),
            (r#"[[{"kty":"oct","k":"AA","kid":"AA"}]]"#, "wrong type"),
            (r#"{"keys":[["oct","AA","AA"]]}"#, "wrong type"),
            (r#"{"keys":[]}"#, "no keys"),
            (r#"{"keys":[{"kty":"rsa","k":"AA","kid":"AA"}]}"#, "oct"),
            (r#"{"keys":[{"kty":"oct","k":"AA=","kid":"AA"}]}"#, "base64url"),
            (r#"{"keys":[{"kty":"oct","k":"","kid":"AA"}]}"#, "empty"),
            (r#"{"keys":[{"kty":"oct","k":"AA","kid":"AA"}],"type":"other"}"#, "session type"),
            (r#"{"keys":[{"kty":"oct","k":"AA","k":"AQ","kid":"AA"}]}"#, "repeated"),
        ] {
            let message = parse_license(text.as_bytes()).err().unwrap().to_string();
            assert!(message.contains(needle), "{text}: {message}");
        }
    }

    #[test]
    fn reports_the_offset_of_broken_json() {
        let message = parse_license(b"{\"keys\":\n  [x]}").err().unwrap().to_string();
        assert!(message.contains("byte 12"), "{message}");
    }
}
