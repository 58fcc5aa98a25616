//! The key systems: one file each, and what they share.

pub mod clearkey;
pub mod clearplay;

mod jwk_set;
