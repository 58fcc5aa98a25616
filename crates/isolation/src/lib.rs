//! What is between a player and the host process of a key system: [`message`]s, the [`channel`] that they go through, the
//! [`ranges`] of shared memory that samples are in, the [`process`] itself and its confinement ([`confine`]).
//!
//! Neither side trusts the other. Every length is checked before anything is allocated for it, every number before it means
//! something, and a message that cannot be understood ends the connection.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

pub mod channel;
pub mod confine;
pub mod message;
pub mod process;
pub mod ranges;
