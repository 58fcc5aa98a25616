//! The keys of a session: read without locks by decrypts, replaced as a whole by changes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::key_index::KeyIndex;
use crate::key_info::{KeyInfo, KeyState, KeyStatus};
use base::rcu::{Pin, RcuCell, Retired, pin};
use base::sync::Mutex;
use base::sync::ProcessByte;
use base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use cenc::ContentKey;

/// A key of a session.
pub struct Key {
    id: Vec<u8>,
    /// None if the key does not have 16 bytes, or the key system keeps it.
    content: Option<ContentKey>,
    /// The key system keeps it.
    is_kept: bool,
    length: usize,
    /// A [`KeyState`]'s number.
    state: ProcessByte,
    /// Whether a license decides about the state, which then is [`KeyState::Unknown`] after fork().
    is_limited: AtomicBool,
}

impl Key {
    /// Prepares a key for use.
    ///
    /// # Errors
    /// [`Error::Internal`] if there is no memory that core dumps leave out.
    pub fn new(id: Vec<u8>, key: &[u8]) -> Result<Self> {
        let content = match <&[u8; 16]>::try_from(key) {
            Ok(bytes) => Some(ContentKey::new(bytes)?),
            Err(_) => None,
        };
        Self::with(id, content, false, key.len())
    }

    /// A key that the key system keeps.
    ///
    /// # Errors
    /// [`Error::Internal`] if there is no memory for its state.
    pub fn kept(id: Vec<u8>) -> Result<Self> {
        Self::with(id, None, true, 0)
    }

    fn with(id: Vec<u8>, content: Option<ContentKey>, is_kept: bool, length: usize) -> Result<Self> {
        let state = ProcessByte::new(unlimited(content.is_some() || is_kept).number())
            .map_err(|error| Error::Internal(format!("no memory for a key's state: {error}").into()))?;
        Ok(Self { id, content, is_kept, length, state, is_limited: AtomicBool::new(false) })
    }

    /// Whether it decrypts, here or in the key system, when its state allows it.
    fn can_decrypt(&self) -> bool {
        self.content.is_some() || self.is_kept
    }

    /// The key id.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// The status.
    pub fn status(&self) -> KeyStatus {
        self.state().status()
    }

    fn state(&self) -> KeyState {
        let state = KeyState::by_number(self.state.load(Ordering::Acquire));
        if state == KeyState::Unknown && !self.is_limited.load(Ordering::Acquire) {
            // Time changes nothing about it, in no process.
            let state = unlimited(self.can_decrypt());
            self.state.store(state.number(), Ordering::Release);
            return state;
        }
        state
    }

    /// Changes the state of a key that can decrypt.
    pub fn set_state(&self, state: KeyState) {
        if self.can_decrypt() {
            self.is_limited.store(true, Ordering::Release);
            self.state.store(state.number(), Ordering::Release);
        }
    }

    /// The content key, if it may be used now.
    #[inline(always)]
    pub fn usable(&self) -> Option<&ContentKey> {
        const USABLE: u8 = KeyState::Settled(KeyStatus::Usable).number();
        let usable = self.state.load(Ordering::Acquire) == USABLE;
        self.content.as_ref().filter(|_| usable)
    }

    /// The content key, whether it may be used or not.
    pub(crate) fn content(&self) -> Option<&ContentKey> {
        self.content.as_ref()
    }

    /// As [`Key::usable`], with the reason if it may not.
    ///
    /// # Errors
    /// [`Error::KeyKept`] if it may be used, but by the key system; [`Error::NoKey`] for a key that does not have 16 bytes; [`Error::FirstUse`] if its license is unused;
    /// [`Error::DeviceTime`] if its license waits for the clock; [`Error::NoLicense`] with its status if its license
    /// forbids to use it.
    pub fn usable_or_reason(&self) -> Result<&ContentKey> {
        // Read once: the reason has to be the one that was decided by.
        let state = self.state();
        match &self.content {
            Some(content) if state == KeyState::Settled(KeyStatus::Usable) => Ok(content),
            _ => Err(self.refusal(state)),
        }
    }

