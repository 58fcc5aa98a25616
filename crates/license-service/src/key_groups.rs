//! Keys that change: a content has any number of key groups, one for each period of its crypto-period rotation, and a license carries
//! those that the device asks for.
//!
//! A group has a sealed entry of its own, so that a license costs the same whether there are ten groups or ten thousand.
//! In table KeyGroup there is, under the SHA-256 of the content's id and the group's name, the sealed group; and under
//! the id of each of these keys the key of that entry.

use std::collections::{BTreeMap, BTreeSet};

use super::Service;
use super::admin::{MAX_NAME, admin_error, taken};
use super::error::{Error, Input, Result};
use super::records::{self, Content, KeyGroup, Track, check_tracks};
use super::store::{StoreError, Table, Transaction, entries};
use base::text::shortened;
use license::protocol::Id;
use license::protocol::service_side::{from_json, hash, to_secret_json};
use license::template::{Refusal, Rule};

/// Groups that are added in one transaction.
const BATCH: usize = 64;

fn prefix(content_id: &[u8]) -> [u8; 32] {
    hash(content_id).0
}

fn key(content_id: &[u8], name: &str) -> Vec<u8> {
    [&prefix(content_id)[..], name.as_bytes()].concat()
}

fn check_group(group: &KeyGroup) -> Result<()> {
    if group.name.is_empty() || group.name.len() > MAX_NAME {
        let reason = format!("the name of a key group has 1 to {MAX_NAME} bytes");
        return Err(Error::invalid(Input::Content, reason));
    }
    if group.tracks.is_empty() {
        return Err(Error::invalid(Input::Content, format!("the key group {} has no keys", shortened(&group.name))));
    }
    check_tracks(&group.tracks)
}

/// Refuses groups that cannot be added, alone or together.
pub(super) fn check_groups(groups: &[KeyGroup]) -> Result<()> {
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for group in groups {
        check_group(group)?;
        if !names.insert(&group.name) {
            return Err(Error::invalid(
                Input::Content,
                format!("two key groups are called {}", shortened(&group.name)),
            ));
        }
        if !group.tracks.iter().all(|track| ids.insert(track.key_id.0)) {
            return Err(Error::invalid(Input::Content, "two keys have the same key id"));
        }
    }
    Ok(())
}

/// Whose a key id is.
pub(super) enum Owner {
    Nobody,
    /// The content's, outside of its key groups.
    Itself,
    /// A key group's of the content, by the key of its entry.
    Group(Vec<u8>),
    /// Another content's.
    Other,
}

pub(super) fn owner(transaction: &mut dyn Transaction, content_id: &[u8], key_id: &Id) -> Result<Owner, StoreError> {
    Ok(match transaction.get(Table::KeyId, &key_id.0)? {
        None => Owner::Nobody,
        Some(owner) if owner != content_id => Owner::Other,
        Some(_) => transaction.get(Table::KeyGroup, &key_id.0)?.map_or(Owner::Itself, Owner::Group),
    })
}

impl Service {
    /// Adds key groups to a content, or replaces those with the same names. Each is there as a whole or not at all; of many the
    /// first ones may be there when there is an error.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such content, [`Error::Invalid`] for bad groups or key ids that another content or group
    /// has; [`Error::Internal`] if the store fails.
    pub fn add_key_groups(&self, content_id: &[u8], groups: &[KeyGroup]) -> Result<()> {
        check_groups(groups)?;
        self.put_groups(content_id, &groups.iter().collect::<Vec<_>>(), false)
    }

    /// Makes `groups` the only ones of a content. Those that it has already stay untouched, so that their keys are found all
    /// the time.
    pub(super) fn replace_key_groups(&self, content_id: &[u8], groups: &[KeyGroup]) -> Result<()> {
        let mut wanted: BTreeMap<_, _> = groups.iter().map(|group| (key(content_id, &group.name), group)).collect();
        let prefix = prefix(content_id);
        let mut gone = Vec::new();
        for entry in entries(&*self.store, Table::KeyGroup, &prefix) {
            let (key, sealed) = entry?;
            match wanted.get(&key) {
                Some(group) if self.vault.open(Table::KeyGroup, &key, &sealed)?[..] == to_secret_json(*group)[..] => {
                    wanted.remove(&key);
                }
                Some(_) => {}
                None => gone.push(key),
            }
        }
        self.put_groups(content_id, &wanted.into_values().collect::<Vec<_>>(), true)?;
        self.forget_all(&gone)
    }

    /// With `are_all` they are going to be the only ones of the content, so that keys of others may move to them.
    fn put_groups(&self, content_id: &[u8], groups: &[&KeyGroup], are_all: bool) -> Result<()> {
        for groups in groups.chunks(BATCH) {
            let sealed = groups.iter().map(|group| {
                let key = key(content_id, &group.name);
                Ok((self.vault.seal(Table::KeyGroup, &key, &to_secret_json(*group))?, key, group))
            });
            let sealed: Vec<_> = sealed.collect::<Result<_>>()?;
            let mut error = None;
            let done = self.store.transact(&mut |transaction| {
                error = None;
                self.mark_rotating(transaction, content_id, &mut error)?;
                for (value, key, group) in &sealed {
                    self.forget_group(transaction, key)?;
                    for track in &group.tracks {
                        match owner(transaction, content_id, &track.key_id)? {
                            Owner::Nobody => {}
                            Owner::Group(group) if are_all => {
                                self.forget_group(transaction, &group)?;
                            }
                            Owner::Group(_) | Owner::Itself | Owner::Other => {
                                error = Some(taken(&track.key_id, "another key"));
                                return Err(Refusal::new(Rule::DuplicateKeyId, "", ""));
                            }
                        }
                        transaction.put(Table::KeyId, &track.key_id.0, content_id)?;
                        transaction.put(Table::KeyGroup, &track.key_id.0, key)?;
                    }
                    transaction.put(Table::KeyGroup, key, value)?;
                }
                Ok(())
            });
            done.map_err(|refusal| admin_error(error, &refusal))?;
        }
        Ok(())
    }

