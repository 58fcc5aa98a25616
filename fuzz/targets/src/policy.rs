//! A license that is being enforced, from any stored state, with any times.

use drm::terms::StoredLicense;
use license::policy::{
    Device, DeviceLevel, EnforcedLicense, Grant, Hdcp, KeyPermit, KeyRequirement, LicenseState, Policy, Reading,
    RentalScope, SecurityLevel, State,
};
use license::protocol::Bytes;

use crate::observe::{accepted, hash, reached, refused};
use crate::script::Script;

pub fn run(input: &[u8]) {
    let mut script = Script::new(input);
    let policy = policy(&mut script);
    let device = device(&mut script);
    let permits = (0..script.byte() % 3).map(|index| permit(index, &mut script)).collect();
    let mut reading = reading(&mut script);
    let license = if script.byte().is_multiple_of(2) {
        let grant = Grant {
            issued_at: script.number() as i64,
            first_issued_at: script.number() as i64,
            sequence: script.number(),
        };
        EnforcedLicense::load(policy, grant, permits, device, script.number() as i64, reading)
    } else {
        let state = state(&mut script);
        check_stored(&state, script.take(16));
        EnforcedLicense::restore(policy, state, permits, device, reading)
    };
    let mut license = match license {
        Ok(license) => license,
        Err(denial) => return refused(&denial),
    };
    let mut expired = false;
    let mut last_seen = i64::MIN;
    while !script.is_over() {
        let step = script.byte();
        match step % 9 {
            0 | 1 => {
                reading.monotonic_millis = reading.monotonic_millis.saturating_add(script.number());
                license.advance(reading);
            }
            2 => match license.decrypted(reading) {
                Ok(()) => assert!(license.engine().state() != State::Blocked),
                Err(denial) => refused(&denial),
            },
            3 => {
                let sequence = script.number();
                let held = license.engine().license_state().sequence;
                match license.renewed(reading, script.number() as i64, reading, sequence) {
                    Ok(()) => assert!(sequence > held, "a renewal with an old sequence"),
                    Err(denial) => refused(&denial),
                }
            }
            4 => license.renewal_failed(reading, script.half()),
            5 => license.set_device(reading, self::device(&mut script)),
            6 => {
                reading.wall_millis = script.number() as i64;
                license.advance(reading);
            }
            7 => {
                license.revoked(reading);
                assert_eq!(license.engine().state(), State::Expired, "a revoked license goes on");
            }
            _ => {
                let state = license.engine().license_state().clone();
                check_stored(&state, b"sealed");
                let restored = EnforcedLicense::restore(
                    license.engine().policy().clone(),
                    state,
                    Vec::new(),
                    license.engine().device(),
                    reading,
                );
                // What was a legal policy stays one.
                license = restored.expect("what was enforced can be restored");
            }
        }
        check(&mut license, &mut expired, &mut last_seen);
    }
}

fn check(license: &mut EnforcedLicense, expired: &mut bool, last_seen: &mut i64) {
    let engine = license.engine();
    let state = engine.state();
    reached(hash(state.word().bytes()));
    assert!(!*expired || state == State::Expired, "an expired license came back");
    *expired |= state == State::Expired;
    // License time never runs backwards, but a locked license's may be set by the service.
    let seen = engine.license_state().last_seen;
    assert!(seen >= *last_seen, "time ran backwards");
    *last_seen = if state == State::ClockLocked { i64::MIN } else { seen };
    let explanation = engine.explain();
    assert!(!explanation.to_string().is_empty());
    serde_json::to_string(&explanation).expect("an explanation can be written");
    for (_, verdict) in engine.verdicts() {
        reached(hash(verdict.status().word().bytes()));
    }
    let _ = (engine.next_change(), engine.next_attempt(), license.next_wake(), license.expiry_millis());
    let events = license.take_events();
    assert!(events.len() < 1000, "{} events of one step", events.len());
    accepted("step", events.len());
}

fn policy(script: &mut Script<'_>) -> Policy {
    let bits = script.byte();
    let mut seconds = || if script.byte() < 64 { 0 } else { script.number() as i64 };
    Policy {
        can_play: bits & 7 != 0,
        can_persist: bits & 8 != 0,
        can_renew: bits & 16 != 0,
        rental_duration_seconds: seconds(),
        playback_duration_seconds: seconds(),
        license_duration_seconds: seconds(),
        renewal_recovery_duration_seconds: seconds(),
        renewal_server_url: String::new(),
        renewal_delay_seconds: seconds(),
        renewal_retry_interval_seconds: seconds(),
        renew_with_usage: bits & 32 != 0,
        rental_scope: if bits & 64 != 0 { RentalScope::Absolute } else { RentalScope::default() },
    }
}

fn device(script: &mut Script<'_>) -> Device {
    Device {
        level: script.one_of(&[DeviceLevel::SwCrypto, DeviceLevel::HwCrypto, DeviceLevel::EnhancedHwCrypto]),
        hdcp: script.one_of(&[Hdcp::None, Hdcp::V1, Hdcp::V2]),
    }
}

fn permit(index: u8, script: &mut Script<'_>) -> KeyPermit {
    let security_level = SecurityLevel::new(1 + script.byte() % 5).expect("a level");
    let hdcp = script.one_of(&[Hdcp::None, Hdcp::V1, Hdcp::V2]);
    KeyPermit { key_id: vec![index; 16], track_type: None, requirement: KeyRequirement { security_level, hdcp } }
}

fn reading(script: &mut Script<'_>) -> Reading {
    Reading { wall_millis: script.number() as i64, monotonic_millis: script.number() }
}

fn state(script: &mut Script<'_>) -> LicenseState {
    let bits = script.byte();
    LicenseState {
        issued_at: script.number() as i64,
        first_issued_at: script.number() as i64,
        first_decryption: (bits & 1 != 0).then(|| script.number() as i64),
        first_attempt: (bits & 2 != 0).then(|| script.number() as i64),
        renewed: bits & 4 != 0,
        denied: (bits & 16 != 0).then(|| script.number() as i64),
        revoked: (bits & 32 != 0).then(|| script.number() as i64),
        sequence: script.number(),
        expired: bits & 0x18 == 0x18,
        last_seen: script.number() as i64,
    }
}

/// What is stored comes back the same.
fn check_stored(state: &LicenseState, sealed: &[u8]) {
    let license = StoredLicense { sealed: Bytes(sealed.to_vec()), state: state.clone() };
    let stored = license.to_stored().expect("it can be stored");
    let again = StoredLicense::from_stored(&stored).expect("it can be read");
    assert_eq!((again.state, again.sealed), (license.state, license.sealed));
}
