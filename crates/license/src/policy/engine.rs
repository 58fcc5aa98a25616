//! The state machine of one license, in whole seconds of license time.

use super::event::{Event, EventKind};
use super::keys::{Device, KeyPermit, KeyVerdict};
use super::state::{Denial, LicenseState, State};
use super::windows::Windows;
use super::{KeyRequirement, Policy};

/// Seconds that a wall clock may lag behind the last use of a restored license.
pub(super) const CLOCK_TOLERANCE: i64 = 60;

/// Least seconds between renewal attempts where the policy has no renewal delay.
const LEAST_INTERVAL_WITHOUT_DELAY: i64 = 30;

/// When and as what a license was issued. Times are seconds since 1970, the service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// L0: when this license was issued.
    pub issued_at: i64,
    /// R0: when the license was issued first; the same unless this is a later copy.
    pub first_issued_at: i64,
    /// Its sequence number.
    pub sequence: u64,
}

/// A renewal that the service issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// When, in seconds since 1970, the service's time.
    pub issued_at: i64,
    /// Its sequence number.
    pub sequence: u64,
}

/// The last renewal attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalFailure {
    /// When it became known.
    pub at: i64,
    /// The status as HTTP numbers it; 0 if there was no answer.
    pub status: u16,
}

impl RenewalFailure {
    /// Whether the service has decided (403, and 410 for a license that is over) instead of being out of order: there is
    /// nothing to wait for.
    pub fn is_denial(self) -> bool {
        matches!(self.status, 403 | 410)
    }
}

/// The state machine of one license. Every input carries the time; a time before an earlier one counts as that one.
/// Events collect until [`Engine::take_events`].
///
/// What happens by itself (a renewal attempt, expiry) happens when [`Engine::advance`] reaches its time. Attempts that
/// were due several times since the last input are told once, and not at all if the license is over meanwhile; whoever
/// wants each at its second advances to each [`Engine::next_change`].
#[derive(Clone, Debug)]
pub struct Engine {
    policy: Policy,
    state: LicenseState,
    keys: Vec<KeyPermit>,
    device: Device,
    locked: bool,
    /// What the wall clock showed last; counts while locked.
    wall: i64,
    /// When the next attempt is due, if the license lasts till then.
    next_attempt: Option<i64>,
    /// Since the last success.
    attempts: u64,
    last_failure: Option<RenewalFailure>,
    /// What the last EXPIRATION_UPDATE said.
    told_expiry: Option<i64>,
    /// What the last KEY_CHANGE said, key by key.
    told: Vec<KeyVerdict>,
    events: Vec<Event>,
}

impl Engine {
    /// Takes a new license.
    ///
    /// # Errors
    /// [`Denial::InvalidPolicy`] for a policy that [`Policy::check`] refuses.
    pub fn load(policy: Policy, grant: Grant, keys: Vec<KeyPermit>, device: Device, now: i64) -> Result<Self, Denial> {
        let first_attempt = match (policy.can_renew, policy.renew_with_usage, policy.renewal_delay_seconds) {
            (false, ..) | (true, true, 0) => None,
            (true, _, delay) => Some(grant.issued_at.saturating_add(delay)),
        };
        let state = LicenseState {
            issued_at: grant.issued_at,
            first_issued_at: grant.first_issued_at,
            first_decryption: None,
            first_attempt,
            renewed: false,
            denied: None,
            revoked: None,
            sequence: grant.sequence,
            expired: false,
            last_seen: now.max(grant.issued_at),
        };
        let mut engine = Self::new(policy, state, keys, device)?;
        engine.begin(now);
        Ok(engine)
    }

    /// Takes a license that was stored, at a time by the wall clock.
    ///
    /// # Errors
    /// [`Denial::InvalidPolicy`] for a policy that [`Policy::check`] refuses.
    pub fn restore(
        policy: Policy,
        state: LicenseState,
        keys: Vec<KeyPermit>,
        device: Device,
        wall: i64,
    ) -> Result<Self, Denial> {
        let mut engine = Self::new(policy, state, keys, device)?;
        engine.wall = wall;
        engine.locked = !engine.caught_up(wall) && !engine.state.expired && engine.policy.can_play;
        if !engine.locked {
            engine.unlock(wall);
        }
        engine.begin(wall);
        Ok(engine)
    }

