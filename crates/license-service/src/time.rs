//! A service's clock: the machine's, or one that a test sets.

use std::sync::atomic::{AtomicI64, Ordering};

use base::clock::{Clock, Signal, SystemClock};

/// The machine's clock until it is set; then it stands still.
pub struct SettableClock {
    machine: SystemClock,
    /// Milliseconds since 1970, negative: the machine's.
    set: AtomicI64,
}

impl SettableClock {
    /// The machine's clock.
    pub fn new() -> Self {
        Self { machine: SystemClock::new(), set: AtomicI64::new(-1) }
    }

    /// Stands still at `unix_millis`; with a negative one, goes as the machine's again.
    pub fn set(&self, unix_millis: i64) {
        self.set.store(unix_millis, Ordering::Relaxed);
    }
}

impl Default for SettableClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SettableClock {
    fn unix_millis(&self) -> i64 {
        let set = self.set.load(Ordering::Relaxed);
        if set < 0 { self.machine.unix_millis() } else { set }
    }

    fn monotonic_millis(&self) -> u64 {
        self.machine.monotonic_millis()
    }

    fn awake_millis(&self) -> u64 {
        self.machine.awake_millis()
    }

    fn wait(&self, until: Option<u64>, signal: &Signal) -> bool {
        self.machine.wait(until, signal)
    }
}
