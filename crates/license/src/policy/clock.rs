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
    /// Reads both clocks.
    pub fn of(clock: &dyn Clock) -> Self {
        Self { wall_millis: clock.unix_millis(), monotonic_millis: clock.monotonic_millis() }
    }
}

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
    use super::*;

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
