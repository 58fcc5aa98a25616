//! The domain in safe Rust: key systems, their instances, sessions, keys, policies, events and statistics.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::inline_always,
    reason = "the path of a sample is one function: calls and results in memory would double its cost"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

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

pub mod storage;

mod configuration;
mod enforcement;
mod offline;
mod timer;
