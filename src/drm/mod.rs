//! The domain in safe Rust: key systems, their instances, sessions, keys, events and statistics.

pub mod events;
pub mod key_system;
pub mod key_table;
pub mod registry;
pub mod session;
pub mod statistics;
pub mod system;
pub mod systems;

mod configuration;
mod offline;
