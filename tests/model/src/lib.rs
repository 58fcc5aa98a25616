//! What the models share. They are the crates themselves over loom's atomics, locks and threads (`base::sync`): nothing of
//! what threads meet in is replaced. What they do is made small: two handles of a kind, ClearPlay's licenses, one block to
//! decrypt, no store, no desktop, no time.

#![allow(dead_code, reason = "what is taken of the C layer does more than the models need")]

#[cfg(not(loom))]
compile_error!("start cargo in tests/model, whose .cargo/config.toml says --cfg loom");

pub mod capi;
pub mod check;
pub mod keys;

mod glue;

/// The opaque types of C.
mod native_drm_common {
    pub enum MediaKeySystem {}
    pub enum MediaKeySession {}

    pub const MAX_OFFLINE_MEDIA_KEY_ID_LEN: usize = 64;
}
