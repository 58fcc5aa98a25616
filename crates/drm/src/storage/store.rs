//! What a store of offline keys does, whatever keeps it, and its limits.

use crate::error::{Error, Result};
use base::secret::SecretBytes;

/// Key ids that one namespace of a store can hold.
pub const MAX_ENTRIES: usize = 512;
/// Bytes in the longest id.
pub const MAX_ID_LENGTH: usize = 64;
/// Bytes in the largest payload.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// Whether a stored key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredStatus {
    /// It may be restored and used.
    Usable,
    /// It was released.
    Inactive,
}

/// What the store holds for one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Whether it may be used.
    pub status: StoredStatus,
    /// The key system's own encoding, opaque to the store, at most [`MAX_PAYLOAD`] bytes.
    pub payload: SecretBytes,
}

/// What [`OfflineStore::update`] does with an entry.
pub type Change<'a> = dyn FnMut(&StoredKey) -> Result<Option<StoredKey>> + 'a;

/// A store of offline keys under ids of 1 to [`MAX_ID_LENGTH`] bytes.
///
/// Every method may be called from any thread; what a method has confirmed is durable. All fail with
/// [`Error::OfflineKeyId`] for an id of another length and with [`Error::Storage`] if the medium fails.
pub trait OfflineStore: Send + Sync {
    /// Stores all entries or none, replacing earlier ones with the same ids. For an id given twice, the last one counts.
    ///
    /// # Errors
    /// [`Error::Refused`] if there would be more than [`MAX_ENTRIES`] ids; [`Error::OfflineKeyTooLarge`] for a payload over
    /// [`MAX_PAYLOAD`]; [`Error::StorageDamaged`] if the device key is damaged. Earlier entries are then untouched.
    fn put_all(&self, entries: &[(&[u8], StoredKey)]) -> Result<()>;

    /// The entry for `id`, if there is one.
    ///
    /// # Errors
    /// [`Error::StorageDamaged`] if it (or the device key) fails authentication.
    fn get(&self, id: &[u8]) -> Result<Option<StoredKey>>;

    /// Changes an entry, if there is one: `change` is shown what is stored and says what is to be stored instead, or none to
    /// leave it. Nobody else changes the entry meanwhile. False if there is no entry.
    ///
    /// # Errors
    /// As [`OfflineStore::get`], and those of `change`; [`Error::OfflineKeyTooLarge`] for a payload over [`MAX_PAYLOAD`]. The
    /// entry is then as it was.
    fn update(&self, id: &[u8], change: &mut Change<'_>) -> Result<bool>;

    /// Changes the status of an entry; false if there is none.
    ///
    /// # Errors
    /// As [`OfflineStore::get`].
    fn set_status(&self, id: &[u8], status: StoredStatus) -> Result<bool> {
        self.update(id, &mut |stored| {
            Ok((stored.status != status).then(|| StoredKey { status, payload: stored.payload.clone() }))
        })
    }

    /// Removes an entry, also a damaged one; false if there is none.
    ///
    /// # Errors
    /// See the trait.
    fn remove(&self, id: &[u8]) -> Result<bool>;

    /// All ids in ascending order, those of damaged entries included.
    ///
    /// # Errors
    /// See the trait.
    fn list(&self) -> Result<Vec<Vec<u8>>>;

    /// A pseudonymous id of this device, the same for every namespace of the store and stable as long as the store's
    /// device key lives. It says nothing about that key.
    ///
    /// # Errors
    /// [`Error::StorageDamaged`] if the device key is damaged.
    fn device_id(&self) -> Result<[u8; 16]>;

    /// A name that exactly those stores of this process have that share their entries.
    fn name(&self) -> String;
}

pub(super) fn check_id(id: &[u8]) -> Result<()> {
    if (1..=MAX_ID_LENGTH).contains(&id.len()) {
        Ok(())
    } else {
        Err(Error::OfflineKeyId { length: id.len(), limit: MAX_ID_LENGTH })
    }
}

pub(super) fn check_entries(entries: &[(&[u8], StoredKey)]) -> Result<()> {
    for (id, key) in entries {
        check_id(id)?;
        check_payload(key)?;
    }
    Ok(())
}

pub(super) fn check_payload(key: &StoredKey) -> Result<()> {
    if key.payload.len() > MAX_PAYLOAD {
        return Err(Error::OfflineKeyTooLarge { limit: MAX_PAYLOAD });
    }
    Ok(())
}

pub(super) fn check_capacity(count: usize) -> Result<()> {
    if count > MAX_ENTRIES {
        return Err(Error::Refused(format!("{MAX_ENTRIES} offline keys are the most one key system can store").into()));
    }
    Ok(())
}
