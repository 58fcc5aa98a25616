//! Holds the licenses with a policy of one session, and keeps keys, listeners and store up to date with them.
//!
//! A decrypt does not come here, except the first one under a license: it looks at the status of its key, which is changed
//! here whenever a policy says so.

mod revoking;

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::events::{Event, EventKind, EventSource};
use crate::key_info::{KeyState, fixed_id};
use crate::key_table::{Key, KeyTable, set_states};
use crate::platform::Platform;
use crate::recorder::{self, PATIENCE};
use crate::terms::{self, Arrival, ExplainedLicense, HeldLicense, StoredLicense, Terms};
use crate::turn::{Taken, Turn};
use base::log;
use base::secret::SecretBytes;
use base::sync::Mutex;
use init_data::pssh;
use license::policy::{
    self, Denial, Device, DeviceLevel, EnforcedLicense, KeyPermit, KeyVerdict, LicenseKind, LicenseState, Reading,
    State,
};
use license::protocol::Bytes;
use revoking::Taking;

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
    /// Never locked while anything is stored, logged or waited for: the timer needs it.
    held: Mutex<Vec<Held>>,
    /// The stored license that is being taken, unless it was released meanwhile. Locked inside of `held`.
    taking: Mutex<Option<Taking>>,
    /// Had by whoever stores something before it holds.
    storing: Turn,
}

struct Held {
    id: Vec<u8>,
    license: EnforcedLicense,
    key_ids: Vec<Vec<u8>>,
    session_token: Option<SecretBytes>,
    client_token: Option<SecretBytes>,
    /// What is stored; none for a license that is not.
    sealed: Option<Bytes>,
    /// When its state was stored last, by the monotonic clock.
    saved_at: u64,
}

impl Enforcement {
    /// For a session at a protection level.
    pub fn new(platform: Arc<Platform>, level: DeviceLevel) -> Self {
        Self { platform, level, held: Mutex::default(), taking: Mutex::default(), storing: Turn::default() }
    }

    /// What device and output offer now.
    pub fn device(&self) -> Device {
        Device { level: self.level, hdcp: self.platform.output() }
    }

    /// Takes a license. `unused` is asked, before anything changes, whether it may still be taken; `taken` is told, as soon as it
    /// is. Keys that it has replaced are still to be reaped.
    pub fn apply(
        &self,
        terms: &Terms,
        keys: Vec<Key>,
        persistent: bool,
        around: &Surroundings<'_>,
        unused: impl FnOnce() -> Result<()>,
        taken: impl FnOnce(),
    ) -> Result<()> {
        let _turn = self.turn()?;
        // Before it is asked: what is revoked from now on is seen in the end.
        *self.taking.lock() = Some(Taking { id: terms.license_id.clone(), revoked: false });
        unused()?;
        let reading = self.platform.reading();
        let mut new = Held {
            id: terms.license_id.clone(),
            key_ids: terms.permits.iter().map(|permit| permit.key_id.clone()).collect(),
            session_token: terms.session_token.clone(),
            client_token: terms.client_token.clone(),
            sealed: persistent.then(|| Bytes(terms.sealed.clone())),
            license: self.take(terms, &self.held.lock(), reading)?,
            saved_at: reading.monotonic_millis,
        };
        if let Some(stored) = new.to_store() {
            let store = self.platform.offline_store()?;
            if let Arrival::Issued { .. } = terms.arrival {
                store.put_all(&[(&new.id, stored.to_stored()?)])?;
            } else if stored.save(&*store, &new.id)?.is_none() && matches!(terms.arrival, Arrival::Restored(_)) {
                return Err(Error::no_offline_key(&new.id));
            }
        }
        let mut held = self.held.lock();
        let taking = self.taking.lock().take();
        self.check_taken(taking.as_ref(), &new.id, new.key_ids.first().map(Vec::as_slice))?;
        // Meanwhile time has passed, perhaps all that there was.
        new.license = self.take(terms, &held, reading)?;
        new.license.advance(self.platform.reading());
        match held.iter().position(|held| held.id == terms.license_id) {
            // The keys stay as they are, and so do those that another license has replaced since.
            Some(mine) if matches!(terms.arrival, Arrival::Renewed { .. }) => {
                new.key_ids.clone_from(&held[mine].key_ids);
                held[mine] = new;
            }
            _ => {
                // Before the keys can be found: no decrypt gets past an unrecorded first use.
                set_states(keys.iter(), states(&new));
                around.keys.insert(keys)?;
                let brought: HashSet<_> = new.key_ids.iter().collect();
                for older in &mut *held {
                    older.key_ids.retain(|id| !brought.contains(id));
                }
                held.retain(|older| !older.key_ids.is_empty());
                held.push(new);
            }
        }
        settle_license(&mut held, around);
        drop(held);
        taken();
        Ok(())
    }

