//! `multimedia/player_framework/native_avbuffer.h`: OH_AVBuffer, memory for a sample.

mod functions;
mod memory;
pub(crate) mod object;

pub use functions::*;
pub use object::OH_AVBuffer;
