//! Key systems in a process of their own.
//!
//! The host process runs this library, too: what a player asks for is asked there by the same verbs, of instances and sessions
//! that have handles there. [`door`] is where a player's functions part into the two ways.

mod answer;
mod area;
pub(crate) mod door;
pub(crate) mod handles;
mod heard;
mod link;
mod places;
mod remote;
mod samples;
mod serve;
mod start;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use area::Area;
pub(crate) use places::{remember_own, remember_plugin};
pub(crate) use remote::{RemoteSession, RemoteSystem};
pub(crate) use samples::{decrypt_all, decrypt_unit};
pub(crate) use serve::run;
pub(crate) use start::{create, is_wanted};

/// Calls that a host works on at the same time; more wait.
const LANES: usize = 8;

/// Bytes of a text of the other side that are shown, at most.
const LONGEST_TEXT: usize = 2000;

/// A text of the other side, for an error message or a log: one line, of which nothing can end it early.
fn one_line(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    if text.trim().is_empty() {
        return "no reason was given".to_owned();
    }
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
