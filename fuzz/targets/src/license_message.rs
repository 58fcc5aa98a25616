//! The messages between devices and the license service.
//!
//! An input's first byte says what becomes of the rest: a message as it is, or the body of one that is then signed with the
//! right key, so that what stands behind the check of the signature is reached, too. Bodies are text in which `@x` stands
//! for something that is new in every process: `@c` the device's certificate, `@s` the session, `@e` an encapsulation key,
//! `@n` a nonce, `@h` the hash of the request to answer, `@g` the service's key, `@l` the license, `@a` `@d` `@v` the
//! certificates of a provisioning response, `@k` `@K` the keys of a provisioning request.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use base::base64::Variant;
use base::clock::VirtualClock;
use drm::storage::{StoredKey, StoredStatus};
use drm::terms::StoredLicense;
use license::protocol::fuzzing::{device_encapsulation_key, device_message, encapsulation_key};
use license::protocol::{
    Accepted, Ask, Bytes, Client, Fixed, License, LicenseRef, MAX_REVOKED, SessionClient, is_message,
};
use license::template::{DeviceLevel, Hdcp, KeyRequirement, Profile, SecurityLevel};
use license_service::{Content, Endpoint, Sender, Service, Settings, Track};
use serde_json::Value;

use crate::observe::{accepted, refused};
use crate::template;

pub const WORDS: &[&str] = &[
    "NDLP\u{1}\u{1}",
    "NDLP\u{1}\u{3}",
    "NDLP\u{1}\u{4}",
    "@c",
    "@s",
    "@e",
    "@n",
    "@h",
    "@g",
    "@l",
    "@a",
    "@d",
    "@v",
    "@k",
    "@K",
    "@p",
    "\"RELEASE\"",
    "\"RENEWAL\"",
    "\"LICENSE\"",
    "true",
    "false",
    "null",
    "\"sequence\":",
    "\"persistent\":",
    "\"options\":{\"a\":\"b\"}",
    "\"license_id\":\"@l\"",
    "\"options\":{\"revocations\":\"1\"}",
    ",\"revoked\":[\"@l\"]",
    ",\"revoked\":[\"AAAAAAAAAAAAAAAAAAAAAA\"]",
    "{\"payload\":\"@p\"",
    "\"content_id\":\"bW92aWU=\"",
    "\"policy_overrides\":{\"can_play\":true,\"can_persist\":true,\"can_renew\":true}",
    "\"parse_only\":true",
];

const START: i64 = 1_767_225_600_000;
/// Accepted requests fill the service's memory; after so many runs it is made anew.
const RUNS_OF_A_WORLD: u32 = 20_000;

struct World {
    service: Service,
    azure: Service,
    client: Client,
    /// As it was before it was provisioned, with a request open.
    fresh: (Client, Vec<u8>),
    /// Waits for answers: to a request for a license, of both kinds, to a renewal and to a release.
    open: [Vec<u8>; 4],
    session: SessionClient,
    license: License,
    tokens: BTreeMap<u8, String>,
    runs: u32,
}

fn ask(persistent: bool) -> Ask {
    Ask {
        key_ids: vec![vec![0xa0; 16]],
        persistent,
        device_level: DeviceLevel::SwCrypto,
        hdcp: Hdcp::None,
        client_token: None,
        options: BTreeMap::new(),
    }
}

fn service(profile: Profile) -> Service {
    let clock = Arc::new(VirtualClock::new(START));
    let service = Service::in_memory(clock, Settings { profile, ..Settings::default() }).expect("a service");
    service.add_provider("acme", Some("a token of acme's")).expect("a provider");
    let policy = br#"{"can_play":true,"can_persist":true,"can_renew":true,"license_duration_seconds":100}"#;
    service.add_policy("renewable", policy).expect("a policy");
    let track = Track {
        track_type: "SD".into(),
        key_id: Fixed([0xa0; 16]),
        key: vec![0x2b; 16].into(),
        requirement: KeyRequirement { security_level: SecurityLevel::new(1).expect("a level"), hdcp: Hdcp::None },
    };
    let content = Content {
        content_id: Bytes(b"movie".to_vec()),
        provider: "acme".into(),
        policy: Some("renewable".into()),
        require_provider: Some(false),
        tracks: vec![track],
        ..Content::default()
    };
    service.add_content(&content).expect("content");
    service
}

