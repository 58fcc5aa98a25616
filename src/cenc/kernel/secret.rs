//! Wiping key material from memory.

use core::mem::MaybeUninit;

/// Bytes of stack below the caller that [`burn_stack`] wipes. The deepest user is the bitsliced AES of the `aes` crate,
/// and twice as deep without optimisation.
const BURNT: usize = if cfg!(debug_assertions) { 16384 } else { 8192 };

/// Overwrites the stack below the caller's frame, where functions that have returned left round keys.
#[inline(never)]
pub(super) fn burn_stack() {
    let mut area = [MaybeUninit::<u8>::uninit(); BURNT];
    wipe(&mut area);
}

/// Overwrites memory with zeros in a way that the compiler cannot leave out.
pub(super) fn wipe(area: &mut [MaybeUninit<u8>]) {
    area.fill(MaybeUninit::new(0));
    // To the compiler, this reads what was written.
    core::hint::black_box(area.as_ptr());
}
