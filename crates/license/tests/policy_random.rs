//! The policy engine against a second model that computes every second afresh from the rules' formulas.
//!
//! `POLICY_SEED` repeats a run.

use std::fmt::Write as _;

use license::policy::{Device, Engine, EventKind, Grant, KeyPermit, KeyRequirement, Policy, Renewal, RentalScope};

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn below(&mut self, limit: u64) -> i64 {
        i64::try_from(self.next() % limit).unwrap()
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Often 0.
    fn duration(&mut self, limit: u64) -> i64 {
        if self.one_in(3) { 0 } else { 1 + self.below(limit) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    Decrypt,
    Renew,
    Replay,
}

/// The rules, naively.
struct Model {
    policy: Policy,
    issue: i64,
    first_use: Option<i64>,
    attempt: Option<i64>,
    renewed: bool,
    expired: bool,
    /// The last second at which an attempt was told.
    told_attempt: Option<i64>,
    told_expiry: Option<i64>,
}

impl Model {
    fn expiry(&self) -> Option<i64> {
        let policy = &self.policy;
        let mut ends = Vec::new();
        if policy.license_duration_seconds > 0 {
            ends.push(self.issue + policy.license_duration_seconds);
        }
        let rental_counts = self.first_use.is_none()
            || policy.playback_duration_seconds == 0
            || policy.rental_scope == RentalScope::Absolute;
        if policy.rental_duration_seconds > 0 && rental_counts {
            ends.push(policy.rental_duration_seconds);
        }
        if let Some(first_use) = self.first_use.filter(|_| policy.playback_duration_seconds > 0) {
            ends.push(first_use + policy.playback_duration_seconds);
        }
        if let Some(attempt) = self.attempt.filter(|_| policy.renewal_recovery_duration_seconds > 0) {
            ends.push(attempt + policy.renewal_recovery_duration_seconds);
        }
        ends.into_iter().min()
    }

    /// What happens in a second before any input.
    fn tick(&mut self, now: i64, told: &mut Vec<String>) {
        if self.expired {
            return;
        }
        if self.expiry().is_some_and(|expiry| now >= expiry) {
            self.expired = true;
            told.push(format!("{now} change false"));
            told.push(format!("{now} expired"));
        } else if let Some(attempt) = self.attempt {
            let retry = match self.policy.renewal_retry_interval_seconds {
                0 => i64::MAX,
                interval if self.policy.renewal_delay_seconds == 0 => interval.max(30),
                interval => interval,
            };
            if now >= attempt && (now - attempt) % retry == 0 && self.told_attempt != Some(now) {
                self.told_attempt = Some(now);
                told.push(format!("{now} required"));
            }
        }
    }

    fn tell_expiry(&mut self, now: i64, told: &mut Vec<String>) {
        if self.told_expiry != self.expiry() {
            self.told_expiry = self.expiry();
            told.push(format!("{now} expiry {:?}", self.expiry()));
        }
    }

    fn input(&mut self, now: i64, input: Input, told: &mut Vec<String>) -> bool {
        if self.expired {
            return false;
        }
        let policy = &self.policy;
        match input {
            Input::Decrypt => {
                if self.first_use.is_none() {
                    self.first_use = Some(now);
                    if policy.can_renew && policy.renew_with_usage && !self.renewed {
                        self.attempt = Some(self.attempt.map_or(now, |attempt| attempt.min(now)));
                    }
                }
            }
            Input::Renew if policy.can_renew => {
                let delay = match policy.renewal_delay_seconds {
                    0 => policy.renewal_retry_interval_seconds.max(30),
                    delay => delay,
                };
                self.issue = now;
                self.attempt = Some(now + delay);
                self.renewed = true;
            }
            Input::Renew | Input::Replay => return false,
        }
        self.tell_expiry(now, told);
        self.tick(now, told);
        true
    }
}

fn policy(random: &mut Random) -> Policy {
    Policy {
        can_play: true,
        can_renew: !random.one_in(4),
        license_duration_seconds: random.duration(150),
        rental_duration_seconds: random.duration(150),
        playback_duration_seconds: random.duration(150),
        renewal_delay_seconds: random.duration(60),
        renewal_retry_interval_seconds: random.duration(40),
        renewal_recovery_duration_seconds: random.duration(60),
        renew_with_usage: random.one_in(3),
        rental_scope: if random.one_in(3) { RentalScope::Absolute } else { RentalScope::StartWindow },
        ..Policy::default()
    }
}

fn engine_events(engine: &mut Engine, told: &mut Vec<String>) {
    for event in engine.take_events() {
        told.push(match event.kind {
            EventKind::KeyRequired { .. } => format!("{} required", event.at),
            EventKind::ExpirationUpdate { expiry } => format!("{} expiry {expiry:?}", event.at),
            EventKind::KeyChange { new_keys_available } => format!("{} change {new_keys_available}", event.at),
            EventKind::KeyExpired => format!("{} expired", event.at),
        });
    }
}

fn run(random: &mut Random) -> Result<(), String> {
    let policy = policy(random);
    let keys = vec![KeyPermit { key_id: vec![0; 16], track_type: None, requirement: KeyRequirement::default() }];
    let grant = Grant { issued_at: 0, first_issued_at: 0, sequence: 0 };
    let mut engine = Engine::load(policy.clone(), grant, keys, Device::default(), 0).unwrap();
    let attempt = match (policy.can_renew, policy.renew_with_usage && policy.renewal_delay_seconds == 0) {
        (true, false) => Some(policy.renewal_delay_seconds),
        _ => None,
    };
    let mut model = Model {
        policy: policy.clone(),
        issue: 0,
        first_use: None,
        attempt,
        renewed: false,
        expired: false,
        told_attempt: None,
        told_expiry: None,
    };
    let (mut expected, mut given) = (Vec::new(), Vec::new());
    model.told_expiry = model.expiry();
    expected.push(format!("0 expiry {:?}", model.expiry()));
    expected.push("0 change true".to_owned());

    let mut log = format!("{policy:?}");
    let mut sequence = 0;
    for now in 0..300 {
        model.tick(now, &mut expected);
        // Only where the engine says that something will happen is it told the time.
        if engine.next_change() == Some(now) {
            engine.advance(now);
        }
        if random.one_in(25) {
            let input = match random.below(4) {
                0 => Input::Renew,
                1 => Input::Replay,
                _ => Input::Decrypt,
            };
            write!(log, "\n{now} {input:?}").unwrap();
            let accepted = match input {
                Input::Decrypt => engine.decrypted(now).is_ok(),
                Input::Renew => {
                    sequence += 1;
                    engine.renewed(now, Renewal { issued_at: now, sequence }).is_ok()
                }
                Input::Replay => engine.renewed(now, Renewal { issued_at: now, sequence: 0 }).is_ok(),
            };
            if accepted != model.input(now, input, &mut expected) {
                return Err(format!("{log}\naccepted: {accepted}"));
            }
            if !accepted {
                sequence = engine.license_state().sequence;
            }
        }
        engine_events(&mut engine, &mut given);
        if given != expected || engine.expiry() != model.expiry() || engine.state().is_usable() == model.expired {
            return Err(format!("{log}\nat {now}\nexpected {expected:?}\ngiven {given:?}"));
        }
    }
    Ok(())
}

#[test]
fn the_engine_agrees_with_the_formulas_at_every_second() {
    let seed = match std::env::var("POLICY_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => u64::from(std::process::id()) << 32 | 0x9E37_79B9,
    };
    println!("POLICY_SEED={seed}");
    let mut random = Random(seed);
    for round in 0..20_000 {
        if let Err(difference) = run(&mut random) {
            panic!("POLICY_SEED={seed}, round {round}:\n{difference}");
        }
    }
}
