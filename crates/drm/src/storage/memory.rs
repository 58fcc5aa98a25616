//! A store in memory, for tests.

use std::collections::{BTreeMap, HashSet};

use super::store::{Change, OfflineStore, StoredKey, check_capacity, check_entries, check_id, check_payload};
use crate::error::{Error, Result};
use base::sync::Mutex;

/// Keeps offline keys in memory: for tests, and for hosts without a writable disk.
#[derive(Debug)]
pub struct MemoryStore {
    entries: Mutex<BTreeMap<Vec<u8>, StoredKey>>,
    device_id: [u8; 16],
}

impl MemoryStore {
    /// An empty store with a device id of its own.
    ///
    /// # Errors
    /// [`Error::Internal`] if the system has no random numbers.
    pub fn new() -> Result<Self> {
        let mut device_id = [0; 16];
        getrandom::fill(&mut device_id).map_err(Error::no_random_numbers)?;
        Ok(Self { entries: Mutex::default(), device_id })
    }
}

impl OfflineStore for MemoryStore {
    fn put_all(&self, entries: &[(&[u8], StoredKey)]) -> Result<()> {
        check_entries(entries)?;
        let mut stored = self.entries.lock();
        let added: HashSet<_> = entries.iter().map(|(id, _)| *id).filter(|id| !stored.contains_key(*id)).collect();
        check_capacity(stored.len() + added.len())?;
        stored.extend(entries.iter().map(|(id, key)| (id.to_vec(), key.clone())));
        Ok(())
    }

    fn get(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        check_id(id)?;
        Ok(self.entries.lock().get(id).cloned())
    }

    fn update(&self, id: &[u8], change: &mut Change<'_>) -> Result<bool> {
        check_id(id)?;
        let mut entries = self.entries.lock();
        let Some(stored) = entries.get_mut(id) else { return Ok(false) };
        if let Some(changed) = change(stored)? {
            check_payload(&changed)?;
            *stored = changed;
        }
        Ok(true)
    }

    fn remove(&self, id: &[u8]) -> Result<bool> {
        check_id(id)?;
        Ok(self.entries.lock().remove(id).is_some())
    }

    fn list(&self) -> Result<Vec<Vec<u8>>> {
        Ok(self.entries.lock().keys().cloned().collect())
    }

    fn device_id(&self) -> Result<[u8; 16]> {
        Ok(self.device_id)
    }

    fn name(&self) -> String {
        format!("memory {}", hex::encode(self.device_id))
    }
}
