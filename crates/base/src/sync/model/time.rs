//! Time, which stands still until a test lets it pass. Waits that end by it do so at any moment after that.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Bell = Arc<loom::sync::Condvar>;

loom::lazy_static! {
    static ref NOW: AtomicU64 = AtomicU64::new(0);
    /// Who waits, and until when.
    static ref WAITING: Mutex<Vec<(Instant, Bell)>> = Mutex::default();
}

/// As `std::time::Instant`, in nanoseconds since the start of the execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// The present.
    pub fn now() -> Self {
        Self(NOW.load(Relaxed))
    }

    /// As `std::time::Instant::checked_add`.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_add(nanos).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).expect("a time that there is")
    }
}

/// Lets time pass, and wakes those whose time has come. A thread that is just about to sleep may miss that; a later call wakes
/// it.
pub fn pass(duration: Duration) {
    let nanos = u64::try_from(duration.as_nanos()).expect("centuries at most");
    let now = Instant(NOW.fetch_add(nanos, Relaxed) + nanos);
    let waiting = WAITING.lock().expect("no panic meanwhile").clone();
    for (_, bell) in waiting.iter().filter(|(until, _)| *until <= now) {
        bell.notify_all();
    }
}

/// Says that somebody waits, until [`Waiting`] is dropped.
pub(super) fn wait(until: Instant, bell: &Bell) -> Waiting {
    WAITING.lock().expect("no panic meanwhile").push((until, Arc::clone(bell)));
    Waiting(Arc::clone(bell))
}

pub(super) struct Waiting(Bell);

impl Drop for Waiting {
    fn drop(&mut self) {
        // While a failed run is cleared up there is no loom.
        if !std::thread::panicking() {
            WAITING.lock().expect("no panic meanwhile").retain(|(_, bell)| !Arc::ptr_eq(bell, &self.0));
        }
    }
}
