//! Small helpers that every layer may use.

pub mod base64;
pub mod clock;
pub mod dispatcher;
pub mod gate;
pub mod json;
pub mod log;
pub mod secret;
pub mod text;
