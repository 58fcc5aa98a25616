//! The keys of a session: read without locks by decrypts, replaced as a whole by changes.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use zeroize::Zeroizing;

use super::events::KeyInfo;
use base::error::{Error, Result};
use base::rcu::{Pin, RcuCell, pin};
use cenc::ContentKey;

/// Status words of OpenHarmony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyStatus {
    /// Decrypts.
    Usable = 0,
    /// Its license is over.
    Expired = 1,
    /// The output does not meet the license's requirement.
    OutputNotAllowed = 2,
    /// Not known yet.
    Pending = 3,
    /// Cannot decrypt: not 16 bytes long.
    InternalError = 4,
    /// Its license has not begun, or the clock was set back.
    UsableInFuture = 5,
    /// Usable, and its license has not been used yet: the first use has to be recorded before a decrypt.
    Unused = 6,
}

impl KeyStatus {
    const ALL: [Self; 7] = [
        Self::Usable,
        Self::Expired,
        Self::OutputNotAllowed,
        Self::Pending,
        Self::InternalError,
        Self::UsableInFuture,
        Self::Unused,
    ];

    /// Whether decrypts may use the key, the first one perhaps after recording that.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Usable | Self::Unused)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usable | Self::Unused => "USABLE",
            Self::Expired => "EXPIRED",
            Self::OutputNotAllowed => "OUTPUT_NOT_ALLOWED",
            Self::Pending => "PENDING",
            Self::InternalError => "INTERNAL_ERROR",
            Self::UsableInFuture => "USABLE_IN_FUTURE",
        }
    }
}

/// A key of a session.
pub struct Key {
    id: Vec<u8>,
    /// None if the key does not have 16 bytes.
    content: Option<ContentKey>,
    length: usize,
    status: AtomicU8,
}

impl Key {
    /// Prepares a key for use.
    pub fn new(id: Vec<u8>, key: &Zeroizing<Vec<u8>>) -> Result<Self> {
        let content = match <&[u8; 16]>::try_from(key.as_slice()) {
            Ok(bytes) => Some(ContentKey::new(bytes)?),
            Err(_) => None,
        };
        let status = if content.is_some() { KeyStatus::Usable } else { KeyStatus::InternalError };
        Ok(Self { id, content, length: key.len(), status: AtomicU8::new(status as u8) })
    }

    /// The key id.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// The status.
    pub fn status(&self) -> KeyStatus {
        KeyStatus::ALL[usize::from(self.status.load(Ordering::Acquire))]
    }

    /// Changes the status of a key that can decrypt.
    pub fn set_status(&self, status: KeyStatus) {
        if self.content.is_some() {
            self.status.store(status as u8, Ordering::Release);
        }
    }

    /// The content key, if it may be used now.
    #[inline(always)]
    pub fn usable(&self) -> Option<&ContentKey> {
        let usable = self.status.load(Ordering::Acquire) == KeyStatus::Usable as u8;
        self.content.as_ref().filter(|_| usable)
    }

    /// As [`Key::usable`], with the reason if it may not.
    pub fn usable_or_reason(&self) -> Result<&ContentKey> {
        // Read once: the reason has to be the one that was decided by.
        let status = self.status();
        match &self.content {
            Some(content) if status == KeyStatus::Usable => Ok(content),
            content => Err(self.refusal(content.is_some(), status)),
        }
    }

    #[cold]
    fn refusal(&self, has_content: bool, status: KeyStatus) -> Error {
        let key_id = hex::encode(&self.id);
        match status {
            _ if !has_content => {
                Error::NoKey { key_id, reason: format!("the key has {} bytes, not 16", self.length).into() }
            }
            KeyStatus::Unused => Error::FirstUse,
            KeyStatus::UsableInFuture => Error::DeviceTime,
            status => Error::NoLicense { key_id, reason: status.word().into() },
        }
    }
}

/// What decrypts see.
#[derive(Default, Clone)]
struct Snapshot {
    /// All keys, in the order of their arrival.
    keys: Vec<Arc<Key>>,
    /// Those whose id has 16 bytes, for decrypts.
    by_id: Vec<([u8; 16], Arc<Key>)>,
    /// The session was destroyed.
    closed: bool,
}

impl Snapshot {
    fn from_keys(keys: Vec<Arc<Key>>) -> Self {
        let by_id = keys
            .iter()
            .filter_map(|key| <[u8; 16]>::try_from(key.id.as_slice()).ok().map(|id| (id, Arc::clone(key))))
            .collect();
        Self { keys, by_id, closed: false }
    }
}

/// The keys of a session.
pub struct KeyTable {
    snapshot: RcuCell<Snapshot>,
    /// Held by changes; the flag says that no key may be added any more.
    closed: Mutex<bool>,
}

impl Default for KeyTable {
    fn default() -> Self {
        Self { snapshot: RcuCell::new(Snapshot::default()), closed: Mutex::new(false) }
    }
}

