//! The domain in safe Rust: key systems, their instances, sessions, keys, policies, events and statistics.
//!
//! # Order of the modules
//!
//! From bottom to top; each uses only those above it in this list, and what is below the domain.
//!
//! 1. [`error`]: what can go wrong.
//! 2. [`storage`]: the store of offline keys.
//! 3. [`terms`]: what limits the use of a license's keys, and how such a license is stored.
//! 4. [`recorder`]: writes what becomes of stored licenses, so that nobody else waits for the store.
//! 5. [`time`]: the clock of an instance, and the thread that wakes sessions when a time has come.
//! 6. [`machine`]: which machine this is.
//! 7. [`descriptor`]: the facts about a key system; [`platform`]: what an instance offers to it.
//! 8. [`key_info`]: id and status of a key.
//! 9. [`events`]: who is told what.
//! 10. [`sample`]: a sample to decrypt.
//! 11. [`key_system`]: what a key system has to provide, and what it is offered;
//!     `expiring`: licenses that end at a time.
//! 12. [`host`]: the key system behind an instance; a panic in it ends here.
//! 13. `key_index`: finds keys by their ids; [`key_table`]: the keys of a session, as decrypts see them.
//! 14. [`statistics`]: counters of the decrypt path.
//! 15. `turn`: what one thread does at a time, and the others do not wait for without limit.
//! 16. `enforcement`: the licenses with a policy of one session.
//! 17. [`session`]: requests, licenses, keys, decryption. Reaches its instance by a trait.
//! 18. [`system`]: an instance of a key system and its sessions.
//! 19. [`systems`]: the built-in key systems; they use `key_system` and what is below it.
//! 20. [`registry`]: which key systems exist, by name, the built-in ones and others.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::inline_always,
    reason = "the path of a sample is one function: calls and results in memory would double its cost"
)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

pub mod descriptor;
pub mod error;
pub mod events;
pub mod host;
mod key_index;
pub mod key_info;
pub mod key_system;
pub mod key_table;
pub mod machine;
pub mod platform;
pub mod recorder;
pub mod registry;
pub mod sample;
pub mod session;
pub mod statistics;
pub mod storage;
pub mod system;
pub mod systems;
pub mod terms;
pub mod time;

mod enforcement;
mod expiring;
mod turn;

pub use error::{Error, Result};
