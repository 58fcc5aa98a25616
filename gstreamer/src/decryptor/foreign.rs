//! The element for content of others.

use std::sync::LazyLock;

use gst::glib;
use gst::subclass::prelude::*;
use gst_base::subclass::BaseTransformMode;
use gst_base::subclass::prelude::*;

use super::caps;
use super::imp::templates;

/// The same for everything that no other decryptor wants.
#[derive(Default)]
pub struct NativeDrmDecForeign;

#[glib::object_subclass]
impl ObjectSubclass for NativeDrmDecForeign {
    const NAME: &'static str = "NativeDrmDecForeign";
    type Type = super::NativeDrmDecForeign;
    type ParentType = super::NativeDrmDec;
}

impl ObjectImpl for NativeDrmDecForeign {}
impl GstObjectImpl for NativeDrmDecForeign {}

impl ElementImpl for NativeDrmDecForeign {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "native_drm decryptor for content of other key systems",
                "Decryptor",
                "nativedrmdec for CENC streams that name no key system, or one of others: with their content keys it decrypts \
                 them, too. Posts the element message \"drm-key-needed\" and reads the context \"native-drm\" as nativedrmdec does",
                "native_drm",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| templates(&caps::foreign_template()));
        &TEMPLATES
    }
}

impl BaseTransformImpl for NativeDrmDecForeign {
    const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;
}
