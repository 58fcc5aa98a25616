//! A service with some content, and a device that knows it.

#![allow(dead_code)]

mod ask;

use std::sync::Arc;

use base::clock::VirtualClock;
use license::protocol::{Accepted, Ask, Bytes, Client, Fixed, Id, License, SessionClient};
use license::template::{Hdcp, KeyRequirement, Refusal, SecurityLevel};
use license_service::{Content, Endpoint, Sender, Service, Settings, Track};

pub use ask::{KEY_ID, ask};

/// 2026-01-01.
pub const START: i64 = 1_767_225_600_000;
pub const KEY: [u8; 16] = [0x2b; 16];
pub const HARD_KEY_ID: [u8; 16] = [0xb0; 16];

pub struct World {
    pub clock: Arc<VirtualClock>,
    pub service: Service,
}

pub fn track(track_type: &str, key_id: [u8; 16], key: [u8; 16], level: u8, hdcp: Hdcp) -> Track {
    Track {
        track_type: track_type.into(),
        key_id: Fixed(key_id),
        key: key.to_vec().into(),
        requirement: KeyRequirement { security_level: SecurityLevel::new(level).unwrap(), hdcp },
    }
}

/// Contents "movie" (SD for all, HD for hardware), "hard" (hardware only) and "derived", all of provider acme.
pub fn fill(service: &Service) {
    service.add_provider("acme", Some("a token of acme's")).unwrap();
    service.add_provider("other", None).unwrap();
    service.add_policy("rental", br#"{"can_play":true,"can_persist":true,"rental_duration_seconds":1000}"#).unwrap();
    service
        .add_policy("renewable", br#"{"can_play":true,"can_persist":true,"can_renew":true,"license_duration_seconds":100,"renewal_delay_seconds":50}"#)
        .unwrap();
    let content = |id: &str, tracks| Content {
        content_id: Bytes(id.as_bytes().to_vec()),
        provider: "acme".into(),
        policy: None,
        require_provider: None,
        tracks,
        ..Content::default()
    };
    let movie = vec![track("SD", KEY_ID, KEY, 1, Hdcp::None), track("HD", [0xa1; 16], [0x3c; 16], 3, Hdcp::V1)];
    service.add_content(&content("movie", movie)).unwrap();
    service.add_content(&content("hard", vec![track("SD", HARD_KEY_ID, KEY, 5, Hdcp::None)])).unwrap();
    service.add_content(&content("derived", Vec::new())).unwrap();
}

impl World {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        let clock = Arc::new(VirtualClock::new(START));
        let service = Service::in_memory(clock.clone(), settings).unwrap();
        fill(&service);
        Self { clock, service }
    }

    pub fn send(&self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.service.handle(message, Endpoint::Any, &Sender::Trusted).map(|reply| reply.body)
    }

    /// What the service says to a refused message.
    pub fn refused(&self, message: &[u8]) -> (u16, &'static str) {
        let refusal = self.send(message).expect_err("this should be refused");
        (refusal.status(), refusal.rule().id())
    }

    /// Wraps a device's request in a template.
    pub fn template(&self, request: &[u8], rest: &str) -> Vec<u8> {
        let payload = base::base64::Variant::Standard.encode(request);
        let comma = if rest.is_empty() { "" } else { "," };
        format!("{{\"payload\":\"{payload}\"{comma}{rest}}}").into_bytes()
    }

    /// The license message in the answer to a template.
    pub fn send_template(&self, request: &[u8], rest: &str) -> Result<Vec<u8>, Refusal> {
        let answer = self.send(&self.template(request, rest))?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let text = answer["license"].as_str().unwrap();
        Ok(base::base64::Variant::Standard.decode("license", text).unwrap())
    }

    /// A provisioned device.
    pub fn device(&self) -> Client {
        let mut client = Client::new(None).unwrap();
        let response = self.send(&client.provision_request().unwrap()).unwrap();
        client.process_provision_response(&response).unwrap();
        client
    }

    /// A license for "movie" under a policy.
    pub fn license(&self, client: &Client, session: &mut SessionClient, rest: &str, persistent: bool) -> License {
        let request = session.license_request(client, &Ask { persistent, ..ask() }).unwrap();
        let response = self.send_template(&request, rest).unwrap();
        let Accepted::License(license) = session.accept(client, &response).unwrap() else { panic!("no license") };
        license
    }
}

pub fn key_ids(license: &License) -> Vec<String> {
    license.keys.iter().map(|key| hex::encode(&key.key_id.0)).collect()
}

pub fn id(bytes: [u8; 16]) -> Id {
    Fixed(bytes)
}
