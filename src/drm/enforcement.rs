//! Holds the licences with a policy of one session, and keeps keys, listeners and store up to date with them.
//!
//! Decrypts never come here, except a licence's first one: they look at the status of their key, which is changed here
//! whenever a policy says so.

use std::sync::Arc;

use parking_lot::Mutex;

use super::events::{Event, EventKind, EventSource};
use super::key_table::{Key, KeyStatus, KeyTable};
use super::platform::Platform;
use super::session::fixed_id;
use super::terms::{Arrival, HeldLicence, StoredLicence, Terms};
use crate::error::{Error, Result};
use crate::init_data::pssh;
use crate::license::policy::{
    self, Denial, Device, DeviceLevel, EnforcedLicence, Explanation, KeyPermit, KeyVerdict, LicenceKind, LicenceState,
    Reading, State,
};
use crate::license::protocol::Bytes;
use crate::storage::StoredKey;
use crate::util::log;

/// Milliseconds between saves of the time that a stored licence was last seen at. What a killed process had seen since
/// then can be seen again.
const SAVE_INTERVAL: u64 = 60_000;

/// Key ids in a renewal's init data: as many as a request takes. One of them is enough to name the licence.
const MAX_INIT_DATA_KEY_IDS: usize = 120;

/// What a session has besides.
pub struct Surroundings<'a> {
    /// Its keys.
    pub keys: &'a KeyTable,
    /// Its listeners.
    pub events: &'a Arc<EventSource>,
    /// System id for init data.
    pub system_id: &'a [u8; 16],
}

/// The licences with a policy of one session.
pub struct Enforcement {
    platform: Arc<Platform>,
    level: DeviceLevel,
    held: Mutex<Vec<Held>>,
}

struct Held {
    id: Vec<u8>,
    licence: EnforcedLicence,
    key_ids: Vec<Vec<u8>>,
    client_token: Option<Vec<u8>>,
    /// What is stored; none for a licence that is not.
    sealed: Option<Bytes>,
    /// When its state was stored last, by the monotonic clock.
    saved_at: u64,
}

impl Enforcement {
    /// For a session at a protection level.
    pub fn new(platform: Arc<Platform>, level: DeviceLevel) -> Self {
        Self { platform, level, held: Mutex::default() }
    }

    /// What device and output offer now.
    pub fn device(&self) -> Device {
        Device { level: self.level, hdcp: self.platform.output() }
    }

    /// Takes a licence. `unused` is asked, before anything changes, whether it may still be taken; `taken` is told.
    pub fn apply(
        &self,
        terms: &Terms,
        keys: Vec<Key>,
        persistent: bool,
        around: &Surroundings<'_>,
        unused: impl FnOnce() -> Result<()>,
        taken: impl FnOnce(),
    ) -> Result<()> {
        let mut held = self.held.lock();
        unused()?;
        let reading = self.platform.reading();
        let mine = held.iter().position(|held| held.id == terms.licence_id);
        let licence = match (&terms.arrival, mine) {
            (Arrival::Issued { grant, service_millis }, _) => {
                let (policy, permits) = (terms.policy.clone(), terms.permits.clone());
                EnforcedLicence::load(policy, *grant, permits, self.device(), *service_millis, reading)
            }
            (Arrival::Renewed { service_millis }, Some(mine)) => {
                let mut licence = held[mine].licence.clone();
                licence.renewed(reading, *service_millis, terms.sequence).map(|()| licence)
            }
            (Arrival::Renewed { .. }, None) => {
                return Err(Error::Refused("a renewal of a licence that this session does not hold".into()));
            }
            (Arrival::Restored(state), mine) => {
                // What this session knows of the licence is newer than what is stored.
                let state = mine.map_or(state, |mine| held[mine].licence.engine().licence_state()).clone();
                let (policy, permits) = (terms.policy.clone(), terms.permits.clone());
                EnforcedLicence::restore(policy, state, permits, self.device(), reading)
            }
        };
        let licence = licence.map_err(|denial| refused(denial, terms.permits.first().map(|permit| &*permit.key_id)))?;
        let renewed = matches!(terms.arrival, Arrival::Renewed { .. });
        let mut new = Held {
            id: terms.licence_id.clone(),
            key_ids: terms.permits.iter().map(|permit| permit.key_id.clone()).collect(),
            client_token: terms.client_token.clone(),
            sealed: persistent.then(|| Bytes(terms.sealed.clone())),
            licence,
            saved_at: reading.monotonic_millis,
        };
        if let Some(sealed) = &new.sealed {
            match terms.arrival {
                Arrival::Issued { .. } => {
                    let state = new.licence.engine().licence_state().clone();
                    let stored = StoredLicence { sealed: sealed.clone(), state }.to_stored()?;
                    self.platform.offline_store()?.put_all(&[(&new.id, stored)])?;
                }
                Arrival::Renewed { .. } | Arrival::Restored(_) => self.save(&mut new, reading)?,
            }
        }
        match mine {
            // The keys stay as they are, and so do those that another licence has replaced since.
            Some(mine) if renewed => {
                new.key_ids.clone_from(&held[mine].key_ids);
                held[mine] = new;
            }
            _ => {
                // Before the keys can be found: no decrypt gets past an unrecorded first use.
                for (permit, status) in statuses(&new) {
                    keys.iter().filter(|key| key.id() == permit).for_each(|key| key.set_status(status));
                }
                around.keys.insert(keys)?;
                for older in &mut *held {
                    older.key_ids.retain(|id| !new.key_ids.contains(id));
                }
                held.retain(|older| !older.key_ids.is_empty());
                held.push(new);
            }
        }
        taken();
        settle(&mut held, around);
        Ok(())
    }

