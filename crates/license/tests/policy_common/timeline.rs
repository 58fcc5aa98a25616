//! The part of a case that is about time: a license under a virtual clock.

use license::policy::{
    Denial, Device, DeviceLevel, EnforcedLicense, EventKind, Grant, Hdcp, KeyPermit, KeyRequirement, LicenseKind,
    LicenseState, Policy, Reading, SecurityLevel,
};
use serde_json::{Value, json};

use super::case::{self, Case, Expect, Step};
use super::template::same;

/// When the timelines start, seconds since 1970: nothing may depend on it.
const START: i64 = 1_700_000_000;

struct Run<'a> {
    policy: &'a Policy,
    keys: Vec<KeyPermit>,
    device: Device,
    license: Option<EnforcedLicense>,
    /// True time in milliseconds since the start.
    now: i64,
    /// Wall clock minus true time, milliseconds.
    wall_ahead: i64,
    /// True time when the process started, which is when its monotonic clock did.
    process_start: i64,
    events: Vec<Value>,
}

/// Runs the timeline of a case.
pub fn check(case: &Case, policy: &Policy) -> Result<(), String> {
    let any =
        vec![case::Key { key_id: "00".repeat(16), track_type: None, security_level: 1, hdcp: "HDCP_NONE".to_owned() }];
    let mut run = Run {
        policy,
        keys: case.keys.as_ref().unwrap_or(&any).iter().map(permit).collect::<Result<_, _>>()?,
        device: device(&case.device)?,
        license: None,
        now: 0,
        wall_ahead: 0,
        process_start: 0,
        events: Vec::new(),
    };
    for step in &case.timeline {
        run.step(step).map_err(|reason| format!("at {}: {reason}", step.at))?;
    }
    let expected: Vec<_> = case.events.iter().map(|event| Value::from(event.clone())).collect();
    same("events", &run.events, &expected)
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        #[allow(clippy::cast_possible_truncation)] // small numbers
        let at = (step.at * 1000.0).round() as i64;
        if at < self.now {
            return Err("it is before the last step".to_owned());
        }
        while let Some(wake) = self.next_wake().filter(|wake| *wake <= at && !step.asleep) {
            self.now = self.now.max(wake);
            self.advance();
            if self.next_wake().is_some_and(|next| next <= wake) {
                return Err(format!("the change that was due at {} s did not happen", wake / 1000));
            }
        }
        self.now = at;
        if !step.asleep {
            self.advance();
        }
        if let Some(wall) = step.set_wall {
            self.wall_ahead = wall * 1000 - at;
        }
        self.act(step)?;
        self.collect();
        match &step.expect {
            Some(expect) => self.expect(expect),
            None => Ok(()),
        }
    }

    fn act(&mut self, step: &Step) -> Result<(), String> {
        if step.restore {
            self.restore()?;
        }
        let reading = self.reading();
        let seconds = START + self.now.div_euclid(1000);
        let or_now = |time: Option<i64>| time.map_or(seconds, |time| START + time);
        if let Some(load) = &step.load {
            let grant = Grant {
                issued_at: or_now(load.issued_at),
                first_issued_at: or_now(load.first_issued_at.or(load.issued_at)),
                sequence: load.sequence,
            };
            let service_millis = load.service_time.map_or(START * 1000 + self.now, |time| (START + time) * 1000);
            let license = EnforcedLicense::load(
                self.policy.clone(),
                grant,
                self.keys.clone(),
                self.device,
                service_millis,
                reading,
            );
            self.license = Some(license.map_err(|denial| denial.to_string())?);
        }
        if let Some(expected) = &step.decrypt {
            let given = word(self.license()?.decrypted(reading));
            same("decryption", &given, &expected.as_str())?;
        }
        if let Some(renew) = &step.renew {
            let millis = renew.issued_at.map_or(START * 1000 + self.now, |time| (START + time) * 1000);
            let given = word(self.license()?.renewed(reading, millis, reading, renew.sequence));
            same("renewal", &given, &renew.answer.as_str())?;
        }
        if let Some(status) = step.renewal_failed {
            self.license()?.renewal_failed(reading, status);
        }
        if step.revoked {
            self.license()?.revoked(reading);
        }
        if let Some(changed) = &step.device {
            self.device = device(changed)?;
            let device = self.device;
            self.license()?.set_device(reading, device);
        }
        if self.license.is_some() {
            self.advance();
        }
        Ok(())
    }

    /// A new process takes the license from the store.
    fn restore(&mut self) -> Result<(), String> {
        let stored = serde_json::to_string(self.license()?.engine().license_state()).unwrap();
        let state: LicenseState = serde_json::from_str(&stored).map_err(|error| error.to_string())?;
        self.process_start = self.now;
        let (policy, keys) = (self.policy.clone(), self.keys.clone());
        let license = EnforcedLicense::restore(policy, state, keys, self.device, self.reading());
        self.license = Some(license.map_err(|denial| denial.to_string())?);
        Ok(())
    }

    fn expect(&mut self, expect: &Expect) -> Result<(), String> {
        let engine = self.license()?.engine().clone();
        let relative = |time: Option<i64>| match time {
            None => Value::Null,
            Some(i64::MAX) => json!("max"),
            Some(time) => json!(time - START),
        };
        if let Some(usable) = expect.usable {
            same("usable", &engine.state().is_usable(), &usable)?;
        }
        if let Some(state) = &expect.state {
            same("state", &engine.state().word(), &state.as_str())?;
        }
        if let Some(expiry) = &expect.expiry {
            same("expiry", &relative(engine.expiry()), expiry)?;
        }
        if let Some(next) = &expect.next {
            same("next change", &relative(engine.next_change()), next)?;
        }
        let explanation = engine.explain();
        if let Some(binding) = &expect.binding {
            same("binding window", &json!(explanation.binding_window), binding)?;
        }
        if let Some(words) = &expect.keys {
            let given: Vec<_> = engine.verdicts().map(|(_, verdict)| verdict.status().word().to_owned()).collect();
            same("key statuses", &given, words)?;
        }
        let rows = engine.rows(LicenseKind::Streaming);
        for (name, expected) in &expect.rows {
            let given = rows.iter().find(|(row, _)| row == name).map(|(_, value)| value);
            same(name, &given, &Some(expected))?;
        }
        let words = explanation.to_string();
        match expect.explained.iter().find(|part| !words.contains(part.as_str())) {
            Some(part) => Err(format!("the explanation does not say {part:?}: {words}")),
            None => Ok(()),
        }
    }

    fn reading(&self) -> Reading {
        let wall_millis = START * 1000 + self.now + self.wall_ahead;
        Reading { wall_millis, monotonic_millis: (self.now - self.process_start).unsigned_abs() }
    }

    fn next_wake(&self) -> Option<i64> {
        let wake = i64::try_from(self.license.as_ref()?.next_wake()?).ok()?;
        wake.checked_add(self.process_start)
    }

    fn advance(&mut self) {
        let reading = self.reading();
        if let Some(license) = &mut self.license {
            license.advance(reading);
        }
        self.collect();
    }

    fn collect(&mut self) {
        let Some(license) = &mut self.license else { return };
        self.events.extend(license.take_events().into_iter().map(|event| {
            let at = event.at - START;
            match event.kind {
                EventKind::KeyRequired { attempt } => json!([at, "KEY_REQUIRED", attempt]),
                EventKind::ExpirationUpdate { expiry: Some(i64::MAX) } => json!([at, "EXPIRATION_UPDATE", "max"]),
                EventKind::ExpirationUpdate { expiry } => {
                    json!([at, "EXPIRATION_UPDATE", expiry.map(|expiry| expiry - START)])
                }
                EventKind::KeyChange { new_keys_available } => json!([at, "KEY_CHANGE", new_keys_available]),
                EventKind::KeyExpired => json!([at, "KEY_EXPIRED"]),
            }
        }));
    }

    fn license(&mut self) -> Result<&mut EnforcedLicense, String> {
        self.license.as_mut().ok_or_else(|| "there is no license".to_owned())
    }
}

fn word(result: Result<(), Denial>) -> &'static str {
    result.err().map_or("ok", Denial::word)
}

fn permit(key: &case::Key) -> Result<KeyPermit, String> {
    let security_level = SecurityLevel::new(key.security_level).ok_or("no such security level")?;
    Ok(KeyPermit {
        key_id: hex::decode(&key.key_id).map_err(|error| error.to_string())?,
        track_type: key.track_type.clone(),
        requirement: KeyRequirement { security_level, hdcp: hdcp(&key.hdcp)? },
    })
}

fn hdcp(word: &str) -> Result<Hdcp, String> {
    [Hdcp::None, Hdcp::V1, Hdcp::V2].into_iter().find(|hdcp| hdcp.word() == word).ok_or_else(|| format!("no {word}"))
}

fn device(device: &case::Device) -> Result<Device, String> {
    let levels = [DeviceLevel::SwCrypto, DeviceLevel::HwCrypto, DeviceLevel::EnhancedHwCrypto];
    let level = levels.into_iter().find(|level| level.word() == device.level);
    Ok(Device { level: level.ok_or_else(|| format!("no {}", device.level))?, hdcp: hdcp(&device.hdcp)? })
}
