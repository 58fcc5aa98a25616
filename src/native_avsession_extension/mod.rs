//! `multimedia/av_session/native_avsession_extension.h`: what the AVSession kit's native interface lacks.

mod command_callbacks;
mod key_and_call_callbacks;
mod privacy;
mod state;

pub use command_callbacks::*;
pub use key_and_call_callbacks::*;
pub use privacy::*;
pub use state::*;
