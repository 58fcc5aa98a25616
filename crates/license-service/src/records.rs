//! What the service keeps about content, providers, devices and licenses.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::derive::{self, STANDARD_TRACKS};
use super::error::{Error, Input, Result};
use super::key_groups::check_groups;
use super::revocation::RevokedLicense;
use super::store::{Store, StoreError, Table, Transaction};
use super::vault::Vault;
use base::secret::{SecretArray, SecretBytes};
use license::protocol::service_side::{from_json, secret, to_json, to_secret_json};
use license::protocol::{Bytes, Id, LicenseKey};
use license::template::{KeyRequirement, Policy};

/// Content that licenses can be had for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Its id.
    pub content_id: Bytes,
    /// Whose it is; empty for nobody's.
    pub provider: String,
    /// Name of its policy; the service's `default` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Whether devices get licenses only through a message of the provider; if absent, whether the provider has a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_provider: Option<bool>,
    /// Its keys. Without any, AUDIO, SD, HD, UHD1 and UHD2 have keys derived from the content id.
    pub tracks: Vec<Track>,
    /// Keys of which a license carries those groups that the device asks for. Kept in entries of their own. If absent, those
    /// that the service has stay.
    #[serde(skip)]
    pub key_groups: Option<Vec<KeyGroup>>,
    /// Whether there are key groups. The service's own note: what is given counts for nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rotating: bool,
}

/// serde wants a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

/// Keys for one period of a content whose keys change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyGroup {
    /// Its name, such as when it begins.
    pub name: String,
    /// Its keys.
    pub tracks: Vec<Track>,
}

/// A key of a content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// AUDIO, SD, HD, UHD1, UHD2 or another name.
    pub track_type: String,
    /// Id of the key.
    pub key_id: Id,
    /// The key, 16 bytes.
    #[serde(with = "secret")]
    pub key: SecretBytes,
    /// What it demands.
    pub requirement: KeyRequirement,
}

impl Content {
    /// The key groups that are given.
    pub(super) fn groups(&self) -> &[KeyGroup] {
        self.key_groups.as_deref().unwrap_or_default()
    }

    /// All tracks, with derived keys where it has none of its own.
    pub(super) fn all_tracks(&self, root: &SecretArray<32>) -> Vec<Track> {
        if self.tracks.is_empty() && !self.rotating && self.groups().is_empty() {
            STANDARD_TRACKS.iter().map(|track| self.derived(root, track)).collect()
        } else {
            self.tracks.clone()
        }
    }

    /// A track with derived key.
    pub(super) fn derived(&self, root: &SecretArray<32>, track_type: &str) -> Track {
        Track {
            track_type: track_type.to_owned(),
            key_id: derive::key_id(root, &self.provider, &self.content_id.0, track_type),
            key: derive::content_key(root, &self.provider, &self.content_id.0, track_type),
            requirement: KeyRequirement::default(),
        }
    }
}

/// A provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    /// SHA-256 of the token with which it authenticates over HTTP, as earlier versions kept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_hash: Option<Bytes>,
    /// What is kept of the token now; see [`tokens`](super::tokens).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_digest: Option<Bytes>,
}

/// A device that was provisioned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    /// Its encapsulation key.
    pub seal_key: Bytes,
    /// When it was provisioned last, milliseconds since 1970.
    pub provisioned: i64,
    /// Whether it gets licenses no more.
    #[serde(default)]
    pub revoked: bool,
    /// Those of its licenses that are revoked and not over by themselves, the last one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked_licenses: Vec<RevokedLicense>,
}

/// A license that was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LicenseRecord {
    pub device: Id,
    pub content_id: Bytes,
    pub provider: String,
    pub policy: Policy,
    pub persistent: bool,
    /// The highest sequence issued.
    pub sequence: u64,
    /// The highest sequence that the device has shown to have. Between the two lie answers that may have been lost.
    pub confirmed: u64,
    pub first_issued: i64,
    /// Issue of the highest sequence.
    pub issued: i64,
    /// All keys that belong to the license, whatever the device could have of them.
    pub keys: Vec<LicenseKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<Bytes>,
    /// When it was given back, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<i64>,
    /// Whether renewals are denied although the policy allows them.
    #[serde(default)]
    pub revoked: bool,
}

