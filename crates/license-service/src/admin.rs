//! Administration: content, policies, providers, devices, licenses.

use serde::Deserialize;

use super::Service;
use super::error::{Error, Input, Result};
use super::records::{self, Content, Provider, Track, check_content};
use super::store::{StoreError, Table};
use base::base64::Variant;
use base::secret::{SecretBytes, SecretString};
use base::text::shortened;
use license::protocol::service_side::hash;
use license::protocol::{Bytes, Fixed, Id};
use license::template::{Hdcp, KeyRequirement, Policy, Refusal, SecurityLevel, StoredPolicy};

/// Bytes in the longest name.
const MAX_NAME: usize = 256;

/// Everything that a service is to know, as JSON:
///
/// ```json
/// {"providers": [{"name": "acme", "token": "…"}],
///  "policies": {"rental": {"can_play": true, "rental_duration_seconds": 2592000}},
///  "contents": [{"content_id": "<base64>", "provider": "acme", "policy": "rental",
///                "keys": [{"track_type": "SD", "key_id": "<base64>", "key": "<base64>",
///                          "security_level": 1, "hdcp": "HDCP_NONE"}]}]}
/// ```
pub struct Catalog {
    providers: Vec<ProviderEntry>,
    policies: Policies,
    contents: Vec<Content>,
}

type Policies = std::collections::BTreeMap<String, Box<serde_json::value::RawValue>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
struct ProviderEntry {
    name: String,
    #[serde(default)]
    token: Option<String>,
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

impl TryFrom<ContentEntry> for Content {
    type Error = Error;

    fn try_from(entry: ContentEntry) -> Result<Self> {
        let tracks = entry.keys.into_iter().map(|key| {
            let id = Variant::Standard.decode("key_id", &key.key_id)?;
            let secret = SecretString::from(key.key);
            Ok(Track {
                track_type: key.track_type,
                key_id: Fixed::from_slice(&id).ok_or_else(|| Error::malformed("key_id", "not 16 bytes"))?,
                key: Variant::Standard.decode_secret("key", secret.as_bytes())?,
                requirement: KeyRequirement { security_level: key.security_level, hdcp: key.hdcp },
            })
        });
        Ok(Self {
            content_id: Bytes(Variant::Standard.decode("content_id", &entry.content_id)?),
            provider: entry.provider,
            policy: entry.policy,
            tracks: tracks.collect::<Result<_>>()?,
        })
    }
}

impl Catalog {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self> {
        // serde takes an array for a struct, too.
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(Error::malformed("catalogue", "not a JSON object"));
        }
        let text: CatalogText = serde_json::from_slice(json).map_err(|fault| {
            let place = format!("line {}, column {}", fault.line(), fault.column());
            Error::malformed("catalogue", format!("not a catalogue, at {place}"))
        })?;
        let contents = text.contents.into_iter().map(Content::try_from).collect::<Result<_>>()?;
        Ok(Self { providers: text.providers, policies: text.policies, contents })
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Error::invalid(Input::Name, format!("{} bytes; 1 to {MAX_NAME} are possible", name.len())));
    }
    Ok(())
}

/// A refusal inside of a transaction of the operator: a store that fails, or what `error` has kept.
fn admin_error(error: Option<Error>, refusal: &Refusal) -> Error {
    error.unwrap_or_else(|| Error::Internal(refusal.message().to_owned().into()))
}

impl Service {
    /// Adds content, or replaces that with the same id.
    ///
    /// # Errors
    /// [`Error::Invalid`] for bad ids or keys, or if another content has one of the key ids; [`Error::Internal`] if the
    /// store fails or the system has no random numbers.
    pub fn add_content(&self, content: &Content) -> Result<()> {
        check_content(content)?;
        let id = &content.content_id.0;
        let key_ids: Vec<Id> = content.all_tracks(&self.identity.root).iter().map(|track| track.key_id).collect();
        let sealed = records::seal_content(&self.vault, content)?;
        let mut error = None;
        let done = self.store.transact(&mut |transaction| {
            if let Some(former) = transaction.get(Table::Content, id)? {
                let former = self.vault.open(Table::Content, id, &former)?;
                let former: Content = license::protocol::service_side::from_json(&former).map_err(StoreError)?;
                for track in former.all_tracks(&self.identity.root) {
                    transaction.remove(Table::KeyId, &track.key_id.0)?;
                }
            }
            for key_id in &key_ids {
                if transaction.get(Table::KeyId, &key_id.0)?.is_some_and(|other| other != *id) {
                    let reason = format!("key id {} belongs to another content", key_id.hex());
                    error = Some(Error::invalid(Input::Content, reason));
                    return Err(Refusal::new(license::template::Rule::DuplicateKeyId, "", ""));
                }
                transaction.put(Table::KeyId, &key_id.0, id)?;
            }
            transaction.put(Table::Content, id, &sealed)?;
            Ok(())
        });
        done.map_err(|refusal| admin_error(error, &refusal))
    }

    /// Adds a policy (the JSON object of `policy_overrides`, possibly with `rental_scope`), or replaces the one with the
    /// same name. `default` is for everything that has no other.
    ///
    /// # Errors
    /// [`Error::Policy`] with the rule that the policy breaks; [`Error::Invalid`] for the name; [`Error::Internal`] if the
    /// store fails.
    pub fn add_policy(&self, name: &str, json: &[u8]) -> Result<()> {
        check_name(name)?;
        let (policy, _) = StoredPolicy::parse(json, self.settings.profile)?;
        let text = serde_json::to_vec(&policy).map_err(|fault| Error::Internal(fault.to_string().into()))?;
        self.put(Table::Policy, name.as_bytes(), &text)
    }

