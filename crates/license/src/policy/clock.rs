//! License time: monotonic within a session, seeded by the service's signed time or, for a restored license, by the wall
//! clock.

use base::clock::Clock;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Wall clock, milliseconds since 1970; may jump.
    pub wall_millis: i64,
    /// Milliseconds since some fixed moment; never goes back.
    pub monotonic_millis: u64,
}

impl Reading {
    /// Reads both clocks, again if the thread was stopped in between. A wall clock that is read much later than the monotonic one makes
    /// a restored license end early, the other way round it would end late.
    pub fn of(clock: &dyn Clock) -> Self {
        let mut attempts = 0;
        loop {
            let monotonic_millis = clock.monotonic_millis();
            let wall_millis = clock.unix_millis();
            attempts += 1;
            if attempts == ATTEMPTS || clock.monotonic_millis() - monotonic_millis <= AT_ONCE {
                return Self { wall_millis, monotonic_millis };
            }
        }
    }
}

/// Milliseconds within which both clocks are read.
const AT_ONCE: u64 = 1;
/// How often the clocks are read at most.
const ATTEMPTS: u32 = 16;

/// License time as a function of the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LicenseClock {
    millis: i64,
    at: u64,
}

impl LicenseClock {
    /// A clock that shows `millis` since 1970 at a reading.
    pub fn new(millis: i64, reading: Reading) -> Self {
        Self { millis, at: reading.monotonic_millis }
    }

    /// Milliseconds since 1970.
    pub fn millis(&self, reading: Reading) -> i64 {
        self.millis.saturating_add_unsigned(reading.monotonic_millis.saturating_sub(self.at))
    }

    /// Whole seconds since 1970.
    pub fn seconds(&self, reading: Reading) -> i64 {
        self.millis(reading).div_euclid(1000)
    }

    /// When the monotonic clock will show that license time has reached `seconds`; none if that is beyond its range.
    pub fn monotonic_at(&self, seconds: i64) -> Option<u64> {
        let wait = seconds.checked_mul(1000)?.saturating_sub(self.millis).max(0);
        self.at.checked_add_signed(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use base::clock::{Signal, VirtualClock};

    use super::*;

    /// A clock for a thread that is stopped before some of its looks at it: for how many milliseconds before each, the first one first.
    struct Stopped(VirtualClock, Mutex<std::vec::IntoIter<u64>>);

    impl Stopped {
        fn stop(&self) {
            if let Some(pause) = self.1.lock().unwrap().next() {
                self.0.advance(pause);
            }
        }
    }

    impl Clock for Stopped {
        fn unix_millis(&self) -> i64 {
            self.stop();
            self.0.unix_millis()
        }

        fn monotonic_millis(&self) -> u64 {
            self.stop();
            self.0.monotonic_millis()
        }

        fn awake_millis(&self) -> u64 {
            self.0.awake_millis()
        }

        fn wait(&self, until: Option<u64>, signal: &Signal) -> bool {
            self.0.wait(until, signal)
        }
    }

    /// Wherever the thread is stopped, for an hour each time, the wall clock is not behind the monotonic one; and if it is not stopped
    /// always, they are of one moment.
    #[test]
    fn both_clocks_are_read_at_one_moment() {
        const HOUR: u64 = 3_600_000;
        for stops in 0..1u32 << 10 {
            let pauses: Vec<_> = (0..10).map(|look| if stops & 1 << look == 0 { 0 } else { HOUR }).collect();
            let clock = Stopped(VirtualClock::new(0), Mutex::new(pauses.into_iter()));
            let reading = Reading::of(&clock);
            assert_eq!(reading.wall_millis.unsigned_abs(), reading.monotonic_millis, "{stops:b}");
        }
        let clock = Stopped(VirtualClock::new(0), Mutex::new(vec![HOUR; 1000].into_iter()));
        let reading = Reading::of(&clock);
        assert!(
            reading.wall_millis.unsigned_abs() >= reading.monotonic_millis,
            "always stopped: rather early than late"
        );
    }

    const fn at(monotonic_millis: u64) -> Reading {
        Reading { wall_millis: 0, monotonic_millis }
    }

    #[test]
    fn seconds_begin_when_they_are_full() {
        let clock = LicenseClock::new(1_000_999, at(5));
        assert_eq!((clock.seconds(at(5)), clock.seconds(at(6)), clock.seconds(at(0))), (1000, 1001, 1000));
        assert_eq!(clock.monotonic_at(1001), Some(6));
        assert_eq!(clock.monotonic_at(7), Some(5), "what is past is due at once");
        assert_eq!(clock.monotonic_at(i64::MAX), None);
        assert_eq!(LicenseClock::new(-1, at(0)).seconds(at(0)), -1);
        assert_eq!(LicenseClock::new(i64::MAX, at(0)).millis(at(u64::MAX)), i64::MAX);
    }
}
