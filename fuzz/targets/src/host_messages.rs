//! Messages between a player and its host: whatever comes is refused, or means the same when it is sent on.

use isolation::channel::{decode, encode};
use isolation::message::{Notice, Ready, Reply, Request, Setup};
use serde::{Deserialize, Serialize};

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

fn check<'a, T: Serialize + Deserialize<'a>>(bytes: &'a [u8]) {
    let Ok(message) = decode::<T>(bytes) else { return };
    let mut sent = Vec::new();
    encode(&message, &mut sent).expect("what was received can be sent");
    let (length, again) = sent.split_first_chunk::<4>().expect("a length");
    assert_eq!(u32::from_le_bytes(*length) as usize, again.len());
    // Numbers may have had more bytes than they need; nothing else has.
    assert!(again.len() <= bytes.len());
}