    /// Records the first use of the licence that a key belongs to; an error if the key may not be used now.
    pub fn begin_use(&self, key_id: &[u8], around: &Surroundings<'_>) -> Result<()> {
        let mut held = self.held.lock();
        let reading = self.platform.reading();
        let Some(mine) = held.iter_mut().find(|held| held.key_ids.iter().any(|id| id == key_id)) else {
            // The key went, or another licence brought it, since the decrypt looked.
            return Ok(());
        };
        let mut licence = mine.licence.clone();
        if mine.sealed.is_some()
            && let Some(stored) = self.stored(&mine.id)?
            && stored.state.first_decryption.is_some()
        {
            // Another session has begun to use it.
            let state = newest(licence.engine().licence_state(), &stored.state);
            let permits = permits(&licence);
            licence =
                EnforcedLicence::restore(licence.engine().policy().clone(), state, permits, self.device(), reading)
                    .map_err(|denial| refused(denial, Some(key_id)))?;
        }
        let begun = licence.decrypted(reading);
        let before = std::mem::replace(&mut mine.licence, licence);
        // Nothing may be decrypted that would not count as used after a crash.
        if begun.is_ok() && mine.sealed.is_some() {
            self.save(mine, reading).inspect_err(|_| mine.licence = before)?;
        }
        settle(&mut held, around);
        begun.map_err(|denial| refused(denial, Some(key_id)))
    }

    /// Lets time pass.
    pub fn tick(&self, around: &Surroundings<'_>) {
        self.change(around, EnforcedLicence::advance);
    }

    /// Level or output changed.
    pub fn output_changed(&self, around: &Surroundings<'_>) {
        let device = self.device();
        self.change(around, |licence, reading| licence.set_device(reading, device));
    }

    /// A renewal was refused: it counts against every licence that waits for one.
    pub fn renewal_failed(&self, status: u16, around: &Surroundings<'_>) {
        self.change(around, |licence, reading| {
            if licence.engine().state() == State::Renewing {
                licence.renewal_failed(reading, status);
            }
        });
    }

    fn change(&self, around: &Surroundings<'_>, change: impl Fn(&mut EnforcedLicence, Reading)) {
        let mut held = self.held.lock();
        let reading = self.platform.reading();
        let real_time = self.platform.is_on_machine_clock();
        for held in &mut *held {
            let was_over = held.licence.engine().licence_state().expired;
            change(&mut held.licence, reading);
            let is_over = held.licence.engine().licence_state().expired;
            let old = real_time && reading.monotonic_millis.saturating_sub(held.saved_at) >= SAVE_INTERVAL;
            if was_over != is_over || (old && !is_over) {
                self.try_save(held, reading);
            }
        }
        settle(&mut held, around);
    }

