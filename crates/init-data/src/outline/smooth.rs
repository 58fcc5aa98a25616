//! Smooth Streaming manifests.

use serde::Serialize;

use super::Faults;
use crate::describe::BoxText;
use crate::protection::{Reading, uuid};
use crate::pssh;
use crate::smooth::{WHAT, decode};
use crate::xml::{self, Item};

/// A manifest (\[MS-SSTR\], section 2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// What protects all streams.
    pub protections: Vec<ProtectionHeader>,
    /// The streams.
    pub streams: Vec<StreamIndex>,
}

/// A `ProtectionHeader`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectionHeader {
    /// `SystemID` as it stands there.
    pub system_id: Option<String>,
    /// Its data as boxes.
    pub pssh: Vec<BoxText>,
}

/// A `StreamIndex`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamIndex {
    /// `Type`: `video`, `audio` or `text`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `Name`.
    pub name: Option<String>,
    /// `FourCC` of its quality levels, each once.
    pub codecs: Vec<String>,
    /// Its quality levels.
    pub quality_levels: usize,
}

/// Reads a manifest.
pub fn smooth(bytes: &[u8]) -> (Manifest, Faults) {
    let mut reading = Reading::new(WHAT);
    let text = decode(bytes);
    let mut manifest = Manifest::default();
    let mut system = None;
    let mut has_element = false;
    xml::read(&text, &["ProtectionHeader"], |offset, item| match item {
        Item::Start { element, depth } => {
            let get = |name| xml::attribute(element, name);
            let name = element.local_name();
            has_element = true;
            if depth == 0 && name.as_ref() != "SmoothStreamingMedia" {
                reading.pass_over(offset, "the root element is not SmoothStreamingMedia");
            }
            match name.as_ref() {
                "ProtectionHeader" => system = get("SystemID"),
                "StreamIndex" => manifest.streams.push(StreamIndex {
                    kind: get("Type"),
                    name: get("Name"),
                    ..StreamIndex::default()
                }),
                "QualityLevel" => {
                    if let Some(stream) = manifest.streams.last_mut() {
                        stream.quality_levels += 1;
                        let codec = get("FourCC").filter(|codec| !stream.codecs.contains(codec));
                        stream.codecs.extend(codec);
                    }
                }
                _ => {}
            }
        }
        Item::Text { text, .. } => {
            let Some(data) = reading.base64(offset, text.as_bytes()) else { return };
            let system_id = system.take();
            let complete = match system_id.as_deref().and_then(uuid) {
                // Some packagers put the whole box there.
                _ if pssh::parse(&data).is_ok() => data,
                Some(system) => pssh::build(&system, &[], &data),
                None => {
                    reading.pass_over(offset, "a ProtectionHeader without a SystemID");
                    return;
                }
            };
            let pssh = super::boxes_in(&mut reading, offset, &complete);
            manifest.protections.push(ProtectionHeader { system_id, pssh });
        }
        Item::Fault(reason) => {
            has_element = true;
            reading.pass_over(offset, reason);
        }
    });
    if !has_element {
        reading.pass_over(0, "there is no element");
    }
    (manifest, reading.into_faults())
}
