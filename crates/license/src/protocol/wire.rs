//! Bytes in JSON: unpadded base64url, decoded strictly, secrets without copies left behind.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use base::base64::Variant;
use base::secret::SecretBytes;

/// Bytes of any length. `Debug` shows how many: a provider's token may be among them.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

/// A fixed number of bytes, such as a key id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fixed<const N: usize>(pub [u8; N]);

/// A 16-byte id: of a key, a session, a license, a device.
pub type Id = Fixed<16>;
/// A SHA-256 value or a nonce.
pub type Hash = Fixed<32>;

impl<const N: usize> Fixed<N> {
    /// Takes `bytes` if there are `N` of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Lower-case hexadecimal, for messages.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl<const N: usize> fmt::Debug for Fixed<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Variant::Url.encode(&self.0))
    }
}

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Variant::Url.encode(&self.0))
    }
}

/// How [`SecretBytes`] are written and read: `#[serde(with = "secret")]`.
pub mod secret {
    use base::base64::Variant;
    use base::secret::SecretBytes;
    use serde::{Deserializer, Serializer};

    use super::Text;

    /// Writes unpadded base64url, and leaves no copy of it behind.
    pub fn serialize<S: Serializer>(bytes: &SecretBytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Variant::Url.encode_secret(bytes))
    }

    /// Reads unpadded base64url.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretBytes, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = SecretBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unpadded base64url")
    }

    /// Text without escapes, and base64 has none, arrives here as a part of the input: nothing copies it before.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SecretBytes, E> {
        Variant::Url.decode_secret("base64url text", text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text).map(|bytes| Self(bytes.to_vec()))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Text)?;
        Self::from_slice(&bytes).ok_or_else(|| D::Error::custom(format!("{} bytes where {N} are needed", bytes.len())))
    }
}

/// JSON text of a value that may contain secrets.
///
/// # Panics
/// If the value cannot be written as JSON, which only a map with other keys than texts cannot.
pub fn to_secret_json(value: &impl Serialize) -> SecretBytes {
    let mut text = SecretBytes::default();
    serde_json::to_writer(&mut text, value).expect("these types always serialise, and memory takes every byte");
    text
}

/// JSON text of a value without secrets.
///
/// # Panics
/// As [`to_secret_json`].
pub fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("these types always serialise")
}

/// Reads JSON text; the error says where it is wrong and quotes nothing of it.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    // serde takes an array for a struct, too.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".into());
    }
    serde_json::from_slice(text).map_err(|fault| {
        let kind = match fault.classify() {
            serde_json::error::Category::Data => "a member is missing, unknown, repeated or of a wrong type",
            _ => "not JSON",
        };
        format!("{kind}, at column {}", fault.column())
    })
}
