//! A device: the real policy engine, and a viewer in front of it.

use crate::constants::Request;
use crate::random::Random;
use crate::scenario::{Profile, Visit};
use license::policy::{Device as Output, Engine, EventKind, Grant, Policy, Renewal};

/// Seconds of virtual time that the simulation begins at, since 1970: 2026-01-01.
pub const START: i64 = 1_767_225_600;

/// Seconds that a player waits before it asks for its first license again: up to 1, 2, 4 … 32, at random.
const LONGEST_PAUSE: u32 = 32;

/// What a device does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// It sends a request.
    Send(Request),
    /// Nothing.
    Idle,
    /// Its visit is over.
    Leave,
}

/// A device.
pub struct Device {
    /// What it has.
    pub profile: Profile,
    /// Its visit, or its next one.
    pub visit: Visit,
    /// When it does something by itself next, if nothing comes between; `u32::MAX` for never.
    pub due: u32,
    engine: Option<Engine>,
    sequence: u64,
    failures: u32,
    waiting: bool,
    visiting: bool,
}

fn clock(now: u32) -> i64 {
    START + i64::from(now)
}

impl Device {
    /// A device before its first visit.
    pub fn new(profile: Profile, visit: Visit) -> Self {
        let due = visit.from;
        Self { profile, visit, due, engine: None, sequence: 0, failures: 0, waiting: false, visiting: false }
    }

    /// Its time has come. Also returns whether a viewer was interrupted.
    pub fn wake(&mut self, now: u32) -> (Step, bool) {
        if !self.visiting {
            self.visiting = true;
            self.restore(now);
        } else if now >= self.visit.until {
            return (Step::Leave, false);
        } else if let Some(engine) = &mut self.engine {
            engine.advance(clock(now));
        }
        self.look(now)
    }

    /// What is on the device since the last visit.
    fn restore(&mut self, now: u32) {
        let Some(engine) = self.engine.take().filter(|_| self.profile.persistent) else { return };
        let (policy, state) = (engine.policy().clone(), engine.license_state().clone());
        let restored = Engine::restore(policy, state, Vec::new(), Output::default(), clock(now));
        let restored = restored.expect("a policy that was checked");
        // Nobody is interrupted by one that ended in the meantime.
        self.engine = Some(restored).filter(|engine| engine.state().is_usable());
    }

    /// Acts on the engine's events.
    fn look(&mut self, now: u32) -> (Step, bool) {
        let (mut renewal, mut interrupted) = (false, false);
        if let Some(engine) = &mut self.engine {
            for event in engine.take_events() {
                renewal |= matches!(event.kind, EventKind::KeyRequired { .. });
                interrupted |= event.kind == EventKind::KeyExpired;
            }
            if interrupted {
                self.engine = None;
            }
        }
        let step = match &self.engine {
            // A request is under way.
            _ if self.waiting => Step::Idle,
            None if self.profile.is_new => Step::Send(Request::Provision),
            None => Step::Send(Request::License),
            Some(_) if renewal => Step::Send(Request::Renewal),
            Some(_) => Step::Idle,
        };
        self.waiting |= step != Step::Idle;
        self.schedule(now);
        (step, interrupted)
    }

    fn schedule(&mut self, now: u32) {
        let change = self.engine.as_ref().and_then(Engine::next_change);
        let change = change.and_then(|change| u32::try_from(change - START).ok()).unwrap_or(u32::MAX);
        self.due = change.min(self.visit.until).max(now + 1);
    }

    /// A request was answered as it wanted, with a license under `policy` if it was for a new one. Returns what it sends next.
    pub fn granted(&mut self, now: u32, request: Request, policy: &Policy) -> (Step, bool) {
        self.waiting = false;
        self.failures = 0;
        if !self.visiting {
            return (Step::Idle, false);
        }
        let at = clock(now);
        match request {
            Request::Provision => self.profile.is_new = false,
            Request::License => {
                self.sequence = 1;
                let grant = Grant { issued_at: at, first_issued_at: at, sequence: 1 };
                let engine = Engine::load(policy.clone(), grant, Vec::new(), Output::default(), at);
                let mut engine = engine.expect("a policy that was checked");
                let _ = engine.decrypted(at);
                self.engine = Some(engine);
            }
            Request::Renewal => {
                if let Some(engine) = &mut self.engine {
                    self.sequence += 1;
                    // One that came too late is refused by the engine, which then has expired.
                    let _ = engine.renewed(at, Renewal { issued_at: at, sequence: self.sequence });
                }
            }
        }
        self.look(now)
    }

    /// A request failed, with a status as HTTP numbers it, or 0 without an answer. The engine says when a renewal is tried again; for a
    /// first license that is up to the player.
    pub fn failed(&mut self, now: u32, request: Request, status: u16, random: &mut Random) {
        self.waiting = false;
        if !self.visiting {
            return;
        }
        match &mut self.engine {
            Some(engine) if request == Request::Renewal => {
                engine.renewal_failed(clock(now), status);
                self.schedule(now);
            }
            _ => {
                let most = (1_u32 << self.failures.min(5)).min(LONGEST_PAUSE);
                self.failures += 1;
                self.due = (now + 1 + random.below(most)).min(self.visit.until).max(now + 1);
            }
        }
    }

    /// Ends the visit; the next one, if any, is set.
    pub fn leave(&mut self, next: Option<Visit>) {
        self.visiting = false;
        self.failures = 0;
        if !self.profile.persistent {
            self.engine = None;
        }
        if let Some(next) = next {
            self.due = next.from.max(self.visit.until + 1);
            self.visit = next;
        } else {
            self.engine = None;
            self.due = u32::MAX;
        }
    }
}