    /// When the next change is due, by the monotonic clock in milliseconds.
    pub fn next_wake(&self) -> Option<u64> {
        let real_time = self.platform.is_on_machine_clock();
        let held = self.held.lock();
        let wakes = held.iter().filter_map(|held| {
            let saves = real_time && held.sealed.is_some() && held.licence.engine().state().is_usable();
            let save = saves.then(|| held.saved_at.saturating_add(SAVE_INTERVAL));
            [held.licence.next_wake(), save].into_iter().flatten().min()
        });
        wakes.min()
    }

    /// The licences as requests need to know them, newest first.
    pub fn held(&self) -> Vec<HeldLicence> {
        let describe = |held: &Held| {
            let engine = held.licence.engine();
            HeldLicence {
                licence_id: held.id.clone(),
                sequence: engine.licence_state().sequence,
                persistent: held.sealed.is_some(),
                key_ids: held.key_ids.clone(),
                renewable: engine.policy().can_renew && engine.state() != State::Expired,
                renewal_due: engine.state() == State::Renewing,
                renewal_url: engine.policy().renewal_server_url.clone(),
                client_token: held.client_token.clone(),
            }
        };
        self.held.lock().iter().rev().map(describe).collect()
    }

    /// Names and values of the newest licence's status rows.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let held = self.held.lock();
        let reading = self.platform.reading();
        let Some(newest) = held.last() else { return Vec::new() };
        // As of now, without telling anybody: that is the timer's business.
        let mut licence = newest.licence.clone();
        licence.advance(reading);
        let kind = if newest.sealed.is_some() { LicenceKind::Offline } else { LicenceKind::Streaming };
        licence.engine().rows(kind)
    }

    /// Explains all licences, newest first: hexadecimal id and explanation.
    pub fn explain(&self) -> Vec<(String, Explanation)> {
        let held = self.held.lock();
        let reading = self.platform.reading();
        let explain = |held: &Held| {
            let mut licence = held.licence.clone();
            licence.advance(reading);
            (hex::encode(&held.id), licence.engine().explain())
        };
        held.iter().rev().map(explain).collect()
    }

    /// Why a key that is there may not be used; none if no policy says so.
    pub fn refusal(&self, key_id: &[u8]) -> Option<String> {
        let held = self.held.lock();
        let mine = held.iter().find(|held| held.key_ids.iter().any(|id| id == key_id))?;
        let explanation = mine.licence.engine().explain();
        let key = explanation.keys.iter().find(|key| key.key_id == hex::encode(key_id))?;
        key.refused_because.clone()
    }

    /// Lets go of all licences; stored ones stay stored, with their state.
    pub fn clear(&self) {
        let mut held = std::mem::take(&mut *self.held.lock());
        let reading = self.platform.reading();
        for held in &mut held {
            held.licence.advance(reading);
            self.try_save(held, reading);
        }
    }

    /// Removes a licence that was released, and its keys. Returns whether it was there.
    pub fn forget(&self, id: &[u8], around: &Surroundings<'_>) -> bool {
        let mut held = self.held.lock();
        let Some(mine) = held.iter().position(|held| held.id == id) else { return false };
        for key_id in held.remove(mine).key_ids {
            around.keys.remove(&key_id);
        }
        true
    }

    fn try_save(&self, held: &mut Held, reading: Reading) {
        if let Err(error) = self.save(held, reading) {
            log::error!("the state of licence {} is not stored: {error}", hex::encode(&held.id));
        }
    }

    /// Stores the state of a stored licence, unless it has been removed from the store.
    fn save(&self, held: &mut Held, reading: Reading) -> Result<()> {
        held.saved_at = reading.monotonic_millis;
        let Some(sealed) = &held.sealed else { return Ok(()) };
        let state = held.licence.engine().licence_state();
        let mut merge = |stored: &StoredKey| {
            let stored = StoredLicence::from_stored(stored)?;
            let sealed = if stored.state.sequence > state.sequence { stored.sealed } else { sealed.clone() };
            StoredLicence { sealed, state: newest(state, &stored.state) }.to_stored().map(Some)
        };
        self.platform.offline_store()?.update(&held.id, &mut merge).map(drop)
    }

    fn stored(&self, id: &[u8]) -> Result<Option<StoredLicence>> {
        let stored = self.platform.offline_store()?.get(id)?;
        stored.as_ref().map(StoredLicence::from_stored).transpose()
    }
}

