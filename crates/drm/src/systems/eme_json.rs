//! The JSON texts of W3C EME section 9.1: license requests (9.1.3) and, as licenses, JWK Sets (9.1.4).

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroize;

use crate::error::{Error, Result};
use crate::key_system::{License, LicenseKey, MediaKeyType};
use base::base64::Variant;
use base::json::{Object, byte_offset};
use base::log;

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
    keys: Vec<Jwk>,
    #[serde(rename = "type", default)]
    session_type: Option<String>,
}

/// An entry of the set, whatever it is: keys of kinds that are not ours have members that are not ours.
#[derive(Default)]
struct Jwk {
    kty: Member,
    kid: Member,
    k: Member,
}

/// A member of an entry.
#[derive(Default)]
enum Member {
    /// Not there, or null.
    #[default]
    Absent,
    Text(String),
    /// Neither a text nor null.
    Other,
    Repeated,
}

impl Drop for Jwk {
    fn drop(&mut self) {
        if let Member::Text(key) = &mut self.k {
            key.zeroize();
        }
    }
}

impl Jwk {
    fn put(&mut self, name: &str, value: Member) {
        let place = match name {
            "kty" => &mut self.kty,
            "kid" => &mut self.kid,
            "k" => &mut self.k,
            _ => return,
        };
        if let Member::Text(former) = place {
            former.zeroize();
        }
        *place = if matches!(place, Member::Absent) { value } else { Member::Repeated };
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Jwk;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Jwk, A::Error> {
                let mut jwk = Jwk::default();
                while let Some((name, value)) = members.next_entry::<String, Member>()? {
                    jwk.put(&name, value);
                }
                Ok(jwk)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Value;

        impl<'de> Visitor<'de> for Value {
            type Value = Member;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_str<E>(self, text: &str) -> std::result::Result<Member, E> {
                Ok(Member::Text(text.to_owned()))
            }

            fn visit_unit<E>(self) -> std::result::Result<Member, E> {
                Ok(Member::Absent)
            }

            fn visit_bool<E>(self, _: bool) -> std::result::Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_i64<E>(self, _: i64) -> std::result::Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_u64<E>(self, _: u64) -> std::result::Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_f64<E>(self, _: f64) -> std::result::Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> std::result::Result<Member, A::Error> {
                while entries.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Member::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Member, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Member::Other)
            }
        }

        deserializer.deserialize_any(Value)
    }
}

/// Parses a JWK Set. The type is "temporary" if it is absent.
///
/// Keys of other kinds than "oct", and those that lack a member, are passed over, as RFC 7517 section 5 says; a symmetric
/// key whose members are wrong is refused, and so is a set without a symmetric key.
pub fn parse_license(text: &[u8]) -> Result<License> {
    let Object::<JwkSet>(set) = serde_json::from_slice(text).map_err(|error| malformed_json(WHAT, text, &error))?;
    let persistent = match set.session_type.as_deref() {
        None | Some(TEMPORARY) => false,
        Some(PERSISTENT) => true,
        Some(other) => return Err(Error::malformed(WHAT, 0, format!("type {other:?} is not a session type"))),
    };
    let keys: Vec<_> = set
        .keys
        .iter()
        .enumerate()
        .filter_map(|(index, jwk)| license_key(index, jwk, persistent).transpose())
        .collect::<Result<_>>()?;
    if keys.is_empty() {
        let reason = match set.keys.len() {
            0 => "no keys".to_owned(),
            count => format!("no key of kty \"oct\" with kid and k among {count}"),
        };
        return Err(Error::malformed(WHAT, 0, reason));
    }
    Ok(License::unlimited(keys))
}

