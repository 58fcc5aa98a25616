//! What a session makes of a service that denies a renewal, or does not answer: a service, a device and a virtual clock. The times
//! themselves are the policy engine's business; its cases are in `tests/policy`.

use std::sync::Arc;

use base::clock::VirtualClock;
use drm::error::Error;
use drm::key_system::{MediaKeyRequestInfo, MediaKeyType, ProtectionLevel, RequestType};
use drm::registry;
use drm::session::MediaKeySession;
use drm::system::MediaKeySystem;
use license::policy::{Explanation, State, Window};
use license::protocol::Fixed;
use license_service::{Content, Endpoint, Sender, Service, Settings};

/// 2026-01-01.
const START: i64 = 1_767_225_600_000;
const POLICY: &str = r#"{"can_play":true,"can_persist":true,"can_renew":true,"renewal_delay_seconds":100,
    "renewal_retry_interval_seconds":10,"renewal_recovery_duration_seconds":500}"#;

/// Key ids of both contents: sixteen times 0xa0 and 0xa1.
const KEY_IDS: [[u8; 16]; 2] = [[0xa0; 16], [0xa1; 16]];
const KIDS: [&str; 2] = ["oKCgoKCgoKCgoKCgoKCgoA", "oaGhoaGhoaGhoaGhoaGhoQ"];

struct World {
    clock: Arc<VirtualClock>,
    service: Service,
    system: Arc<MediaKeySystem>,
    _directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(VirtualClock::new(START));
        let service = Service::in_memory(clock.clone(), Settings::default()).unwrap();
        service.add_policy("default", POLICY.as_bytes()).unwrap();
        for kid in KIDS {
            let content = format!(
                r#"{{"content_id":"{kid}==","keys":[{{"track_type":"SD","key_id":"{kid}==","key":"KysrKysrKysrKysrKysrKw=="}}]}}"#
            );
            service.add_content(&Content::parse(content.as_bytes()).unwrap()).unwrap();
        }
        let directory = tempfile::tempdir().unwrap();
        let system = registry::create_system("com.policyplay.drm").unwrap();
        let path = directory.path().to_str().unwrap().to_owned();
        system.set_configuration_string("storagePath".into(), path).unwrap();
        system.set_virtual_clock(START).unwrap();
        let world = Self { clock, service, system, _directory: directory };
        let request = world.system.generate_key_system_request().unwrap();
        world.system.process_key_system_response(&world.ask(&request.data)).unwrap();
        world
    }

    fn session(&self) -> Arc<MediaKeySession> {
        self.system.create_session(ProtectionLevel::SwCrypto).unwrap()
    }

    /// Both clocks.
    fn pass(&self, seconds: u64) {
        self.clock.advance(seconds * 1000);
        self.system.advance_virtual_clock(seconds * 1000, false).unwrap();
    }

    /// What the service answers, a license or a refusal.
    fn ask(&self, message: &[u8]) -> Vec<u8> {
        match self.service.handle(message, Endpoint::Any, &Sender::Anyone) {
            Ok(reply) => reply.body,
            Err(refusal) => serde_json::to_vec(&refusal).unwrap(),
        }
    }

    fn license(&self, session: &MediaKeySession, content: usize, key_type: MediaKeyType) {
        let answer = self.ask(&request(session, content, key_type, false));
        session.apply_license(&session.parse_media_key_response(&answer).unwrap()).unwrap();
    }

    /// Denies renewals of the license that a session has for a content.
    fn revoke(&self, session: &MediaKeySession, content: usize) {
        let ids = session.explain().unwrap();
        let of_content = |id: &&drm::terms::ExplainedLicense| {
            id.explanation.keys.iter().any(|key| key.key_id == hex::encode(KEY_IDS[content]))
        };
        let id = &ids.iter().find(of_content).unwrap().license_id;
        self.service.revoke_license(Fixed(hex::decode(id).unwrap().try_into().unwrap())).unwrap();
    }

    /// Asks for a renewal, which is denied.
    #[track_caller]
    fn denied(&self, session: &MediaKeySession, content: usize, key_type: MediaKeyType) {
        let answer = self.ask(&request(session, content, key_type, true));
        let denied = session.parse_media_key_response(&answer).unwrap_err();
        let Error::Denied { status: 403, rule, license_id: Some(_), .. } = denied else { panic!("{denied}") };
        assert_eq!(rule, "RENEW_NOT_ALLOWED");
    }
}

