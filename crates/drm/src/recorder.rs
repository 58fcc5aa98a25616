//! Records what has become of stored licenses, so that whoever decides about a license never waits for the store.
//!
//! [`record`] takes down what is to be stored and returns at once; a thread of the store's own writes it, and goes on trying if
//! the store is locked, full or broken. Whoever reads a license calls [`settle`] first, which waits for a limited time. What
//! several sessions say about one license is put together and written once.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::storage::{LOCK_WAIT, OfflineStore};
use crate::terms::{Note, StoredLicense};
use base::sync::thread::Bell;
use base::sync::{Condvar, Instant, Mutex, catch_unwind, process, statics, thread};
use base::{dispatcher, log};

/// How long a thread that has nothing to write stays.
const IDLE: Duration = Duration::from_secs(1);
/// How long a store that has failed is left alone at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// How long [`settle`] waits: longer than two attempts take at a store that is locked.
pub const PATIENCE: Duration = LOCK_WAIT.saturating_mul(2).saturating_add(Duration::from_secs(1));
/// How long [`linger`] waits.
pub const SHORT_PATIENCE: Duration = Duration::from_secs(1);

/// What waits for one store.
struct Recorder {
    store: Arc<dyn OfflineStore>,
    state: Mutex<State>,
    /// Told whenever something has been written or has failed.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By license id.
    waiting: BTreeMap<Vec<u8>, News>,
    writing: Option<Vec<u8>>,
    runs: bool,
    /// The thread's, once it has come so far.
    bell: Option<Bell>,
    /// Attempts that have failed, by license id, and why the last one did. Those that succeed leave the table.
    failures: BTreeMap<Vec<u8>, (u32, String)>,
}

/// What is to be written of one license.
struct News {
    note: Note,
    /// Not before: it could not be written a moment ago.
    not_before: Option<Instant>,
}

type Recorders = BTreeMap<(u32, String), Arc<Recorder>>;

statics! {
    /// Those with something to write or a thread, by process (a child after fork() has not inherited the threads) and store.
    static RECORDERS: Mutex<Recorders> = Mutex::new(Recorders::new());
}

/// Has the state of a stored license written soon. Waits for nothing.
pub fn record(store: &Arc<dyn OfflineStore>, id: &[u8], license: StoredLicense) {
    take_down(store, id, Note { license: Some(license), revoked: None });
}

/// Has it written soon that the service has revoked a license, if that is stored; `now` in seconds since 1970. Waits for nothing.
pub fn revoke(store: &Arc<dyn OfflineStore>, id: &[u8], now: i64) {
    take_down(store, id, Note { license: None, revoked: Some(now) });
}

fn take_down(store: &Arc<dyn OfflineStore>, id: &[u8], note: Note) {
    let recorder = {
        let mut recorders = RECORDERS.lock();
        let recorder = recorders.entry(key(&**store)).or_insert_with(|| {
            let (state, changed) = (Mutex::default(), Condvar::new());
            Arc::new(Recorder { store: Arc::clone(store), state, changed })
        });
        // With the table locked: it is not taken out of it meanwhile.
        recorder.state.lock().wait_for_writing(id, note, None);
        Arc::clone(recorder)
    };
    recorder.start();
}

/// Has what was recorded of a license written before it returns, so that the store says what this process knows.
///
/// # Errors
/// [`Error::Internal`] if the store does not take it, or not within [`PATIENCE`].
pub fn settle(store: &dyn OfflineStore, id: &[u8]) -> Result<()> {
    let Some(recorder) = find(store) else { return Ok(()) };
    let deadline = Instant::now() + PATIENCE;
    let mut state = recorder.state.lock();
    let earlier = state.failures_of(id);
    if let Some(news) = state.waiting.get_mut(id) {
        news.not_before = None;
    }
    drop(state);
    recorder.start();
    state = recorder.state.lock();
    while state.concerns(id) {
        if state.failures_of(id) != earlier || Instant::now() >= deadline {
            let reason = state.failures.get(id).map_or("the store does not answer", |(_, reason)| reason);
            return Err(Error::Internal(format!("what has become of a license is not stored yet: {reason}").into()));
        }
        recorder.changed.wait_until(&mut state, deadline);
    }
    Ok(())
}

/// Waits until everything that was recorded is written, for [`SHORT_PATIENCE`] at most and not for what could not be written
/// a moment ago: it is written later then, if this process lives.
pub fn linger(store: &dyn OfflineStore) {
    let Some(recorder) = find(store) else { return };
    let deadline = Instant::now() + SHORT_PATIENCE;
    recorder.start();
    let mut state = recorder.state.lock();
    while state.is_hopeful() && Instant::now() < deadline {
        recorder.changed.wait_until(&mut state, deadline);
    }
}

