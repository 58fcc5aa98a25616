//! Messages between a player and its host: whatever comes is refused, or means the same when it is sent on.

use std::fmt::Debug;

use isolation::channel::{decode, encode};
use isolation::message::{Notice, Ready, Reply, Request, Setup};
use serde::{Deserialize, Serialize};

use crate::observe;

/// The first byte says which message it is.
pub fn run(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else { return };
    match kind % 5 {
        0 => check::<(u32, Request<'_>)>(bytes),
        1 => check::<(u32, Reply)>(bytes),
        2 => check::<Notice>(bytes),
        3 => check::<Setup<'_>>(bytes),
        _ => check::<Ready>(bytes),
    }
}

fn check<'a, T: Debug + Serialize + Deserialize<'a>>(bytes: &'a [u8]) {
    let message = match decode::<T>(bytes) {
        Ok(message) => message,
        Err(error) => return observe::refused(&error),
    };
    observe::accepted(&variants(&message), bytes.len());
    let mut sent = Vec::new();
    encode(&message, &mut sent).expect("what was received can be sent");
    let (length, again) = sent.split_first_chunk::<4>().expect("a length");
    assert_eq!(u32::from_le_bytes(*length) as usize, again.len());
    // Numbers may have had more bytes than they need; nothing else has.
    assert!(again.len() <= bytes.len());
}

/// The names of a message's variants and structs, without what is in them.
fn variants(message: &impl Debug) -> String {
    let text = format!("{message:?}");
    // Before the first text: what is behind it is somebody's, not the message's.
    let own = text.split('"').next().unwrap_or_default();
    let words = own.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| word.starts_with(char::is_uppercase)).take(3).collect::<Vec<_>>().join(" ")
}
