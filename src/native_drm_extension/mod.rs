//! `multimedia/drm_framework/native_drm_extension.h`: what the NDK lacks, apart from decryption.

mod callbacks;
mod inspection;
mod log;

pub use callbacks::*;
pub use inspection::*;
pub use log::*;