    /// Removes a key group; licenses that were issued keep its keys.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Internal`] if the store fails.
    pub fn remove_key_group(&self, content_id: &[u8], name: &str) -> Result<()> {
        let mut found = false;
        let key = key(content_id, name);
        let done = self.store.transact(&mut |transaction| {
            found = self.forget_group(transaction, &key)?;
            Ok(())
        });
        done.map_err(|refusal| admin_error(None, &refusal))?;
        if found { Ok(()) } else { Err(Error::NotFound { what: "key group", name: shortened(name) }) }
    }

    /// The names of a content's key groups, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn key_groups(&self, content_id: &[u8]) -> Result<Vec<String>, StoreError> {
        let prefix = prefix(content_id);
        let names = entries(&*self.store, Table::KeyGroup, &prefix);
        names.map(|entry| Ok(String::from_utf8_lossy(&entry?.0[prefix.len()..]).into_owned())).collect()
    }

    /// Adds to a content the keys of the groups that hold `key_ids`.
    pub(super) fn with_groups<'a>(
        &self,
        mut content: Content,
        key_ids: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Content, StoreError> {
        if !content.rotating {
            return Ok(content);
        }
        let mut groups = BTreeSet::new();
        let prefix = prefix(&content.content_id.0);
        for key_id in key_ids {
            if let Some(key) = self.store.read(Table::KeyGroup, key_id)?
                && key.starts_with(&prefix)
            {
                groups.insert(key);
            }
        }
        for key in groups {
            content.tracks.extend(self.group(&key)?);
        }
        Ok(content)
    }

    /// All key groups of a content, with their keys.
    pub(super) fn all_groups(&self, content_id: &[u8]) -> Result<Vec<KeyGroup>, StoreError> {
        let prefix = prefix(content_id);
        let groups = entries(&*self.store, Table::KeyGroup, &prefix).map(|entry| {
            let (key, sealed) = entry?;
            from_json(&self.vault.open(Table::KeyGroup, &key, &sealed)?).map_err(records::damaged(Table::KeyGroup))
        });
        groups.collect()
    }

    fn group(&self, key: &[u8]) -> Result<Vec<Track>, StoreError> {
        let Some(sealed) = self.store.read(Table::KeyGroup, key)? else { return Ok(Vec::new()) };
        let text = self.vault.open(Table::KeyGroup, key, &sealed)?;
        let group: KeyGroup = from_json(&text).map_err(records::damaged(Table::KeyGroup))?;
        Ok(group.tracks)
    }

    /// Notes that a content has groups.
    fn mark_rotating(
        &self,
        transaction: &mut dyn Transaction,
        content_id: &[u8],
        error: &mut Option<Error>,
    ) -> Result<(), Refusal> {
        let Some(sealed) = transaction.get(Table::Content, content_id)? else {
            *error = Some(Error::NotFound { what: "content", name: shortened(&hex::encode(content_id)) });
            return Err(Refusal::new(Rule::ContentNotFound, "", ""));
        };
        let mut content = records::open_content(&self.vault, content_id, &sealed)?;
        if content.rotating {
            return Ok(());
        }
        // Derived keys are for contents without any of their own.
        for track in content.all_tracks(&self.identity.root) {
            if content.tracks.is_empty() {
                transaction.remove(Table::KeyId, &track.key_id.0)?;
            }
        }
        content.rotating = true;
        let sealed =
            records::seal_content(&self.vault, &content).map_err(|fault| super::provision::internal(&fault))?;
        Ok(transaction.put(Table::Content, content_id, &sealed)?)
    }

    /// Removes a group with the ids of its keys; false if there is none.
    pub(super) fn forget_group(&self, transaction: &mut dyn Transaction, key: &[u8]) -> Result<bool, StoreError> {
        let Some(sealed) = transaction.get(Table::KeyGroup, key)? else { return Ok(false) };
        let text = self.vault.open(Table::KeyGroup, key, &sealed)?;
        let group: KeyGroup = from_json(&text).map_err(records::damaged(Table::KeyGroup))?;
        for track in &group.tracks {
            transaction.remove(Table::KeyId, &track.key_id.0)?;
            transaction.remove(Table::KeyGroup, &track.key_id.0)?;
        }
        transaction.remove(Table::KeyGroup, key)
    }

    /// Removes all key groups of a content.
    pub(super) fn forget_groups(&self, content_id: &[u8]) -> Result<()> {
        let prefix = prefix(content_id);
        let keys = entries(&*self.store, Table::KeyGroup, &prefix).map(|entry| Ok(entry?.0));
        self.forget_all(&keys.collect::<Result<Vec<_>, StoreError>>()?)
    }

    fn forget_all(&self, keys: &[Vec<u8>]) -> Result<()> {
        for keys in keys.chunks(BATCH) {
            let done = self.store.transact(&mut |transaction| {
                keys.iter().try_for_each(|key| Ok(self.forget_group(transaction, key).map(drop)?))
            });
            done.map_err(|refusal| admin_error(None, &refusal))?;
        }
        Ok(())
    }
}