fn send(service: &Service, message: &[u8]) -> Vec<u8> {
    service.handle(message, Endpoint::Any, &Sender::Trusted).expect("an answer").body
}

fn url(bytes: &[u8]) -> String {
    Variant::Url.encode(bytes)
}

/// A member of a message's body.
fn member(message: &[u8], name: &str) -> String {
    let body: Value = serde_json::from_slice(&message[6..message.len() - 64]).expect("a body");
    body[name].as_str().expect("a text").to_owned()
}

impl World {
    fn new() -> Self {
        let (service, azure) = (service(Profile::Strict), self::service(Profile::Azure));
        let mut client = Client::new(None).expect("a device");
        let provisioning = client.provision_request().expect("a request");
        let certificates = send(&service, &provisioning);
        client.process_provision_response(&certificates).expect("certificates");
        let mut session = SessionClient::new().expect("a session");
        let first = session.license_request(&client, &ask(true)).expect("a request");
        let Ok(Accepted::License(license)) = session.accept(&client, &send(&service, &first)) else {
            panic!("the service's own license was refused")
        };
        let reference = LicenseRef { ..license.reference() };
        let open = [
            session.license_request(&client, &ask(false)).expect("a request"),
            session.license_request(&client, &ask(true)).expect("a request"),
            session.renewal_request(&client, reference, &ask(true)).expect("a request"),
            session.release_request(&client, reference).expect("a request"),
        ];
        let mut fresh = Client::from_secret(&client.to_secret(), None).expect("the device");
        let again = fresh.provision_request().expect("a request");
        let tokens = [
            (b'c', member(&open[0], "certificate")),
            (b's', member(&open[0], "session")),
            (b'e', member(&open[0], "ephemeral_key")),
            (b'g', service.fuzzing_signer()),
            (b'l', url(&license.license_id.0)),
            (b'a', member(&certificates, "authority")),
            (b'd', member(&certificates, "device")),
            (b'v', member(&certificates, "service")),
            (b'k', member(&provisioning, "signing_key")),
            (b'K', member(&provisioning, "seal_key")),
            (b'p', Variant::Standard.encode(&open[0])),
        ];
        let tokens = tokens.into_iter().collect();
        Self { service, azure, client, fresh: (fresh, again), open, session, license, tokens, runs: 0 }
    }

    /// Text with the tokens replaced; `answered` is the request that `@h` is about.
    fn fill(&mut self, text: &[u8], answered: &[u8]) -> Vec<u8> {
        let mut filled = Vec::with_capacity(text.len() + 1000);
        let mut rest = text.iter().copied();
        while let Some(byte) = rest.next() {
            if byte != b'@' {
                filled.push(byte);
                continue;
            }
            match rest.next() {
                Some(b'n') => {
                    self.runs += 1;
                    let mut nonce = [0; 32];
                    nonce[..4].copy_from_slice(&self.runs.to_be_bytes());
                    filled.extend_from_slice(url(&nonce).as_bytes());
                }
                Some(b'h') => {
                    filled.extend_from_slice(url(&license::protocol::fuzzing::digest(answered)).as_bytes());
                }
                Some(name) => match self.tokens.get(&name) {
                    Some(token) => filled.extend_from_slice(token.as_bytes()),
                    None => filled.extend_from_slice(&[byte, name]),
                },
                None => filled.push(byte),
            }
        }
        filled
    }
}

fn with_world(action: impl FnOnce(&mut World)) {
    thread_local! {
        static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    }
    WORLD.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|world| world.runs > RUNS_OF_A_WORLD) {
            *slot = None;
        }
        let world = slot.get_or_insert_with(World::new);
        world.runs += 1;
        action(world);
    });
}

/// The service's side.
pub fn service_side(input: &[u8]) {
    let Some((&mode, rest)) = input.split_first() else { return };
    with_world(|world| {
        let body = world.fill(rest, b"");
        let message = match mode & 7 {
            0..=2 => body,
            3 => device_message(&world.client, 1, &body),
            4..=6 => device_message(&world.client, 3, &body),
            _ => device_message(&world.client, mode >> 3, &body),
        };
        let endpoints = [Endpoint::Any, Endpoint::License, Endpoint::Provision, Endpoint::Renew, Endpoint::Release];
        let senders = [Sender::Trusted, Sender::Provider("acme".into()), Sender::Anyone];
        let endpoint = if mode & 64 == 0 { Endpoint::Any } else { endpoints[usize::from(mode >> 3) % endpoints.len()] };
        let sender = &senders[usize::from(mode >> 3) % senders.len()];
        let service = if mode & 128 == 0 { &world.service } else { &world.azure };
        match service.handle(&message, endpoint, sender) {
            Ok(reply) => {
                accepted("message", reply.body.len());
                assert!(is_message(&reply.body) || serde_json::from_slice::<Value>(&reply.body).is_ok());
            }
            Err(refusal) => {
                template::check(&refusal);
                assert_ne!(refusal.status(), 503, "the service could not answer");
            }
        }
    });
}

