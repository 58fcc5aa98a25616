//! The block modes of the four schemes, written once for all vector widths and ciphers.
//!
//! Throughput comes from keeping `BATCH` registers in flight; everything here serves to fill them. Short ranges are as
//! usual as long ones (audio samples, slices of a few hundred bytes), so a tail is one batch of exactly as many registers as it
//! needs, not a loop of single blocks.
//!
//! Everything is `inline(always)` for the reason that [`Vector`] gives. `BATCH` is 8 or 16; it is a parameter of its own
//! because stable Rust does not allow an associated constant as array length here.

/// Binds a constant to a number of registers from 1 to `BATCH`, which must be 8 or 16.
macro_rules! for_count {
    ($count:expr, $batch:ident, $n:ident => $body:expr) => {
        for_count!(@arms $count, $batch, $n, $body, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@arms $count:expr, $batch:ident, $n:ident, $body:expr, $($number:literal)*) => {
        match $count {
            // Arms above the batch are gone after compilation: the condition is constant.
            $($number if $number < $batch => { const $n: usize = $number; $body })*
            _ if $batch == 8 => { const $n: usize = 8; $body }
            _ => { const $n: usize = 16; $body }
        }
    };
}

mod cbc;
mod ctr;
mod pattern;

pub(in crate::kernel) use cbc::{cbc, cbc_stripes};
pub(in crate::kernel) use ctr::{ctr, ctr_stripes};

use crate::job::{BLOCK, Iv};
use crate::kernel::block;

/// The block that an initialisation vector stands for, read at once: stores of two halves would hold up the load of the whole.
#[inline(always)]
fn first_block(iv: Iv<'_>) -> block::Register {
    // SAFETY: each load reads the array that it is given.
    unsafe {
        match iv {
            Iv::Block(bytes) => block::load(bytes.as_ptr()),
            Iv::Half(bytes) => block::load_half(bytes.as_ptr()),
        }
    }
}

/// The first block's address and the number of bytes of a range's whole blocks.
#[inline(always)]
fn whole_blocks(range: &mut [u8]) -> (*mut u8, usize) {
    (range.as_mut_ptr(), range.len() & !(BLOCK - 1))
}
