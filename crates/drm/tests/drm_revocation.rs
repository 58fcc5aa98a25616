//! Licenses that the service has revoked end with the next answer to their device, whatever it answers, and stay so.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base::call::Call;
use base::clock::VirtualClock;
use base::rcu::pin;
use cenc::{Cipher, Pattern, Scheme};
use drm::error::{Error, Result};
use drm::events::{CallbackSlot, Event, EventKind, Listener};
use drm::key_system::{License, MediaKeyRequestInfo, MediaKeyType, ProtectionLevel};
use drm::sample::SampleRequest;
use drm::session::MediaKeySession;
use drm::storage::{FileStore, OfflineStore, StoredStatus};
use drm::system::MediaKeySystem;
use drm::systems::policyplay::PolicyPlay;
use license::protocol::{Bytes, Fixed, Id};
use license::template::{Hdcp, KeyRequirement, SecurityLevel};
use license_service::{Content, Endpoint, Sender, Service, Settings, Track};

const NAME: &str = "com.policyplay.drm";
/// 2026-01-01.
const START: i64 = 1_767_225_600_000;
/// Keys of three contents.
const KEYS: [[u8; 16]; 3] = [[0xa0; 16], [0xb0; 16], [0xc0; 16]];

struct World {
    service: Service,
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(VirtualClock::new(START));
        let service = Service::in_memory(clock, Settings::default()).unwrap();
        let policy = br#"{"can_play":true,"can_persist":true,"can_renew":true}"#;
        service.add_policy("default", policy).unwrap();
        for key_id in KEYS {
            let requirement = KeyRequirement { security_level: SecurityLevel::new(1).unwrap(), hdcp: Hdcp::None };
            let key = vec![0x2b; 16].into();
            let track = Track { track_type: "SD".into(), key_id: Fixed(key_id), key, requirement };
            let content = Content { content_id: Bytes(key_id.to_vec()), tracks: vec![track], ..Content::default() };
            service.add_content(&content).unwrap();
        }
        Self { service, directory: tempfile::tempdir().unwrap() }
    }

    fn ask(&self, message: &[u8]) -> Vec<u8> {
        self.service.handle(message, Endpoint::Any, &Sender::Trusted).unwrap().body
    }

    /// A new process on the device.
    fn process(&self) -> Arc<MediaKeySystem> {
        let system = Arc::new(MediaKeySystem::new(&PolicyPlay, None).unwrap());
        let path = self.directory.path().to_str().unwrap().to_owned();
        system.set_configuration_string("storagePath".into(), path).unwrap();
        system.set_virtual_clock(START).unwrap();
        if system.certificate_status().unwrap() != drm::key_system::CertificateStatus::Provisioned {
            let request = system.generate_key_system_request().unwrap();
            system.process_key_system_response(&self.ask(&request.data)).unwrap();
        }
        system
    }

    fn answer(&self, session: &MediaKeySession, key: [u8; 16], key_type: MediaKeyType) -> Vec<u8> {
        self.ask(&session.generate_media_key_request(&info(key, key_type)).unwrap().data)
    }

    fn license(&self, session: &MediaKeySession, key: [u8; 16], key_type: MediaKeyType) -> Vec<u8> {
        take(session, &self.answer(session, key, key_type)).unwrap().media_key_id().to_vec()
    }

    fn revoke(&self, id: &[u8]) {
        self.service.revoke_license(Id::from_slice(id).unwrap()).unwrap();
    }

    fn store(&self) -> FileStore {
        FileStore::open(self.directory.path(), NAME).unwrap()
    }

    fn file(&self, id: &[u8]) -> PathBuf {
        self.directory.path().join(NAME).join(hex::encode(id) + ".key")
    }
}