/// The device's side: answers to its requests, which it has to check.
pub fn client_side(input: &[u8]) {
    let Some((&mode, rest)) = input.split_first() else { return };
    with_world(|world| {
        let answered = world.open[usize::from(mode >> 3) % 4].clone();
        let provisioning = world.fresh.1.clone();
        let is_provisioning = mode & 7 == 3;
        let body = world.fill(rest, if is_provisioning { &provisioning } else { &answered });
        let message = match mode & 7 {
            0..=2 => body,
            3 => world.service.fuzzing_message(2, &body),
            4 => world.service.fuzzing_message(4, &body),
            5 => world.service.fuzzing_message(5, &body),
            kind => {
                // Head and sealed text.
                let split = body.iter().position(|byte| *byte == 0).unwrap_or(body.len());
                let (head, text) = body.split_at(split);
                let session_key = Bytes(Variant::Url.decode("key", &world.tokens[&b'e']).expect("a key"));
                let recipient = match (kind, mode >> 5) {
                    (6, _) => device_encapsulation_key(&world.client),
                    (_, 0) => encapsulation_key(),
                    _ => session_key,
                };
                let Some(message) = world.service.fuzzing_license(head, text.get(1..).unwrap_or_default(), &recipient)
                else {
                    return;
                };
                message
            }
        };
        let outstanding = world.session.outstanding();
        match world.session.check(&world.client, &message) {
            Ok(checked) => {
                accepted("answer", message.len());
                assert!(checked.revoked.ids().len() <= MAX_REVOKED);
                if let Accepted::License(license) | Accepted::Renewal(license) = &checked.accepted {
                    assert!(license.keys.iter().all(|key| key.key.len() == 16 && !key.key_id.0.is_empty()));
                    let text = serde_json::to_string(&license.policy).expect("a policy can be written");
                    assert_eq!(serde_json::from_str(&text).ok(), Some(license.policy.clone()));
                }
            }
            Err(rejection) => refused(&rejection),
        }
        assert_eq!(world.session.outstanding(), outstanding, "a check changed something");
        match world.client.restore(&message) {
            Ok(license) => assert!(license.persistent),
            Err(rejection) => refused(&rejection),
        }
        let before = world.fresh.0.to_secret();
        match world.fresh.0.process_provision_response(&message) {
            Ok(()) => {
                accepted("certificates", 1);
                let again = Client::from_secret(&before, None).expect("the device");
                world.fresh.0 = again;
                world.fresh.1 = world.fresh.0.provision_request().expect("a request");
            }
            Err(rejection) => {
                refused(&rejection);
                assert!(world.fresh.0.to_secret() == before, "refused, but changed");
            }
        }
    });
}

/// What a device stores: its identity, licenses.
pub fn stored_license(input: &[u8]) {
    with_world(|world| {
        let filled = world.fill(input, b"");
        let stored = StoredKey { status: StoredStatus::Usable, payload: filled.clone().into() };
        match StoredLicense::from_stored(&stored) {
            Ok(license) => {
                let again = license.to_stored().and_then(|stored| StoredLicense::from_stored(&stored));
                let again = again.expect("what was written can be read");
                assert_eq!((again.state, again.sealed), (license.state.clone(), license.sealed.clone()));
                accepted("stored license", filled.len());
                if let Err(rejection) = world.client.restore(&license.sealed.0) {
                    refused(&rejection);
                }
            }
            Err(error) => refused(&error),
        }
        match Client::from_secret(&filled, None) {
            Ok(client) => {
                let again = Client::from_secret(&client.to_secret(), None).expect("what was written can be read");
                assert_eq!(again.device_id(), client.device_id());
                accepted("identity", filled.len());
            }
            Err(error) => refused(&error),
        }
        let _ = &world.license;
    });
}
