//! The hot loops, and what only `unsafe` can give them: CPU instructions beyond the baseline, memory for keys, and
//! a read lock that costs next to nothing ([`rcu`]).
//!
//! One file per instruction-set level. Every level does the same work; `tests/cenc_*.rs` compare each of them with
//! references from outside.

#![allow(unsafe_code)]
#![deny(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]

mod key;
mod level;
mod ranges;
pub mod rcu;
mod secret;
mod slab;
mod soft;
mod sync;

pub use key::ContentKey;
#[doc(hidden)]
pub use level::Level;