pub(super) fn damaged(table: Table) -> impl FnOnce(String) -> StoreError {
    move |reason| StoreError(format!("an entry of table {} is damaged: {reason}", table.name()))
}

pub(super) fn content(store: &dyn Store, vault: &Vault, id: &[u8]) -> Result<Option<Content>, StoreError> {
    let Some(sealed) = store.read(Table::Content, id)? else { return Ok(None) };
    open_content(vault, id, &sealed).map(Some)
}

pub(super) fn open_content(vault: &Vault, id: &[u8], sealed: &[u8]) -> Result<Content, StoreError> {
    let text = vault.open(Table::Content, id, sealed)?;
    from_json(&text).map_err(damaged(Table::Content))
}

pub(super) fn seal_content(vault: &Vault, content: &Content) -> Result<Vec<u8>> {
    vault.seal(Table::Content, &content.content_id.0, &to_secret_json(content))
}

pub(super) fn plain<T: serde::de::DeserializeOwned>(
    value: Option<Vec<u8>>,
    table: Table,
) -> Result<Option<T>, StoreError> {
    value.map(|value| from_json(&value).map_err(damaged(table))).transpose()
}

pub(super) fn plain_bytes(value: &impl Serialize) -> Vec<u8> {
    to_json(value)
}

pub(super) fn open_issued(vault: &Vault, id: Id, sealed: &[u8]) -> Result<LicenseRecord, StoreError> {
    let text = vault.open(Table::License, &id.0, sealed)?;
    from_json(&text).map_err(damaged(Table::License))
}

pub(super) fn issued(
    transaction: &mut dyn Transaction,
    vault: &Vault,
    id: Id,
) -> Result<Option<LicenseRecord>, StoreError> {
    let sealed = transaction.get(Table::License, &id.0)?;
    sealed.map(|sealed| open_issued(vault, id, &sealed)).transpose()
}

pub(super) fn seal_issued(vault: &Vault, id: Id, issued: &LicenseRecord) -> Result<Vec<u8>> {
    vault.seal(Table::License, &id.0, &to_secret_json(issued))
}

/// Refuses content that cannot be added, with [`Error::Invalid`].
pub(super) fn check_content(content: &Content) -> Result<()> {
    let invalid = |reason: &'static str| Err(Error::invalid(Input::Content, reason));
    if content.content_id.0.is_empty() || content.content_id.0.len() > 1024 {
        return invalid("a content id has 1 to 1024 bytes");
    }
    if content.require_provider == Some(true) && content.provider.is_empty() {
        return invalid("it requires a provider and has none");
    }
    check_tracks(&content.tracks)?;
    check_groups(content.groups())?;
    let ids: HashSet<_> = content.tracks.iter().map(|track| track.key_id.0).collect();
    if content.groups().iter().flat_map(|group| &group.tracks).any(|track| ids.contains(&track.key_id.0)) {
        return invalid("two keys have the same key id");
    }
    Ok(())
}

/// Refuses keys that cannot be together.
pub(super) fn check_tracks(tracks: &[Track]) -> Result<()> {
    let invalid = |reason: &'static str| Err(Error::invalid(Input::Content, reason));
    let (mut ids, mut types) = (HashSet::new(), HashSet::new());
    for track in tracks {
        if track.key.len() != 16 {
            return invalid("a key does not have 16 bytes");
        }
        if !ids.insert(track.key_id.0) {
            return invalid("two keys have the same key id");
        }
        if !track.track_type.is_empty() && !types.insert(&track.track_type) {
            return invalid("two keys have the same track type");
        }
    }
    Ok(())
}
