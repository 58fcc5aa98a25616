//! The GStreamer plugin of `native_drm`: elements that decrypt what demuxers describe, with keys of the program's own
//! sessions, of a file or of a license server. How they are used: `docs/gstreamer.md`.
//!
//! Modules from bottom to top: `ffi` (declarations), `drm` (the library's objects), `keys` (where keys come from, and waiting for
//! them), the elements.

mod decryptor;
mod drm;
mod ffi;
mod keys;
mod mp4;

use std::sync::LazyLock;

use gst::glib;

/// What the elements log into: `GST_DEBUG=nativedrm:6`.
static CATEGORY: LazyLock<gst::DebugCategory> =
    LazyLock::new(|| gst::DebugCategory::new("nativedrm", gst::DebugColorFlags::empty(), Some("native_drm")));

/// Registers the elements.
///
/// # Errors
///
/// GStreamer's, if a feature cannot be registered.
fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    decryptor::register(plugin)?;
    mp4::register(plugin)
}

// The license in GStreamer's own list of names, which SPDX's `Apache-2.0` is not in.
gst::plugin_define!(
    nativedrm,
    env!("CARGO_PKG_DESCRIPTION"),
    plugin_init,
    env!("CARGO_PKG_VERSION"),
    "Apache 2.0",
    env!("CARGO_PKG_NAME"),
    "native_drm",
    "Unknown package origin",
    "2026-11-30"
);
