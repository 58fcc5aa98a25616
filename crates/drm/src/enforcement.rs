//! Holds the licenses with a policy of one session, and keeps keys, listeners and store up to date with them.
//!
//! A decrypt does not come here, except the first one under a license: it looks at the status of its key, which is changed
//! here whenever a policy says so.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::events::{Event, EventKind, EventSource};
use crate::key_info::{KeyState, fixed_id};
use crate::key_table::{Key, KeyTable};
use crate::platform::Platform;
use crate::storage::StoredKey;
use crate::terms::{Arrival, ExplainedLicense, HeldLicense, StoredLicense, Terms};
use base::log;
use base::sync::Mutex;
use init_data::pssh;
use license::policy::{
    self, Denial, Device, DeviceLevel, EnforcedLicense, KeyPermit, KeyVerdict, LicenseKind, LicenseState, Reading,
    State,
};
use license::protocol::Bytes;

/// Milliseconds between saves of the time that a stored license was last seen at. What a killed process had seen since
/// then can be seen again.
const SAVE_INTERVAL: u64 = 60_000;

/// Key ids in a renewal's init data: as many as a request takes. One of them is enough to name the license.
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

/// The licenses with a policy of one session.
pub struct Enforcement {
    platform: Arc<Platform>,
    level: DeviceLevel,
    held: Mutex<Vec<Held>>,
}

struct Held {
    id: Vec<u8>,
    license: EnforcedLicense,
    key_ids: Vec<Vec<u8>>,
    session_token: Option<Vec<u8>>,
    client_token: Option<Vec<u8>>,
    /// What is stored; none for a license that is not.
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

