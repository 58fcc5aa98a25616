//! Time in the domain: the clock that an instance goes by, and the one thread that wakes whoever waits for a time on the
//! machine's clock. The thread starts when it is needed first. Sessions on a virtual clock never come to it.

use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::error::{Error, Result};
use base::clock::{Clock, Signal, SystemClock, VirtualClock};
use base::sync::{Mutex, OnceCell, catch_unwind, process, statics, thread};
use base::{dispatcher, log};
use license::policy::Reading;

/// The clock of an instance.
#[derive(Clone, Default)]
pub enum TimeSource {
    /// The machine's.
    #[default]
    Machine,
    /// One that stands still until it is moved.
    Virtual(Arc<VirtualClock>),
}

impl TimeSource {
    /// Reads it.
    pub fn reading(&self) -> Reading {
        match self {
            Self::Machine => Reading::of(machine()),
            Self::Virtual(clock) => Reading::of(&**clock),
        }
    }
}

/// The machine's clock; the same for all, so that their monotonic times compare.
fn machine() -> &'static SystemClock {
    statics! {
        static CLOCK: OnceCell<SystemClock> = OnceCell::new();
    }
    CLOCK.get_or_init(SystemClock::new)
}

/// Something that waits for times.
pub trait Wake: Send + Sync {
    /// The time has come. Called on the timer's thread; no lock of the timer is held.
    fn wake(&self);
}

/// A place in the timer: it has one time at most, and none once this is dropped.
pub struct Alarm {
    id: u64,
    sleeper: Weak<dyn Wake>,
}

struct Timer {
    signal: Signal,
    /// By monotonic milliseconds and alarm.
    wakes: BTreeMap<(u64, u64), Weak<dyn Wake>>,
    /// When each alarm goes off.
    times: HashMap<u64, u64>,
    /// A child after fork() has no timer thread and gets its own.
    process: u32,
}

statics! {
    static TIMER: Mutex<Option<Timer>> = Mutex::new(None);
}

/// Starts the thread if it does not run yet.
///
/// # Errors
/// [`Error::Internal`] if there can be no further thread.
pub fn start_timer() -> Result<()> {
    start(&mut TIMER.lock()).map(drop)
}

/// The timer with its thread running. A child after fork() takes over the times that its parent waited for.
fn start(timer: &mut Option<Timer>) -> Result<&mut Timer> {
    let process = process::id();
    if timer.as_ref().is_none_or(|timer| timer.process != process) {
        let signal = Signal::new();
        let own = signal.clone();
        thread::spawn("native_drm_time", move || run(&own))
            .map_err(|error| Error::Internal(format!("cannot start the timer thread: {error}").into()))?;
        *timer = Some(match timer.take() {
            Some(inherited) => Timer { signal, process, ..inherited },
            None => Timer { signal, wakes: BTreeMap::new(), times: HashMap::new(), process },
        });
    }
    timer.as_mut().ok_or_else(|| Error::Internal("no timer".into()))
}

impl Alarm {
    /// An alarm for `sleeper` that does not go off yet.
    pub fn new(sleeper: Weak<dyn Wake>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), sleeper }
    }

    /// Goes off once the machine's monotonic clock shows what `at` returns, in milliseconds, and no more at the time set
    /// before. `at` is asked under the timer's lock, so that of several calls none sets what has changed meanwhile.
    pub fn set(&self, at: impl FnOnce() -> Option<u64>) {
        let mut locked = TIMER.lock();
        let Some(timer) = locked.as_mut() else { return };
        timer.remove(self.id);
        let Some(at) = at() else { return };
        // Whoever depends on it has started it, and knows if that failed.
        let Ok(timer) = start(&mut locked) else { return };
        let first = timer.wakes.first_key_value().is_none_or(|(&(first, _), _)| at < first);
        timer.wakes.insert((at, self.id), Weak::clone(&self.sleeper));
        timer.times.insert(self.id, at);
        if first {
            timer.signal.raise();
        }
    }

    /// Does not go off any more, until it is set again.
    pub fn cancel(&self) {
        self.set(|| None);
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Timer {
    fn remove(&mut self, alarm: u64) {
        if let Some(at) = self.times.remove(&alarm) {
            self.wakes.remove(&(at, alarm));
        }
    }

    /// Takes a wake whose time has come, or tells when the next one is.
    fn next(&mut self, now: u64) -> Result<Weak<dyn Wake>, Option<u64>> {
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
            Ok(sleeper) => {
                let Some(sleeper) = sleeper.upgrade() else { continue };
                let _scope = log::Scope::of_thread(dispatcher::aside);
                if catch_unwind(AssertUnwindSafe(|| sleeper.wake())).is_err() {
                    log::error!("a license's timer panicked");
                }
            }
        }
    }
}