fn request(session: &MediaKeySession, content: usize, key_type: MediaKeyType, renewal: bool) -> Vec<u8> {
    let option = renewal.then(|| (b"requestType".to_vec(), b"renewal".to_vec()));
    let info = MediaKeyRequestInfo {
        key_type,
        init_data: format!(r#"{{"kids":["{}"]}}"#, KIDS[content]).into_bytes(),
        mime_type: "keyids".into(),
        options: option.into_iter().collect(),
    };
    let request = session.generate_media_key_request(&info).unwrap();
    assert_eq!(request.request_type == RequestType::Renewal, renewal);
    request.data
}

fn usable(session: &MediaKeySession) -> [bool; 2] {
    KEY_IDS.map(|id| session.has_usable_key(&id))
}

fn explained(session: &MediaKeySession) -> Explanation {
    session.explain().unwrap().remove(0).explanation
}

/// What a service that is out of order says.
fn fail(session: &MediaKeySession, status: u16) {
    let answer = format!(r#"{{"status":{status},"rule":"TRY_AGAIN","message":"no"}}"#);
    assert!(matches!(session.parse_media_key_response(answer.as_bytes()), Err(Error::Denied { .. })));
}

#[test]
fn a_denial_ends_the_recovery_window_at_once_and_an_outage_does_not() {
    let world = World::new();
    let session = world.session();
    world.license(&session, 0, MediaKeyType::Online);
    world.pass(105);
    assert_eq!(explained(&session).state, State::Renewing);
    for status in [503, 429, 500] {
        fail(&session, status);
    }
    assert_eq!(usable(&session), [true, false]);
    assert_eq!(explained(&session).expiry, Some(START / 1000 + 600));
    world.pass(20);
    world.revoke(&session, 0);
    world.denied(&session, 0, MediaKeyType::Online);
    assert_eq!(usable(&session), [false, false]);
    let over = explained(&session);
    assert_eq!((over.state, over.expiry), (State::Expired, Some(START / 1000 + 125)));
    assert_eq!(over.binding_window, Some(Window::Recovery));
}

#[test]
fn without_an_answer_the_whole_recovery_window_is_left() {
    let world = World::new();
    let session = world.session();
    world.license(&session, 0, MediaKeyType::Online);
    world.pass(599);
    assert_eq!(usable(&session), [true, false]);
    world.pass(1);
    assert_eq!(usable(&session), [false, false]);
}

/// A player that asks before the time loses nothing that was granted, and gains nothing.
#[test]
fn a_denial_before_the_renewal_was_due_ends_the_license_when_it_is_due() {
    let world = World::new();
    let session = world.session();
    world.license(&session, 0, MediaKeyType::Online);
    world.pass(30);
    world.revoke(&session, 0);
    world.denied(&session, 0, MediaKeyType::Online);
    assert_eq!(explained(&session).expiry, Some(START / 1000 + 100));
    world.pass(69);
    assert_eq!(usable(&session), [true, false]);
    world.pass(1);
    assert_eq!(usable(&session), [false, false]);
}

#[test]
fn of_several_licenses_the_one_that_was_denied_ends() {
    let world = World::new();
    let session = world.session();
    world.license(&session, 0, MediaKeyType::Online);
    world.license(&session, 1, MediaKeyType::Online);
    world.pass(105);
    // It could be about either.
    fail(&session, 403);
    assert_eq!(usable(&session), [true, true]);
    world.revoke(&session, 1);
    world.denied(&session, 1, MediaKeyType::Online);
    assert_eq!(usable(&session), [true, false]);
    // Now one is left that it can be about.
    fail(&session, 403);
    assert_eq!(usable(&session), [false, false]);
}

/// However often a stored license is restored, the recovery window begins once, with the first attempt.
#[test]
fn restoring_does_not_begin_the_recovery_window_anew() {
    let world = World::new();
    let mut session = world.session();
    world.license(&session, 0, MediaKeyType::Offline);
    let [id] = &world.system.offline_key_ids().unwrap()[..] else { panic!("one stored license") };
    // The first attempt is due at 100, or when the license is restored for the first time after that: at 110.
    for passed in [110, 100, 100, 100, 100, 99] {
        world.system.close_session(&session);
        world.pass(passed);
        session = world.session();
        session.restore_offline_key(id).unwrap();
        assert_eq!(usable(&session), [true, false]);
        assert_eq!(explained(&session).expiry, Some(START / 1000 + 610));
    }
    world.system.close_session(&session);
    world.pass(1);
    session = world.session();
    session.restore_offline_key(id).unwrap();
    assert_eq!(usable(&session), [false, false]);
}

/// Ending the program does not undo a denial.
#[test]
fn a_denial_is_stored() {
    let world = World::new();
    for early in [false, true] {
        let session = world.session();
        world.license(&session, 0, MediaKeyType::Offline);
        let ids = world.system.offline_key_ids().unwrap();
        let stored = |id: &&Vec<u8>| hex::encode(id) == session.explain().unwrap()[0].license_id;
        let id = ids.iter().find(stored).expect("its id").clone();
        world.pass(if early { 30 } else { 105 });
        world.revoke(&session, 0);
        world.denied(&session, 0, MediaKeyType::Offline);
        assert_eq!(usable(&session), [early, false]);
        world.system.close_session(&session);
        world.pass(70);
        let session = world.session();
        session.restore_offline_key(&id).unwrap();
        assert_eq!(usable(&session), [false, false], "denied early: {early}");
        assert_eq!(explained(&session).state, State::Expired);
        world.system.close_session(&session);
    }
}
