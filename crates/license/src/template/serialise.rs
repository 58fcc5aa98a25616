//! Writes templates as the .NET types of Azure Media Services do: absent members are left out, enums are words.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::model::{ContentKeySpec, SessionInit, Template};
use base::base64::Variant;

impl Template {
    /// The message as JSON. It may contain content keys, so it is erased when dropped.
    pub fn to_json(&self) -> Zeroizing<String> {
        // Counted first: a buffer that grows would leave copies of keys behind.
        let mut counted = Counter(0);
        let written = serde_json::to_writer(&mut counted, self);
        let mut text = Zeroizing::new(Vec::with_capacity(counted.0));
        let written = written.and_then(|()| serde_json::to_writer(&mut *text, self));
        debug_assert!(written.is_ok(), "strings, numbers and booleans can always be written");
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *text)).unwrap_or_default())
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that are written as padded standard base64.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(Variant::Standard.encode(self.0)))
    }
}

fn member<M: SerializeMap>(map: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        member(&mut map, "payload", self.payload.as_deref().map(Base64))?;
        member(&mut map, "content_id", self.content_id.as_deref().map(Base64))?;
        member(&mut map, "provider", self.provider.as_ref())?;
        member(&mut map, "policy_name", self.policy_name.as_ref())?;
        member(&mut map, "allowed_track_types", self.allowed_track_types)?;
        member(&mut map, "content_key_specs", self.content_key_specs.as_ref())?;
        member(&mut map, "use_policy_overrides_exclusively", self.use_policy_overrides_exclusively)?;
        member(&mut map, "policy_overrides", self.policy_overrides.as_ref())?;
        member(&mut map, "session_init", self.session_init.as_ref())?;
        member(&mut map, "parse_only", self.parse_only)?;
        map.end()
    }
}

impl Serialize for ContentKeySpec {
    /// In the order of the .NET type's properties.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct RequiredOutputProtection {
            hdcp: super::model::Hdcp,
        }
        let mut map = serializer.serialize_map(None)?;
        member(&mut map, "key", self.key.as_ref().map(|key| Base64(&**key)))?;
        member(&mut map, "key_id", self.key_id.as_ref().map(|id| Base64(id)))?;
        member(&mut map, "required_output_protection", self.hdcp.map(|hdcp| RequiredOutputProtection { hdcp }))?;
        member(&mut map, "security_level", self.security_level)?;
        member(&mut map, "track_type", self.track_type.as_ref())?;
        map.end()
    }
}

impl Serialize for SessionInit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        member(&mut map, "provider_session_token", self.provider_session_token.as_deref().map(Base64))?;
        member(&mut map, "provider_client_token", self.provider_client_token.as_deref().map(Base64))?;
        member(&mut map, "override_provider_client_token", self.override_provider_client_token)?;
        map.end()
    }
}