/// The key of an entry; none if it is to be passed over.
fn license_key(index: usize, jwk: &Jwk, persistent: bool) -> Result<Option<LicenseKey>> {
    let entry = |reason: String| Error::malformed(WHAT, 0, format!("keys[{index}]: {reason}"));
    let pass_over = |reason: &str| {
        log::warn!("{WHAT}: keys[{index}] passed over: {reason}");
        Ok(None)
    };
    match &jwk.kty {
        Member::Text(kty) if kty == "oct" => {}
        Member::Repeated => return Err(entry("kty is repeated".into())),
        _ => return pass_over("kty is not \"oct\""),
    }
    let mut values = [("kid", &jwk.kid), ("k", &jwk.k)].into_iter().map(|(name, member)| match member {
        Member::Text(text) => Ok(Some(text.as_str())),
        Member::Absent => Ok(None),
        Member::Other => Err(entry(format!("{name} is not a text"))),
        Member::Repeated => Err(entry(format!("{name} is repeated"))),
    });
    let (Some(kid), Some(k)) = (values.next().transpose()?.flatten(), values.next().transpose()?.flatten()) else {
        return pass_over("kid or k is missing");
    };
    let id = Variant::Url.decode(WHAT, kid).map_err(|error| entry(format!("kid: {error}")))?;
    let key = Variant::Url.decode_secret(WHAT, k).map_err(|_| entry("k is not unpadded base64url".into()))?;
    LicenseKey::new(id, key, persistent).map(Some).ok_or_else(|| entry("empty kid or k".into()))
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
        assert_eq!(hex::encode(license.keys[0].content()), "b50d1b25559be9bd0a3cbe8ab59232fc");
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
            (r#"{"keys":[{"kty":"rsa"},{"kty":"OCT","k":"AA","kid":"AA"},{}]}"#, "among 3"),
            (r#"{"keys":[null]}"#, "wrong type"),
            (r#"{"keys":["oct"]}"#, "wrong type"),
            (r#"{"keys":[{"kty":"oct","k":1,"kid":"AA"}]}"#, "keys[0]: k is not a text"),
            (r#"{"keys":[{"kty":"EC"},{"kty":"oct","k":"AA","kid":["AA"]}]}"#, "keys[1]: kid is not a text"),
            (r#"{"keys":[{"kty":"oct","k":"AA","kid":"AA","kid":"AA"}]}"#, "kid is repeated"),
            (r#"{"keys":[{"kty":"EC","kty":"oct","k":"AA","kid":"AA"}]}"#, "kty is repeated"),
            (r#"{"keys":[{"kty":"oct","k":"AA=","kid":"AA"}]}"#, "base64url"),
            (r#"{"keys":[{"kty":"oct","k":"","kid":"AA"}]}"#, "empty"),
            (r#"{"keys":[{"kty":"oct","k":"AA","kid":"AA"}],"type":"other"}"#, "session type"),
            (r#"{"keys":[{"kty":"oct","k":"AA","k":"AQ","kid":"AA"}]}"#, "repeated"),
        ] {
            let message = parse_license(text.as_bytes()).err().unwrap().to_string();
            assert!(message.contains(needle), "{text}: {message}");
        }
    }

    const KEYS: [(&str, &str); 2] =
        [("LwVHf8JLtPrv2GUXFW2v_A", "tQ0bJVWb6b0KPL6KtZIy_A"), ("AAECAwQFBgcICQoLDA0ODw", "EBESExQVFhcYGRobHB0eHw")];

    /// Entries that are no content keys: real ones (RFC 7517, appendix A.1), and all that can be of one.
    fn foreign() -> Vec<String> {
        let kid = KEYS[0].0;
        let mut entries = vec![
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"x"}"#.to_owned(),
            r#"{"kty":"EC","crv":"P-256","x":"MKBC","y":"4Etl","use":"enc","kid":"1"}"#.to_owned(),
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qY","d":"nWGx","key_ops":["sign",{"a":[null]}]}"#.to_owned(),
            "{}".to_owned(),
        ];
        let values =
            ["null", "1", "-1", "1.5", "true", "[]", "[[\"a\"]]", "{}", r#"{"kty":"oct"}"#, r#""RSA""#, r#""""#];
        for value in values {
            entries.push(format!(r#"{{"kty":{value}}}"#));
            entries.push(format!(r#"{{"kty":{value},"kid":"{kid}","k":"AAAA"}}"#));
            entries.push(format!(r#"{{"kty":"EC","kid":{value},"k":{value},"x":{value}}}"#));
            entries.push(format!(r#"{{"kty":"RSA","kid":{value},"kid":"{kid}","k":{value},"k":1,"n":1,"n":{value}}}"#));
        }
        for member in ["kid", "k"] {
            entries.push(format!(r#"{{"kty":"oct","{member}":"AAAA"}}"#));
            let other = if member == "k" { "kid" } else { "k" };
            entries.push(format!(r#"{{"kty":"oct","{member}":"AAAA","{other}":null}}"#));
        }
        entries
    }

    #[test]
    fn entries_that_are_no_content_keys_are_passed_over() {
        let own: Vec<_> = KEYS.iter().map(|(id, key)| format!(r#"{{"kty":"oct","kid":"{id}","k":"{key}"}}"#)).collect();
        let expected: Vec<_> = KEYS.iter().map(|(id, key)| (decoded(id), decoded(key))).collect();
        for foreign in foreign() {
            // At every place, also twice.
            for (first, second) in
                (0..=own.len()).flat_map(|first| (first..=own.len()).map(move |second| (first, second)))
            {
                let mut entries = own.clone();
                entries.insert(second, foreign.clone());
                entries.insert(first, foreign.clone());
                for kind in [TEMPORARY, PERSISTENT] {
                    let text = format!(r#"{{"keys":[{}],"type":"{kind}"}}"#, entries.join(","));
                    let license = parse_license(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
                    let keys: Vec<_> =
                        license.keys.iter().map(|key| (key.id.clone(), key.content().to_vec())).collect();
                    assert_eq!(keys, expected, "{text}");
                    assert_eq!(license.is_persistent(), kind == PERSISTENT, "{text}");
                }
            }
            let alone = format!(r#"{{"keys":[{foreign}]}}"#);
            let message = parse_license(alone.as_bytes()).err().unwrap().to_string();
            assert!(message.contains("no key of kty \"oct\" with kid and k among 1"), "{alone}: {message}");
        }
    }

    fn decoded(text: &str) -> Vec<u8> {
        Variant::Url.decode(WHAT, text).unwrap()
    }

    #[test]
    fn reports_the_offset_of_broken_json() {
        let message = parse_license(b"{\"keys\":\n  [x]}").err().unwrap().to_string();
        assert!(message.contains("byte 12"), "{message}");
    }
}
