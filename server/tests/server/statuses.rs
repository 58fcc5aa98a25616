//! Every status that the service gives its refusals, over HTTP. (413 is in `http`, 503 in `database`.)

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::base64::Variant;
use license::protocol::{Accepted, Ask, Fixed, License, LicenseRef};

use crate::ask::ask;
use crate::client::{Answer, Device};
use crate::process::{Server, TOKEN};

/// "movie" may be stored and renewed, "fixed" may not, "hard" wants hardware, "foreign" belongs to somebody else, "closed" is
/// licensed through its provider.
const CATALOG: &str = r#"{"providers":[{"name":"acme","token":"0123456789abcdef"},{"name":"other"}],
    "policies":{"default":{"can_play":true,"can_persist":true,"can_renew":true,"renewal_delay_seconds":60,
    "renewal_recovery_duration_seconds":60},"fixed":{"can_play":true}},"contents":[
    {"content_id":"bW92aWU=","provider":"acme","require_provider":false,"keys":[
    {"track_type":"SD","key_id":"oKCgoKCgoKCgoKCgoKCgoA==","key":"KysrKysrKysrKysrKysrKw=="}]},
    {"content_id":"Zml4ZWQ=","provider":"acme","require_provider":false,"policy":"fixed","keys":[
    {"track_type":"SD","key_id":"AQEBAQEBAQEBAQEBAQEBAQ==","key":"KysrKysrKysrKysrKysrKw=="}]},
    {"content_id":"aGFyZA==","provider":"acme","require_provider":false,"keys":[{"track_type":"SD","security_level":5,
    "key_id":"AgICAgICAgICAgICAgICAg==","key":"KysrKysrKysrKysrKysrKw=="}]},
    {"content_id":"Y2xvc2Vk","provider":"acme","keys":[
    {"track_type":"SD","key_id":"BAQEBAQEBAQEBAQEBAQEBA==","key":"KysrKysrKysrKysrKysrKw=="}]},
    {"content_id":"Zm9yZWlnbg==","provider":"other","keys":[
    {"track_type":"SD","key_id":"AwMDAwMDAwMDAwMDAwMDAw==","key":"KysrKysrKysrKysrKysrKw=="}]}]}"#;

struct World {
    server: Server,
    device: Device,
    _directory: tempfile::TempDir,
}

