//! A key system that panics ends itself and nothing else.

#[path = "support/idle.rs"]
mod idle;

use std::sync::Arc;

use drm::error::Error;
use drm::key_info::KeyStatus;
use drm::key_system::{Descriptor, License, LicenseKey, MediaKeyRequestInfo, MediaKeyType, ProtectionLevel};
use drm::registry;
use drm::system::MediaKeySystem;
use idle::Idle;

#[test]
fn a_panic_ends_the_system_and_its_sessions_only() {
    let descriptor = Descriptor {
        name: "test.panicking".to_owned(),
        system_ids: vec![[9; 16]],
        mime_types: vec!["webm".into()],
        ..Descriptor::default()
    };
    let panicking = Idle {
        media_key_request: || panic!("as intended"),
        parse_license: Arc::new(|_| {
            let key = Some(vec![2; 16].into());
            let key = LicenseKey { id: vec![1; 16], key, persistent: false, status: KeyStatus::Usable };
            Ok(License::unlimited(vec![key]))
        }),
        ..Idle::new(descriptor)
    };
    let system = Arc::new(MediaKeySystem::new(&panicking, None).unwrap());
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
