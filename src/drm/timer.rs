//! The one thread that wakes sessions when their licences change by themselves. It starts with the first licence that
//! needs it. Sessions on a virtual clock never come here.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;

use parking_lot::Mutex;

use super::session::MediaKeySession;
use super::time::machine;
use crate::error::{Error, Result};
use crate::util::clock::{Clock, Signal};
use crate::util::log;

struct Timer {
    signal: Signal,
    /// By monotonic milliseconds, and a number that tells equal ones apart.
    wakes: BTreeMap<(u64, Reverse<u64>), Weak<MediaKeySession>>,
    numbered: u64,
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
    *timer = Some(Timer { signal, wakes: BTreeMap::new(), numbered: 0, process });
    Ok(())
}

/// Wakes a session once the machine's monotonic clock shows `at`. Waking it too often does no harm.
pub fn schedule(at: u64, session: Weak<MediaKeySession>) {
    let mut timer = TIMER.lock();
    let Some(timer) = timer.as_mut() else { return };
    let first = timer.wakes.first_key_value().is_none_or(|(&(first, _), _)| at < first);
    timer.numbered += 1;
    timer.wakes.insert((at, Reverse(timer.numbered)), session);
    if first {
        timer.signal.raise();
    }
}

fn run(signal: &Signal) {
    let clock = machine();
    loop {
        let until = {
            let mut timer = TIMER.lock();
            let Some(timer) = timer.as_mut() else { return };
            let now = clock.monotonic_millis();
            match timer.wakes.first_entry() {
                Some(entry) if entry.key().0 <= now => {
                    let session = entry.remove();
                    Err(session)
                }
                first => Ok(first.map(|entry| entry.key().0)),
            }
        };
        match until {
            Ok(until) => {
                clock.wait(until, signal);
            }
            Err(session) => {
                let Some(session) = session.upgrade() else { continue };
                if catch_unwind(AssertUnwindSafe(|| session.tick())).is_err() {
                    log::error!("a licence's timer panicked");
                }
            }
        }
    }
}