/// What two sessions know of the same licence, put together.
fn newest(own: &LicenceState, other: &LicenceState) -> LicenceState {
    let first = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let renewed = if other.sequence > own.sequence { other } else { own };
    LicenceState {
        first_decryption: first(own.first_decryption, other.first_decryption),
        expired: own.expired || other.expired,
        last_seen: own.last_seen.max(other.last_seen),
        ..renewed.clone()
    }
}

fn permits(licence: &EnforcedLicence) -> Vec<KeyPermit> {
    licence.engine().verdicts().map(|(permit, _)| permit.clone()).collect()
}

/// Brings the keys up to date, then tells what happened, in its order.
fn settle(held: &mut [Held], around: &Surroundings<'_>) {
    for held in held {
        around.keys.set_statuses(statuses(held));
        for event in held.licence.take_events() {
            around.events.post(translate(event.kind, &held.key_ids, around));
        }
    }
}

/// The status of each key that is still this licence's.
fn statuses(held: &Held) -> impl Iterator<Item = (&[u8], KeyStatus)> {
    let engine = held.licence.engine();
    let used = engine.licence_state().first_decryption.is_some();
    let own = engine.verdicts().filter(|(permit, _)| held.key_ids.contains(&permit.key_id));
    own.map(move |(permit, verdict)| (&*permit.key_id, status(verdict, used)))
}

fn status(verdict: KeyVerdict, used: bool) -> KeyStatus {
    match verdict {
        KeyVerdict::Usable if used => KeyStatus::Usable,
        KeyVerdict::Usable => KeyStatus::Unused,
        KeyVerdict::Expired | KeyVerdict::Blocked => KeyStatus::Expired,
        KeyVerdict::ClockLocked => KeyStatus::UsableInFuture,
        KeyVerdict::OutputNotAllowed => KeyStatus::OutputNotAllowed,
        KeyVerdict::LevelInsufficient => KeyStatus::InternalError,
    }
}

fn translate(event: policy::EventKind, key_ids: &[Vec<u8>], around: &Surroundings<'_>) -> Event {
    let (kind, info) = match event {
        policy::EventKind::KeyChange { new_keys_available } => {
            return Event::KeysChanged { keys: around.keys.list(), new_keys_available };
        }
        policy::EventKind::KeyRequired { .. } => {
            let ids: Vec<[u8; 16]> = key_ids.iter().take(MAX_INIT_DATA_KEY_IDS).map(|id| fixed_id(id)).collect();
            (EventKind::KeyRequired, pssh::build(around.system_id, &ids, &[]))
        }
        policy::EventKind::ExpirationUpdate { expiry } => {
            let millis = expiry.map_or(0, |seconds| seconds.saturating_mul(1000));
            (EventKind::ExpirationUpdate, millis.to_string().into_bytes())
        }
        policy::EventKind::KeyExpired => (EventKind::KeyExpired, key_ids.iter().flat_map(|id| fixed_id(id)).collect()),
    };
    Event::Occurred { kind, info, extra: 0 }
}

fn refused(denial: Denial, key_id: Option<&[u8]>) -> Error {
    match denial {
        Denial::ClockLocked => Error::DeviceTime,
        Denial::InvalidPolicy | Denial::NotRenewable | Denial::StaleSequence => {
            Error::Refused(denial.to_string().into())
        }
        Denial::Expired | Denial::Blocked => Error::NoLicense {
            key_id: key_id.map(hex::encode).unwrap_or_default(),
            reason: format!("{}: {denial}", denial.word()).into(),
        },
    }
}
