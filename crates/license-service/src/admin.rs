//! Administration: content, policies, providers, devices, licenses.

use super::Service;
use super::catalog::Catalog;
use super::error::{Error, Input, Result};
use super::key_groups::{Owner, owner};
use super::provision::internal;
use super::records::{self, Content, Provider, check_content};
use super::store::{StoreError, Table};
use super::tokens;
use base::log::{self, Level};
use base::secret::SecretBytes;
use base::text::shortened;
use license::protocol::{Bytes, Id};
use license::template::{Policy, Refusal, StoredPolicy, Template};

/// Bytes in the longest name.
pub(super) const MAX_NAME: usize = 256;

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Error::invalid(Input::Name, format!("{} bytes; 1 to {MAX_NAME} are possible", name.len())));
    }
    Ok(())
}

fn check_provider(name: &str, token: Option<&str>) -> Result<()> {
    check_name(name)?;
    if token.is_some_and(|token| token.len() < 16) {
        return Err(Error::invalid(Input::Token, "fewer than 16 bytes"));
    }
    Ok(())
}

/// A key id that something else has.
pub(super) fn taken(key_id: &Id, other: &str) -> Error {
    Error::invalid(Input::Content, format!("key id {} belongs to {other}", key_id.hex()))
}

/// A refusal inside of a transaction of the operator: a store that fails, or what `error` has kept.
pub(super) fn admin_error(error: Option<Error>, refusal: &Refusal) -> Error {
    error.unwrap_or_else(|| Error::Internal(refusal.message().to_owned().into()))
}

impl Service {
    /// Adds content, or replaces that with the same id, with all of its key groups if any are given.
    ///
    /// # Errors
    /// [`Error::Invalid`] for bad ids or keys, or if another content or a key group that stays has one of the key ids;
    /// [`Error::Internal`] if the store fails or the system has no random numbers.
    pub fn add_content(&self, content: &Content) -> Result<()> {
        check_content(content)?;
        let (id, groups) = (&content.content_id.0, content.key_groups.as_deref());
        let mut content = Content { key_groups: None, ..content.clone() };
        let mut error = None;
        let done = self.store.transact(&mut |transaction| {
            error = None;
            let former = transaction.get(Table::Content, id)?;
            let former = former.map(|sealed| records::open_content(&self.vault, id, &sealed)).transpose()?;
            content.rotating = match groups {
                Some(groups) => !groups.is_empty(),
                None => former.as_ref().is_some_and(|former| former.rotating),
            };
            for track in former.iter().flat_map(|former| former.all_tracks(&self.identity.root)) {
                transaction.remove(Table::KeyId, &track.key_id.0)?;
            }
            let tracks = content.all_tracks(&self.identity.root);
            let mut key_ids: Vec<Id> = tracks.iter().map(|track| track.key_id).collect();
            // In one order, so that two who add contents do not wait for each other.
            key_ids.sort_unstable();
            for key_id in &key_ids {
                let other = match owner(transaction, id, key_id)? {
                    Owner::Nobody | Owner::Itself => None,
                    Owner::Group(group) if groups.is_some() => {
                        self.forget_group(transaction, &group)?;
                        None
                    }
                    Owner::Group(_) => Some("one of its key groups"),
                    Owner::Other => Some("another content"),
                };
                if let Some(other) = other {
                    error = Some(taken(key_id, other));
                    return Err(Refusal::new(license::template::Rule::DuplicateKeyId, "", ""));
                }
                transaction.put(Table::KeyId, &key_id.0, id)?;
            }
            let sealed = records::seal_content(&self.vault, &content).map_err(|fault| internal(&fault))?;
            Ok(transaction.put(Table::Content, id, &sealed)?)
        });
        done.map_err(|refusal| admin_error(error, &refusal))?;
        groups.map_or(Ok(()), |groups| self.replace_key_groups(id, groups))
    }

    /// Adds a policy (the JSON object of `policy_overrides`, possibly with `rental_scope`), or replaces the one with the
    /// same name. `default` is for everything that has no other. What is doubtful about it, as that nothing ever ends its licenses, is
    /// logged.
    ///
    /// # Errors
    /// [`Error::Policy`] with the rule that the policy breaks; [`Error::Invalid`] for the name; [`Error::Internal`] if the
    /// store fails.
    pub fn add_policy(&self, name: &str, json: &[u8]) -> Result<()> {
        check_name(name)?;
        let (policy, mut doubts) = StoredPolicy::parse(json, self.settings.profile)?;
        if let Ok(effective) = Template::default().effective_policy(Some(&policy)) {
            doubts.extend(effective.warnings());
        }
        for doubt in doubts {
            log::write(Level::Warn, format_args!("license service: policy `{}`: {doubt}", shortened(name)));
        }
        let text = serde_json::to_vec(&policy).map_err(|fault| Error::Internal(fault.to_string().into()))?;
        self.put(Table::Policy, name.as_bytes(), &text)
    }

