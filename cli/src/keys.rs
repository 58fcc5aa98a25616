//! Keys on the command line.

use std::ffi::OsStr;
use std::fs::File;

use base::base64::Variant;
use base::secret::SecretArray;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use media::Keys;
use serde::Deserialize;
use zeroize::Zeroize;

use crate::bounded;

/// A key with its id, from `--key`.
#[derive(Clone)]
pub struct Key {
    id: [u8; 16],
    key: SecretArray<16>,
}

impl std::str::FromStr for Key {
    type Err = String;

    /// `KID:KEY`, both 32 hexadecimal digits, with or without hyphens.
    fn from_str(text: &str) -> Result<Self, String> {
        let (id, key) = text.split_once(':').ok_or("not KID:KEY")?;
        let id = hex16(id).ok_or("the key id is not 32 hexadecimal digits")?;
        let key = hex16(key).ok_or("the key is not 32 hexadecimal digits")?;
        Ok(Self { id: *id, key })
    }
}

/// Reads `--key`. Clap's own parser would repeat a value that is wrong, and a key with it.
#[derive(Clone)]
pub struct KeyParser;

impl TypedValueParser for KeyParser {
    type Value = Key;

    fn parse_ref(&self, command: &clap::Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<Key, clap::Error> {
        let parsed = value.to_str().ok_or_else(|| "not UTF-8".to_owned()).and_then(str::parse);
        parsed.map_err(|why| clap::Error::raw(ErrorKind::ValueValidation, format!("--key: {why}\n")).with_cmd(command))
    }
}

/// An IV, from `--iv`.
#[derive(Clone)]
pub struct Iv {
    /// The key that it belongs to, if that was said.
    pub key_id: Option<[u8; 16]>,
    pub iv: [u8; 16],
}

impl std::str::FromStr for Iv {
    type Err = String;

    /// `IV` or `KID:IV`, both 32 hexadecimal digits; an IV may begin with 0x as playlists have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (id, iv) = text.split_once(':').map_or((None, text), |(id, iv)| (Some(id), iv));
        let id = id.map(|id| hex16(id).ok_or("the key id is not 32 hexadecimal digits")).transpose()?;
        let digits = iv.strip_prefix("0x").or_else(|| iv.strip_prefix("0X")).unwrap_or(iv);
        let iv = hex16(digits).ok_or("the IV is not 32 hexadecimal digits")?;
        Ok(Self { key_id: id.map(|id| *id), iv: *iv })
    }
}

fn hex16(text: &str) -> Option<SecretArray<16>> {
    let mut digits: String = text.chars().filter(|&digit| digit != '-').collect();
    let mut bytes = SecretArray::zeroed();
    let decoded = hex::decode_to_slice(&digits, &mut *bytes);
    digits.zeroize();
    decoded.ok().map(|()| bytes)
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    kty: Option<String>,
    kid: Option<String>,
    k: Option<String>,
}

impl Drop for Jwk {
    fn drop(&mut self) {
        self.k.zeroize();
    }
}

/// All keys of `--key` and `--keys`.
pub fn all(keys: &[Key], sets: &[String]) -> Result<Keys, String> {
    let mut all = Keys::default();
    for key in keys {
        all.add(key.id, &key.key).map_err(|fault| fault.to_string())?;
    }
    for set in sets {
        add_set(&mut all, set)?;
    }
    Ok(all)
}

/// Adds the keys of a JWK Set (W3C EME, section 9.1.4): a file, or the text itself.
fn add_set(all: &mut Keys, set: &str) -> Result<(), String> {
    let text;
    let (name, json) = if set.trim_start().starts_with('{') {
        ("--keys", set.as_bytes())
    } else {
        let file = File::open(set).map_err(|fault| format!("{set}: {fault}"))?;
        text = bounded::read(file, set)?;
        (set, text.as_slice())
    };
    let parsed: JwkSet = serde_json::from_slice(json).map_err(|fault| format!("{name}: not a JWK Set: {fault}"))?;
    let mut found = false;
    for (index, jwk) in parsed.keys.iter().enumerate() {
        if jwk.kty.as_deref().is_some_and(|kty| kty != "oct") {
            continue;
        }
        let member = |name_of: &'static str, text: &Option<String>| -> Result<[u8; 16], String> {
            let text = text.as_deref().ok_or_else(|| format!("{name}: key {index} has no member {name_of}"))?;
            // Some tools pad it, some write the other alphabet.
            let mut plain: String = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
            let decoded = Variant::Url.decode(name_of, &plain);
            plain.zeroize();
            let mut decoded = decoded.map_err(|fault| format!("{name}: key {index}: {fault}"))?;
            let bytes = <[u8; 16]>::try_from(decoded.as_slice());
            let length = decoded.len();
            decoded.zeroize();
            bytes.map_err(|_| format!("{name}: key {index}: {name_of} has {length} bytes, not 16"))
        };
        let id = member("kid", &jwk.kid)?;
        let mut key = member("k", &jwk.k)?;
        let added = all.add(id, &key);
        key.zeroize();
        added.map_err(|fault| fault.to_string())?;
        found = true;
    }
    if !found {
        return Err(format!("{name}: no key of type 'oct' is in the JWK Set"));
    }
    Ok(())
}
