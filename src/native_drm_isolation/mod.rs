//! `multimedia/drm_framework/native_drm_isolation.h`: key systems in a process of their own.

mod buffers;
mod functions;

pub use functions::*;