    /// Adds a provider, or replaces the one with the same name. With `token` it authenticates over HTTP.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the name or a token of fewer than 16 bytes; [`Error::Internal`] if the store fails.
    pub fn add_provider(&self, name: &str, token: Option<&str>) -> Result<()> {
        check_provider(name, token)?;
        let digest = token.map(|token| tokens::digest(&self.identity.root, token));
        let provider = Provider { token_hash: None, token_digest: digest.clone().map(Bytes) };
        let done = self.store.transact(&mut |transaction| {
            let key = name.as_bytes();
            let former: Option<Provider> = records::plain(transaction.get(Table::Provider, key)?, Table::Provider)?;
            if let Some(former) = former.and_then(|former| former.token_digest) {
                let former = tokens::key(&former.0);
                if transaction.get(Table::Provider, &former)?.is_some_and(|owner| owner == key) {
                    transaction.remove(Table::Provider, &former)?;
                }
            }
            transaction.put(Table::Provider, key, &records::plain_bytes(&provider))?;
            if let Some(digest) = &digest {
                transaction.put(Table::Provider, &tokens::key(digest), key)?;
            }
            Ok(())
        });
        done.map_err(|refusal| admin_error(None, &refusal))
    }

    fn put(&self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        let done = self.store.transact(&mut |transaction| Ok(transaction.put(table, key, value)?));
        done.map_err(|refusal| admin_error(None, &refusal))
    }

    /// Adds everything that catalogues list. They may name each other's policies and providers, and those that the
    /// service knows.
    ///
    /// # Errors
    /// [`Error::Malformed`] for the name of a policy or provider that there is not, [`Error::Policy`] and
    /// [`Error::Invalid`]: nothing is added then. [`Error::Store`] and [`Error::Internal`] if the store fails; what came before
    /// is then added.
    pub fn add_catalogs(&self, catalogs: &[Catalog]) -> Result<()> {
        for catalog in catalogs {
            self.check_catalog(catalog, catalogs)?;
        }
        self.check_key_ids(catalogs.iter().flat_map(|catalog| &catalog.contents))?;
        catalogs.iter().try_for_each(|catalog| self.add_checked(catalog))
    }

    /// As [`Service::add_catalogs`] for one.
    ///
    /// # Errors
    /// As there.
    pub fn add_catalog(&self, catalog: &Catalog) -> Result<()> {
        self.add_catalogs(std::slice::from_ref(catalog))
    }

    /// Checks everything in a catalogue by itself, and that there is what its contents name.
    fn check_catalog(&self, catalog: &Catalog, all: &[Catalog]) -> Result<()> {
        catalog.providers.iter().try_for_each(|known| check_provider(&known.name, known.token.as_deref()))?;
        catalog.contents.iter().try_for_each(check_content)?;
        for (name, policy) in &catalog.policies {
            check_name(name)?;
            StoredPolicy::parse(policy.get().as_bytes(), self.settings.profile).map_err(|refusal| {
                let pointer = format!("/policies/{}{}", shortened(name), refusal.pointer());
                Refusal::new(refusal.rule(), pointer, refusal.message()).with_suggestion(refusal.suggestion())
            })?;
        }
        let knows = |table, name: &str| Ok::<_, Error>(self.store.read(table, name.as_bytes())?.is_some());
        for (index, content) in catalog.contents.iter().enumerate() {
            let unknown = |member: &str, name: &str| {
                let reason = format!("/contents/{index}/{member}: there is no {member} `{}`", shortened(name));
                Err(Error::malformed("catalogue", reason))
            };
            if let Some(policy) = &content.policy
                && !all.iter().any(|catalog| catalog.policies.contains_key(policy))
                && !knows(Table::Policy, policy)?
            {
                return unknown("policy", policy);
            }
            let provider = &content.provider;
            if !provider.is_empty()
                && !all.iter().flat_map(|catalog| &catalog.providers).any(|known| known.name == *provider)
                && !knows(Table::Provider, provider)?
            {
                return unknown("provider", provider);
            }
        }
        Ok(())
    }

    fn add_checked(&self, catalog: &Catalog) -> Result<()> {
        for provider in &catalog.providers {
            let keeps = provider.token.is_none() && provider.has_token;
            if !keeps || self.store.read(Table::Provider, provider.name.as_bytes())?.is_none() {
                self.add_provider(&provider.name, provider.token.as_deref())?;
            }
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
        let digest = tokens::digest(&self.identity.root, token);
        let Some(name) = self.store.read(Table::Provider, &tokens::key(&digest))? else { return Ok(None) };
        let provider: Option<Provider> = records::plain(self.store.read(Table::Provider, &name)?, Table::Provider)?;
        let known = provider.and_then(|provider| provider.token_digest);
        let valid = known.is_some_and(|known| bool::from(known.0.ct_eq(&digest)));
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
    pub fn authority(&self) -> Vec<u8> {
        self.identity.present().authority_certificate.0.clone()
    }
}
