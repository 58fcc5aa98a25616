//! Writing to one namespace.
//!
//! An entry is written under a name of its own (`.new`), then the record is replaced by one that lists it, then the entry gets its
//! name. The replacement of the record is the moment that counts: whoever reads before it finds what was there, whoever reads after it
//! finds all entries of the call, under one name or the other; whoever writes next gives the entries the names that they have not got,
//! and removes what the record does not list. No killed process leaves an entry that is listed with nothing but a `.new` that is not what
//! was stored: somebody has put that there, and it is kept as the entry, which is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;

use super::device_key::DeviceKey;
use super::envelope::{self, Envelope, MAX_FILE};
use super::file::{FileStore, Ids};
use super::files::{self, Lock, failed};
use super::record::Record;
use super::seal::{self, Version};
use super::store::{StoredKey, check_capacity};
use crate::error::{Error, Result};

/// A namespace that nobody else writes to.
pub(super) struct Writing<'a> {
    store: &'a FileStore,
    device: DeviceKey,
    /// What is to be found, by the entries' files, too.
    record: Record,
    _lock: &'a Lock,
}

impl<'a> Writing<'a> {
    /// Tidies up what killed processes left behind.
    pub fn begin(store: &'a FileStore, lock: &'a Lock) -> Result<Self> {
        let directory = store.directory();
        files::remove_temporaries(&directory)?;
        let device = store.device_key(lock)?;
        let ids = Ids::in_directory(&directory)?;
        let mut record = match store.load_record(&device) {
            Ok(Some(record)) => record,
            Ok(None) => first_record(store, &ids)?,
            // Nobody misses it.
            Err(Error::StorageDamaged { .. }) if ids.is_empty() => Record::default(),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for id in &ids.pending {
            let (path, entry) = (store.pending(id), store.entry(id));
            match (files::read(&path, MAX_FILE), record.0.get(id)) {
                // What was stored; or not, and the entry's only file: under its name it stays refused, and the entry does not go.
                (Ok(Some(content)), Some(version))
                    if seal::version(&content) == *version || !ids.entries.contains(id) =>
                {
                    fs::rename(&path, &entry).map_err(failed("replace", &entry))?;
                    found.push(id);
                }
                // What cannot be read now may be the entry; it costs no other.
                (Err(_), Some(_)) => found.push(id),
                _ => drop(fs::remove_file(&path)),
            }
        }
        for id in &ids.entries {
            if record.0.contains_key(id) {
                found.push(id);
            } else {
                let _ = fs::remove_file(store.entry(id));
            }
        }
        found.sort();
        record.0.retain(|id, _| found.binary_search(&id).is_ok());
        Ok(Self { store, device, record, _lock: lock })
    }

    /// Reads an entry.
    pub fn read(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        self.store.read(&self.device, &self.record, id)
    }

    /// Stores all entries or none. For an id given twice, the last one counts.
    pub fn put(mut self, entries: &[(&[u8], StoredKey)]) -> Result<()> {
        let entries: BTreeMap<_, _> = entries.iter().map(|(id, key)| (*id, key)).collect();
        let added = entries.keys().filter(|id| !self.record.0.contains_key(**id)).count();
        check_capacity(self.record.0.len() + added)?;
        let envelope = Envelope::new(&self.device.entry_key());
        let mut written: Vec<(&[u8], Version)> = Vec::with_capacity(entries.len());
        let mut write = || {
            for (&id, &key) in &entries {
                let (content, version) = envelope.seal(&self.store.namespace, id, key)?;
                files::write_new(&self.store.pending(id), &content)?;
                written.push((id, version));
                self.record.0.insert(id.to_vec(), version);
            }
            // Before the record relies on the names.
            files::sync_directory(&self.store.directory())
        };
        if let Err(failure) = write().and_then(|()| self.commit()) {
            self.undo(&written);
            return Err(failure);
        }
        for (id, _) in written {
            // If this fails, whoever writes next does it.
            let _ = fs::rename(self.store.pending(id), self.store.entry(id));
        }
        Ok(())
    }

    /// Removes an entry, also a damaged one; false if there is none.
    pub fn remove(mut self, id: &[u8]) -> Result<bool> {
        if self.record.0.remove(id).is_none() {
            return Ok(false);
        }
        self.commit()?;
        // If this fails, whoever writes next does it.
        let _ = fs::remove_file(self.store.entry(id));
        Ok(true)
    }

    fn commit(&self) -> Result<()> {
        let (directory, path) = (self.store.directory(), self.store.record_path());
        let spare = directory.join("spare");
        let content = self.record.seal(&self.device, &self.store.namespace)?;
        files::replace(&directory, &path, &content, Some(&spare))?;
        files::keep_spare(&spare, content.len());
        Ok(())
    }

    /// Removes what was written, unless the record lists it, which may be impossible to undo.
    fn undo(&self, written: &[(&[u8], Version)]) {
        let Ok(record) = self.store.load_record(&self.device) else { return };
        let record = record.unwrap_or_default();
        for (id, _) in written.iter().filter(|(id, version)| record.0.get(*id) != Some(version)) {
            let _ = fs::remove_file(self.store.pending(id));
        }
    }
}

/// The record of a namespace that has none: of its entries from before there were records.
fn first_record(store: &FileStore, ids: &Ids) -> Result<Record> {
    let mut record = Record::default();
    for id in &ids.entries {
        let content = match files::read(&store.entry(id), MAX_FILE) {
            Ok(content) => content.unwrap_or_default(),
            // No file: it costs no other.
            Err(Error::Storage { source, .. }) if source.kind() == ErrorKind::InvalidInput => Vec::new(),
            Err(error) => return Err(error),
        };
        if envelope::is_recorded(&content) {
            return Err(store.record_missing());
        }
        record.0.insert(id.clone(), seal::version(&content));
    }
    Ok(record)
}

/// Removes an entry without a record that could say so, and with the last one what is left of the record.
pub(super) fn give_up(store: &FileStore, _lock: &Lock, id: &[u8]) -> Result<bool> {
    let directory = store.directory();
    files::remove_temporaries(&directory)?;
    let mut removed = false;
    for path in [store.pending(id), store.entry(id)] {
        removed |= files::remove(&directory, &path)?;
    }
    if Ids::in_directory(&directory)?.is_empty() {
        files::remove(&directory, &store.record_path())?;
    }
    Ok(removed)
}
