//! Wiping what ciphers leave on the stack.

use core::mem::MaybeUninit;

use base::secret::wipe;

/// Bytes of stack below the caller that [`burn_stack`] wipes. The deepest user is the bitsliced AES of the `aes` crate,
/// and twice as deep without optimisation.
const BURNT: usize = if cfg!(debug_assertions) { 16384 } else { 8192 };

/// Overwrites the stack below the caller's frame, where functions that have returned left round keys.
#[inline(never)]
pub(super) fn burn_stack() {
    let mut area = [MaybeUninit::<u8>::uninit(); BURNT];
    wipe(&mut area);
}
