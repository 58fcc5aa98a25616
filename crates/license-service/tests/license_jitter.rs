//! Renewals that the service spreads, as devices see them.

mod license_common;

use std::collections::HashSet;
use std::sync::Arc;

use base::clock::VirtualClock;
use license::policy::{Device, EnforcedLicense, EventKind, Grant, Reading};
use license::protocol::{Accepted, Client, License, SessionClient};
use license_common::{START, World, ask, fill};
use license_service::{RenewalJitter, Service, Settings};

fn settings(percent: u8) -> Settings {
    Settings { renewal_jitter: RenewalJitter::percent(percent).unwrap(), ..Settings::default() }
}

fn world(percent: u8) -> World {
    World::with(settings(percent))
}

/// A stored policy: D = 1000, so that with 20 % it is from 800 to 1000.
const POLICY: &[u8] = br#"{"can_play":true,"can_persist":true,"can_renew":true,"license_duration_seconds":1500,
    "renewal_delay_seconds":1000,"renewal_retry_interval_seconds":10}"#;

fn license(world: &World, client: &Client, rest: &str) -> License {
    world.license(client, &mut SessionClient::new().unwrap(), rest, false)
}

fn renewed(world: &World, client: &Client, session: &mut SessionClient, license: &License) -> License {
    let request = session.renewal_request(client, license.reference(), &ask()).unwrap();
    match session.accept(client, &world.send(&request).unwrap()).unwrap() {
        Accepted::Renewal(license) => license,
        _ => panic!("no renewal"),
    }
}

#[test]
fn stored_policies_are_spread_and_what_a_message_says_is_not() {
    let world = world(20);
    world.service.add_policy("default", POLICY).unwrap();
    let client = world.device();
    let delays: HashSet<_> = (0..20).map(|_| license(&world, &client, "").policy.renewal_delay_seconds).collect();
    assert!(delays.len() > 10 && delays.iter().all(|delay| (800..=1000).contains(delay)), "{delays:?}");
    let policy = license(&world, &client, "").policy;
    assert_eq!((policy.license_duration_seconds, policy.renewal_retry_interval_seconds), (1500, 10), "all else stays");

    let explicit = r#""policy_overrides":{"renewal_delay_seconds":900}"#;
    let exclusive = r#""use_policy_overrides_exclusively":true,"policy_overrides":{"can_play":true,"can_renew":true,
        "renewal_delay_seconds":900,"license_duration_seconds":1500}"#;
    for rest in [explicit, exclusive] {
        for _ in 0..10 {
            assert_eq!(license(&world, &client, rest).policy.renewal_delay_seconds, 900);
        }
    }
    // An override of something else leaves the stored delay, and its spread.
    let other = r#""policy_overrides":{"license_duration_seconds":2000}"#;
    let delays: HashSet<_> = (0..10).map(|_| license(&world, &client, other).policy.renewal_delay_seconds).collect();
    assert!(delays.len() > 4, "{delays:?}");
    // What a message would get is said without the spread, which is a license's own.
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(&client, &ask()).unwrap();
    let answer = world.send(&world.template(&request, r#""parse_only":true"#)).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["policy"]["renewal_delay_seconds"], 1000);
}

#[test]
fn without_the_option_nothing_changes() {
    let world = World::new();
    world.service.add_policy("default", POLICY).unwrap();
    let client = world.device();
    for _ in 0..20 {
        assert_eq!(license(&world, &client, "").policy.renewal_delay_seconds, 1000);
    }
}

/// Answers may be lost, servers may be others, the option may change: a license keeps its time.
#[test]
fn a_license_keeps_its_time_through_retries_renewals_and_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(VirtualClock::new(START));
    let open = |percent| Service::in_directory(directory.path(), clock.clone(), settings(percent)).unwrap();
    let start = |percent| World { clock: clock.clone(), service: open(percent) };
    let world = start(50);
    fill(&world.service);
    world.service.add_policy("default", POLICY).unwrap();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let first = world.license(&client, &mut session, "", false);
    let delay = first.policy.renewal_delay_seconds;
    let (_, kept) = world.service.license(first.license_id).unwrap().unwrap();
    assert_eq!(kept.renewal_delay_seconds, delay, "the service knows what it has said");
    drop(world);
    for percent in [50, 0, 10] {
        let world = start(percent);
        clock.advance(1000);
        // The device has not got this answer, and asks again.
        let lost = session.renewal_request(&client, first.reference(), &ask()).unwrap();
        world.send(&lost).unwrap();
        let mut other = SessionClient::new().unwrap();
        let again = renewed(&world, &client, &mut other, &first);
        assert_eq!(again.policy, first.policy, "at {percent} %");
        let new = license(&world, &client, "").policy.renewal_delay_seconds;
        let least = 1000 - 10 * i64::from(percent);
        assert!((least..=1000).contains(&new), "a new license goes by {percent} %: {new}");
    }
}

/// The device asks in the second that its license says, again and again, and the license's end stays.
#[test]
fn a_device_renews_in_its_own_second() {
    let world = world(50);
    world.service.add_policy("default", POLICY).unwrap();
    let client = world.device();
    for _ in 0..5 {
        let mut session = SessionClient::new().unwrap();
        let mut license = world.license(&client, &mut session, "", false);
        let (policy, start) = (license.policy.clone(), license.issued);
        let delay = policy.renewal_delay_seconds;
        assert!((500..=1000).contains(&delay));
        let reading = |now: i64| Reading { wall_millis: now, monotonic_millis: (now - START).try_into().unwrap() };
        let grant = Grant { issued_at: start / 1000, first_issued_at: start / 1000, sequence: 1 };
        let mut enforced =
            EnforcedLicense::load(policy, grant, Vec::new(), Device::default(), start, reading(start)).unwrap();
        for _ in 0..3 {
            enforced.take_events();
            let issued = license.issued;
            assert_eq!(enforced.expiry_millis(), issued + 1_500_000);
            assert_eq!(enforced.next_wake(), Some(reading(issued + delay * 1000).monotonic_millis));
            let due = |event: &license::policy::Event| matches!(event.kind, EventKind::KeyRequired { .. });
            enforced.advance(reading(issued + delay * 1000 - 1));
            assert!(!enforced.take_events().iter().any(due));
            enforced.advance(reading(issued + delay * 1000));
            assert!(enforced.take_events().iter().any(due));
            world.clock.advance(delay.unsigned_abs() * 1000);
            license = renewed(&world, &client, &mut session, &license);
            let now = reading(license.issued);
            enforced.renewed(now, license.issued, now, license.sequence).unwrap();
        }
    }
}
