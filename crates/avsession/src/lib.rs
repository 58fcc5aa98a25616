//! Media sessions: what a player publishes (metadata, playback state) and the commands that a controller sends it.
//!
//! A session works by itself. What shows it to the outside is a [`session::Controller`], which whoever makes the session hands
//! in; this crate has one for the desktop's media controls, `mpris`, behind the feature of that name.
//!
//! From bottom to top, where each module uses only those above it in this list:
//! - [`error`]: what can go wrong;
//! - [`lyrics`], [`metadata`], [`playback`]: what a player reports;
//! - [`commands`], [`media_keys`]: what a controller asks for;
//! - [`callbacks`]: who receives commands;
//! - [`identity`], [`session`]: a session;
//! - [`registry`]: the session of this process;
//! - `mpris`: sessions on the session bus.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

/// An enum whose members have numbers that others know: its members are found by number.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident: $type:ty { $($(#[$member_doc:meta])* $member:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$member_doc])* $member = $number,)*
        }

        impl $name {
            /// The member of that number.
            pub fn from_number(number: $type) -> Option<Self> {
                [$(Self::$member),*].into_iter().find(|member| *member as $type == number)
            }
        }
    };
}

pub mod callbacks;
pub mod commands;
pub mod error;
pub mod identity;
pub mod lyrics;
pub mod media_keys;
pub mod metadata;
#[cfg(all(feature = "mpris", target_os = "linux"))]
pub mod mpris;
pub mod playback;
pub mod registry;
pub mod session;

pub use error::Error;
