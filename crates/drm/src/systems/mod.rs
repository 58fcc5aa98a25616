//! The key systems: one file each, and what they share.

pub mod clearkey;
pub mod clearplay;
pub mod policyplay;

mod eme_json;

use crate::key_system::{Descriptor, MimeType, Request};

/// The facts about a key system here.
fn descriptor(name: &str, system_ids: &[[u8; 16]], description: &str) -> Descriptor {
    Descriptor {
        name: name.to_owned(),
        system_ids: system_ids.to_vec(),
        vendor: VENDOR.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: description.to_owned(),
        algorithms: ALGORITHMS.to_owned(),
        mime_types: MIME_TYPES.iter().map(|&name| MimeType::from(name)).collect(),
        ..Descriptor::default()
    }
}

/// Where OpenHarmony's ClearPlay sends its requests by default.
const DEFAULT_URL: &str = "http://default.com";

/// The provisioning request of key systems that need none, as OpenHarmony's ClearPlay has it; any answer will do.
fn needless_provisioning() -> Request {
    let data = br#"{"signedRequest":"KEYREQUESTTYPE_DOWNLOADCERT"}"#.to_vec();
    Request { default_url: DEFAULT_URL.to_owned(), ..Request::initial(data) }
}

/// Configuration string "vendor" of all key systems here.
const VENDOR: &str = "native_drm";
/// Configuration string "algorithms" of all key systems here.
const ALGORITHMS: &str = "AES-128-CTR,AES-128-CBC,SM4-CTR,SM4-CBC";

/// MIME types and EME init data types that all key systems here take.
const MIME_TYPES: &[&str] = &[
    "video/mp4",
    "audio/mp4",
    "video/webm",
    "audio/webm",
    "cenc",
    "webm",
    "keyids",
    "video/avc",
    "video/hevc",
    "video/av01",
    "video/vp8",
    "video/vp9",
    "video/x-vnd.on2.vp8",
    "video/x-vnd.on2.vp9",
    "video/mp4v-es",
    "video/mpeg",
    "video/mp2t",
    "video/cbs",
    "video/avs3",
    "audio/mp4a-latm",
    "audio/mpeg",
    "audio/aac",
    "audio/flac",
    "audio/opus",
    "audio/vorbis",
    "audio/ac3",
    "audio/eac3",
];
