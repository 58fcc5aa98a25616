//! Key systems that are registered while the program runs.

#[path = "support/idle.rs"]
mod idle;

use std::sync::Arc;

use drm::error::{Error, Result};
use drm::key_system::{Descriptor, Limits, MimeType, ProtectionLevel};
use drm::registry;
use idle::Idle;

fn descriptor(name: &str) -> Descriptor {
    Descriptor {
        name: name.to_owned(),
        system_ids: vec![[7; 16]],
        mime_types: vec![
            "cenc".into(),
            MimeType { maximum_level: Some(ProtectionLevel::SwCrypto), ..("video/mp4".into()) },
        ],
        ..Descriptor::default()
    }
}

fn register(descriptor: Descriptor) -> Result<()> {
    registry::register(Arc::new(Idle::new(descriptor)))
}

#[test]
fn a_registered_key_system_is_there_like_the_others() {
    let limits = Limits { systems: 2, sessions: 3 };
    register(Descriptor { limits, maximum_level: Some(ProtectionLevel::SwCrypto), ..descriptor("org.example.whole") })
        .unwrap();
    assert!(registry::descriptors().iter().any(|descriptor| descriptor.name == "org.example.whole"));
    let found = registry::find("org.example.whole").unwrap();
    assert!(found.supports_mime_type("video/mp4; codecs=\"avc1\"") && !found.supports_mime_type("text/plain"));

    let first = registry::create_system("org.example.whole").unwrap();
    let second = registry::create_system("org.example.whole").unwrap();
    assert!(matches!(registry::create_system("org.example.whole"), Err(Error::TooManySystems { limit: 2 })));
    drop(second);
    first.close();
    let third = registry::create_system("org.example.whole").unwrap();
    for _ in 0..3 {
        let session = third.create_session(ProtectionLevel::EnhancedHwCrypto).unwrap();
        assert_eq!(session.level().unwrap(), ProtectionLevel::SwCrypto);
    }
    let one_more = third.create_session(ProtectionLevel::SwCrypto);
    assert!(matches!(one_more, Err(Error::TooManySessions { limit: 3 })));
    assert_eq!(third.configuration_string("maxSessionNum").unwrap(), "3");
}

#[test]
fn names_that_are_taken_or_none_are_refused() {
    for taken in ["com.clearplay.drm", "org.w3.clearkey", "com.policyplay.drm"] {
        assert!(matches!(register(descriptor(taken)), Err(Error::Refused(_))), "{taken}");
    }
    register(descriptor("org.example.once")).unwrap();
    assert!(matches!(register(descriptor("org.example.once")), Err(Error::Refused(_))));
    let long = "n".repeat(58);
    // Those with a dot first and ".device" last would get a store that is nobody's, or somebody else's.
    for bad in [
        "",
        " ",
        ".",
        "..",
        ".org",
        "com.policyplay.drm.device",
        "org.example/../x",
        "org example",
        "org.ex\u{e4}mple",
        "org.example\n",
        &long,
    ] {
        assert!(matches!(register(descriptor(bad)), Err(Error::Refused(_))), "{bad:?}");
    }
    register(descriptor(&long[1..])).unwrap();
}

#[test]
fn facts_that_cannot_be_are_refused() {
    let none = Descriptor { system_ids: Vec::new(), ..descriptor("org.example.no-ids") };
    assert!(matches!(register(none), Err(Error::Refused(_))));
    for (systems, sessions) in [(0, 1), (1, 0), (65, 1), (1, 65), (usize::MAX, 64)] {
        let limits = Limits { systems, sessions };
        let bad = Descriptor { limits, ..descriptor("org.example.limits") };
        assert!(matches!(register(bad), Err(Error::Refused(_))), "{limits:?}");
    }
    assert!(registry::find("org.example.no-ids").is_none() && registry::find("org.example.limits").is_none());
}

#[test]
fn a_key_system_that_does_not_open_takes_no_place() {
    let limits = Limits { systems: 1, sessions: 1 };
    let facts = Descriptor { limits, ..descriptor("org.example.broken") };
    registry::register(Arc::new(Idle { opens: false, ..Idle::new(facts) })).unwrap();
    for _ in 0..3 {
        assert!(matches!(registry::create_system("org.example.broken"), Err(Error::Refused(_))));
    }
}

#[test]
fn levels_are_those_of_type_key_system_and_device_whichever_is_lowest() {
    use ProtectionLevel::{EnhancedHwCrypto, HwCrypto, SwCrypto};
    let levels = [SwCrypto, HwCrypto, EnhancedHwCrypto];
    let own = [None, Some(SwCrypto), Some(HwCrypto), Some(EnhancedHwCrypto)];
    for number in 0..levels.len() * own.len() * own.len() {
        let (device, of_type, of_system) = (levels[number / 16], own[number / 4 % 4], own[number % 4]);
        let mime_types = vec![MimeType { name: "video/mp4".into(), maximum_level: of_type }];
        let facts = Descriptor { mime_types, maximum_level: of_system, ..descriptor("any") };
        let highest = device.min(of_type.unwrap_or(device)).min(of_system.unwrap_or(device));
        for level in levels {
            assert_eq!(facts.supports_level("video/mp4", level, device), level <= highest, "{device:?} {of_type:?}");
        }
    }
}
