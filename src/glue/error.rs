//! What the functions of the C layer fail with.

pub use base::error::{Error, Result};