fn find(store: &dyn OfflineStore) -> Option<Arc<Recorder>> {
    RECORDERS.lock().get(&key(store)).cloned()
}

fn key(store: &dyn OfflineStore) -> (u32, String) {
    (process::id(), store.name())
}

impl State {
    fn wait_for_writing(&mut self, id: &[u8], note: Note, not_before: Option<Instant>) {
        let news = match self.waiting.remove(id) {
            Some(earlier) => News { note: note.merged_with(earlier.note), ..earlier },
            None => News { note, not_before },
        };
        self.waiting.insert(id.to_vec(), news);
    }

    fn failures_of(&self, id: &[u8]) -> u32 {
        self.failures.get(id).map_or(0, |(failures, _)| *failures)
    }

    /// Whether something is being written, or is about to be for the first time.
    fn is_hopeful(&self) -> bool {
        self.writing.as_ref().is_some_and(|id| self.failures_of(id) == 0)
            || self.waiting.iter().any(|(id, _)| self.failures_of(id) == 0)
    }

    fn concerns(&self, id: &[u8]) -> bool {
        self.waiting.contains_key(id) || self.writing.as_deref() == Some(id)
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.writing.is_none()
    }
}

impl Recorder {
    /// Starts the thread if there is something to write and it does not run. Without threads the next call tries again.
    fn start(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if let Some(bell) = &state.bell {
            bell.ring();
        }
        if state.runs || state.is_idle() {
            return;
        }
        let me = Arc::clone(self);
        match thread::spawn("native_drm_store", move || me.run()) {
            Ok(()) => state.runs = true,
            Err(error) => {
                drop(state);
                log::error!("what has become of stored licenses is not written: no thread: {error}");
            }
        }
    }

    fn run(&self) {
        let bell = Bell::of_current_thread();
        self.state.lock().bell = Some(bell.clone());
        while let Some((id, note)) = self.next(&bell) {
            let _scope = log::Scope::of_thread(dispatcher::aside);
            let result = catch_unwind(AssertUnwindSafe(|| note.save(&*self.store, &id)));
            let failed = match result {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(Error::Internal("the store panicked".into())),
            };
            let first = self.done(&id, note, failed.as_ref());
            if let Some(error) = failed.filter(|_| first) {
                log::error!("what has become of stored licenses cannot be written now: {error}");
            }
        }
    }

    /// What to write next; none if the thread is to end.
    fn next(&self, bell: &Bell) -> Option<(Vec<u8>, Note)> {
        let mut state = self.state.lock();
        let idle_until = Instant::now() + IDLE;
        loop {
            let now = Instant::now();
            let due = |news: &News| news.not_before.is_none_or(|not_before| not_before <= now);
            if let Some(id) = state.waiting.iter().find(|(_, news)| due(news)).map(|(id, _)| id.clone()) {
                let news = state.waiting.remove(&id)?;
                state.writing = Some(id.clone());
                return Some((id, news.note));
            }
            let next = state.waiting.values().filter_map(|news| news.not_before).min();
            let until = next.unwrap_or(idle_until);
            drop(state);
            if now < until {
                bell.sleep_until(until);
                state = self.state.lock();
                continue;
            }
            // In the order of `record`, which may have been faster.
            let mut recorders = RECORDERS.lock();
            state = self.state.lock();
            if state.is_idle() {
                state.runs = false;
                state.bell = None;
                recorders.remove(&key(&*self.store));
                return None;
            }
        }
    }

    /// Takes down how writing went. Whether it is the first failure since all was well.
    fn done(&self, id: &[u8], note: Note, failed: Option<&Error>) -> bool {
        let mut state = self.state.lock();
        state.writing = None;
        let first = state.failures.is_empty();
        match failed {
            // A damaged entry stays as it is: nothing can be restored from it.
            None | Some(Error::StorageDamaged { .. } | Error::Malformed { .. }) => drop(state.failures.remove(id)),
            Some(error) => {
                let failures = state.failures_of(id).saturating_add(1);
                state.failures.insert(id.to_vec(), (failures, error.to_string()));
                let pause = (PAUSES.0 * 2_u32.saturating_pow(failures - 1)).min(PAUSES.1);
                state.wait_for_writing(id, note, Some(Instant::now() + pause));
            }
        }
        self.changed.notify_all();
        first
    }
}
