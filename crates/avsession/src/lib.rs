//! Media sessions: what a player publishes (metadata, playback state) and the commands that a controller sends it.
//!
//! A session works by itself; a [`controller`] shows it to the outside.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

pub mod callbacks;
pub mod commands;
pub mod controller;
pub mod lyrics;
pub mod media_keys;
pub mod metadata;
#[cfg(all(feature = "mpris", target_os = "linux"))]
pub mod mpris;
pub mod playback;
pub mod registry;
pub mod session;
