//! `multimedia/drm_framework/native_mediadecrypt.h`: decryption of samples in place.

mod decrypt;
mod description;
mod sample;

pub use decrypt::*;
pub use description::*;
