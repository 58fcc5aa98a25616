//! `multimedia/drm_framework/native_mediakeysession.h`: media keys, online and offline.

mod callbacks;
mod keys;

pub use callbacks::*;
pub use keys::*;
