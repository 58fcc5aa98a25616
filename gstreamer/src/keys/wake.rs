//! Waking an element that waits for a key.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct State {
    /// Counts what may have brought a key.
    news: u64,
    flushing: bool,
    /// From PAUSED to READY and until the way back: a flush that ends meanwhile does not end it.
    stopped: bool,
}

/// What one element waits for.
#[derive(Debug, Default)]
pub struct Wake {
    state: Mutex<State>,
    changed: Condvar,
}

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Woken {
    /// There may be a key.
    News,
    /// The pipeline flushes or stops.
    Flushing,
    /// The time is over.
    TimedOut,
}

impl Wake {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The count to wait with: taken before looking for the key.
    pub fn news(&self) -> u64 {
        self.lock().news
    }

    /// There may be a key.
    pub fn announce(&self) {
        self.lock().news += 1;
        self.changed.notify_all();
    }

    pub fn set_flushing(&self, flushing: bool) {
        self.lock().flushing = flushing;
        self.changed.notify_all();
    }

    pub fn set_stopped(&self, stopped: bool) {
        let mut state = self.lock();
        state.stopped = stopped;
        if !stopped {
            state.flushing = false;
        }
        self.changed.notify_all();
    }

    /// Waits until there is other news than `seen`, for `timeout` at most; `None` = without limit.
    pub fn wait(&self, seen: u64, timeout: Option<Duration>) -> Woken {
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        loop {
            if state.flushing || state.stopped {
                return Woken::Flushing;
            }
            if state.news != seen {
                return Woken::News;
            }
            state = match end {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Woken::TimedOut;
                    }
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
