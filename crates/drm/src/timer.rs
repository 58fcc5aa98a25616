//! The one thread that wakes sessions when their licenses change by themselves. It starts with the first license that
//! needs it. Sessions on a virtual clock never come here.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::session::MediaKeySession;
use super::time::machine;
use base::clock::{Clock, Signal};
use base::error::{Error, Result};
use base::log;

/// A session's place in the timer: it has one wake at most, and none once this is dropped.
pub struct Alarm(u64);

struct Timer {
    signal: Signal,
    /// By monotonic milliseconds and alarm.
    wakes: BTreeMap<(u64, u64), Weak<MediaKeySession>>,
    /// When each alarm goes off.
    times: HashMap<u64, u64>,
    /// A child after fork() has no timer thread and gets its own.
    process: u32,
}

static TIMER: Mutex<Option<Timer>> = Mutex::new(None);

/// Starts the thread if it does not run yet.
pub fn start() -> Result<()> {
    let mut timer = TIMER.lock();
    let process = std::process::id();
    if timer.as_ref().is_some_and(|timer| timer.process == process) {
        return Ok(());
    }
    let signal = Signal::new();
    let own = signal.clone();
    std::thread::Builder::new()
        .name("native_drm_time".to_owned())
        .spawn(move || run(&own))
        .map_err(|error| Error::Internal(format!("cannot start the timer thread: {error}").into()))?;
    *timer = Some(Timer { signal, wakes: BTreeMap::new(), times: HashMap::new(), process });
    Ok(())
}

impl Alarm {
    /// An alarm that does not go off yet.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Wakes the session once the machine's monotonic clock shows what `at` returns, and no more at the time set before.
    /// `at` is asked under the timer's lock, so that of several calls none sets what has changed meanwhile.
    pub fn set(&self, at: impl FnOnce() -> Option<u64>, session: &Weak<MediaKeySession>) {
        let mut timer = TIMER.lock();
        let Some(timer) = timer.as_mut() else { return };
        timer.remove(self.0);
        let Some(at) = at() else { return };
        let first = timer.wakes.first_key_value().is_none_or(|(&(first, _), _)| at < first);
        timer.wakes.insert((at, self.0), Weak::clone(session));
        timer.times.insert(self.0, at);
        if first {
            timer.signal.raise();
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(timer) = TIMER.lock().as_mut() {
            timer.remove(self.0);
        }
    }
}

impl Timer {
    fn remove(&mut self, alarm: u64) {
        if let Some(at) = self.times.remove(&alarm) {
            self.wakes.remove(&(at, alarm));
        }
    }

    /// Takes a wake whose time has come, or tells when the next one is.
    fn next(&mut self, now: u64) -> Result<Weak<MediaKeySession>, Option<u64>> {
        match self.wakes.first_entry() {
            Some(entry) if entry.key().0 <= now => {
                self.times.remove(&entry.key().1);
                Ok(entry.remove())
            }
            first => Err(first.map(|entry| entry.key().0)),
        }
    }
}

fn run(signal: &Signal) {
    let clock = machine();
    loop {
        let next = match TIMER.lock().as_mut() {
            Some(timer) => timer.next(clock.monotonic_millis()),
            None => return,
        };
        match next {
            Err(until) => {
                clock.wait(until, signal);
            }
            Ok(session) => {
                let Some(session) = session.upgrade() else { continue };
                if catch_unwind(AssertUnwindSafe(|| session.tick())).is_err() {
                    log::error!("a license's timer panicked");
                }
            }
        }
    }
}
