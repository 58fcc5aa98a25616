//! `nativedrmdec` and `nativedrmdec-foreign`: behind a demuxer, from `application/x-cenc` and `application/x-webm-enc` to what
//! the stream is. Two factories of one element, so that content for other key systems plays with our keys, and a decryptor
//! made for those key systems comes first where there is one.

mod caps;
mod demuxer;
mod foreign;
mod imp;
mod missing_meta;
mod protection;
mod repairs;
mod samples;

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::subclass::prelude::*;

glib::wrapper! {
    /// `nativedrmdec`.
    pub struct NativeDrmDec(ObjectSubclass<imp::NativeDrmDec>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

glib::wrapper! {
    /// `nativedrmdec-foreign`.
    pub struct NativeDrmDecForeign(ObjectSubclass<foreign::NativeDrmDecForeign>)
        @extends NativeDrmDec, gst_base::BaseTransform, gst::Element, gst::Object;
}

// SAFETY: the class struct is BaseTransform's, which the default implementation initialises for the subclass.
unsafe impl<T: BaseTransformImpl> IsSubclassable<T> for NativeDrmDec {}

/// Registers the two elements.
///
/// # Errors
///
/// GStreamer's.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(Some(plugin), "nativedrmdec", gst::Rank::PRIMARY, NativeDrmDec::static_type())?;
    gst::Element::register(
        Some(plugin),
        "nativedrmdec-foreign",
        gst::Rank::MARGINAL,
        NativeDrmDecForeign::static_type(),
    )
}
