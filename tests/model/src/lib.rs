//! The library's read-copy-update and gate over loom's atomics, locks and threads.

#![allow(dead_code, unused_doc_comments, clippy::all)]

pub mod shim;

mod library {
    include!(concat!(env!("OUT_DIR"), "/library.rs"));
}

/// Where the source believes itself to be.
pub mod cenc {
    pub mod kernel {
        pub use crate::library::rcu;
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
    }
}

pub use library::gate;
