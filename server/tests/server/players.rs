//! Key systems of the library with licenses from the server: what a player does.

use std::sync::Arc;

use base::base64::Variant;
use drm::key_system::{MediaKeyRequestInfo, MediaKeyType, ProtectionLevel, RequestType};
use drm::registry;
use drm::session::MediaKeySession;
use drm::system::MediaKeySystem;
use license_service::{Catalog, Endpoint, Sender, Service, SettableClock, Settings};

use crate::ask::KEY_ID;
use crate::client::exchange;
use crate::process::Server;

/// Sends a message and takes what comes, as a player does who knows nothing of it.
fn post(server: &Server, path: &str, body: &[u8]) -> Vec<u8> {
    let answer = exchange(&mut server.connect(), path, "", body).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.body
}

fn system(name: &str, directory: &std::path::Path) -> Arc<MediaKeySystem> {
    let system = registry::create_system(name).unwrap();
    system.set_configuration_string("storagePath".into(), directory.to_str().unwrap().into()).unwrap();
    system
}

fn info(key_type: MediaKeyType) -> MediaKeyRequestInfo {
    MediaKeyRequestInfo { key_type, init_data: KEY_ID.to_vec(), mime_type: "webm".into(), options: Vec::new() }
}

fn license(session: &MediaKeySession, server: &Server, path: &str, key_type: MediaKeyType, expected: RequestType) {
    let request = session.generate_media_key_request(&info(key_type)).unwrap();
    assert_eq!(request.request_type, expected);
    let response = post(server, path, &request.data);
    session.apply_license(&session.parse_media_key_response(&response).unwrap()).unwrap();
    assert!(session.has_usable_key(&KEY_ID));
}

#[test]
fn policyplay_gets_renews_and_gives_back_licenses() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &[]);
    let device = system("com.policyplay.drm", &directory.path().join("device"));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    device.set_virtual_clock(i64::try_from(now).unwrap()).unwrap();
    let request = device.generate_key_system_request().unwrap();
    device.process_key_system_response(&post(&server, "/provision", &request.data)).unwrap();

    let session = device.create_session(ProtectionLevel::SwCrypto).unwrap();
    license(&session, &server, "/license", MediaKeyType::Online, RequestType::Initial);
    device.advance_virtual_clock(61_000, false).unwrap();
    license(&session, &server, "/renew", MediaKeyType::Online, RequestType::Renewal);

    let session = device.create_session(ProtectionLevel::SwCrypto).unwrap();
    license(&session, &server, "/license", MediaKeyType::Offline, RequestType::Initial);
    let ids = device.offline_key_ids().unwrap();
    let [id] = &ids[..] else { panic!("one stored license: {ids:?}") };
    let release = session.generate_offline_release_request(id).unwrap();
    session.process_offline_release_response(id, &post(&server, "/release", &release)).unwrap();
    assert!(device.offline_key_ids().unwrap().is_empty());
}

#[test]
fn a_refusal_says_why() {
    let server = Server::start(&["--memory"]);
    let directory = tempfile::tempdir().unwrap();
    let device = system("com.policyplay.drm", directory.path());
    let request = device.generate_key_system_request().unwrap();
    device.process_key_system_response(&post(&server, "/provision", &request.data)).unwrap();
    let session = device.create_session(ProtectionLevel::SwCrypto).unwrap();
    let request = session.generate_media_key_request(&info(MediaKeyType::Online)).unwrap();
    let answer = exchange(&mut server.connect(), "/license", "", &request.data).unwrap();
    assert_eq!(answer.status, 404);
    let Err(reason) = session.parse_media_key_response(&answer.body) else { panic!("a refusal is no license") };
    let reason = reason.to_string();
    assert!(reason.contains("404") && reason.contains("CONTENT_NOT_FOUND"), "{reason}");
}

#[test]
fn clear_key_gets_keys() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &["--clear-key"]);
    let system = system("org.w3.clearkey", &directory.path().join("device"));
    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    license(&session, &server, "/clearkey", MediaKeyType::Online, RequestType::Initial);
}

/// Two licenses in one session, both in their recovery window. A renewal that is denied ends that license at once, and no other.
#[test]
fn a_denied_renewal_ends_its_license_at_once() {
    const START: i64 = 1_767_225_600_000;
    const OTHER: [u8; 16] = [0xb0; 16];
    let clock = Arc::new(SettableClock::new());
    clock.set(START);
    let service = Service::in_memory(clock.clone(), Settings::default()).unwrap();
    let content = |id: &str, key_id: &[u8]| {
        let key_id = Variant::Standard.encode(key_id);
        format!(
            r#"{{"content_id":"{id}","keys":[{{"track_type":"SD","key_id":"{key_id}","key":"KysrKysrKysrKysrKysrKw=="}}]}}"#
        )
    };
    let catalog = format!(
        r#"{{"policies":{{"default":{{"can_play":true,"can_renew":true,"renewal_delay_seconds":60,
            "renewal_recovery_duration_seconds":500}}}},"contents":[{},{}]}}"#,
        content("b25l", &KEY_ID),
        content("dHdv", &OTHER)
    );
    service.add_catalog(&Catalog::parse(catalog.as_bytes()).unwrap()).unwrap();
    let send = |message: &[u8]| service.handle(message, Endpoint::Any, &Sender::Anyone);

    let directory = tempfile::tempdir().unwrap();
    let device = system("com.policyplay.drm", directory.path());
    device.set_virtual_clock(START).unwrap();
    let request = device.generate_key_system_request().unwrap();
    device.process_key_system_response(&send(&request.data).unwrap().body).unwrap();
    let session = device.create_session(ProtectionLevel::SwCrypto).unwrap();
    let request = |key_id: &[u8]| {
        let info = MediaKeyRequestInfo { init_data: key_id.to_vec(), ..info(MediaKeyType::Online) };
        session.generate_media_key_request(&info).unwrap().data
    };
    let mut licenses = Vec::new();
    for key_id in [KEY_ID, OTHER] {
        let reply = send(&request(&key_id)).unwrap();
        session.apply_license(&session.parse_media_key_response(&reply.body).unwrap()).unwrap();
        licenses.push(reply.summary.license.unwrap());
    }
    device.advance_virtual_clock(61_000, false).unwrap();
    clock.set(START + 61_000);

    // An outage is no decision.
    let outage = br#"{"status":503,"rule":"TRY_AGAIN","message":"later"}"#;
    assert!(session.parse_media_key_response(outage).is_err());
    // A decision that could be about either of them ends none.
    let unnamed = br#"{"status":403,"rule":"RENEW_NOT_ALLOWED","message":"no"}"#;
    assert!(session.parse_media_key_response(unnamed).is_err());
    assert!(session.has_usable_key(&KEY_ID) && session.has_usable_key(&OTHER));

    service.revoke_license(licenses[1]).unwrap();
    let refusal = send(&request(&OTHER)).unwrap_err();
    let refusal = serde_json::to_vec(&refusal).unwrap();
    assert!(String::from_utf8_lossy(&refusal).contains(&licenses[1].hex()));
    assert!(session.parse_media_key_response(&refusal).is_err());
    assert!(session.has_usable_key(&KEY_ID), "the other license is in its recovery window");
    assert!(!session.has_usable_key(&OTHER), "recovery is for services that do not answer");
    let reply = send(&request(&KEY_ID)).unwrap();
    session.apply_license(&session.parse_media_key_response(&reply.body).unwrap()).unwrap();
    assert!(session.has_usable_key(&KEY_ID));
}
