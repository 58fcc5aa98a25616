//! What a run reached: drivers without coverage keep inputs that reached something new.

use std::cell::RefCell;
use std::fmt::Display;

thread_local! {
    static SEEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Something was reached that a number tells from others.
pub fn reached(number: u64) {
    SEEN.with_borrow_mut(|seen| seen.push(number));
}

/// Something was accepted; `size` says how much there was in it, roughly.
pub fn accepted(what: &str, size: usize) {
    reached(hash(what.bytes()) ^ u64::from(size.ilog2_or_zero()));
}

/// Something was refused. The message is looked at: there has to be one, and it has to be one for people.
pub fn refused(error: &impl Display) {
    let message = error.to_string();
    check_message(&message);
    // Numbers, quotations and paths make no difference.
    let quoted = message.find(['"', '\'', '`']).unwrap_or(message.len());
    let reason = message.rsplit(": ").next().unwrap_or_default();
    let reason = reason.split(['"', '\'', '`']).next().unwrap_or_default();
    reached(hash(reason.bytes().filter(u8::is_ascii_alphabetic).take(30)));
    let words = message[..quoted].split(' ').filter(|word| !word.starts_with('/'));
    reached(hash(words.flat_map(str::bytes).filter(u8::is_ascii_alphabetic).take(80)));
}

/// Panics if a message is none.
pub fn check_message(message: &str) {
    assert!(!message.trim().is_empty(), "an error without a message");
    assert!(message.len() < 1 << 16, "an error message of {} bytes: {:.200}", message.len(), message);
}

/// What was reached since the last call.
pub fn take() -> Vec<u64> {
    SEEN.take()
}

/// FNV-1a.
pub fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

trait Log {
    fn ilog2_or_zero(self) -> u32;
}

impl Log for usize {
    fn ilog2_or_zero(self) -> u32 {
        self.checked_ilog2().map_or(0, |log| log + 1)
    }
}
