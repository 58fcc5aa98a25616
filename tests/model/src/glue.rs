//! The C layer's handles, from its own source: as a library, it would be its C functions alone.

#[path = "../../../src/glue/error.rs"]
pub mod error;
#[path = "../../../src/glue/handle/mod.rs"]
pub mod handle;
#[path = "../../../src/glue/media_keys.rs"]
pub mod media_keys;

/// Arguments of C functions; no model has any.
pub mod args {
    use super::error::Result;

    pub fn length(_: &'static str, _: i32, _: usize, _: usize) -> Result<usize> {
        unimplemented!()
    }

    pub fn slice<'a>(_: &'static str, _: *const u8, _: usize) -> Result<&'a [u8]> {
        unimplemented!()
    }
}
