//! Which demuxer a stream comes from, and how that one reads.

use gst::prelude::*;

use crate::decryptor::repairs::{Faults, version};

/// What the element knows of the demuxer before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demuxer {
    pub faults: Faults,
    /// It reads the file itself (pull mode) rather than being fed.
    pub reads_itself: bool,
    /// After a seek it may give encrypted samples without saying so: qtdemux hands each sample's protection data out once, and does
    /// not parse fragments again if it reads the file itself.
    pub loses_protection: bool,
}

impl Demuxer {
    /// Finds it upstream of a sink pad; if it is not there, judges by what is installed.
    pub fn before(pad: &gst::Pad, webm: bool) -> Self {
        let found = upstream(pad);
        let name = if webm { "matroskademux" } else { "qtdemux" };
        let plugin = found
            .as_ref()
            .and_then(|element| element.factory())
            .and_then(|factory| factory.plugin())
            .or_else(|| gst::Registry::get().find_plugin(if webm { "matroska" } else { "isomp4" }));
        let version = plugin.and_then(|plugin| version(&plugin.version())).unwrap_or((u32::MAX, 0, 0));
        let is_expected =
            found.as_ref().and_then(|element| element.factory()).is_some_and(|factory| factory.name() == name);
        let faults = match (&found, webm) {
            // Another demuxer has its own faults.
            (Some(_), _) if !is_expected => Faults::default(),
            (_, true) => Faults::of_matroskademux(version),
            (_, false) => Faults::of_qtdemux(version),
        };
        let reads_itself = found
            .as_ref()
            .and_then(|element| element.sink_pads().into_iter().next())
            .is_some_and(|pad| pad.mode() == gst::PadMode::Pull);
        // Nothing is known about what cannot be found.
        let loses_protection = !webm && (found.is_none() || reads_itself);
        Self { faults, reads_itself, loses_protection }
    }
}

/// The next demuxer upstream, through queues, parsers and bins.
fn upstream(pad: &gst::Pad) -> Option<gst::Element> {
    let mut pad = pad.clone();
    // More elements than any pipeline has between them; and no circle holds us.
    for _ in 0..32 {
        let peer = pad.peer()?;
        let is_ghost = peer.is::<gst::ProxyPad>();
        if let Some(element) = peer.parent_element().filter(|_| !is_ghost) {
            let klass = element.metadata(gst::ELEMENT_METADATA_KLASS).unwrap_or_default();
            if klass.contains("Demux") {
                return Some(element);
            }
        }
        // A pad of no element leads nowhere, and its iterator would be null.
        peer.parent()?;
        pad = peer.iterate_internal_links().into_iter().find_map(Result::ok)?;
    }
    None
}
