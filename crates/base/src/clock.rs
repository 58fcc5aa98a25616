//! Time as license policies see it: real, or set by a test.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::ClockId;

use crate::sync::thread::Bell;
use crate::sync::{Instant, Mutex};

/// A clock, shared by everything that must agree on the time.
pub trait Clock: Send + Sync {
    /// Wall-clock time, milliseconds since 1970 (UTC). It can be set, so it may jump either way.
    fn unix_millis(&self) -> i64;

    /// Milliseconds since some fixed moment; never goes back.
    fn monotonic_millis(&self) -> u64;

    /// Milliseconds since some fixed moment, without those during which the machine slept; never goes back.
    fn awake_millis(&self) -> u64;

    /// Waits until [`Clock::monotonic_millis`] reaches `until` (`None`: for ever) or `signal` is raised, whichever comes
    /// first; true for the signal, which is taken back.
    fn wait(&self, until: Option<u64>, signal: &Signal) -> bool;
}

/// Ends a wait early, from another thread. Raised once or often before or during a wait: it ends one.
#[derive(Clone, Default)]
pub struct Signal(Arc<Mutex<SignalState>>);

#[derive(Default)]
struct SignalState {
    raised: bool,
    /// Of the thread that waits. Not a condition variable: see [`Bell`].
    sleeper: Option<Bell>,
}

impl Signal {
    /// A signal that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the present wait, or the next one at once.
    pub fn raise(&self) {
        let mut state = self.0.lock();
        state.raised = true;
        state.wake();
    }

    /// Wakes the waiter so that it looks at its clock again.
    fn nudge(&self) {
        self.0.lock().wake();
    }

    /// Waits until it is raised, or until there is no `rest` of the time to wait. True for the signal, which is taken back.
    fn wait(&self, rest: impl Fn() -> Option<Duration>) -> bool {
        let bell = Bell::of_current_thread();
        self.0.lock().sleeper = Some(bell.clone());
        loop {
            if std::mem::take(&mut self.0.lock().raised) {
                self.0.lock().sleeper = None;
                return true;
            }
            let Some(rest) = rest() else { break };
            bell.sleep_until(Instant::now() + rest.min(LONGEST_WAIT));
        }
        let mut state = self.0.lock();
        state.sleeper = None;
        std::mem::take(&mut state.raised)
    }
}

impl SignalState {
    fn wake(&self) {
        if let Some(sleeper) = &self.sleeper {
            sleeper.ring();
        }
    }
}

/// The longest single wait: a sleeping thread does not notice that the machine slept.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The machine's clocks. Monotonic time goes on while the machine sleeps (`CLOCK_BOOTTIME`), the time awake does not
/// (`CLOCK_MONOTONIC` of Linux).
#[derive(Debug)]
pub struct SystemClock {
    start: Duration,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn new() -> Self {
        Self { start: since_boot() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn unix_millis(&self) -> i64 {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        }
    }

    fn monotonic_millis(&self) -> u64 {
        u64::try_from(since_boot().saturating_sub(self.start).as_millis()).unwrap_or(u64::MAX)
    }

    fn awake_millis(&self) -> u64 {
        u64::try_from(read(ClockId::Monotonic).as_millis()).unwrap_or(u64::MAX)
    }

    fn wait(&self, until: Option<u64>, signal: &Signal) -> bool {
        signal.wait(|| match until.map(|until| until.saturating_sub(self.monotonic_millis())) {
            None => Some(LONGEST_WAIT),
            Some(0) => None,
            Some(rest) => Some(Duration::from_millis(rest)),
        })
    }
}

fn since_boot() -> Duration {
    read(ClockId::Boottime)
}

fn read(clock: ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanoseconds)
}

/// A clock that stands still until it is moved.
pub struct VirtualClock(Mutex<VirtualState>);

struct VirtualState {
    unix: i64,
    monotonic: u64,
    awake: u64,
    waiting: Vec<Signal>,
}

impl VirtualClock {
    /// A clock that shows `unix_millis`, and 0 for monotonic time and time awake.
    pub fn new(unix_millis: i64) -> Self {
        Self(Mutex::new(VirtualState { unix: unix_millis, monotonic: 0, awake: 0, waiting: Vec::new() }))
    }

    /// Lets time pass on all clocks and wakes everyone whose time has come.
    pub fn advance(&self, millis: u64) {
        self.change(|state| {
            state.pass(millis);
            state.awake = state.awake.saturating_add(millis);
        });
    }

    /// As [`VirtualClock::advance`] for a machine that sleeps meanwhile.
    pub fn sleep(&self, millis: u64) {
        self.change(|state| state.pass(millis));
    }

    /// Sets the wall clock, as a user may; monotonic time stays.
    pub fn set_unix_millis(&self, unix_millis: i64) {
        self.0.lock().unix = unix_millis;
    }

