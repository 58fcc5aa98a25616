//! Caps of encrypted streams and of what they are inside.

use crate::keys::init_data::OWN_SYSTEMS;

pub const CENC: &str = "application/x-cenc";
pub const WEBM: &str = "application/x-webm-enc";

/// Key systems of others whose content is often encrypted with keys that one has, in the order of the demuxers' preference.
const FOREIGN_SYSTEMS: [&str; 10] = [
    // Widevine, PlayReady, FairPlay, Marlin.
    "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
    "9a04f079-9840-4286-ab92-e65be0885f95",
    "94ce86fb-07ff-4f43-adb8-93d2fa968ca2",
    "5e629af5-38da-4063-8977-97ffbd9902d4",
    // In files of packagers' tests.
    "58147ec8-0423-4659-92e6-f52c5ce8c3cc",
    // ChinaDRM and WisePlay.
    "3d5e6d35-9b9a-41e8-b843-dd3c6e72c42c",
    // Adobe Primetime, Verimatrix, Irdeto, Nagra.
    "f239e769-efa3-4850-9c16-a903c6932efb",
    "9a27dd82-fde2-4725-8cbc-4234aa06ec09",
    "80a6be7e-1448-4c37-9e70-d5aebe04c8d2",
    "adb41c24-2dbf-4a6d-958b-4457c0d27b95",
];

/// What only encrypted streams have.
const PROTECTION_FIELDS: [&str; 5] =
    ["protection-system", "original-media-type", "cipher-mode", "encryption-algorithm", "encoding-scope"];

/// A structure for each system, since demuxers look for a plain string.
fn systems(ids: &[&str]) -> impl Iterator<Item = gst::Structure> {
    ids.iter().map(|id| gst::Structure::builder(CENC).field("protection-system", *id).build())
}

/// The template of `nativedrmdec`.
pub fn own_template() -> gst::Caps {
    systems(&OWN_SYSTEMS).chain([gst::Structure::new_empty(WEBM)]).collect()
}

/// The template of `nativedrmdec-foreign`.
pub fn foreign_template() -> gst::Caps {
    [gst::Structure::new_empty(CENC)].into_iter().chain(systems(&FOREIGN_SYSTEMS)).collect()
}

/// Whether caps are those of a stream that is not encrypted.
pub fn are_clear(caps: &gst::CapsRef) -> bool {
    !caps.is_any()
        && !caps.is_empty()
        && caps.iter().all(|structure| ![CENC, WEBM].contains(&structure.name().as_str()))
}

/// What an encrypted stream is inside; nothing if its caps do not say.
pub fn decrypted(caps: &gst::CapsRef) -> gst::Caps {
    let inside = |structure: &gst::StructureRef| {
        let name = structure.get::<&str>("original-media-type").ok()?;
        let mut inside = structure.to_owned();
        inside.set_name(name);
        inside.remove_fields(PROTECTION_FIELDS);
        Some(inside)
    };
    caps.iter().filter_map(inside).collect()
}

/// What may come in if `caps` goes out. Without the codec's fields: they change when an adaptive stream changes its
/// representation, and no caps that were sent before must refuse the new ones.
pub fn encrypted(caps: &gst::CapsRef, template: &gst::CapsRef) -> gst::Caps {
    if caps.is_any() {
        return template.to_owned();
    }
    let mut all = gst::Caps::new_empty();
    let list = all.make_mut();
    for inside in caps.iter() {
        for outside in template.iter() {
            let mut outside = outside.to_owned();
            outside.set("original-media-type", inside.name().as_str());
            list.append_structure(outside);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_and_foreign_share_no_system() {
        gst::init().expect("GStreamer");
        assert!(
            !own_template().can_intersect(&"application/x-cenc".parse::<gst::Caps>().expect("caps")) || {
                // A stream without a system intersects with a template that has one, but is no subset of it.
                let plain: gst::Caps = "application/x-cenc".parse().expect("caps");
                !plain.is_subset(&own_template()) && plain.is_subset(&foreign_template())
            }
        );
        for id in FOREIGN_SYSTEMS {
            let stream = gst::Caps::builder(CENC).field("protection-system", id).build();
            assert!(!stream.is_subset(&own_template()));
            assert!(stream.is_subset(&foreign_template()));
        }
    }

    #[test]
    fn inside_is_what_the_demuxer_says() {
        gst::init().expect("GStreamer");
        let caps: gst::Caps =
            "application/x-cenc, original-media-type=(string)video/x-h264, cipher-mode=(string)cbcs, \
                               protection-system=(string)x, width=(int)640, stream-format=(string)avc"
                .parse()
                .expect("caps");
        let inside: gst::Caps = "video/x-h264, width=(int)640, stream-format=(string)avc".parse().expect("caps");
        assert_eq!(decrypted(&caps), inside);
        assert!(decrypted(&"application/x-cenc".parse::<gst::Caps>().expect("caps")).is_empty());
        assert!(encrypted(&inside, &own_template()).iter().all(|outside| !outside.has_field("width")));
    }
}