impl KeyTable {
    /// Finds a key. `hint` is where this thread found its last one.
    #[inline(always)]
    pub fn find<'g>(&'g self, pin: &'g Pin, id: &[u8; 16], hint: &AtomicUsize) -> Option<&'g Key> {
        let by_id = &self.snapshot.read(pin).by_id;
        if let Some((found, key)) = by_id.get(hint.load(Ordering::Relaxed))
            && same(found, id)
        {
            return Some(key);
        }
        search(by_id, id, hint)
    }

    /// Whether a key with that id may be used now.
    pub fn has_usable(&self, id: &[u8; 16]) -> bool {
        let pin = pin();
        self.snapshot.read(&pin).by_id.iter().any(|(candidate, key)| candidate == id && key.status().is_usable())
    }

    /// Whether there is a key with that id, usable or not.
    pub fn contains(&self, id: &[u8; 16]) -> bool {
        let pin = pin();
        self.snapshot.read(&pin).by_id.iter().any(|(candidate, _)| candidate == id)
    }

    /// All keys, in the order of their arrival.
    pub fn list(&self) -> Vec<KeyInfo> {
        let pin = pin();
        let keys = &self.snapshot.read(&pin).keys;
        keys.iter().map(|key| KeyInfo { id: key.id.clone(), status: key.status() }).collect()
    }

    /// Adds keys; a key with the same id is replaced in its place. Returns whether one of the new ones is usable.
    pub fn insert(&self, new: Vec<Key>) -> Result<bool> {
        let closed = self.closed.lock();
        if *closed {
            return Err(Error::invalid("mediaKeySession", "it was destroyed meanwhile"));
        }
        let mut keys = self.keys();
        let any_usable = new.iter().any(|key| key.status().is_usable());
        for key in new {
            let key = Arc::new(key);
            match keys.iter_mut().find(|present| present.id == key.id) {
                Some(present) => *present = key,
                None => keys.push(key),
            }
        }
        self.publish(Snapshot::from_keys(keys));
        Ok(any_usable)
    }

    /// Changes the status of keys that are there and can decrypt.
    pub fn set_statuses<'a>(&self, statuses: impl Iterator<Item = (&'a [u8], KeyStatus)>) {
        let pin = pin();
        let keys = &self.snapshot.read(&pin).keys;
        for (id, status) in statuses {
            keys.iter().filter(|key| key.id == id).for_each(|key| key.set_status(status));
        }
    }

    /// Removes a key. Returns whether it was there. When it returns, the key is wiped.
    pub fn remove(&self, id: &[u8]) -> bool {
        let _changing = self.closed.lock();
        let mut keys = self.keys();
        let before = keys.len();
        keys.retain(|key| key.id != id);
        let removed = keys.len() != before;
        if removed {
            self.publish(Snapshot::from_keys(keys));
        }
        removed
    }

    /// Removes all keys and returns their ids. When it returns, the keys are wiped.
    pub fn clear(&self) -> Vec<Vec<u8>> {
        let _changing = self.closed.lock();
        let keys = self.keys();
        // A closed table has none, and stays as it is.
        if !keys.is_empty() {
            self.publish(Snapshot::default());
        }
        keys.into_iter().map(|key| key.id.clone()).collect()
    }

    /// As [`KeyTable::clear`], for good.
    pub fn close(&self) {
        let mut closed = self.closed.lock();
        *closed = true;
        self.publish(Snapshot { closed: true, ..Snapshot::default() });
    }

    /// Whether [`KeyTable::close`] was called. Takes no lock.
    pub fn is_closed(&self, pin: &Pin) -> bool {
        self.snapshot.read(pin).closed
    }

    fn keys(&self) -> Vec<Arc<Key>> {
        let pin = pin();
        self.snapshot.read(&pin).keys.clone()
    }

    /// Waits for decrypts that still use the earlier snapshot, then drops it.
    fn publish(&self, snapshot: Snapshot) {
        drop(self.snapshot.replace(snapshot));
    }
}

/// Out of line: a session's next sample nearly always has the key of the last one.
#[inline(never)]
fn search<'g>(by_id: &'g [([u8; 16], Arc<Key>)], id: &[u8; 16], hint: &AtomicUsize) -> Option<&'g Key> {
    let index = by_id.iter().position(|(candidate, _)| same(candidate, id))?;
    hint.store(index, Ordering::Relaxed);
    Some(&by_id[index].1)
}

/// In halves: comparing vectors would wait for the AES rounds of the sample before.
#[inline(always)]
fn same(a: &[u8; 16], b: &[u8; 16]) -> bool {
    let half = |id: &[u8; 16], at: usize| id[at..].first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
    ((half(a, 0) ^ half(b, 0)) | (half(a, 8) ^ half(b, 8))) == 0
}