    fn new(policy: Policy, mut state: LicenseState, keys: Vec<KeyPermit>, device: Device) -> Result<Self, Denial> {
        policy.check().map_err(|_| Denial::InvalidPolicy)?;
        state.expired |= state.revoked.is_some();
        let next_attempt = state.first_attempt;
        Ok(Self {
            policy,
            state,
            keys,
            device,
            locked: false,
            wall: i64::MIN,
            next_attempt,
            attempts: 0,
            last_failure: None,
            told_expiry: None,
            told: Vec::new(),
            events: Vec::new(),
        })
    }

    fn begin(&mut self, now: i64) {
        let expiry = self.expiry();
        self.told_expiry = expiry;
        let now = if self.locked { now } else { self.state.last_seen };
        let over = self.state.expired || self.is_over(now);
        self.emit(now, EventKind::ExpirationUpdate { expiry });
        if over && self.policy.can_play && !self.locked {
            self.expire(now);
        } else {
            self.tell_keys(now);
            self.advance(now);
        }
    }

    /// Lets time pass. While CLOCK_LOCKED `now` is what the wall clock shows.
    pub fn advance(&mut self, now: i64) {
        if self.locked {
            self.wall = now;
            if !self.caught_up(now) {
                return;
            }
            self.unlock(now);
            self.tell_expiry(self.state.last_seen);
        }
        self.state.last_seen = self.state.last_seen.max(now);
        let now = self.state.last_seen;
        if self.state.expired || !self.policy.can_play {
            return;
        }
        if self.is_over(now) {
            self.expire(now);
            return;
        }
        self.tell_keys(now);
        if self.next_attempt.is_some_and(|due| due <= now) {
            self.attempts += 1;
            self.next_attempt = self.attempt_after(now);
            self.emit(now, EventKind::KeyRequired { attempt: self.attempts });
        }
    }

    /// A sample was decrypted, or is about to be. Only the first time counts.
    ///
    /// # Errors
    /// Why nothing may be decrypted now.
    pub fn decrypted(&mut self, now: i64) -> Result<(), Denial> {
        self.advance(now);
        match self.state() {
            State::Ready | State::Playing | State::Renewing => {}
            State::Blocked => return Err(Denial::Blocked),
            State::ClockLocked => return Err(Denial::ClockLocked),
            State::None | State::Expired => return Err(self.state.why_over()),
        }
        let now = self.state.last_seen;
        if self.state.first_decryption.is_none() {
            self.state.first_decryption = Some(now);
            if self.policy.can_renew && self.policy.renew_with_usage && !self.state.renewed {
                let first = self.state.first_attempt.map_or(now, |due| due.min(now));
                if self.state.first_attempt != Some(first) {
                    self.state.first_attempt = Some(first);
                    self.next_attempt = Some(first);
                }
            }
            self.tell_expiry(now);
            self.advance(now);
        }
        Ok(())
    }

