//! What an operator gives the service as JSON: catalogues, and single contents.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::catalog_check::check;
use super::error::{Error, Result};
use super::records::{Content, KeyGroup, Track};
use base::base64::Variant;
use base::secret::SecretString;
use license::protocol::{Bytes, Fixed};
use license::template::{Hdcp, KeyRequirement, SecurityLevel};

/// Everything that a service is to know, as JSON:
///
/// ```json
/// {"providers": [{"name": "acme", "token": "…"}],
///  "policies": {"rental": {"can_play": true, "rental_duration_seconds": 2592000}},
///  "contents": [{"content_id": "<base64>", "provider": "acme", "policy": "rental", "require_provider": true,
///                "keys": [{"track_type": "SD", "key_id": "<base64>", "key": "<base64>",
///                          "security_level": 1, "hdcp": "HDCP_NONE"}],
///                "key_groups": [{"name": "2026-01-01T00", "keys": [{"track_type": "SD", "key_id": "…", "key": "…"}]}]}]}
/// ```
pub struct Catalog {
    pub(super) providers: Vec<ProviderEntry>,
    pub(super) policies: Policies,
    pub(super) contents: Vec<Content>,
}

pub(super) type Policies = BTreeMap<String, Box<RawValue>>;

#[derive(Deserialize)]
struct CatalogText {
    #[serde(default)]
    providers: Vec<ProviderEntry>,
    #[serde(default)]
    policies: Policies,
    #[serde(default)]
    contents: Vec<ContentEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderEntry {
    pub(super) name: String,
    #[serde(default)]
    pub(super) token: Option<String>,
    /// In an export: there is a token, which is not known. A provider of this name keeps its own.
    #[serde(default)]
    pub(super) has_token: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentEntry {
    content_id: String,
    #[serde(default)]
    provider: String,
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    require_provider: Option<bool>,
    #[serde(default)]
    keys: Vec<KeyEntry>,
    #[serde(default)]
    key_groups: Option<Vec<GroupEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    name: String,
    keys: Vec<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    #[serde(default)]
    track_type: String,
    key_id: String,
    key: String,
    #[serde(default)]
    security_level: SecurityLevel,
    #[serde(default)]
    hdcp: Hdcp,
}

impl Content {
    /// Reads an element of a catalogue's `contents`.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self> {
        let entry: ContentEntry =
            license::protocol::service_side::from_json(json).map_err(|reason| Error::malformed("content", reason))?;
        Self::try_from(entry)
    }
}

fn groups(entries: Vec<GroupEntry>) -> Result<Vec<KeyGroup>> {
    entries.into_iter().map(KeyGroup::try_from).collect()
}

impl TryFrom<ContentEntry> for Content {
    type Error = Error;

    fn try_from(entry: ContentEntry) -> Result<Self> {
        Ok(Self {
            content_id: Bytes(Variant::Standard.decode("content_id", &entry.content_id)?),
            provider: entry.provider,
            policy: entry.policy,
            require_provider: entry.require_provider,
            tracks: entry.keys.into_iter().map(Track::try_from).collect::<Result<_>>()?,
            key_groups: entry.key_groups.map(groups).transpose()?,
            rotating: false,
        })
    }
}

impl KeyGroup {
    /// Reads an element of a content's `key_groups`.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self> {
        let entry: GroupEntry =
            license::protocol::service_side::from_json(json).map_err(|reason| Error::malformed("key group", reason))?;
        Self::try_from(entry)
    }
}

impl TryFrom<GroupEntry> for KeyGroup {
    type Error = Error;

    fn try_from(entry: GroupEntry) -> Result<Self> {
        Ok(Self { name: entry.name, tracks: entry.keys.into_iter().map(Track::try_from).collect::<Result<_>>()? })
    }
}

impl TryFrom<KeyEntry> for Track {
    type Error = Error;

    fn try_from(key: KeyEntry) -> Result<Self> {
        let id = Variant::Standard.decode("key_id", &key.key_id)?;
        let secret = SecretString::from(key.key);
        Ok(Self {
            track_type: key.track_type,
            key_id: Fixed::from_slice(&id).ok_or_else(|| Error::malformed("key_id", "not 16 bytes"))?,
            key: Variant::Standard.decode_secret("key", secret.as_bytes())?,
            requirement: KeyRequirement { security_level: key.security_level, hdcp: key.hdcp },
        })
    }
}

impl Catalog {
    /// What it brings, without secrets: numbers, and the first of the names.
    pub fn summary(&self) -> serde_json::Value {
        const SHOWN: usize = 20;
        let ids = self.contents.iter().map(|content| Variant::Standard.encode(&content.content_id.0));
        serde_json::json!({
            "contents": ids.take(SHOWN).collect::<Vec<_>>(),
            "number_of_contents": self.contents.len(),
            "policies": self.policies.keys().take(SHOWN).collect::<Vec<_>>(),
            "providers": self.providers.iter().map(|provider| &provider.name).take(SHOWN).collect::<Vec<_>>(),
        })
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`Error::Malformed`], which says where as a JSON pointer; a member that there is not with the one that was probably
    /// meant.
    pub fn parse(json: &[u8]) -> Result<Self> {
        check(json)?;
        let text: CatalogText = serde_json::from_slice(json).map_err(|fault| {
            let offset = base::json::byte_offset(json, &fault);
            // serde_json's own words can quote a key.
            Error::Malformed { what: "catalogue", offset, reason: "a value is not of its member's type".into() }
        })?;
        let content = |(index, entry)| {
            Content::try_from(entry)
                .map_err(|fault| Error::malformed("catalogue", format!("/contents/{index}: {fault}")))
        };
        let contents = text.contents.into_iter().enumerate().map(content).collect::<Result<_>>()?;
        Ok(Self { providers: text.providers, policies: text.policies, contents })
    }
}
