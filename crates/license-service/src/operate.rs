//! What an operator does while the service runs: look, remove, take along. Adding is in [`admin`](super::admin).

use std::collections::BTreeSet;
use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::Service;
use super::admin::{MAX_NAME, admin_error};
use super::error::{Error, Input, Result};
use super::records::{self, Content, KeyGroup, Provider, Track};
use super::store::{Entry, StoreError, Table, entries};
use base::base64::Variant;
use base::secret::{SecretBytes, SecretString};
use base::text::shortened;
use license::protocol::Id;
use license::protocol::service_side::to_secret_json;

/// Whether an entry of table Provider is a provider, not a token: see [`tokens`](super::tokens).
fn is_provider(key: &[u8]) -> bool {
    key.len() <= MAX_NAME
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Contents, by id in base64.
    Contents,
    /// Policies, by name.
    Policies,
    /// Providers, by name.
    Providers,
}

impl Listed {
    fn table(self) -> Table {
        match self {
            Self::Contents => Table::Content,
            Self::Policies => Table::Policy,
            Self::Providers => Table::Provider,
        }
    }
}

/// A key of a catalogue, with its secret.
#[derive(Serialize)]
struct KeyOut<'a> {
    track_type: &'a str,
    key_id: String,
    #[serde(serialize_with = "secret_text")]
    key: SecretString,
    security_level: u8,
    hdcp: &'static str,
}

fn secret_text<S: serde::Serializer>(text: &SecretString, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

impl<'a> KeyOut<'a> {
    fn new(track: &'a Track) -> Self {
        Self {
            track_type: &track.track_type,
            key_id: Variant::Standard.encode(&track.key_id.0),
            key: Variant::Standard.encode_secret(&track.key),
            security_level: track.requirement.security_level.number(),
            hdcp: track.requirement.hdcp.word(),
        }
    }
}

#[derive(Serialize)]
struct GroupOut<'a> {
    name: &'a str,
    keys: Vec<KeyOut<'a>>,
}

#[derive(Serialize)]
struct ContentOut<'a> {
    content_id: String,
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    require_provider: Option<bool>,
    keys: Vec<KeyOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key_groups: Vec<GroupOut<'a>>,
}

fn name_of(entry: &Entry) -> String {
    String::from_utf8_lossy(&entry.0).into_owned()
}

