//! What instances and sessions do for their key system by itself, and a key system that is tested alone with hosts that are none.

#[path = "support/nobody.rs"]
mod nobody;

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use base::call::Call;
use base::rcu::pin;
use cenc::{Cipher, Pattern, Sample, Scheme, Subsample};
use drm::error::{Error, Result};
use drm::events::{CallbackSlot, Event, EventKind, Listener};
use drm::key_info::{KeyInfo, KeyStatus};
use drm::key_system::{
    Descriptor, KeySystem, License, LicenseKey, MediaKeyRequestInfo, OfflineKeys, ProtectionLevel, Release, Request,
    RequestContext, SessionHost, SessionModule, SystemHost, SystemModule,
};
use drm::sample::SampleRequest;
use drm::session::MediaKeySession;
use drm::storage::{StoredKey, StoredStatus};
use drm::system::MediaKeySystem;
use nobody::Nobody;

/// Long enough for any machine: it is only waited for in vain when the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps what it is given, so that the test can act as the key system.
#[derive(Clone, Default)]
struct Puppet {
    system: Arc<Mutex<Option<Arc<dyn SystemHost>>>>,
    sessions: Arc<Mutex<Vec<Arc<dyn SessionHost>>>>,
    /// What hosts said while the modules were being opened.
    early: Arc<Mutex<Vec<String>>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Puppet {
    fn called(&self, what: &str) {
        self.calls.lock().unwrap().push(what.to_owned());
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn session(&self) -> Arc<dyn SessionHost> {
        Arc::clone(self.sessions.lock().unwrap().last().unwrap())
    }

    fn system(&self) -> Arc<dyn SystemHost> {
        Arc::clone(self.system.lock().unwrap().as_ref().unwrap())
    }
}

impl KeySystem for Puppet {
    fn descriptor(&self) -> Arc<Descriptor> {
        Arc::new(Descriptor {
            name: "test.puppet".to_owned(),
            system_ids: vec![[9; 16]],
            mime_types: vec!["cenc".into()],
            ..Descriptor::default()
        })
    }

    fn open(&self, host: Arc<dyn SystemHost>) -> Result<Box<dyn SystemModule>> {
        *self.system.lock().unwrap() = Some(host);
        Ok(Box::new(self.clone()))
    }
}

impl SystemModule for Puppet {
    fn set_configuration_string(&self, name: &str, value: &str) -> Result<()> {
        self.called(&format!("{name}={value}"));
        if value == "refused" { Err(Error::Refused("as intended".into())) } else { Ok(()) }
    }

    fn configuration_string(&self, name: &str) -> Result<Option<String>> {
        Ok((name == "own").then(|| "mine".to_owned()))
    }

    fn statistics(&self) -> Result<Vec<(String, String)>> {
        Ok(vec![("own".to_owned(), "1".to_owned())])
    }

    fn offline_keys(&self) -> Option<&dyn OfflineKeys> {
        Some(self)
    }

    fn key_system_request(&self) -> Result<Request> {
        Ok(Request::initial(b"who am I".to_vec()))
    }

    fn process_key_system_response(&self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn open_session(&self, level: ProtectionLevel, host: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>> {
        let early = host.install_keys(&license(1, KeyStatus::Usable)).unwrap_err();
        self.early.lock().unwrap().push(format!("{level:?}: {early}"));
        self.sessions.lock().unwrap().push(host);
        Ok(Box::new(self.clone()))
    }
}

impl OfflineKeys for Puppet {
    fn ids(&self) -> Result<Vec<Vec<u8>>> {
        Ok(vec![b"kept".to_vec()])
    }

    fn status(&self, id: &[u8]) -> Result<StoredStatus> {
        if id == b"kept" { Ok(StoredStatus::Inactive) } else { Err(Error::no_offline_key(id)) }
    }

    fn remove(&self, id: &[u8]) -> Result<()> {
        self.called("remove");
        if id == b"kept" { Ok(()) } else { Err(Error::no_offline_key(id)) }
    }
}

impl SessionModule for Puppet {
    fn media_key_request(&self, _: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        Ok(Request::initial(b"ask".to_vec()))
    }

    fn parse_license(&self, _: &[u8]) -> Result<License> {
        Ok(License { id: Some(b"none".to_vec()), ..License::unlimited(Vec::new()) })
    }

    fn restore_own(&self, _: &[u8]) -> Result<License> {
        Ok(license(7, KeyStatus::Usable))
    }

    fn decrypt(&self, request: &SampleRequest<'_>, data: &mut [u8]) -> Result<()> {
        self.called(&format!("decrypt {} bytes with {}", data.len(), request.key_id[0]));
        data.iter_mut().for_each(|byte| *byte ^= request.key_id[0]);
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        self.called("clear");
        Ok(())
    }

    fn requires_secure_decoder(&self, mime_type: &str) -> Result<Option<bool>> {
        Ok((mime_type == "video/own").then_some(true))
    }

    fn release_request(&self, _: &[u8], stored: Option<&StoredKey>) -> Result<Vec<u8>> {
        assert!(stored.is_none(), "the instance's store is not asked");
        Ok(b"release".to_vec())
    }

    fn process_release_response(&self, _: &[u8], _: &[u8]) -> Result<Release> {
        Ok(Release::Done)
    }
}

fn license(number: u8, status: KeyStatus) -> License {
    let key = LicenseKey { id: vec![number; 16], key: Some(vec![number; 16].into()), persistent: false, status };
    License::unlimited(vec![key])
}

struct Ear(mpsc::Sender<Event>);

impl Listener for Ear {
    fn call(&self, event: &Event) -> Option<Call> {
        let (sender, event) = (self.0.clone(), event.clone());
        Some(Call::of(move || sender.send(event).is_ok()))
    }
}

fn info(number: u8, status: KeyStatus) -> KeyInfo {
    KeyInfo { id: vec![number; 16], status }
}

#[test]
fn keys_come_change_and_go_without_a_response() {
    let puppet = Puppet::default();
    let system = Arc::new(MediaKeySystem::new(&puppet, None).unwrap());
    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    assert_eq!(*puppet.early.lock().unwrap(), [format!("SwCrypto: {}", Error::SessionDestroyed)]);
    let (sender, events) = mpsc::channel();
    session.events().set(CallbackSlot::Plain, Some(Arc::new(Ear(sender))));
    let changed = |keys: &[KeyInfo], new_keys_available| {
        assert_eq!(
            events.recv_timeout(PATIENCE).unwrap(),
            Event::KeysChanged { keys: keys.to_vec(), new_keys_available }
        );
    };
    let host = puppet.session();
    let statuses = [KeyStatus::Usable, KeyStatus::Expired, KeyStatus::Pending, KeyStatus::UsableInFuture];
    for (number, status) in (1..).zip(statuses) {
        host.install_keys(&license(number, status)).unwrap();
        let keys: Vec<_> = (1..=number).zip(statuses).map(|(number, status)| info(number, status)).collect();
        changed(&keys, status == KeyStatus::Usable);
    }
    assert!(session.has_usable_key(&[1; 16]) && !session.has_usable_key(&[2; 16]));

    // Whoever waits for a key hears of it.
    let waiting = Arc::clone(&system);
    let found = std::thread::spawn(move || waiting.find_session_by_key_id(&[2; 16], Some(PATIENCE)).map(drop));
    host.set_key_status(&[2; 16], KeyStatus::Usable).unwrap();
    found.join().unwrap().unwrap();
    host.set_key_status(&[1; 16], KeyStatus::OutputNotAllowed).unwrap();
    assert!(matches!(host.set_key_status(&[9; 16], KeyStatus::Usable), Err(Error::NotFound { .. })));
    host.keys_changed(true).unwrap();
    let all = [
        info(1, KeyStatus::OutputNotAllowed),
        info(2, KeyStatus::Usable),
        info(3, KeyStatus::Pending),
        info(4, KeyStatus::UsableInFuture),
    ];
    changed(&all, true);

    host.remove_keys(&[vec![1; 16], vec![3; 16], vec![9; 16]]).unwrap();
    changed(&[all[1].clone(), all[3].clone()], false);
    host.remove_keys(&[vec![1; 16]]).unwrap();
    let kinds = [
        EventKind::ProvisionRequired,
        EventKind::KeyRequired,
        EventKind::KeyExpired,
        EventKind::VendorDefined,
        EventKind::ExpirationUpdate,
    ];
    for kind in kinds {
        host.post(kind, b"info".to_vec(), -7).unwrap();
        let expected = Event::Occurred { kind, info: b"info".to_vec(), extra: -7 };
        assert_eq!(events.recv_timeout(PATIENCE).unwrap(), expected, "and nothing for keys that were not there");
    }
    session.clear_media_keys().unwrap();
    assert_eq!(puppet.calls(), ["clear"]);

    session.destroy();
    drop(session);
    for late in [
        host.install_keys(&license(1, KeyStatus::Usable)),
        host.remove_keys(&[vec![2; 16]]),
        host.set_key_status(&[2; 16], KeyStatus::Usable),
        host.keys_changed(false),
        host.post(EventKind::VendorDefined, Vec::new(), 0),
    ] {
        assert!(matches!(late, Err(Error::SessionDestroyed)), "{late:?}");
    }
}

#[test]
fn an_instance_asks_its_key_system_first() {
    let puppet = Puppet::default();
    let system = Arc::new(MediaKeySystem::new(&puppet, None).unwrap());
    let (sender, events) = mpsc::channel();
    system.events().set(CallbackSlot::Plain, Some(Arc::new(Ear(sender))));
    puppet.system().post(EventKind::VendorDefined, b"hello".to_vec(), 3).unwrap();
    let expected = Event::Occurred { kind: EventKind::VendorDefined, info: b"hello".to_vec(), extra: 3 };
    assert_eq!(events.recv_timeout(PATIENCE).unwrap(), expected);

    system.set_configuration_string("name".to_owned(), "value".to_owned()).unwrap();
    assert!(system.set_configuration_string("name".to_owned(), "refused".to_owned()).is_err());
    assert_eq!(puppet.calls(), ["name=value", "name=refused"]);
    assert_eq!(puppet.system().configuration_string("name").as_deref(), Some("value"), "what is refused is not kept");
    assert_eq!(system.configuration_string("name").unwrap(), "value");
    assert_eq!(system.configuration_string("own").unwrap(), "mine");
    assert_eq!(system.statistics().unwrap().last().unwrap(), &("own".to_owned(), "1".to_owned()));

    assert_eq!(system.offline_key_ids().unwrap(), [b"kept".to_vec()]);
    assert_eq!(system.offline_key_status(b"kept").unwrap(), StoredStatus::Inactive);
    assert!(matches!(system.offline_key_status(b"other"), Err(Error::NotFound { .. })));
    system.clear_offline_key(b"kept").unwrap();
    assert!(system.clear_offline_key(b"other").is_err());
    assert_eq!(puppet.calls(), ["remove", "remove"]);

    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    session.restore_offline_key(b"kept").unwrap();
    assert!(session.has_usable_key(&[7; 16]));
    assert_eq!(session.generate_offline_release_request(b"kept").unwrap(), b"release");
    session.process_offline_release_response(b"kept", b"yes").unwrap();
    assert!(session.requires_secure_decoder("video/own").unwrap());
    assert!(!session.requires_secure_decoder("video/mp4").unwrap());
    let license = session.parse_media_key_response(b"any").unwrap();
    assert_eq!((license.media_key_id(), license.stored_id()), (&b"none"[..], &b"none"[..]));
    session.apply_license(&license).unwrap();
}

#[test]
fn a_key_system_runs_with_a_host_that_is_no_instance() {
    let puppet = Puppet::default();
    let host = Arc::new(Nobody { wall_millis: 5, monotonic_millis: 6, ..Nobody::default() });
    let _module = puppet.open(Arc::clone(&host) as _).unwrap();
    puppet.system().post(EventKind::ProvisionRequired, Vec::new(), 0).unwrap();
    assert_eq!(*host.posted.lock().unwrap(), [EventKind::ProvisionRequired]);
    assert_eq!(puppet.system().reading().wall_millis, 5);
}

#[test]
fn keys_that_expire_end_by_the_clock_of_their_instance() {
    const START: i64 = 1_000_000_000;
    let puppet = Puppet::default();
    let system = Arc::new(MediaKeySystem::new(&puppet, None).unwrap());
    system.set_virtual_clock(START).unwrap();
    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    let (sender, events) = mpsc::channel();
    session.events().set(CallbackSlot::Plain, Some(Arc::new(Ear(sender))));
    let host = puppet.session();
    let reading = puppet.system().reading();
    for over in [0, START - 1, START] {
        let refused = License::until(over, license(1, KeyStatus::Usable).keys, reading);
        assert!(matches!(refused, Err(Error::NoLicense { .. })), "{over}");
    }
    for (number, expiry) in [(1, START + 1), (2, START + 5000)] {
        host.install_keys(&License::until(expiry, license(number, KeyStatus::Usable).keys, reading).unwrap()).unwrap();
    }
    // First use is looked at by decrypts; until then the keys count as usable.
    assert!(session.has_usable_key(&[1; 16]) && session.has_usable_key(&[2; 16]));
    assert!(matches!(host.set_key_status(&[1; 16], KeyStatus::Usable), Err(Error::Refused(_))));
    system.advance_virtual_clock(1000, false).unwrap();
    assert!(!session.has_usable_key(&[1; 16]) && session.has_usable_key(&[2; 16]));
    system.advance_virtual_clock(3999, false).unwrap();
    assert!(session.has_usable_key(&[2; 16]));
    system.advance_virtual_clock(1, false).unwrap();
    assert!(!session.has_usable_key(&[2; 16]));
    let expired: Vec<_> = std::iter::from_fn(|| events.recv_timeout(PATIENCE).ok())
        .filter_map(|event| match event {
            Event::Occurred { kind: EventKind::KeyExpired, info, .. } => Some(info),
            _ => None,
        })
        .take(2)
        .collect();
    assert_eq!(expired, [vec![1; 16], vec![2; 16]]);
}

fn kept(number: u8, status: KeyStatus) -> LicenseKey {
    LicenseKey { id: vec![number; 16], key: None, persistent: false, status }
}

/// Decrypts as the C layer does.
fn decrypt(session: &MediaKeySession, number: u8, data: &mut [u8], subsamples: &[Subsample]) -> Result<()> {
    let request = SampleRequest {
        method: Some((Cipher::Aes128, Scheme::Cenc)),
        key_id: &[number; 16],
        iv: &[0; 8],
        pattern: Pattern { crypt: 0, skip: 0 },
        subsamples,
    };
    let sample = Sample::checked(Cipher::Aes128, Scheme::Cenc, request.iv, request.pattern, subsamples, data.len());
    assert!(sample.is_none_or(|sample| session.decrypt_at_once(&pin(), request.key_id, &sample, data).is_none()));
    let result = session.decrypt_sample(&pin(), &request, data);
    if matches!(result, Err(Error::FirstUse)) {
        session.begin_use(request.key_id)?;
        return decrypt(session, number, data, subsamples);
    }
    match result {
        Err(Error::KeyKept) => session.decrypt_kept(&request, data),
        other => other,
    }
}

#[test]
fn keys_that_the_key_system_keeps_are_watched_by_the_library() {
    const START: i64 = 1_000_000_000;
    let puppet = Puppet::default();
    let system = Arc::new(MediaKeySystem::new(&puppet, None).unwrap());
    system.set_virtual_clock(START).unwrap();
    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    let host = puppet.session();
    let mut data = [0; 4];
    assert!(matches!(decrypt(&session, 1, &mut data, &[]), Err(Error::NoKey { .. })));
    host.install_keys(&License::unlimited(vec![kept(1, KeyStatus::Pending)])).unwrap();
    assert!(matches!(decrypt(&session, 1, &mut data, &[]), Err(Error::NoLicense { .. })));
    host.set_key_status(&[1; 16], KeyStatus::Usable).unwrap();
    let wrong = Subsample { clear: 1, protected: 2 };
    assert!(matches!(decrypt(&session, 1, &mut data, &[wrong]), Err(Error::Sample { .. })));
    assert!(puppet.calls().is_empty(), "the key system sees nothing that may not be decrypted");
    decrypt(&session, 1, &mut data, &[]).unwrap();
    assert_eq!(data, [1; 4]);
    assert_eq!(puppet.calls(), ["decrypt 4 bytes with 1"]);
    assert_eq!((session.totals().samples, session.totals().bytes), (1, 4));

    let reading = puppet.system().reading();
    host.install_keys(&License::until(START + 1000, vec![kept(1, KeyStatus::Usable)], reading).unwrap()).unwrap();
    decrypt(&session, 1, &mut data, &[]).unwrap();
    system.advance_virtual_clock(1000, false).unwrap();
    assert!(matches!(decrypt(&session, 1, &mut data, &[]), Err(Error::NoLicense { .. })));
    assert_eq!(puppet.calls().len(), 1);
    // The license is over, and what comes after it is none of its business.
    host.install_keys(&License::unlimited(vec![kept(1, KeyStatus::Usable)])).unwrap();
    system.advance_virtual_clock(1000, false).unwrap();
    decrypt(&session, 1, &mut data, &[]).unwrap();
    host.remove_keys(&[vec![1; 16]]).unwrap();
    assert!(matches!(decrypt(&session, 1, &mut data, &[]), Err(Error::NoKey { .. })));
}
