//! A key system that panics ends itself and nothing else.

use std::sync::Arc;

use drm::error::{Error, Result};
use drm::key_system::{
    Descriptor, KeySystem, License, LicenseKey, MediaKeyRequestInfo, MediaKeyType, ProtectionLevel, Release, Request,
    RequestContext, SessionModule, SystemModule,
};
use drm::platform::Platform;
use drm::registry;
use drm::storage::StoredKey;
use drm::system::MediaKeySystem;

struct Panicking;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "test.panicking",
    uuid: [9; 16],
    system_ids: &[[9; 16]],
    vendor: "test",
    description: "panics when asked for a request",
    algorithms: "",
    mime_types: &["webm"],
    announces_requests: false,
    has_settable_defaults: false,
};

impl KeySystem for Panicking {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, _: &Arc<Platform>) -> Box<dyn SystemModule> {
        Box::new(Self)
    }
}

impl SystemModule for Panicking {
    fn open_session(&self) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(Self))
    }
}

impl SessionModule for Panicking {
    fn media_key_request(&self, _: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        panic!("as intended")
    }

    fn parse_license(&self, _: &[u8]) -> Result<License> {
        let key = LicenseKey { id: vec![1; 16], key: vec![2; 16].into(), persistent: false };
        Ok(License::unlimited(vec![key]))
    }

    fn release_request(&self, _: &[u8], _: Option<&StoredKey>) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn process_release_response(&self, _: &[u8], _: &[u8]) -> Result<Release> {
        Ok(Release::Delete)
    }
}

#[test]
fn a_panic_ends_the_system_and_its_sessions_only() {
    let system = Arc::new(MediaKeySystem::new(&Panicking, None));
    let session = system.create_session(ProtectionLevel::SwCrypto).unwrap();
    let license = session.parse_media_key_response(b"any").unwrap();
    session.apply_license(&license).unwrap();
    assert_eq!(session.status_rows().unwrap().len(), 1);

    let info = MediaKeyRequestInfo {
        key_type: MediaKeyType::Online,
        init_data: vec![1; 16],
        mime_type: "webm".into(),
        options: Vec::new(),
    };
    assert!(matches!(session.generate_media_key_request(&info), Err(Error::KeySystemFailed(_))));

    assert!(matches!(session.status_rows(), Err(Error::KeySystemFailed(_))));
    assert!(matches!(session.clear_media_keys(), Err(Error::KeySystemFailed(_))));
    assert!(matches!(system.statistics(), Err(Error::KeySystemFailed(_))));
    assert!(matches!(system.create_session(ProtectionLevel::SwCrypto), Err(Error::KeySystemFailed(_))));
    // The second call does not reach the key system: it would panic again.
    assert!(matches!(session.generate_media_key_request(&info), Err(Error::KeySystemFailed(_))));

    let other = registry::create_system("org.w3.clearkey").unwrap();
    let other_session = other.create_session(ProtectionLevel::SwCrypto).unwrap();
    other_session.generate_media_key_request(&info).unwrap();
    assert_eq!(system.close().len(), 1);
}