    /// Takes a license. `unused` is asked, before anything changes, whether it may still be taken; `taken` is told.
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
        let mine = held.iter().position(|held| held.id == terms.license_id);
        let license = match (&terms.arrival, mine) {
            (Arrival::Issued { grant, service_millis }, _) => {
                let (policy, permits) = (terms.policy.clone(), terms.permits.clone());
                EnforcedLicense::load(policy, *grant, permits, self.device(), *service_millis, reading)
            }
            (Arrival::Renewed { service_millis }, Some(mine)) => {
                let mut license = held[mine].license.clone();
                license.renewed(reading, *service_millis, terms.sequence).map(|()| license)
            }
            (Arrival::Renewed { .. }, None) => {
                return Err(Error::Refused("a renewal of a license that this session does not hold".into()));
            }
            (Arrival::Restored(state), mine) => {
                // What this session knows of the license is newer than what is stored.
                let state = mine.map_or(state, |mine| held[mine].license.engine().license_state()).clone();
                let (policy, permits) = (terms.policy.clone(), terms.permits.clone());
                EnforcedLicense::restore(policy, state, permits, self.device(), reading)
            }
        };
        let license = license.map_err(|denial| refused(denial, terms.permits.first().map(|permit| &*permit.key_id)))?;
        let renewed = matches!(terms.arrival, Arrival::Renewed { .. });
        let mut new = Held {
            id: terms.license_id.clone(),
            key_ids: terms.permits.iter().map(|permit| permit.key_id.clone()).collect(),
            session_token: terms.session_token.clone(),
            client_token: terms.client_token.clone(),
            sealed: persistent.then(|| Bytes(terms.sealed.clone())),
            license,
            saved_at: reading.monotonic_millis,
        };
        if let Some(sealed) = &new.sealed {
            match terms.arrival {
                Arrival::Issued { .. } => {
                    let state = new.license.engine().license_state().clone();
                    let stored = StoredLicense { sealed: sealed.clone(), state }.to_stored()?;
                    self.platform.offline_store()?.put_all(&[(&new.id, stored)])?;
                }
                Arrival::Renewed { .. } | Arrival::Restored(_) => self.save(&mut new, reading)?,
            }
        }
        match mine {
            // The keys stay as they are, and so do those that another license has replaced since.
            Some(mine) if renewed => {
                new.key_ids.clone_from(&held[mine].key_ids);
                held[mine] = new;
            }
            _ => {
                // Before the keys can be found: no decrypt gets past an unrecorded first use.
                for (permit, state) in states(&new) {
                    keys.iter().filter(|key| key.id() == permit).for_each(|key| key.set_state(state));
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
        settle_license(&mut held, around);
        Ok(())
    }

    /// Records the first use of the license that a key belongs to; an error if the key may not be used now.
    pub fn begin_use(&self, key_id: &[u8], around: &Surroundings<'_>) -> Result<()> {
        let mut held = self.held.lock();
        let reading = self.platform.reading();
        let Some(mine) = held.iter_mut().find(|held| held.key_ids.iter().any(|id| id == key_id)) else {
            // The key went, or another license brought it, since the decrypt looked.
            return Ok(());
        };
        let mut license = mine.license.clone();
        if mine.sealed.is_some()
            && let Some(stored) = self.stored(&mine.id)?
            && stored.state.first_decryption.is_some()
        {
            // Another session has begun to use it.
            let state = newest(license.engine().license_state(), &stored.state);
            let permits = permits(&license);
            license =
                EnforcedLicense::restore(license.engine().policy().clone(), state, permits, self.device(), reading)
                    .map_err(|denial| refused(denial, Some(key_id)))?;
        }
        let begun = license.decrypted(reading);
        let before = std::mem::replace(&mut mine.license, license);
        // Nothing may be decrypted that would not count as used after a crash.
        if begun.is_ok() && mine.sealed.is_some() {
            self.save(mine, reading).inspect_err(|_| mine.license = before)?;
        }
        settle(&mut held, around);
        begun.map_err(|denial| refused(denial, Some(key_id)))
    }

    /// Lets time pass.
    pub fn tick(&self, around: &Surroundings<'_>) {
        self.change(around, EnforcedLicense::advance);
    }

    /// Level or output changed.
    pub fn output_changed(&self, around: &Surroundings<'_>) {
        let device = self.device();
        self.change(around, |license, reading| license.set_device(reading, device));
    }

    /// A renewal was refused: it counts against every license that waits for one.
    pub fn renewal_failed(&self, status: u16, around: &Surroundings<'_>) {
        self.change(around, |license, reading| {
            if license.engine().state() == State::Renewing {
                license.renewal_failed(reading, status);
            }
        });
    }

    fn change(&self, around: &Surroundings<'_>, change: impl Fn(&mut EnforcedLicense, Reading)) {
        let mut held = self.held.lock();
        let reading = self.platform.reading();
        let real_time = self.platform.is_on_machine_clock();
        for held in &mut *held {
            let was_over = held.license.engine().license_state().expired;
            change(&mut held.license, reading);
            let is_over = held.license.engine().license_state().expired;
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
            let saves = real_time && held.sealed.is_some() && held.license.engine().state().is_usable();
            let save = saves.then(|| held.saved_at.saturating_add(SAVE_INTERVAL));
            [held.license.next_wake(), save].into_iter().flatten().min()
        });
        wakes.min()
    }

    /// The licenses as requests need to know them, newest first.
    pub fn held(&self) -> Vec<HeldLicense> {
        let describe = |held: &Held| {
            let engine = held.license.engine();
            HeldLicense {
                license_id: held.id.clone(),
                sequence: engine.license_state().sequence,
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

    /// Names and values of the newest license's status rows.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let held = self.held.lock();
        let reading = self.platform.reading();
        let Some(newest) = held.last() else { return Vec::new() };
        // As of now, without telling anybody: that is the timer's business.
        let mut license = newest.license.clone();
        license.advance(reading);
        let kind = if newest.sealed.is_some() { LicenseKind::Offline } else { LicenseKind::Streaming };
        license.engine().rows(kind)
    }

    /// Explains all licenses, newest first.
    pub fn explain(&self) -> Vec<ExplainedLicense> {
        let held = self.held.lock();
        let reading = self.platform.reading();
        let explain = |held: &Held| {
            let mut license = held.license.clone();
            license.advance(reading);
            ExplainedLicense {
                license_id: hex::encode(&held.id),
                explanation: license.engine().explain(),
                session_token: held.session_token.clone(),
                client_token: held.client_token.clone(),
            }
        };
        held.iter().rev().map(explain).collect()
    }

    /// Why a key that is there may not be used; none if no policy says so.
    pub fn refusal(&self, key_id: &[u8]) -> Option<String> {
        let held = self.held.lock();
        let mine = held.iter().find(|held| held.key_ids.iter().any(|id| id == key_id))?;
        let explanation = mine.license.engine().explain();
        let key = explanation.keys.iter().find(|key| key.key_id == hex::encode(key_id))?;
        key.refused_because.clone()
    }

    /// Lets go of all licenses; stored ones stay stored, with their state.
    pub fn clear(&self) {
        let mut held = std::mem::take(&mut *self.held.lock());
        let reading = self.platform.reading();
        for held in &mut held {
            held.license.advance(reading);
            self.try_save(held, reading);
        }
    }

    /// Removes a license that was released, and its keys. Returns whether it was there.
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
            log::error!("the state of license {} is not stored: {error}", hex::encode(&held.id));
        }
    }

    /// Stores the state of a stored license, unless it has been removed from the store.
    fn save(&self, held: &mut Held, reading: Reading) -> Result<()> {
        held.saved_at = reading.monotonic_millis;
        let Some(sealed) = &held.sealed else { return Ok(()) };
        let state = held.license.engine().license_state();
        let mut merge = |stored: &StoredKey| {
            let stored = StoredLicense::from_stored(stored)?;
            let sealed = if stored.state.sequence > state.sequence { stored.sealed } else { sealed.clone() };
            StoredLicense { sealed, state: newest(state, &stored.state) }.to_stored().map(Some)
        };
        self.platform.offline_store()?.update(&held.id, &mut merge).map(drop)
    }

    fn stored(&self, id: &[u8]) -> Result<Option<StoredLicense>> {
        let stored = self.platform.offline_store()?.get(id)?;
        stored.as_ref().map(StoredLicense::from_stored).transpose()
    }
}

/// What two sessions know of the same license, put together.
fn newest(own: &LicenseState, other: &LicenseState) -> LicenseState {
    let first = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let renewed = if other.sequence > own.sequence { other } else { own };
    LicenseState {
        first_decryption: first(own.first_decryption, other.first_decryption),
        expired: own.expired || other.expired,
        last_seen: own.last_seen.max(other.last_seen),
        ..renewed.clone()
    }
}

fn permits(license: &EnforcedLicense) -> Vec<KeyPermit> {
    license.engine().verdicts().map(|(permit, _)| permit.clone()).collect()
}

/// Brings the keys up to date, then tells what happened, in its order.
fn settle(held: &mut [Held], around: &Surroundings<'_>) {
    for held in held {
        around.keys.set_states(states(held));
        for event in held.license.take_events() {
            around.events.post(translate(event.kind, &held.key_ids, around));
        }
    }
}

/// As [`settle`], after a license was taken, of which clients hear in exactly one key change: it tells whether a key became
/// usable in any of the changes that it stands for, and stays in the place of the first one.
fn settle_license(held: &mut [Held], around: &Surroundings<'_>) {
    let mut events = Vec::new();
    for held in &mut *held {
        around.keys.set_states(states(held));
        events.extend(held.license.take_events().into_iter().map(|event| (event.kind, held.key_ids.clone())));
    }
    let change = |(kind, _): &(policy::EventKind, _)| match kind {
        policy::EventKind::KeyChange { new_keys_available } => Some(*new_keys_available),
        _ => None,
    };
    let new_keys_available = events.iter().filter_map(change).any(|new| new);
    let first = events.iter().position(|event| change(event).is_some()).unwrap_or(events.len());
    let others = events.split_off(first);
    let key_change = (policy::EventKind::KeyChange { new_keys_available }, Vec::new());
    let others = others.into_iter().filter(|event| change(event).is_none());
    for (kind, key_ids) in events.into_iter().chain([key_change]).chain(others) {
        around.events.post(translate(kind, &key_ids, around));
    }
}

/// The state of each key that is still this license's.
fn states(held: &Held) -> impl Iterator<Item = (&[u8], KeyState)> {
    let engine = held.license.engine();
    let used = engine.license_state().first_decryption.is_some();
    let own = engine.verdicts().filter(|(permit, _)| held.key_ids.contains(&permit.key_id));
    own.map(move |(permit, verdict)| {
        let waits = verdict == KeyVerdict::Usable && !used;
        (&*permit.key_id, if waits { KeyState::Unused } else { KeyState::Settled(verdict.status()) })
    })
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
