//! An engine with a clock: what a session holds.

use super::Policy;
use super::clock::{LicenseClock, Reading};
use super::engine::{Engine, Grant, Renewal};
use super::event::Event;
use super::keys::{Device, KeyPermit};
use super::state::{Denial, LicenseState, State};

/// A license that is being enforced: an [`Engine`] that is given clock readings instead of license time.
#[derive(Clone, Debug)]
pub struct EnforcedLicense {
    engine: Engine,
    clock: LicenseClock,
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
        Ok(Self { engine: Engine::load(policy, grant, keys, device, clock.seconds(reading))?, clock })
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
        let mut license = Self { engine, clock: wall };
        license.catch_up(reading);
        Ok(license)
    }

    /// Lets time pass.
    pub fn advance(&mut self, reading: Reading) {
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
        self.engine.decrypted(self.time(reading))
    }

    /// A renewal arrived, signed at `service_millis`. If that is ahead of license time, license time follows.
    ///
    /// # Errors
    /// As [`Engine::renewed`].
    pub fn renewed(&mut self, reading: Reading, service_millis: i64, sequence: u64) -> Result<(), Denial> {
        self.advance(reading);
        let signed = LicenseClock::new(service_millis, reading);
        let renewal = Renewal { issued_at: signed.seconds(reading), sequence };
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
        self.engine.renewal_failed(self.time(reading), status);
    }

    /// Device or output changed.
    pub fn set_device(&mut self, reading: Reading, device: Device) {
        self.advance(reading);
        self.engine.set_device(self.time(reading), device);
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