    #[cold]
    fn refusal(&self, state: KeyState) -> Error {
        let key_id = hex::encode(&self.id);
        match state {
            _ if !self.can_decrypt() => {
                Error::NoKey { key_id, reason: format!("the key has {} bytes, not 16", self.length).into() }
            }
            KeyState::Unused | KeyState::Unknown => Error::FirstUse,
            KeyState::Settled(KeyStatus::Usable) if self.is_kept => Error::KeyKept,
            KeyState::Settled(KeyStatus::UsableInFuture) => Error::DeviceTime,
            KeyState::Settled(status) => Error::NoLicense { key_id, reason: status.word().into() },
        }
    }
}

/// Changes the state of those keys that can decrypt.
pub fn set_states<'k, 'i>(keys: impl Iterator<Item = &'k Key>, states: impl Iterator<Item = (&'i [u8], KeyState)>) {
    let keys: HashMap<&[u8], &Key> = keys.map(|key| (&*key.id, key)).collect();
    for (id, state) in states {
        if let Some(key) = keys.get::<[u8]>(id) {
            key.set_state(state);
        }
    }
}

/// The state of a key that no license limits.
fn unlimited(can_decrypt: bool) -> KeyState {
    KeyState::Settled(if can_decrypt { KeyStatus::Usable } else { KeyStatus::InternalError })
}

/// What decrypts see.
#[derive(Default, Clone)]
struct Snapshot {
    /// All keys, in the order of their arrival.
    keys: Vec<Arc<Key>>,
    /// Those whose id has 16 bytes, for decrypts.
    index: KeyIndex,
    /// The session was destroyed.
    closed: bool,
}

impl Snapshot {
    fn from_keys(keys: Vec<Arc<Key>>) -> Self {
        Self { index: KeyIndex::new(&keys), keys, closed: false }
    }
}

/// The keys of a session as they were at one time, for several decrypts that have to see the same ones.
#[derive(Clone, Copy)]
pub struct KeysNow<'g>(&'g Snapshot);

impl<'g> KeysNow<'g> {
    /// As [`KeyTable::find`].
    #[inline(always)]
    pub fn find(self, id: &[u8; 16], hint: &AtomicUsize) -> Option<&'g Key> {
        self.0.index.find(id, hint)
    }
}

/// The keys of a session.
pub struct KeyTable {
    snapshot: RcuCell<Snapshot>,
    changes: Mutex<Changes>,
    /// Had by whoever waits until nobody can have former keys any more.
    reaping: Mutex<()>,
}

/// Locked by changes, for no longer than they take: they wait for no decrypt.
#[derive(Default)]
struct Changes {
    /// No key may be added any more.
    closed: bool,
    /// What decrypts that began before may still have.
    former: Vec<Retired<Snapshot>>,
}

impl Default for KeyTable {
    fn default() -> Self {
        Self {
            snapshot: RcuCell::new(Snapshot::default()),
            changes: Mutex::new(Changes::default()),
            reaping: Mutex::new(()),
        }
    }
}

impl KeyTable {
    /// Finds a key. `hint` is where this thread found its last one.
    #[inline(always)]
    pub fn find<'g>(&'g self, pin: &'g Pin, id: &[u8; 16], hint: &AtomicUsize) -> Option<&'g Key> {
        self.now(pin).find(id, hint)
    }

    /// The keys that there are now.
    #[inline(always)]
    pub fn now<'g>(&'g self, pin: &'g Pin) -> KeysNow<'g> {
        KeysNow(self.snapshot.read(pin))
    }

    /// Whether a key with that id may be used now.
    pub fn has_usable(&self, id: &[u8; 16]) -> bool {
        self.is_there(id, |key| key.status() == KeyStatus::Usable)
    }

    /// Whether a key with that id waits for its license to be looked at, for its first use as a rule.
    pub fn waits_for_use(&self, id: &[u8; 16]) -> bool {
        self.is_there(id, |key| matches!(key.state(), KeyState::Unused | KeyState::Unknown))
    }

    /// Whether the license of a key with that id has to be looked at, because this process is a child after fork().
    pub fn is_unknown(&self, id: &[u8; 16]) -> bool {
        self.is_there(id, |key| key.state() == KeyState::Unknown)
    }

    /// Whether there are keys whose license has to be looked at, because this process is a child after fork().
    pub fn has_unknown(&self) -> bool {
        let pin = pin();
        self.snapshot.read(&pin).keys.iter().any(|key| key.state() == KeyState::Unknown)
    }

