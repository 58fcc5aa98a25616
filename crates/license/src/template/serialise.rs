//! Writes templates as the .NET types of Azure Media Services do: absent members are left out, enums are words.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::model::{ContentKeySpec, SessionInit, Template};
use base::base64::Variant;
use base::secret::{SecretBytes, SecretString};

impl Template {
    /// The message as JSON. It may contain content keys.
    pub fn to_json(&self) -> SecretString {
        let mut text = SecretBytes::default();
        let written = serde_json::to_writer(&mut text, self);
        debug_assert!(written.is_ok(), "strings, numbers and booleans can always be written");
        text.into_string().unwrap_or_default()
    }
}

/// Bytes that are written as padded standard base64.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Variant::Standard.encode_secret(self.0))
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
