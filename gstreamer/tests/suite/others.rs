//! A decryptor that is not ours: what is made for its key system goes to it, wherever players choose.

use std::fs;
use std::sync::{Arc, Mutex};

use gst::glib;
use gst::prelude::*;

use crate::media::{Directory, tests_directory};
use crate::mp4::found;
use crate::run::{init, until_end};

/// Verimatrix: no vector is made for it, so that no other test meets the element.
const SYSTEM: &str = "9a27dd82-fde2-4725-8cbc-4234aa06ec09";
const FACTORY: &str = "test-other-decryptor";

glib::wrapper! {
    /// Gives what it gets, and says that it is something else.
    pub struct Other(ObjectSubclass<imp::Other>) @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

mod imp {
    use std::sync::LazyLock;

    use gst::glib;
    use gst::subclass::prelude::*;
    use gst_base::subclass::BaseTransformMode;
    use gst_base::subclass::prelude::*;

    #[derive(Default)]
    pub struct Other;

    #[glib::object_subclass]
    impl ObjectSubclass for Other {
        const NAME: &'static str = "TestOtherDecryptor";
        type Type = super::Other;
        type ParentType = gst_base::BaseTransform;
    }

    impl ObjectImpl for Other {}
    impl GstObjectImpl for Other {}

    fn encrypted() -> gst::Caps {
        gst::Caps::builder("application/x-cenc").field("protection-system", super::SYSTEM).build()
    }

    fn decrypted() -> gst::Caps {
        gst::Caps::new_empty_simple("application/x-test-decrypted")
    }

    impl ElementImpl for Other {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                gst::subclass::ElementMetadata::new("Another decryptor", "Decryptor", "For a test", "native_drm")
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let template = |name, direction, caps: gst::Caps| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).expect("well formed")
                };
                vec![
                    template("sink", gst::PadDirection::Sink, encrypted()),
                    template("src", gst::PadDirection::Src, decrypted()),
                ]
            });
            &TEMPLATES
        }
    }

    impl BaseTransformImpl for Other {
        const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
        const PASSTHROUGH_ON_SAME_CAPS: bool = false;
        const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

        fn transform_caps(
            &self,
            direction: gst::PadDirection,
            _: &gst::Caps,
            filter: Option<&gst::Caps>,
        ) -> Option<gst::Caps> {
            let other = if direction == gst::PadDirection::Sink { decrypted() } else { encrypted() };
            Some(filter.map_or_else(|| other.clone(), |filter| filter.intersect(&other)))
        }

        fn transform_ip(&self, _: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
            Ok(gst::FlowSuccess::Ok)
        }
    }
}

#[test]
fn a_decryptor_of_another_key_system_comes_first() {
    init();
    // media/cenc.mp4 with one pssh box, which is for the other one.
    let mut file = fs::read(tests_directory().join("media/cenc.mp4")).expect("the file");
    let boxes: Vec<_> = (4..file.len() - 24).filter(|at| &file[*at..at + 4] == b"pssh").collect();
    let system = (0..16).map(|i| {
        let hex: String = SYSTEM.chars().filter(|digit| *digit != '-').collect();
        u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal")
    });
    file[boxes[0] + 8..boxes[0] + 24].copy_from_slice(&system.collect::<Vec<_>>());
    for at in &boxes[1..] {
        file[*at..at + 4].copy_from_slice(b"free");
    }
    let directory = Directory::new("others");
    let path = directory.0.join("other.mp4");
    fs::write(&path, file).expect("written");

    // Nobody else wants it.
    let caps = found(&path);
    assert!(caps.contains("protected"), "{caps}");
    assert_eq!(plugged("decodebin", &path), ["nativedrmmp4"]);

    gst::Element::register(None, FACTORY, gst::Rank::MARGINAL + 1, Other::static_type()).expect("registered");
    let caps = found(&path);
    assert!(!caps.contains("protected"), "{caps}");
    for bin in ["decodebin", "parsebin"] {
        // One for each track.
        assert_eq!(plugged(bin, &path), [FACTORY, FACTORY], "{bin}");
    }
}

/// The decryptors that a bin plugs.
fn plugged(bin: &str, path: &std::path::Path) -> Vec<String> {
    let text = format!("filesrc location={} ! {bin} name=bin ! fakesink async=false", path.display());
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    let found: Arc<Mutex<Vec<String>>> = Arc::default();
    let into = Arc::clone(&found);
    pipeline.connect_deep_element_added(move |_, _, element| {
        let Some(factory) = element.factory() else { return };
        if factory.name().starts_with("nativedrm") {
            element.set_property("wait-timeout", 0);
        }
        if factory.metadata("klass").is_some_and(|klass| klass.contains("Decryptor")) {
            into.lock().expect("no panic").push(factory.name().to_string());
        }
    });
    // There is no key for the one, and no decoder behind the other: how it ends is of no interest.
    let _end = until_end(&pipeline);
    found.lock().expect("no panic").clone()
}