    /// Adds a provider, or replaces the one with the same name. With `token` it authenticates over HTTP.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the name or a token of fewer than 16 bytes; [`Error::Internal`] if the store fails.
    pub fn add_provider(&self, name: &str, token: Option<&str>) -> Result<()> {
        check_name(name)?;
        if token.is_some_and(|token| token.len() < 16) {
            return Err(Error::invalid(Input::Token, "fewer than 16 bytes"));
        }
        let token_hash = token.map(|token| Bytes(hash(token.as_bytes()).0.to_vec()));
        self.put(Table::Provider, name.as_bytes(), &records::plain_bytes(&Provider { token_hash }))?;
        if let Some(token) = token {
            self.put(Table::Provider, &token_key(token), name.as_bytes())?;
        }
        Ok(())
    }

    fn put(&self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        let done = self.store.transact(&mut |transaction| Ok(transaction.put(table, key, value)?));
        done.map_err(|refusal| admin_error(None, &refusal))
    }

    /// Adds everything that a catalogue lists.
    ///
    /// # Errors
    /// The first failure; what comes before it in the catalogue is then added.
    pub fn add_catalog(&self, catalog: &Catalog) -> Result<()> {
        for provider in &catalog.providers {
            self.add_provider(&provider.name, provider.token.as_deref())?;
        }
        for (name, policy) in &catalog.policies {
            self.add_policy(name, policy.get().as_bytes())?;
        }
        for content in &catalog.contents {
            self.add_content(content)?;
        }
        Ok(())
    }

    /// The provider whom a token authenticates.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn provider_of(&self, token: &str) -> Result<Option<String>, StoreError> {
        use subtle::ConstantTimeEq;
        let Some(name) = self.store.read(Table::Provider, &token_key(token))? else { return Ok(None) };
        let provider: Option<Provider> = records::plain(self.store.read(Table::Provider, &name)?, Table::Provider)?;
        // A former token of the provider is in the table still.
        let valid = provider
            .and_then(|provider| provider.token_hash)
            .is_some_and(|known| bool::from(known.0.ct_eq(&hash(token.as_bytes()).0)));
        Ok(String::from_utf8(name).ok().filter(|_| valid))
    }

    /// Id and key of a content's track, for whoever encrypts it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such content or track; [`Error::Store`] if the store fails.
    pub fn content_key(&self, content_id: &[u8], track_type: &str) -> Result<(Id, SecretBytes)> {
        let missing = |what| Error::NotFound { what, name: shortened(&hex::encode(content_id)) };
        let content = records::content(&*self.store, &self.vault, content_id)?;
        let content = content.ok_or_else(|| missing("content"))?;
        let mut tracks = content.all_tracks(&self.identity.root).into_iter();
        let track = tracks.find(|track| track.track_type == track_type);
        let track = track.ok_or_else(|| missing("key of that track type for content"))?;
        Ok((track.key_id, track.key))
    }

    /// Ends a device: it gets no license any more.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Internal`] if the store fails.
    pub fn revoke_device(&self, device: Id) -> Result<()> {
        let mut found = false;
        let done = self.store.transact(&mut |transaction| {
            let known = transaction.get(Table::Device, &device.0)?;
            let Some(mut known) = records::plain::<records::Device>(known, Table::Device)? else { return Ok(()) };
            known.revoked = true;
            found = true;
            Ok(transaction.put(Table::Device, &device.0, &records::plain_bytes(&known))?)
        });
        done.map_err(|refusal| admin_error(None, &refusal))?;
        if found { Ok(()) } else { Err(Error::NotFound { what: "device", name: device.hex() }) }
    }

    /// Denies further renewals of a license.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Internal`] if the store fails.
    pub fn revoke_license(&self, license: Id) -> Result<()> {
        let mut found = false;
        let done = self.store.transact(&mut |transaction| {
            let Some(mut issued) = records::issued(transaction, &self.vault, license)? else { return Ok(()) };
            issued.revoked = true;
            found = true;
            let sealed = records::seal_issued(&self.vault, license, &issued);
            let sealed = sealed.map_err(|fault| super::provision::internal(&fault))?;
            Ok(transaction.put(Table::License, &license.0, &sealed)?)
        });
        done.map_err(|refusal| admin_error(None, &refusal))?;
        if found { Ok(()) } else { Err(Error::NotFound { what: "license", name: license.hex() }) }
    }

    /// What the service knows of a license: its highest sequence and its policy.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails.
    pub fn license(&self, license: Id) -> Result<Option<(u64, Policy)>> {
        let Some(sealed) = self.store.read(Table::License, &license.0)? else { return Ok(None) };
        let issued = records::open_issued(&self.vault, license, &sealed)?;
        Ok(Some((issued.sequence, issued.policy)))
    }

    /// The authority's certificate, X.509 in DER: what devices may be told to trust.
    pub fn authority(&self) -> &[u8] {
        &self.identity.authority_certificate.0
    }
}

/// Where a token's provider is found. Names are never as long.
fn token_key(token: &str) -> Vec<u8> {
    [&[0; MAX_NAME + 1][..], &hash(token.as_bytes()).0].concat()
}