    /// Whether there is a key with that id, usable or not.
    pub fn contains(&self, id: &[u8; 16]) -> bool {
        self.is_there(id, |_| true)
    }

    fn is_there(&self, id: &[u8; 16], condition: impl FnOnce(&Key) -> bool) -> bool {
        let pin = pin();
        self.snapshot.read(&pin).index.get(id).is_some_and(condition)
    }

    /// All keys, in the order of their arrival.
    pub fn list(&self) -> Vec<KeyInfo> {
        let pin = pin();
        let keys = &self.snapshot.read(&pin).keys;
        keys.iter().map(|key| KeyInfo { id: key.id.clone(), status: key.status() }).collect()
    }

    /// Adds keys; a key with the same id is replaced in its place. Returns whether one of the new ones is usable. Waits for no
    /// decrypt: [`KeyTable::reap`] does.
    ///
    /// # Errors
    /// [`Error::SessionDestroyed`] after [`KeyTable::close`].
    pub fn insert(&self, new: Vec<Key>) -> Result<bool> {
        let mut changes = self.changes.lock();
        if changes.closed {
            return Err(Error::SessionDestroyed);
        }
        let any_usable = new.iter().any(|key| key.status() == KeyStatus::Usable);
        let new: Vec<_> = new.into_iter().map(Arc::new).collect();
        // Of several with one id the last one counts.
        let mut left: HashMap<&[u8], &Arc<Key>> = new.iter().map(|key| (key.id(), key)).collect();
        let mut keys = self.keys();
        for key in &mut keys {
            if let Some(replacement) = left.remove(key.id()) {
                *key = Arc::clone(replacement);
            }
        }
        keys.extend(new.iter().filter_map(|key| left.remove(key.id())).cloned());
        changes.former.push(self.snapshot.swap(Snapshot::from_keys(keys)));
        Ok(any_usable)
    }

    /// Changes the state of keys that are there and can decrypt.
    pub fn set_states<'a>(&self, states: impl Iterator<Item = (&'a [u8], KeyState)>) {
        let pin = pin();
        set_states(self.snapshot.read(&pin).keys.iter().map(|key| &**key), states);
    }

    /// Removes keys. Returns whether one was there. They are wiped once [`KeyTable::reap`] has returned.
    pub fn remove(&self, ids: &[Vec<u8>]) -> bool {
        let mut changes = self.changes.lock();
        let mut keys = self.keys();
        let before = keys.len();
        let gone: HashSet<_> = ids.iter().collect();
        keys.retain(|key| !gone.contains(&key.id));
        let removed = keys.len() != before;
        if removed {
            changes.former.push(self.snapshot.swap(Snapshot::from_keys(keys)));
        }
        removed
    }

    /// Removes all keys and returns their ids. They are wiped once [`KeyTable::reap`] has returned.
    pub fn clear(&self) -> Vec<Vec<u8>> {
        let mut changes = self.changes.lock();
        let ids: Vec<_> = self.keys().iter().map(|key| key.id.clone()).collect();
        // A closed table has none, and stays as it is.
        if !ids.is_empty() {
            changes.former.push(self.snapshot.swap(Snapshot::default()));
        }
        ids
    }

    /// As [`KeyTable::clear`], for good.
    pub fn close(&self) -> Vec<Vec<u8>> {
        let mut changes = self.changes.lock();
        let ids = self.keys().iter().map(|key| key.id.clone()).collect();
        if !std::mem::replace(&mut changes.closed, true) {
            changes.former.push(self.snapshot.swap(Snapshot { closed: true, ..Snapshot::default() }));
        }
        ids
    }

    /// Waits for decrypts that may use keys that were replaced or removed, whoever did that, and drops those. Not to be called
    /// with a lock held that something else needs in time, nor while pinned.
    pub fn reap(&self) {
        let _reaping = self.reaping.lock();
        let former = std::mem::take(&mut self.changes.lock().former);
        drop(former);
    }

    /// Whether [`KeyTable::close`] was called. Takes no lock.
    pub fn is_closed(&self, pin: &Pin) -> bool {
        self.snapshot.read(pin).closed
    }

    fn keys(&self) -> Vec<Arc<Key>> {
        let pin = pin();
        self.snapshot.read(&pin).keys.clone()
    }
}