    /// A renewal arrived. While CLOCK_LOCKED `now` has to be the service's signed time, which then replaces the clock.
    ///
    /// The license counts from the renewal's issue, but not from before the license's own or from after `now`.
    ///
    /// # Errors
    /// Why the renewal is refused; the license is as it was then, apart from the time that has passed.
    pub fn renewed(&mut self, now: i64, renewal: Renewal) -> Result<(), Denial> {
        if !self.locked {
            self.advance(now);
        }
        if self.state.expired {
            return Err(self.state.why_over());
        }
        if !self.policy.can_play {
            return Err(Denial::Blocked);
        }
        if !self.policy.can_renew {
            return Err(Denial::NotRenewable);
        }
        if renewal.sequence <= self.state.sequence {
            return Err(Denial::StaleSequence);
        }
        if self.locked {
            self.state.last_seen = now.max(self.state.issued_at);
            self.unlock(now);
            if self.is_over(self.state.last_seen) {
                self.expire(self.state.last_seen);
                return Err(Denial::Expired);
            }
        }
        let now = self.state.last_seen;
        let start = renewal.issued_at.min(now).max(self.state.issued_at);
        self.state.issued_at = start;
        self.state.sequence = renewal.sequence;
        self.state.renewed = true;
        self.state.denied = None;
        let delay = match self.policy.renewal_delay_seconds {
            0 => self.policy.renewal_retry_interval_seconds.max(LEAST_INTERVAL_WITHOUT_DELAY),
            delay => delay,
        };
        self.state.first_attempt = Some(start.saturating_add(delay));
        self.next_attempt = self.state.first_attempt;
        self.attempts = 0;
        self.last_failure = None;
        self.tell_expiry(now);
        self.advance(now);
        Ok(())
    }

    /// A renewal attempt failed, with a status as HTTP numbers it, or 0 without an answer. A service that denies the renewal
    /// ends the recovery window: see [`RenewalFailure::is_denial`]. Other failures change no time.
    pub fn renewal_failed(&mut self, now: i64, status: u16) {
        let failure = self.renewal_perhaps_failed(now, status);
        if failure.is_denial() && !self.state.expired && self.policy.can_renew {
            self.state.denied.get_or_insert(self.state.last_seen);
            if !self.locked {
                self.tell_expiry(self.state.last_seen);
                self.advance(self.state.last_seen);
            }
        }
    }

    /// One of several renewal attempts failed, perhaps this license's: that is noted and changes nothing.
    pub fn renewal_perhaps_failed(&mut self, now: i64, status: u16) -> RenewalFailure {
        self.advance(now);
        let failure = RenewalFailure { at: if self.locked { now } else { self.state.last_seen }, status };
        self.last_failure = Some(failure);
        failure
    }

    /// The service has revoked the license: it is over at once, whatever its windows say.
    pub fn revoked(&mut self, now: i64) {
        self.advance(now);
        let now = if self.locked { now } else { self.state.last_seen };
        let was_over = self.state.expired;
        if self.state.revoke(now) && !was_over {
            self.expire(now);
        }
    }

    /// Device or output changed.
    pub fn set_device(&mut self, now: i64, device: Device) {
        self.device = device;
        self.advance(now);
        // Of a license that is over nothing changes any more.
        self.tell_keys(if self.locked { now } else { self.state.last_seen });
    }

    /// Takes the events since the last time, oldest first.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The state at the time of the last input.
    pub fn state(&self) -> State {
        if self.state.expired {
            State::Expired
        } else if !self.policy.can_play {
            State::Blocked
        } else if self.locked {
            State::ClockLocked
        } else if self.attempts > 0 {
            State::Renewing
        } else if self.state.first_decryption.is_some() {
            State::Playing
        } else {
            State::Ready
        }
    }

    /// E in seconds since 1970; none if the license never expires.
    pub fn expiry(&self) -> Option<i64> {
        self.windows().expiry()
    }

    /// The windows.
    pub fn windows(&self) -> Windows {
        Windows::of(&self.policy, &self.state)
    }

    /// When something happens by itself next: a renewal attempt, expiry, or that the wall clock has caught up. None if
    /// nothing will.
    pub fn next_change(&self) -> Option<i64> {
        match self.state() {
            State::None | State::Blocked | State::Expired => None,
            State::ClockLocked => Some(self.state.last_seen.saturating_sub(CLOCK_TOLERANCE)),
            State::Ready | State::Playing | State::Renewing => self.next_attempt().or_else(|| self.expiry()),
        }
    }

    /// When the next renewal attempt is due; none if the license is over before, or there is no further one.
    pub fn next_attempt(&self) -> Option<i64> {
        if !self.state().is_usable() {
            return None;
        }
        self.next_attempt.filter(|&due| self.expiry().is_none_or(|expiry| due < expiry))
    }

