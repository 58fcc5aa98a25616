//! A key system that takes its time over a license that was applied: the license ends meanwhile as any other.

#[path = "support/idle.rs"]
mod idle;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::call::Call;
use drm::error::Result;
use drm::events::{CallbackSlot, Event, EventKind, Listener};
use drm::key_info::KeyStatus;
use drm::key_system::{Acceptance, Descriptor, License, LicenseKey, ProtectionLevel};
use drm::system::MediaKeySystem;
use idle::Idle;

/// No test takes so long unless it fails.
const TOO_LONG: Duration = Duration::from_secs(60);

/// What ends the wait of the key system: that the license has ended.
type Ended = Arc<Mutex<Receiver<()>>>;

/// A key system with licenses of two seconds, each of which it waits for the end of.
fn slow(ended: Ended) -> Idle {
    let descriptor = Descriptor { name: "test.slow".to_owned(), system_ids: vec![[8; 16]], ..Descriptor::default() };
    Idle {
        parse_license: Arc::new(move |host| {
            let now = host.reading();
            let key = Some(vec![2; 16].into());
            let key = LicenseKey { id: vec![1; 16], key, persistent: false, status: KeyStatus::Usable };
            let license = License::until(now.wall_millis + 2000, vec![key], now)?;
            Ok(License { acceptance: Some(Box::new(Waiting(Arc::clone(&ended)))), ..license })
        }),
        ..Idle::new(descriptor)
    }
}

struct Waiting(Ended);

impl Acceptance for Waiting {
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn commit(&self) {
        self.0.lock().unwrap().recv_timeout(TOO_LONG).expect("the license has no end while the key system waits");
    }
}

struct Hears(Mutex<Sender<()>>);

impl Listener for Hears {
    fn call(&self, event: &Event) -> Option<Call> {
        if matches!(event, Event::Occurred { kind: EventKind::KeyExpired, .. }) {
            self.0.lock().unwrap().send(()).unwrap();
        }
        None
    }
}

#[test]
fn a_license_ends_while_its_key_system_waits() {
    let (sender, receiver) = channel();
    let system = Arc::new(MediaKeySystem::new(&slow(Arc::new(Mutex::new(receiver))), None).unwrap());
    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    session.events().set(CallbackSlot::WithUserData, Some(Arc::new(Hears(Mutex::new(sender)))));
    let license = session.parse_media_key_response(b"any").unwrap();
    session.apply_license(&license).unwrap();
    session.status_rows().expect("the key system has not panicked");
    assert_eq!(system.close().len(), 1);
}