    /// What a license is at `reading`, together with what is held; one that was issued is as it was when it was received.
    fn take(&self, terms: &Terms, held: &[Held], reading: Reading) -> Result<EnforcedLicense> {
        let mine = held.iter().find(|held| held.id == terms.license_id);
        let (policy, permits) = (terms.policy.clone(), terms.permits.clone());
        let license = match (&terms.arrival, mine) {
            (Arrival::Issued { grant, service_millis }, _) => {
                EnforcedLicense::load(policy, *grant, permits, self.device(), *service_millis, terms.received)
            }
            (Arrival::Renewed { service_millis }, Some(mine)) => {
                let mut license = mine.license.clone();
                license.renewed(reading, *service_millis, terms.received, terms.sequence).map(|()| license)
            }
            (Arrival::Renewed { .. }, None) => {
                return Err(Error::Refused("a renewal of a license that this session does not hold".into()));
            }
            (Arrival::Restored(state), mine) => {
                // What this session knows of the license is newer than what is stored.
                let state = mine.map_or(state, |mine| mine.license.engine().license_state()).clone();
                EnforcedLicense::restore(policy, state, permits, self.device(), reading)
            }
        };
        license.map_err(|denial| refused(denial, terms.permits.first().map(|permit| &*permit.key_id)))
    }

    /// Records the first use of the license that a key belongs to; an error if the key may not be used now.
    pub fn begin_use(&self, key_id: &[u8], around: &Surroundings<'_>) -> Result<()> {
        let _turn = self.turn()?;
        let reading = self.platform.reading();
        let (id, stored) = {
            let mut held = self.held.lock();
            // None if the key went, or another license brought it, since the decrypt looked.
            let Some(mine) = find(&mut held, key_id) else { return Ok(()) };
            let mut license = mine.license.clone();
            let begun = license.decrypted(reading);
            let is_new = mine.license.engine().license_state().first_decryption.is_none();
            let Some(stored) = mine.to_store().filter(|_| is_new && begun.is_ok()) else {
                mine.license = license;
                settle(&mut held, around);
                return begun.map_err(|denial| refused(denial, Some(key_id)));
            };
            (mine.id.clone(), StoredLicense { state: license.engine().license_state().clone(), ..stored })
        };
        // Nothing may be decrypted that would not count as used after a crash.
        let saved = stored.save(&*self.platform.offline_store()?, &id)?;
        let Some(saved) = saved else {
            self.forget(&id, around);
            around.events.post(Event::KeysChanged { keys: around.keys.list(), new_keys_available: false });
            let reason = "its license is stored no more, so that its use cannot be recorded".into();
            return Err(Error::NoLicense { key_id: hex::encode(key_id), reason });
        };
        let mut held = self.held.lock();
        let Some(mine) = find(&mut held, key_id).filter(|mine| mine.id == id) else { return Ok(()) };
        if saved.first_decryption < stored.state.first_decryption || saved.revoked.is_some() {
            // Another session has begun to use it, or another process knows that it is revoked.
            let state = terms::newest(mine.license.engine().license_state(), &saved);
            let (policy, permits) = (mine.license.engine().policy().clone(), permits(&mine.license));
            mine.license = EnforcedLicense::restore(policy, state, permits, self.device(), reading)
                .map_err(|denial| refused(denial, Some(key_id)))?;
        }
        mine.saved_at = reading.monotonic_millis;
        let begun = mine.license.decrypted(reading);
        mine.license.advance(self.platform.reading());
        settle(&mut held, around);
        begun.map_err(|denial| refused(denial, Some(key_id)))
    }