    /// Renewal attempts since the last success.
    pub fn attempts(&self) -> u64 {
        self.attempts
    }

    /// The last failure since the last success.
    pub fn last_failure(&self) -> Option<RenewalFailure> {
        self.last_failure
    }

    /// The verdict on each key, in the license's order.
    pub fn verdicts(&self) -> impl Iterator<Item = (&KeyPermit, KeyVerdict)> {
        self.keys.iter().map(|key| (key, self.verdict(key.requirement)))
    }

    /// The verdict on a key with these demands.
    pub fn verdict(&self, requirement: KeyRequirement) -> KeyVerdict {
        KeyVerdict::on(self.state(), requirement, self.device)
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What has to be stored with the license.
    pub fn license_state(&self) -> &LicenseState {
        &self.state
    }

    /// Device and output as last set.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The time of the last input; while CLOCK_LOCKED, that of the last use.
    pub fn now(&self) -> i64 {
        self.state.last_seen
    }

    /// Seconds from the last input until something happens by itself.
    pub fn until_next_change(&self) -> Option<i64> {
        let now = if self.state() == State::ClockLocked { self.wall } else { self.now() };
        self.next_change().map(|at| at.saturating_sub(now).max(0))
    }

    fn caught_up(&self, wall: i64) -> bool {
        wall.saturating_add(CLOCK_TOLERANCE) >= self.state.last_seen
    }

    /// Ends CLOCK_LOCKED, or restores: no renewal attempt is due before. The recovery window starts with the first attempt
    /// that was made, however often the license is restored after it.
    fn unlock(&mut self, now: i64) {
        self.locked = false;
        let was_made = |due: &i64| *due <= self.state.last_seen;
        let began = self.state.first_attempt.filter(was_made);
        let now = self.state.last_seen.max(now);
        self.state.last_seen = now;
        if !self.state.expired {
            self.next_attempt = self.state.first_attempt.map(|due| due.max(now));
            self.state.first_attempt = began.or(self.next_attempt);
        }
    }

    fn is_over(&self, now: i64) -> bool {
        self.expiry().is_some_and(|expiry| now >= expiry)
    }

    fn expire(&mut self, now: i64) {
        self.state.expired = true;
        self.tell_keys(now);
        self.emit(now, EventKind::KeyExpired);
    }

    /// The first A + k·I after `now`.
    fn attempt_after(&self, now: i64) -> Option<i64> {
        let interval = match (self.policy.renewal_retry_interval_seconds, self.policy.renewal_delay_seconds) {
            (0, _) => return None,
            (interval, 0) => interval.max(LEAST_INTERVAL_WITHOUT_DELAY),
            (interval, _) => interval,
        };
        let first = self.state.first_attempt?;
        let passed = now.checked_sub(first)? / interval;
        passed.checked_add(1)?.checked_mul(interval)?.checked_add(first)
    }

    fn tell_expiry(&mut self, now: i64) {
        let expiry = self.expiry();
        if self.told_expiry != expiry {
            self.told_expiry = expiry;
            self.emit(now, EventKind::ExpirationUpdate { expiry });
        }
    }

    fn tell_keys(&mut self, now: i64) {
        let verdicts: Vec<_> = self.verdicts().map(|(_, verdict)| verdict).collect();
        let differs = |index: usize, verdict: &KeyVerdict| {
            self.told.get(index).is_none_or(|told| told.status() != verdict.status())
        };
        let mut changed = verdicts.iter().enumerate().filter(|(index, verdict)| differs(*index, verdict)).peekable();
        if changed.peek().is_some() {
            let new_keys_available = changed.any(|(_, verdict)| *verdict == KeyVerdict::Usable);
            self.emit(now, EventKind::KeyChange { new_keys_available });
        }
        self.told = verdicts;
    }

    fn emit(&mut self, at: i64, kind: EventKind) {
        self.events.push(Event { at, kind });
    }
}
