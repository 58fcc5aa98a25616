//! The properties of an element with keys.

use gst::glib;
use gst::prelude::*;

use super::{Keys, WAIT_AUTOMATIC, source};
use crate::drm::System;

impl Keys {
    /// The properties of every element with keys.
    pub fn properties() -> Vec<glib::ParamSpec> {
        vec![
            glib::ParamSpecPointer::builder("media-key-system")
                .nick("MediaKeySystem")
                .blurb(
                    "The program's own MediaKeySystem *, whose sessions have the keys. A GstContext \"native-drm\" with a \
                     pointer \"media-key-system\" says the same for a whole pipeline, and counts more. It must live \
                     as long as the element uses it; it stays the program's",
                )
                .mutable_playing()
                .build(),
            glib::ParamSpecString::builder("keys")
                .nick("Keys")
                .blurb(
                    "JWK Set (W3C Clear Key, {\"keys\":[…]}), as text or as the path of a file; replaces the set before. \
                     Without this, license-url and a MediaKeySystem, the environment variable NATIVE_DRM_KEYS is one, or \
                     NATIVE_DRM_LICENSE_URL a license-url",
                )
                .write_only()
                .mutable_playing()
                .build(),
            glib::ParamSpecString::builder("license-url")
                .nick("License URL")
                .blurb("License server for W3C Clear Key, http or https: requests are sent to it by POST")
                .mutable_playing()
                .build(),
            glib::ParamSpecInt::builder("wait-timeout")
                .nick("Timeout of waiting")
                .blurb(
                    "Milliseconds to wait for a key after the element message \"drm-key-needed\" (fields key-id, system-id, \
                     mime-type, init-data, origin); 0 = not at all, 2147483647 = without limit, -1 = without limit where the \
                     program can still give keys, and not at all where they are a set. A license server has 30 seconds",
                )
                .minimum(WAIT_AUTOMATIC)
                .default_value(WAIT_AUTOMATIC)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets one of [`Keys::properties`]; false if it is another one.
    pub fn set_property(&self, element: &gst::Element, name: &str, value: &glib::Value) -> bool {
        let text = || value.get::<Option<String>>().ok().flatten().filter(|text| !text.is_empty());
        match name {
            "media-key-system" => {
                let handle = value.get::<glib::Pointer>().unwrap_or(std::ptr::null_mut());
                self.change(element, |sources| sources.property = System::from_handle(handle));
            }
            "keys" => {
                let set = text().map(|text| source::jwk_set(&text));
                self.change(element, |sources| sources.set = set);
            }
            "license-url" => {
                let server = text().map(|url| (url.clone(), source::server(&url)));
                self.change(element, |sources| sources.server = server);
            }
            "wait-timeout" => {
                let timeout = value.get().unwrap_or(WAIT_AUTOMATIC);
                self.change(element, |sources| sources.wait_timeout = timeout);
            }
            _ => return false,
        }
        true
    }

    /// The value of one of [`Keys::properties`].
    pub fn property(&self, name: &str) -> Option<glib::Value> {
        let state = self.lock();
        match name {
            "media-key-system" => {
                let handle = state.sources.property.map_or(std::ptr::null_mut(), System::handle);
                Some(glib::Pointer::to_value(&handle))
            }
            "license-url" => Some(state.sources.server.as_ref().map(|(url, _)| url).to_value()),
            "wait-timeout" => Some(state.sources.wait_timeout.to_value()),
            _ => None,
        }
    }
}
