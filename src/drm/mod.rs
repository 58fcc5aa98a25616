//! The domain in safe Rust: key systems, their instances, sessions, keys, policies, events and statistics.

pub mod events;
pub mod key_system;
pub mod key_table;
pub mod platform;
pub mod registry;
pub mod session;
pub mod statistics;
pub mod system;
pub mod systems;
pub mod terms;
pub mod time;

mod configuration;
mod enforcement;
mod offline;
mod timer;
