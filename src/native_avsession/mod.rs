//! `multimedia/av_session/native_avsession.h`: a player's session and its commands.

mod callbacks;
pub(crate) mod receiver;
pub(crate) mod registry;
mod session;

pub use callbacks::*;
pub use registry::{OH_AVSession, OH_AVSession_AcquireSession};
pub use session::*;
