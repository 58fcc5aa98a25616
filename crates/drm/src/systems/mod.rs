//! The key systems: one file each, and what they share.

pub mod clearkey;
pub mod clearplay;
pub mod policyplay;

mod jwk_set;
mod requests;
