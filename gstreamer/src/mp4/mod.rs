//! `nativedrmmp4`: encrypted MP4 to clear MP4, before the demuxer.

mod decryption;
mod imp;
mod pushed;
mod search;
mod typefind;
mod upstream;

use gst::glib;
use gst::prelude::*;

glib::wrapper! {
    /// The element. It decrypts a file with the reader of `native-drm decrypt`, whose every byte stays at its place: pushed as a
    /// stream, or pulled at any place.
    pub struct NativeDrmMp4(ObjectSubclass<imp::NativeDrmMp4>) @extends gst::Element, gst::Object;
}

/// The element's name.
const NAME: &str = "nativedrmmp4";

/// Registers the element, and the typefinder that finds files for it.
///
/// # Errors
///
/// GStreamer's.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    // Before the demuxer: nothing but the typefinder gives the caps of its sink pad.
    gst::Element::register(Some(plugin), NAME, gst::Rank::PRIMARY + 1, NativeDrmMp4::static_type())?;
    typefind::register(plugin)
}

/// What the typefinder says of encrypted files. Demuxers take them, too; what comes out of the element has no such field.
fn protected_caps() -> gst::Caps {
    gst::Caps::builder("video/quicktime").field("protected", true).build()
}

/// What comes out.
fn clear_caps() -> gst::Caps {
    gst::Caps::new_empty_simple("video/quicktime")
}