    /// How many threads are waiting: lets a test know that what it is about to disturb has come to rest.
    pub fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    fn change(&self, change: impl FnOnce(&mut VirtualState)) {
        let waiting = {
            let mut state = self.0.lock();
            change(&mut state);
            state.waiting.clone()
        };
        waiting.iter().for_each(Signal::nudge);
    }
}

impl VirtualState {
    fn pass(&mut self, millis: u64) {
        self.unix = self.unix.saturating_add_unsigned(millis);
        self.monotonic = self.monotonic.saturating_add(millis);
    }
}

impl Clock for VirtualClock {
    fn unix_millis(&self) -> i64 {
        self.0.lock().unix
    }

    fn monotonic_millis(&self) -> u64 {
        self.0.lock().monotonic
    }

    fn awake_millis(&self) -> u64 {
        self.0.lock().awake
    }

    fn wait(&self, until: Option<u64>, signal: &Signal) -> bool {
        self.0.lock().waiting.push(signal.clone());
        let is_before = || until.is_none_or(|until| self.monotonic_millis() < until);
        let ended_by_signal = signal.wait(|| is_before().then_some(LONGEST_WAIT));
        let mut state = self.0.lock();
        if let Some(own) = state.waiting.iter().position(|other| Arc::ptr_eq(&other.0, &signal.0)) {
            state.waiting.swap_remove(own);
        }
        ended_by_signal
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Waits without a limit of time until `count` threads wait at the clock.
    fn until_waiting(clock: &VirtualClock, count: usize) {
        while clock.waiting() != count {
            thread::yield_now();
        }
    }

    #[test]
    fn a_virtual_clock_moves_only_when_told() {
        let clock = VirtualClock::new(1_000);
        assert_eq!((clock.unix_millis(), clock.monotonic_millis()), (1_000, 0));
        clock.advance(2_592_000_000);
        assert_eq!((clock.unix_millis(), clock.monotonic_millis()), (2_592_001_000, 2_592_000_000));
        clock.set_unix_millis(-5);
        assert_eq!((clock.unix_millis(), clock.monotonic_millis()), (-5, 2_592_000_000));
        clock.advance(u64::MAX);
        assert_eq!((clock.unix_millis(), clock.monotonic_millis()), (i64::MAX, u64::MAX));
    }

    #[test]
    fn a_virtual_machine_that_sleeps_is_not_awake() {
        let clock = VirtualClock::new(1_000);
        clock.advance(5);
        clock.sleep(70);
        clock.advance(300);
        assert_eq!((clock.unix_millis(), clock.monotonic_millis(), clock.awake_millis()), (1_375, 375, 305));
    }

    #[test]
    fn waits_end_in_the_order_of_their_times() {
        let clock = VirtualClock::new(0);
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            for until in [30, 10, 20] {
                let (clock, sender) = (&clock, sender.clone());
                scope.spawn(move || sender.send((until, clock.wait(Some(until), &Signal::new()))).unwrap());
            }
            until_waiting(&clock, 3);
            for (index, until) in [10, 20, 30].into_iter().enumerate() {
                clock.advance(9);
                assert!(receiver.try_recv().is_err());
                clock.advance(1);
                assert_eq!(receiver.recv().unwrap(), (until, false));
                until_waiting(&clock, 2 - index);
            }
        });
        assert!(!clock.wait(Some(30), &Signal::new()), "a time that is over is not waited for");
    }

    fn a_signal_ends_one_wait(clock: &dyn Clock) {
        let signal = Signal::new();
        signal.raise();
        signal.raise();
        assert!(clock.wait(None, &signal), "raised before");
        assert!(!clock.wait(Some(clock.monotonic_millis()), &signal), "and taken back");
        thread::scope(|scope| {
            let waiter = scope.spawn(|| clock.wait(None, &signal));
            signal.raise();
            assert!(waiter.join().unwrap());
            let waiter = scope.spawn(|| clock.wait(Some(u64::MAX), &signal));
            signal.raise();
            assert!(waiter.join().unwrap(), "also where the time is too far ahead");
        });
    }

    #[test]
    fn signals_end_waits_on_both_clocks() {
        a_signal_ends_one_wait(&VirtualClock::new(0));
        a_signal_ends_one_wait(&SystemClock::new());
    }

    #[test]
    fn the_system_clock_runs() {
        let clock = SystemClock::new();
        // After the first commit of this file, before the year 2200.
        assert!((1_700_000_000_000..7_258_118_400_000).contains(&clock.unix_millis()));
        let start = clock.monotonic_millis();
        assert!(!clock.wait(Some(start + 3), &Signal::new()));
        assert!(clock.monotonic_millis() >= start + 3);
    }

    /// The two differ where the machine has slept, or in a time namespace: `unshare --user --time --boottime 100000`.
    #[test]
    fn the_time_awake_is_the_clock_that_stops_while_the_machine_sleeps() {
        let clock = SystemClock::new();
        let millis = || u64::try_from(read(ClockId::Monotonic).as_millis()).unwrap();
        let before = millis();
        let awake = clock.awake_millis();
        assert!((before..=millis()).contains(&awake), "{before} {awake}");
    }
}