fn key(byte: u8) -> Ask {
    Ask { key_ids: vec![vec![byte; 16]], ..ask() }
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("catalog.json");
        std::fs::write(&path, CATALOG).unwrap();
        let server = Server::start(&["--memory", "--catalog", path.to_str().unwrap()]);
        Self { device: Device::provisioned(server.address), server, _directory: directory }
    }

    fn request(&mut self, ask: &Ask) -> Vec<u8> {
        self.device.session.license_request(&self.device.client, ask).unwrap()
    }

    fn renewal(&mut self, license: LicenseRef) -> Vec<u8> {
        self.device.session.renewal_request(&self.device.client, license, &ask()).unwrap()
    }

    /// A license under overrides of its policy, which a provider may make.
    fn license(&mut self, overrides: &str) -> License {
        let request = self.request(&ask());
        let answer = self.with_token(&request, &format!(r#","policy_overrides":{overrides}"#));
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let license = Variant::Standard.decode("license", answer["license"].as_str().unwrap()).unwrap();
        let Accepted::License(license) = self.device.session.accept(&self.device.client, &license).unwrap() else {
            panic!("no license")
        };
        license
    }

    fn with_token(&mut self, request: &[u8], rest: &str) -> Answer {
        let template = format!(r#"{{"payload":"{}"{rest}}}"#, Variant::Standard.encode(request));
        let header = format!("Authorization: Bearer {TOKEN}\r\n");
        self.device.send_with("/license", &header, template.as_bytes()).unwrap()
    }

    fn refused(&mut self, path: &str, body: &[u8], status: u16, rule: &str) {
        let answer = self.device.send(path, body).unwrap();
        expect(&answer, status, rule);
    }
}

/// The answer is a refusal with all of its parts, the reason being that of license.md's table.
fn expect(answer: &Answer, status: u16, rule: &str) {
    assert_eq!((answer.status, answer.rule().as_str()), (status, rule));
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let reason = match status {
        400 => "MALFORMED_REQUEST",
        422 => "INVALID_REQUEST",
        _ => rule,
    };
    assert_eq!((&body["status"], &body["reason"]), (&status.into(), &reason.into()));
    assert!(body["pointer"].is_string() && body["message"].as_str().is_some_and(|message| !message.is_empty()));
}

#[test]
fn malformed_and_invalid_messages() {
    let mut world = World::new();
    world.refused("/license", b"{", 400, "NOT_JSON");
    world.refused("/license", b"NDLP", 400, "BAD_MESSAGE");
    world.refused("/license", br#"{"payload":"*"}"#, 400, "BAD_BASE64");
    world.refused("/license", b"{}", 422, "PAYLOAD_MISSING");
    let request = world.request(&ask());
    let answer = world.with_token(&request, r#","policy_overrides":{"can persist":true}"#);
    expect(&answer, 422, "UNKNOWN_FIELD");
    assert!(String::from_utf8_lossy(&answer.body).contains("can_persist"), "what was probably meant");
}

#[test]
fn unknown_names_and_what_is_not_allowed() {
    let mut world = World::new();
    let request = world.request(&key(9));
    world.refused("/license", &request, 404, "CONTENT_NOT_FOUND");
    let request = world.request(&ask());
    expect(&world.with_token(&request, r#","policy_name":"none""#), 404, "POLICY_NOT_FOUND");
    let renewal = world.renewal(LicenseRef { license_id: Fixed([7; 16]), sequence: 1, persistent: false });
    world.refused("/renew", &renewal, 404, "LICENSE_NOT_FOUND");

    let request = world.request(&Ask { persistent: true, ..key(1) });
    world.refused("/license", &request, 403, "PERSIST_NOT_ALLOWED");
    let request = world.request(&key(2));
    world.refused("/license", &request, 403, "SECURITY_LEVEL_INSUFFICIENT");
    let request = world.request(&key(4));
    world.refused("/license", &request, 403, "PROVIDER_REQUIRED");
    assert_eq!(world.with_token(&request, "").status, 200, "nothing had been changed");
    world.refused("/license", br#"{"parse_only":true,"policy_name":"fixed"}"#, 403, "PROVIDER_MISMATCH");
    let request = world.request(&key(3));
    expect(&world.with_token(&request, ""), 403, "PROVIDER_MISMATCH");
    let request = world.request(&key(1));
    let answer = world.device.send("/license", &request).unwrap();
    let Accepted::License(fixed) = world.device.session.accept(&world.device.client, &answer.body).unwrap() else {
        panic!("no license")
    };
    let renewal = world.renewal(fixed.reference());
    world.refused("/renew", &renewal, 403, "RENEW_NOT_ALLOWED");
}

#[test]
fn forged_replayed_and_late_requests() {
    let mut world = World::new();
    let request = world.request(&ask());
    let mut forged = request.clone();
    *forged.last_mut().unwrap() ^= 1;
    world.refused("/license", &forged, 401, "BAD_SIGNATURE");
    let stranger = World::new();
    let foreign = world.device.session.license_request(&stranger.device.client, &ask()).unwrap();
    world.refused("/license", &foreign, 401, "BAD_CERTIFICATE");

    assert_eq!(world.device.send("/license", &request).unwrap().status, 200);
    world.refused("/license", &request, 409, "REPLAYED_REQUEST");
    let first = world.device.license().unwrap();
    let second = world.device.renew(&first).unwrap();
    world.device.renew(&second).unwrap();
    let stale = world.renewal(first.reference());
    world.refused("/renew", &stale, 409, "STALE_SEQUENCE");

    let release = world.device.session.release_request(&world.device.client, second.reference()).unwrap();
    assert_eq!(world.device.send("/release", &release).unwrap().status, 200);
    let late = world.renewal(second.reference());
    world.refused("/renew", &late, 410, "LICENSE_RELEASED");

    let short = world.license(r#"{"license_duration_seconds":1}"#);
    let end = UNIX_EPOCH + Duration::from_millis(short.issued.unsigned_abs() + 1000);
    while let Ok(rest) = end.duration_since(SystemTime::now()) {
        std::thread::sleep(rest + Duration::from_millis(1));
    }
    let late = world.renewal(short.reference());
    world.refused("/renew", &late, 410, "LICENSE_EXPIRED");
    let (_, log) = world.server.terminate();
    assert!(log.contains("LICENSE_EXPIRED"));
}
