//! The key systems: one file each, and what they share.

pub mod clearkey;
pub mod clearplay;
pub mod policyplay;

mod eme_json;

/// Configuration string "vendor" of all key systems here.
const VENDOR: &str = "native_drm";
/// Configuration string "algorithms" of all key systems here.
const ALGORITHMS: &str = "AES-128-CTR,AES-128-CBC,SM4-CTR,SM4-CBC";