fn info(key: [u8; 16], key_type: MediaKeyType) -> MediaKeyRequestInfo {
    let init_data = format!(r#"{{"kids":["{}"]}}"#, base::base64::Variant::Url.encode(&key));
    let (mime_type, options) = ("keyids".to_owned(), Vec::new());
    MediaKeyRequestInfo { key_type, init_data: init_data.into_bytes(), mime_type, options }
}

fn open(system: &Arc<MediaKeySystem>) -> Arc<MediaKeySession> {
    system.create_session(ProtectionLevel::SwCrypto).unwrap()
}

fn take(session: &MediaKeySession, answer: &[u8]) -> Result<License> {
    let license = session.parse_media_key_response(answer)?;
    session.apply_license(&license)?;
    Ok(license)
}

fn play(session: &MediaKeySession, key: [u8; 16]) -> Result<()> {
    session.begin_use(&key)?;
    let request = SampleRequest {
        method: Some((Cipher::Aes128, Scheme::Cenc)),
        key_id: &key,
        iv: &[1; 16],
        pattern: Pattern::NONE,
        subsamples: &[],
    };
    session.decrypt_sample(&pin(), &request, &mut [7; 32])
}

/// Why a license is refused, which has to be that it is revoked.
#[track_caller]
fn is_revoked<T>(result: Result<T>) {
    match result {
        Err(Error::NoLicense { reason, .. }) if reason.contains("REVOKED") => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the license is not revoked"),
    }
}

/// Stops playing: a key that was used is looked at without a way past its status.
#[track_caller]
fn plays_no_more(session: &MediaKeySession, key: [u8; 16]) {
    assert!(!session.has_usable_key(&key));
    assert!(matches!(play(session, key), Err(Error::NoLicense { .. })));
    assert_eq!(session.refusal(&key).as_deref(), Some("the license was revoked by the service"));
}

#[derive(Default)]
struct Hears(Mutex<Vec<String>>);

impl Hears {
    fn at(session: &MediaKeySession) -> Arc<Self> {
        let hears = Arc::new(Self::default());
        session.events().set(CallbackSlot::WithUserData, Some(hears.clone()));
        hears
    }

    /// What was told, once there is so much.
    fn told(&self, count: usize) -> Vec<String> {
        loop {
            let told = self.0.lock().unwrap().clone();
            if told.len() >= count {
                return told;
            }
            std::thread::yield_now();
        }
    }
}

impl Listener for Hears {
    fn call(&self, event: &Event) -> Option<Call> {
        let word = match event {
            Event::Occurred { kind: EventKind::KeyExpired, .. } => "expired".to_owned(),
            Event::Occurred { kind, .. } => format!("{kind:?}"),
            Event::KeysChanged { keys, new_keys_available } => {
                let statuses: Vec<_> = keys.iter().map(|key| key.status.word()).collect();
                format!("{} {new_keys_available}", statuses.join(" "))
            }
        };
        self.0.lock().unwrap().push(word);
        None
    }
}

#[test]
fn of_two_licenses_of_a_session_the_one_that_is_revoked_ends() {
    let world = World::new();
    let system = world.process();
    let (session, other) = (open(&system), open(&system));
    let revoked = world.license(&session, KEYS[0], MediaKeyType::Online);
    world.license(&session, KEYS[1], MediaKeyType::Online);
    for key in &KEYS[..2] {
        play(&session, *key).unwrap();
    }
    world.revoke(&revoked);
    play(&session, KEYS[0]).expect("the device does not know yet");
    let hears = Hears::at(&session);
    world.license(&other, KEYS[2], MediaKeyType::Online);
    plays_no_more(&session, KEYS[0]);
    play(&session, KEYS[1]).unwrap();
    play(&other, KEYS[2]).unwrap();
    assert_eq!(hears.told(2), ["EXPIRED USABLE false", "expired"]);
    let explained = session.explain().unwrap();
    assert_eq!((explained[0].explanation.revoked, explained[1].explanation.revoked), (None, Some(START / 1000)));
    assert!(explained[1].explanation.to_string().contains("The service revoked it"));

    // The same answer says it to each session, once; the next one has nothing new.
    world.license(&other, KEYS[2], MediaKeyType::Online);
    assert_eq!(hears.told(2).len(), 2);
    // A new license for the same content plays.
    world.license(&session, KEYS[0], MediaKeyType::Online);
    play(&session, KEYS[0]).unwrap();
    system.close();
}

#[test]
fn a_stored_license_ends_and_what_is_put_back_stays_refused() {
    let world = World::new();
    for held in [true, false] {
        let system = world.process();
        let session = open(&system);
        let id = world.license(&session, KEYS[0], MediaKeyType::Offline);
        play(&session, KEYS[0]).unwrap();
        let before = fs::read(world.file(&id)).unwrap();
        if !held {
            session.clear_media_keys().unwrap();
        }
        world.revoke(&id);
        let other = open(&system);
        world.license(&other, KEYS[1], MediaKeyType::Online);
        if held {
            plays_no_more(&session, KEYS[0]);
        }
        is_revoked(other.restore_offline_key(&id));
        assert_eq!(system.offline_key_status(&id).unwrap(), StoredStatus::Inactive);
        system.close();
        let after = fs::read(world.file(&id)).unwrap();
        assert_ne!(after, before);

        // Restarted, with the file as it is now and as it was.
        for (file, is_marked) in [(&after, true), (&before, false), (&after, true)] {
            fs::write(world.file(&id), file).unwrap();
            let system = world.process();
            let session = open(&system);
            let restored = session.restore_offline_key(&id);
            if is_marked {
                is_revoked(restored);
                assert_eq!(system.offline_key_status(&id).unwrap(), StoredStatus::Inactive);
            } else {
                assert!(matches!(restored, Err(Error::StorageDamaged { .. })));
            }
            assert!(play(&session, KEYS[0]).is_err());
            system.close();
        }
        // It can be given back and deleted as any other; deleted, it does not come back.
        let system = world.process();
        let session = open(&system);
        if held {
            let request = session.generate_offline_release_request(&id).unwrap();
            session.process_offline_release_response(&id, &world.ask(&request)).unwrap();
        } else {
            system.clear_offline_key(&id).unwrap();
        }
        for file in [&before, &after] {
            fs::write(world.file(&id), file).unwrap();
            assert!(matches!(session.restore_offline_key(&id), Err(Error::NotFound { .. })));
        }
        system.close();
    }
}

#[test]
fn releases_and_renewals_bring_it_too() {
    let world = World::new();
    let system = world.process();
    let (session, other) = (open(&system), open(&system));
    let ids = [0, 1].map(|key| world.license(&session, KEYS[key], MediaKeyType::Offline));
    let kept = world.license(&other, KEYS[2], MediaKeyType::Offline);
    world.revoke(&ids[0]);
    let mut info = info(KEYS[2], MediaKeyType::Offline);
    info.options.push((b"requestType".to_vec(), b"renewal".to_vec()));
    let renewal = other.generate_media_key_request(&info).unwrap();
    take(&other, &world.ask(&renewal.data)).unwrap();
    plays_no_more(&session, KEYS[0]);
    play(&session, KEYS[1]).unwrap();
    world.revoke(&ids[1]);
    let release = other.generate_offline_release_request(&kept).unwrap();
    other.process_offline_release_response(&kept, &world.ask(&release)).unwrap();
    plays_no_more(&session, KEYS[1]);
    for id in &ids {
        is_revoked(other.restore_offline_key(id));
    }
    system.close();
}

#[test]
fn an_answer_that_was_held_back_brings_no_revoked_license() {
    let world = World::new();
    let system = world.process();
    let (session, other) = (open(&system), open(&system));
    for key_type in [MediaKeyType::Online, MediaKeyType::Offline] {
        let held_back = world.answer(&session, KEYS[0], key_type);
        let parsed = session.parse_media_key_response(&held_back).unwrap();
        world.revoke(parsed.media_key_id());
        world.license(&other, KEYS[1], MediaKeyType::Online);
        is_revoked(session.apply_license(&parsed));
        is_revoked(take(&session, &held_back));
        assert!(play(&session, KEYS[0]).is_err());
    }
    // Nor does a renewal bring one back.
    let id = world.license(&session, KEYS[0], MediaKeyType::Offline);
    let mut info = info(KEYS[0], MediaKeyType::Offline);
    info.options.push((b"requestType".to_vec(), b"renewal".to_vec()));
    let renewed = world.ask(&session.generate_media_key_request(&info).unwrap().data);
    world.revoke(&id);
    world.license(&other, KEYS[1], MediaKeyType::Online);
    is_revoked(take(&session, &renewed));
    plays_no_more(&session, KEYS[0]);
    system.close();
    let system = world.process();
    assert_eq!(system.offline_key_ids().unwrap(), std::slice::from_ref(&id));
    is_revoked(open(&system).restore_offline_key(&id));
    system.close();
}

/// The store is locked by somebody while the answer comes: the verdict does not wait, the mark follows.
#[test]
fn the_verdict_does_not_wait_for_the_store() {
    let world = World::new();
    let system = world.process();
    let (session, other) = (open(&system), open(&system));
    let held = world.license(&session, KEYS[0], MediaKeyType::Offline);
    play(&session, KEYS[0]).unwrap();
    let stored = world.license(&other, KEYS[1], MediaKeyType::Offline);
    other.clear_media_keys().unwrap();
    world.revoke(&held);
    world.revoke(&stored);
    let lock = File::options().write(true).open(world.directory.path().join("lock")).unwrap();
    lock.lock().unwrap();
    world.license(&other, KEYS[2], MediaKeyType::Online);
    plays_no_more(&session, KEYS[0]);
    play(&other, KEYS[2]).unwrap();
    let store = world.store();
    let mark = |id: &[u8]| store.get(id).unwrap().unwrap().status;
    assert_eq!((mark(&held), mark(&stored)), (StoredStatus::Usable, StoredStatus::Usable), "nobody can write");
    drop(lock);
    // Whoever reads it waits for what this process knows.
    for id in [&held, &stored] {
        is_revoked(other.restore_offline_key(id));
        assert_eq!(mark(id), StoredStatus::Inactive);
    }
    system.close();
}

/// Killed after the answer's license was stored, and before the mark: the stored license still says what came with it.
#[test]
fn what_an_answer_said_is_known_from_the_license_that_it_brought() {
    let world = World::new();
    let system = world.process();
    let session = open(&system);
    let revoked = world.license(&session, KEYS[0], MediaKeyType::Offline);
    let store = world.store();
    let unmarked = store.get(&revoked).unwrap().unwrap();
    world.revoke(&revoked);
    let brought = world.license(&session, KEYS[1], MediaKeyType::Offline);
    system.close();
    store.put_all(&[(&revoked, unmarked)]).unwrap();

    let system = world.process();
    let (session, other) = (open(&system), open(&system));
    session.restore_offline_key(&revoked).expect("nobody can know yet");
    play(&session, KEYS[0]).unwrap();
    other.restore_offline_key(&brought).unwrap();
    plays_no_more(&session, KEYS[0]);
    is_revoked(other.restore_offline_key(&revoked));
    system.close();
    assert_eq!(store.get(&revoked).unwrap().unwrap().status, StoredStatus::Inactive);
}
