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
use crate::terms::StoredLicense;
use base::sync::thread::Bell;
use base::sync::{Condvar, Instant, Mutex, catch_unwind, process, statics, thread};
use base::{dispatcher, log};

/// How long a thread that has nothing to write stays.
const IDLE: Duration = Duration::from_secs(1);
/// How long a store that has failed is left alone at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// How long [`settle`] waits: longer than one attempt takes at a store that is locked.
pub const PATIENCE: Duration = LOCK_WAIT.saturating_add(Duration::from_secs(1));
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
    waiting: BTreeMap<Vec<u8>, StoredLicense>,
    writing: Option<Vec<u8>>,
    runs: bool,
    /// The thread's, once it has come so far.
    bell: Option<Bell>,
    /// Since the last success.
    failures: u32,
    /// Ever.
    attempts_failed: u64,
    last_failure: Option<String>,
    /// Somebody waits: the next attempt is not put off.
    hurry: bool,
}

type Recorders = BTreeMap<(u32, String), Arc<Recorder>>;

statics! {
    /// Those with something to write or a thread, by process (a child after fork() has not inherited the threads) and store.
    static RECORDERS: Mutex<Recorders> = Mutex::new(Recorders::new());
}

/// Has the state of a stored license written soon. Waits for nothing.
pub fn record(store: &Arc<dyn OfflineStore>, id: &[u8], license: StoredLicense) {
    let recorder = {
        let mut recorders = RECORDERS.lock();
        let recorder = recorders.entry(key(&**store)).or_insert_with(|| {
            let (state, changed) = (Mutex::default(), Condvar::new());
            Arc::new(Recorder { store: Arc::clone(store), state, changed })
        });
        // With the table locked: it is not taken out of it meanwhile.
        recorder.state.lock().wait_for_writing(id, license);
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
    state.hurry = true;
    drop(state);
    recorder.start();
    state = recorder.state.lock();
    let earlier = state.attempts_failed;
    while state.concerns(id) {
        let failed = state.attempts_failed != earlier;
        if failed || Instant::now() >= deadline {
            let reason = state.last_failure.as_deref().unwrap_or("the store does not answer");
            return Err(Error::Internal(format!("what has become of a license is not stored yet: {reason}").into()));
        }
        recorder.changed.wait_until(&mut state, deadline);
    }
    Ok(())
}

/// Waits until everything that was recorded is written, for [`SHORT_PATIENCE`] at most and not at all while the store fails: it
/// is written later then, if this process lives.
pub fn linger(store: &dyn OfflineStore) {
    let Some(recorder) = find(store) else { return };
    let deadline = Instant::now() + SHORT_PATIENCE;
    recorder.start();
    let mut state = recorder.state.lock();
    while !state.is_idle() && state.failures == 0 && Instant::now() < deadline {
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
    fn wait_for_writing(&mut self, id: &[u8], license: StoredLicense) {
        let license = match self.waiting.remove(id) {
            Some(earlier) => license.merged_with(earlier),
            None => license,
        };
        self.waiting.insert(id.to_vec(), license);
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
        while let Some((id, license)) = self.next(&bell) {
            let _scope = log::Scope::of_thread(dispatcher::aside);
            let result = catch_unwind(AssertUnwindSafe(|| license.save(&*self.store, &id)));
            let failed = match result {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(Error::Internal("the store panicked".into())),
            };
            let first = self.done(&id, license, failed.as_ref());
            if let Some(error) = failed.filter(|_| first) {
                log::error!("what has become of stored licenses cannot be written now: {error}");
            }
        }
    }

    /// What to write next; none if the thread is to end.
    fn next(&self, bell: &Bell) -> Option<(Vec<u8>, StoredLicense)> {
        let mut state = self.state.lock();
        let pause = match state.failures {
            0 => Duration::ZERO,
            failures => (PAUSES.0 * 2_u32.saturating_pow(failures - 1)).min(PAUSES.1),
        };
        let resume = Instant::now() + pause;
        let idle_until = resume + IDLE;
        loop {
            let now = Instant::now();
            let until = if state.waiting.is_empty() { idle_until } else { resume };
            if !state.waiting.is_empty() && (now >= resume || state.hurry) {
                state.hurry = false;
                let (id, license) = state.waiting.pop_first()?;
                state.writing = Some(id.clone());
                return Some((id, license));
            }
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

    /// Takes down how writing went. Whether it is the first failure since a success.
    fn done(&self, id: &[u8], license: StoredLicense, failed: Option<&Error>) -> bool {
        let mut state = self.state.lock();
        state.writing = None;
        let first = state.failures == 0;
        match failed {
            None => {
                state.failures = 0;
                state.last_failure = None;
            }
            // A damaged entry stays as it is: nothing can be restored from it.
            Some(Error::StorageDamaged { .. } | Error::Malformed { .. }) => state.attempts_failed += 1,
            Some(error) => {
                state.attempts_failed += 1;
                state.last_failure = Some(error.to_string());
                state.wait_for_writing(id, license);
                state.failures = state.failures.saturating_add(1);
            }
        }
        self.changed.notify_all();
        first
    }
}
