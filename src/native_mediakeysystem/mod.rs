//! `multimedia/drm_framework/native_mediakeysystem.h`: key systems, provisioning, offline keys.

mod device;
mod instance;

pub use device::*;
pub use instance::*;
