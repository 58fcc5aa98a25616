//! The library's own source over loom's atomics, locks and threads, in the modules that it believes itself to be in.
//!
//! Taken whole: read-copy-update, the dispatcher, the gate of callbacks, events, the callbacks of an `OH_AVSession`, handle
//! slots and what makes and destroys the handles of systems and sessions, the key table, the counters. Taken item by item
//! (their files do much else): what a system, a session and an `OH_AVSession` do when they are made, used, cleared and
//! closed. Key systems, policies, storage and ciphers are left out: stand-ins in [`drm`] and [`cenc`] take their place.
//!
//! What the model puts in place of other crates is in [`shim`].

#![allow(dead_code, unused_imports, unused_doc_comments, clippy::all)]

#[cfg(not(loom))]
compile_error!("start cargo in tests/model, whose .cargo/config.toml says --cfg loom");

pub mod avsession;
pub mod capi;
pub mod cenc;
pub mod check;
pub mod drm;

/// The source of a file that `build.rs` took.
macro_rules! source {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name));
    };
}
pub(crate) use source;

/// Where the C layer has its errors.
pub mod glue {
    pub use crate::capi::handle;
    pub use base::error;
}

pub use crate::capi::common as native_drm_common;
