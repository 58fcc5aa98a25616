//! The library's own source over loom's atomics, locks and threads, in the modules that it believes itself to be in.
//!
//! Taken whole: read-copy-update, the dispatcher, the gate of callbacks, events, the callbacks of an `OH_AVSession`, handle
//! slots and what makes and destroys the handles of systems and sessions, the key table, the counters. Taken item by item
//! (their files do much else): what a system, a session and an `OH_AVSession` do when they are made, used, cleared and
//! closed. Key systems, policies, storage and ciphers are left out: stand-ins in [`drm`] and [`cenc`] take their place.
//!
//! What the model puts in place of other crates is in [`shim`].

#![allow(dead_code, unused_imports, unused_doc_comments, clippy::all)]

pub mod avsession;
pub mod capi;
pub mod cenc;
pub mod check;
pub mod drm;
pub mod shim;

/// The source of a file that `build.rs` took.
macro_rules! source {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name));
    };
}
pub(crate) use source;

pub mod error {
    crate::source!("error.rs");
}

/// What the crates call `base` is this crate here.
extern crate self as base;

pub mod dispatcher {
    crate::source!("dispatcher.rs");
}

pub mod gate {
    crate::source!("gate.rs");
}

pub mod rcu {
    crate::source!("rcu.rs");
}

pub mod sync {
    //! As in the library, but both fences are real ones: that is what the pair amounts to.
    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

    pub fn choose_fences() {}

    pub fn light_fence() {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }

    pub fn heavy_fence() {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}

pub mod log {
    //! Nobody listens.
    macro_rules! message {
        ($($argument:tt)*) => {{
            let _ = format_args!($($argument)*);
        }};
    }
    pub(crate) use {message as debug, message as error, message as info, message as warn};
}

pub mod secret {
    //! There are no registers and no stack to wipe.
    pub fn on_clean_stack<T>(action: impl FnOnce() -> T) -> T {
        action()
    }
}

/// Where the C layer has its errors.
pub mod glue {
    pub use crate::capi::handle;
    pub use crate::error;
}

pub use crate::capi::common as native_drm_common;

macro_rules! log_debug {
    ($($argument:tt)*) => {
        crate::log::debug!($($argument)*)
    };
}
pub(crate) use log_debug;