    /// The turn to store something.
    fn turn(&self) -> Result<Taken<'_>> {
        let taken = self.storing.take(PATIENCE);
        taken.ok_or_else(|| Error::Internal("another thread has waited for the offline store for too long".into()))
    }

    /// Lets time pass.
    pub fn tick(&self, around: &Surroundings<'_>) {
        self.change(around, EnforcedLicense::advance);
    }

    /// Level or output changed.
    pub fn output_changed(&self, around: &Surroundings<'_>) {
        // As it is once the licenses are locked: of several changes at the same time the last one counts.
        self.change(around, |license, reading| license.set_device(reading, self.device()));
    }

    /// A renewal was refused: that of the license named, which need not have been due, else of the one that waits for one.
    pub fn renewal_failed(&self, status: u16, license_id: Option<&[u8]>, around: &Surroundings<'_>) {
        let waiting = |held: &Held| held.license.engine().state() == State::Renewing;
        let of_one = self.held.lock().iter().filter(|held| waiting(held)).count() == 1;
        self.change_some(around, |held, reading| {
            if license_id.map_or(of_one && waiting(held), |id| id == held.id) {
                held.license.renewal_failed(reading, status);
            } else if license_id.is_none() && waiting(held) {
                held.license.renewal_perhaps_failed(reading, status);
            }
        });
    }

    fn change(&self, around: &Surroundings<'_>, change: impl Fn(&mut EnforcedLicense, Reading)) {
        self.change_some(around, |held, reading| change(&mut held.license, reading));
    }

    fn change_some(&self, around: &Surroundings<'_>, change: impl Fn(&mut Held, Reading)) {
        let mut held = self.held.lock();
        let reading = self.platform.reading();
        let real_time = self.platform.is_on_machine_clock();
        let mut news = Vec::new();
        for held in &mut *held {
            let before = Marks::of(&held.license);
            change(held, reading);
            let after = Marks::of(&held.license);
            let old = real_time && reading.monotonic_millis.saturating_sub(held.saved_at) >= SAVE_INTERVAL;
            // The recovery window begins with the first attempt and ends with a denial, also for whoever restores the license.
            if before != after || (old && !after.is_over) {
                news.extend(held.news(reading));
            }
        }
        settle(&mut held, around);
        drop(held);
        self.record(news);
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

    /// Other keys with these ids are about to come, which no license decides about.
    pub fn disown<'a>(&self, ids: impl Iterator<Item = &'a [u8]>) {
        let gone: HashSet<_> = ids.collect();
        let mut held = self.held.lock();
        for license in &mut *held {
            license.key_ids.retain(|id| !gone.contains(id.as_slice()));
        }
        held.retain(|license| !license.key_ids.is_empty());
    }

    /// Lets go of all licenses, and of all keys, or for good; stored ones stay stored, with their state. Returns the ids of the keys.
    pub fn clear(&self, around: &Surroundings<'_>, for_good: bool) -> Vec<Vec<u8>> {
        let (gone, ids) = {
            let mut held = self.held.lock();
            let ids = if for_good { around.keys.close() } else { around.keys.clear() };
            (std::mem::take(&mut *held), ids)
        };
        around.keys.reap();
        let reading = self.platform.reading();
        let advance = |mut held: Held| {
            held.license.advance(reading);
            held.news(reading)
        };
        self.record(gone.into_iter().filter_map(advance).collect());
        ids
    }

    /// Removes a license that was released, and its keys. Returns whether it was there.
    pub fn forget(&self, id: &[u8], around: &Surroundings<'_>) -> bool {
        let key_ids = {
            let mut held = self.held.lock();
            self.taking.lock().take_if(|taking| taking.id == id);
            let Some(mine) = held.iter().position(|held| held.id == id) else { return false };
            held.remove(mine).key_ids
        };
        around.keys.remove(&key_ids);
        around.keys.reap();
        true
    }

    /// Has states of licenses stored, without waiting for it.
    fn record(&self, news: Vec<(Vec<u8>, StoredLicense)>) {
        for (id, stored) in news {
            match self.platform.offline_store() {
                Ok(store) => recorder::record(&store, &id, stored),
                Err(error) => log::error!("the state of license {} is not stored: {error}", hex::encode(&id)),
            }
        }
    }
}

impl Held {
    /// What is stored of it; none for a license that is not.
    fn to_store(&self) -> Option<StoredLicense> {
        let state = self.license.engine().license_state().clone();
        self.sealed.clone().map(|sealed| StoredLicense { sealed, state })
    }

    /// What is to be stored now, under which id.
    fn news(&mut self, reading: Reading) -> Option<(Vec<u8>, StoredLicense)> {
        self.saved_at = reading.monotonic_millis;
        self.to_store().map(|stored| (self.id.clone(), stored))
    }
}

/// What of a license is stored as soon as it changes.
#[derive(PartialEq, Eq)]
struct Marks {
    is_over: bool,
    /// Whether a renewal was attempted since the last one that succeeded.
    attempted: bool,
    denied: Option<i64>,
    revoked: Option<i64>,
}

impl Marks {
    fn of(license: &EnforcedLicense) -> Self {
        let (engine, state) = (license.engine(), license.engine().license_state());
        let LicenseState { expired: is_over, denied, revoked, .. } = *state;
        Self { is_over, attempted: engine.attempts() > 0, denied, revoked }
    }
}

fn find<'a>(held: &'a mut [Held], key_id: &[u8]) -> Option<&'a mut Held> {
    held.iter_mut().find(|held| held.key_ids.iter().any(|id| id == key_id))
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
    let own: HashSet<_> = held.key_ids.iter().collect();
    engine.verdicts().filter(move |(permit, _)| own.contains(&permit.key_id)).map(move |(permit, verdict)| {
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
        Denial::Expired | Denial::Revoked | Denial::Blocked => Error::NoLicense {
            key_id: key_id.map(hex::encode).unwrap_or_default(),
            reason: format!("{}: {denial}", denial.word()).into(),
        },
    }
}
