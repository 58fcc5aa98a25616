//! An engine with a clock: what a session holds.

use super::Policy;
use super::clock::{LicenseClock, Reading};
use super::engine::{Engine, Grant, Renewal};
use super::event::Event;
use super::keys::{Device, KeyPermit};
use super::state::{Denial, LicenseState, State};

/// A license that is being enforced: an [`Engine`] that is given clock readings instead of license time. A reading from before an
/// earlier one counts as that one: whoever has waited for a store since may bring it.
#[derive(Clone, Debug)]
pub struct EnforcedLicense {
    engine: Engine,
    clock: LicenseClock,
    /// The last reading.
    latest: Reading,
}

impl EnforcedLicense {
    /// Takes a new license; `service_millis` is the service's signed time, milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn load(
        policy: Policy,
        grant: Grant,
        keys: Vec<KeyPermit>,
        device: Device,
        service_millis: i64,
        reading: Reading,
    ) -> Result<Self, Denial> {
        let clock = LicenseClock::new(service_millis, reading);
        let engine = Engine::load(policy, grant, keys, device, clock.seconds(reading))?;
        Ok(Self { engine, clock, latest: reading })
    }

    /// Takes a license that was stored. The wall clock counts, but it cannot go behind the last use of the license: up
    /// to 60 s are made up for, more give CLOCK_LOCKED.
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn restore(
        policy: Policy,
        state: LicenseState,
        keys: Vec<KeyPermit>,
        device: Device,
        reading: Reading,
    ) -> Result<Self, Denial> {
        let wall = LicenseClock::new(reading.wall_millis, reading);
        let engine = Engine::restore(policy, state, keys, device, wall.seconds(reading))?;
        let mut license = Self { engine, clock: wall, latest: reading };
        license.catch_up(reading);
        Ok(license)
    }

    /// Lets time pass.
    pub fn advance(&mut self, reading: Reading) {
        let reading = self.present(reading);
        let now = self.time(reading);
        let was_locked = self.engine.state() == State::ClockLocked;
        self.engine.advance(now);
        if was_locked {
            self.clock = LicenseClock::new(reading.wall_millis, reading);
        }
        self.catch_up(reading);
    }

    /// A sample was decrypted, or is about to be. Only the first time counts.
    ///
    /// # Errors
    /// As [`Engine::decrypted`].
    pub fn decrypted(&mut self, reading: Reading) -> Result<(), Denial> {
        self.advance(reading);
        self.engine.decrypted(self.time(self.latest))
    }

    /// A renewal that was received at `received` is taken; it was signed at `service_millis`. If that is ahead of license time,
    /// license time follows.
    ///
    /// # Errors
    /// As [`Engine::renewed`].
    pub fn renewed(
        &mut self,
        reading: Reading,
        service_millis: i64,
        received: Reading,
        sequence: u64,
    ) -> Result<(), Denial> {
        self.advance(reading);
        let reading = self.latest;
        let signed = LicenseClock::new(service_millis, received);
        let renewal = Renewal { issued_at: service_millis.div_euclid(1000), sequence };
        let was_locked = self.engine.state() == State::ClockLocked;
        let ahead = was_locked || signed.millis(reading) > self.clock.millis(reading);
        let now = if ahead { signed.seconds(reading) } else { self.time(reading) };
        self.engine.renewed(now, renewal)?;
        if ahead {
            self.clock = signed;
            self.catch_up(reading);
        }
        Ok(())
    }

    /// A renewal attempt failed: see [`Engine::renewal_failed`].
    pub fn renewal_failed(&mut self, reading: Reading, status: u16) {
        self.advance(reading);
        self.engine.renewal_failed(self.time(self.latest), status);
    }

    /// One of several renewal attempts failed, perhaps this license's: that is noted and ends nothing.
    pub fn renewal_perhaps_failed(&mut self, reading: Reading, status: u16) {
        self.advance(reading);
        self.engine.renewal_perhaps_failed(self.time(self.latest), status);
    }

    /// The service has revoked the license: see [`Engine::revoked`].
    pub fn revoked(&mut self, reading: Reading) {
        self.advance(reading);
        self.engine.revoked(self.time(self.latest));
    }

    /// Device or output changed.
    pub fn set_device(&mut self, reading: Reading, device: Device) {
        self.advance(reading);
        self.engine.set_device(self.time(self.latest), device);
    }

    /// Takes the events since the last time, oldest first.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.engine.take_events()
    }

    /// When the monotonic clock reaches the next change, in its milliseconds; none if nothing changes by itself. While
    /// CLOCK_LOCKED the wall clock may be set before: [`EnforcedLicense::advance`] sees that whenever it is called.
    pub fn next_wake(&self) -> Option<u64> {
        self.clock.monotonic_at(self.engine.next_change()?)
    }

    /// Expiry in milliseconds since 1970 as an EXPIRATION_UPDATE carries it: 0 = never.
    pub fn expiry_millis(&self) -> i64 {
        self.engine.expiry().map_or(0, |expiry| expiry.saturating_mul(1000))
    }

    /// The engine, as of the last input.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The reading, or the last one if that is later.
    fn present(&mut self, reading: Reading) -> Reading {
        if reading.monotonic_millis >= self.latest.monotonic_millis {
            self.latest = reading;
        }
        self.latest
    }

    /// Whole seconds of the time that the engine is to be told.
    fn time(&self, reading: Reading) -> i64 {
        if self.engine.state() == State::ClockLocked {
            reading.wall_millis.div_euclid(1000)
        } else {
            self.clock.seconds(reading)
        }
    }

    /// Keeps the clock from lagging behind the engine.
    fn catch_up(&mut self, reading: Reading) {
        if self.engine.state() != State::ClockLocked && self.clock.seconds(reading) < self.engine.now() {
            self.clock = LicenseClock::new(self.engine.now().saturating_mul(1000), reading);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DeviceLevel, Hdcp};

    const START: i64 = 1_700_000_000_000;
    const DEVICE: Device = Device { level: DeviceLevel::SwCrypto, hdcp: Hdcp::None };

    fn at(millis: u64) -> Reading {
        Reading { wall_millis: START.saturating_add_unsigned(millis), monotonic_millis: millis }
    }

    /// A hundred seconds, renewable after ten.
    fn license() -> EnforcedLicense {
        let policy = Policy {
            can_play: true,
            can_renew: true,
            license_duration_seconds: 100,
            renewal_delay_seconds: 10,
            ..Policy::default()
        };
        let grant = Grant { issued_at: START / 1000, first_issued_at: START / 1000, sequence: 1 };
        EnforcedLicense::load(policy, grant, Vec::new(), DEVICE, START, at(0)).unwrap()
    }

    /// Whoever reads the clock, waits for a store and comes back finds the license as the timer has left it.
    #[test]
    fn a_reading_from_before_the_last_one_moves_no_time() {
        type Input = fn(&mut EnforcedLicense, Reading);
        let inputs: [(&str, Input); 5] = [
            ("advance", |license, reading| license.advance(reading)),
            ("decrypted", |license, reading| license.decrypted(reading).unwrap()),
            ("renewed", |license, reading| license.renewed(reading, START + 3_000, at(3_000), 2).unwrap()),
            ("renewal_failed", |license, reading| license.renewal_failed(reading, 500)),
            ("set_device", |license, reading| license.set_device(reading, DEVICE)),
        ];
        for (name, input) in inputs {
            for now in (3_000..20_000).step_by(730) {
                let mut timely = license();
                timely.advance(at(now));
                input(&mut timely, at(now));
                for age in (0..=3_000).step_by(250) {
                    let mut late = license();
                    late.advance(at(now));
                    input(&mut late, at(now - age));
                    late.advance(at(now));
                    let what = format!("{name} at {now} with a reading of {age} ms before");
                    assert_eq!(late.next_wake(), timely.next_wake(), "{what}");
                    assert_eq!(late.expiry_millis(), timely.expiry_millis(), "{what}");
                    assert_eq!(late.clock.millis(at(now)), timely.clock.millis(at(now)), "{what}");
                }
            }
        }
    }
}