impl Service {
    /// Up to `limit` contents, policies or providers after `after` (an id or name; empty for the first ones), without secrets.
    ///
    /// # Errors
    /// [`Error::Malformed`] for an `after` that is no base64; [`Error::Store`].
    pub fn list(&self, listed: Listed, after: &str, limit: usize) -> Result<Vec<Value>> {
        let start = match listed {
            _ if after.is_empty() => Vec::new(),
            Listed::Contents => [Variant::Standard.decode("after", after)?, vec![0]].concat(),
            Listed::Policies | Listed::Providers => [after.as_bytes(), &[0]].concat(),
        };
        let mut rows = Vec::new();
        let mut start = start;
        while rows.len() < limit {
            let found = self.store.from(listed.table(), &start, limit)?;
            let Some((last, _)) = found.last() else { break };
            start = [last, &[0][..]].concat();
            let is_last = found.len() < limit;
            for entry in &found {
                if let Some(row) = self.row(listed, entry)?
                    && rows.len() < limit
                {
                    rows.push(row);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(rows)
    }

    fn row(&self, listed: Listed, entry: &Entry) -> Result<Option<Value>> {
        Ok(Some(match listed {
            Listed::Contents => {
                let content = records::open_content(&self.vault, &entry.0, &entry.1)?;
                let keys = content.tracks.iter();
                let keys = keys.map(|track| json!({ "track_type": track.track_type, "key_id": track.key_id.hex() }));
                json!({
                    "content_id": Variant::Standard.encode(&entry.0),
                    "provider": content.provider,
                    "policy": content.policy,
                    "require_provider": content.require_provider,
                    "keys": keys.collect::<Vec<_>>(),
                    "has_key_groups": content.rotating,
                })
            }
            Listed::Policies => json!({ "name": name_of(entry), "policy": policy(entry)? }),
            Listed::Providers if !is_provider(&entry.0) => return Ok(None),
            Listed::Providers => {
                let provider: Option<Provider> = records::plain(Some(entry.1.clone()), Table::Provider)?;
                let has_token = provider.is_some_and(|provider| provider.token_digest.is_some());
                json!({ "name": name_of(entry), "has_token": has_token })
            }
        }))
    }

    /// Removes a content with its keys. Licenses that were issued for it stay, and can be renewed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Internal`] if the store fails.
    pub fn remove_content(&self, content_id: &[u8]) -> Result<()> {
        self.forget_groups(content_id)?;
        let mut found = false;
        let done = self.store.transact(&mut |transaction| {
            found = false;
            let Some(sealed) = transaction.get(Table::Content, content_id)? else { return Ok(()) };
            let content = records::open_content(&self.vault, content_id, &sealed)?;
            for track in content.all_tracks(&self.identity.root) {
                transaction.remove(Table::KeyId, &track.key_id.0)?;
            }
            found = transaction.remove(Table::Content, content_id)?;
            Ok(())
        });
        done.map_err(|refusal| admin_error(None, &refusal))?;
        let name = || Error::NotFound { what: "content", name: shortened(&hex::encode(content_id)) };
        if found { Ok(()) } else { Err(name()) }
    }

    /// Removes a policy that no content names.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] if a content names it; [`Error::Internal`] if the store fails.
    pub fn remove_policy(&self, name: &str) -> Result<()> {
        self.check_unnamed(name, |content| content.policy.as_deref() == Some(name))?;
        self.remove(Table::Policy, "policy", name)
    }

    /// Removes a provider whom no content belongs to, with its token.
    ///
    /// # Errors
    /// As [`Service::remove_policy`].
    pub fn remove_provider(&self, name: &str) -> Result<()> {
        self.check_unnamed(name, |content| content.provider == name)?;
        // Its token goes first.
        if is_provider(name.as_bytes()) && self.store.read(Table::Provider, name.as_bytes())?.is_some() {
            self.add_provider(name, None)?;
        }
        if !is_provider(name.as_bytes()) {
            return Err(Error::NotFound { what: "provider", name: shortened(name) });
        }
        self.remove(Table::Provider, "provider", name)
    }

    fn remove(&self, table: Table, what: &'static str, name: &str) -> Result<()> {
        let mut found = false;
        let done = self.store.transact(&mut |transaction| {
            found = transaction.remove(table, name.as_bytes())?;
            Ok(())
        });
        done.map_err(|refusal| admin_error(None, &refusal))?;
        if found { Ok(()) } else { Err(Error::NotFound { what, name: shortened(name) }) }
    }

    fn check_unnamed(&self, name: &str, names: impl Fn(&Content) -> bool) -> Result<()> {
        for entry in entries(&*self.store, Table::Content, &[]) {
            let (id, sealed) = entry?;
            if names(&records::open_content(&self.vault, &id, &sealed)?) {
                let reason = format!("the content {} names {}", shortened(&hex::encode(id)), shortened(name));
                return Err(Error::invalid(Input::Name, reason));
            }
        }
        Ok(())
    }

    /// What is known of a license, for an operator: no keys, no tokens.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn describe_license(&self, license: Id) -> Result<Value> {
        let sealed = self.store.read(Table::License, &license.0)?;
        let sealed = sealed.ok_or_else(|| Error::NotFound { what: "license", name: license.hex() })?;
        let issued = records::open_issued(&self.vault, license, &sealed)?;
        Ok(json!({
            "license_id": license.hex(),
            "device": issued.device.hex(),
            "content_id": Variant::Standard.encode(&issued.content_id.0),
            "provider": issued.provider,
            "policy": issued.policy,
            "persistent": issued.persistent,
            "sequence": issued.sequence,
            "first_issued": issued.first_issued,
            "issued": issued.issued,
            "released": issued.released,
            "revoked": issued.revoked,
            "key_ids": issued.keys.iter().map(|key| hex::encode(&key.key_id.0)).collect::<Vec<_>>(),
        }))
    }

    /// Everything that catalogues bring, as one, keys in the clear: for another service, or a backup. Tokens are not known, only
    /// what they are checked with: providers come with `has_token`, and where they are known keep theirs. Derived keys are of this service's root secret: they are written as keys,
    /// so that the other service has the same ones.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn export(&self) -> Result<SecretBytes> {
        let (mut providers, mut with_tokens) = (Vec::new(), BTreeSet::new());
        for entry in entries(&*self.store, Table::Provider, &[]) {
            let entry = entry?;
            if is_provider(&entry.0) {
                let name = name_of(&entry);
                let provider: Option<Provider> = records::plain(Some(entry.1), Table::Provider)?;
                let has_token = provider.is_some_and(|provider| provider.token_digest.is_some());
                providers.push(if has_token {
                    json!({ "name": name, "has_token": true })
                } else {
                    json!({ "name": name })
                });
                if has_token {
                    with_tokens.insert(name);
                }
            }
        }
        let mut policies = serde_json::Map::new();
        for entry in entries(&*self.store, Table::Policy, &[]) {
            let entry = entry?;
            policies.insert(name_of(&entry), policy(&entry)?);
        }
        let (providers, policies) = (json!(providers), Value::Object(policies));
        let mut text = SecretBytes::default();
        let mut write = |part: &[u8]| text.write_all(part).map_err(|fault| Error::Internal(fault.to_string().into()));
        write(format!("{{\"providers\":{providers},\n\"policies\":{policies},\n\"contents\":[").as_bytes())?;
        for (index, entry) in entries(&*self.store, Table::Content, &[]).enumerate() {
            let (id, sealed) = entry?;
            let content = records::open_content(&self.vault, &id, &sealed)?;
            write(if index > 0 { b",\n" } else { b"\n" })?;
            // Where the provider comes without its token, the content must not become everybody's.
            let required = content.require_provider.or(with_tokens.contains(&content.provider).then_some(true));
            write(&self.content_text(&Content { require_provider: required, ..content })?)?;
        }
        write(b"]}\n")?;
        Ok(text)
    }

    fn content_text(&self, content: &Content) -> Result<SecretBytes> {
        let tracks = content.all_tracks(&self.identity.root);
        let groups: Vec<KeyGroup> = if content.rotating { self.all_groups(&content.content_id.0)? } else { Vec::new() };
        let groups = groups
            .iter()
            .map(|group| GroupOut { name: &group.name, keys: group.tracks.iter().map(KeyOut::new).collect() });
        Ok(to_secret_json(&ContentOut {
            content_id: Variant::Standard.encode(&content.content_id.0),
            provider: &content.provider,
            policy: content.policy.as_deref(),
            require_provider: content.require_provider,
            keys: tracks.iter().map(KeyOut::new).collect(),
            key_groups: groups.collect(),
        }))
    }
}

fn policy(entry: &Entry) -> Result<Value, StoreError> {
    serde_json::from_slice(&entry.1).map_err(|fault| StoreError(format!("a policy is damaged: {fault}")))
}
