//! The key systems: one file each, and what they share.

pub mod clearkey;
pub mod clearplay;
pub mod policyplay;

mod eme_json;

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
