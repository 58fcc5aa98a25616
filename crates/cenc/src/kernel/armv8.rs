//! ARMv8's Cryptographic Extension: one block per register.

use core::arch::aarch64::*;
use core::arch::asm;

use super::armv8_keys::{Decryption, Encryption, RoundKeys};
use super::block;
use super::entry::{Functions, Usable, decrypt_functions};
use super::vector::Vector;
use crate::job::BLOCK;

decrypt_functions! {
    features: ["aes" "neon"],
    keys: RoundKeys,
    whole: uint8x16_t, 8, Encryption::new, Decryption::new;
    stripes: uint8x16_t, 8, Encryption::new, Decryption::new;
}

/// Needs NEON.
impl Vector for uint8x16_t {
    const BLOCKS: usize = 1;
    const BYTES: usize = BLOCK;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: passed on to the caller.
        unsafe { vdupq_n_u8(0) }
    }

    #[inline(always)]
    unsafe fn broadcast(block: uint8x16_t) -> Self {
        block
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { veorq_u8(self, other) }
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { vld1q_u8(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: passed on to the caller.
        unsafe { vst1q_u8(to, self) }
    }

    #[inline(always)]
    unsafe fn xor_into(self, at: *mut u8, start: usize, end: usize) {
        // SAFETY: either the part is all of it, or `xor_bytes` touches what the caller has.
        unsafe {
            if (start, end) == (0, BLOCK) {
                return Self::load(at).xor(self).store(at);
            }
            xor_bytes(at.wrapping_add(start), end - start, moved_down(self, start));
        }
    }

    #[inline(always)]
    unsafe fn counters(first: uint8x16_t) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { vrev64q_u8(first) }
    }

    // By assembly, as the other step below: the compiler would add multiples to the first block instead of one to each, and read all of
    // the multiples from memory first.
    #[inline(always)]
    unsafe fn next_counters(self) -> Self {
        let next;
        // SAFETY: the instruction is one of all these CPUs.
        unsafe {
            asm!("add {0:v}.2d, {1:v}.2d, {2:v}.2d", lateout(vreg) next, in(vreg) self, in(vreg) block::counter(1),
                options(pure, nomem, nostack, preserves_flags));
        }
        next
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { vreinterpretq_u8_u64(vaddq_u64(vreinterpretq_u64_u8(self), vreinterpretq_u64_u8(other))) }
    }

    #[inline(always)]
    unsafe fn counter_blocks(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { vrev64q_u8(self) }
    }

    const MULTIPLES: bool = true;

    /// One instruction instead of two.
    const COUNTS_BLOCKS: bool = true;

    #[inline(always)]
    unsafe fn registers_before_carry(self) -> usize {
        // SAFETY: passed on to the caller. The number in the second half is little-endian here.
        0x100 - usize::from(unsafe { vgetq_lane_u8::<8>(self) })
    }

    /// By way of assembly, so that the loop over batches does not read it from memory again.
    #[inline(always)]
    unsafe fn block_step() -> Self {
        // The lowest byte of the counter is the last one of the block.
        let mut step = block::counter(1 << 56);
        // SAFETY: no instruction at all.
        unsafe { asm!("/* {0:v} */", inout(vreg) step, options(pure, nomem, nostack, preserves_flags)) };
        step
    }

    /// The blocks come out of the assembly, too, so that the step to the next ones is made before a round of AES replaces them, and not after
    /// they were copied for it.
    #[inline(always)]
    unsafe fn with_next_blocks(mut self, step: Self) -> [Self; 2] {
        let next;
        // SAFETY: the instruction is one of all these CPUs.
        unsafe {
            asm!("add {0:v}.16b, {1:v}.16b, {2:v}.16b", out(vreg) next, inout(vreg) self, in(vreg) step,
                options(pure, nomem, nostack, preserves_flags));
        }
        [self, next]
    }
}

/// The bytes from `count` on at the start, zeros after them; `count` is at most 16.
#[target_feature(enable = "neon")]
#[inline]
fn moved_down(block: uint8x16_t, count: usize) -> uint8x16_t {
    // What is out of range gives zero.
    const ORDER: [u8; 2 * BLOCK] = {
        let mut order = [0xff; 2 * BLOCK];
        let mut i = 0;
        while i < BLOCK {
            order[i] = i as u8;
            i += 1;
        }
        order
    };
    debug_assert!(count <= BLOCK);
    // SAFETY: 16 bytes from `count` on are in the array.
    vqtbl1q_u8(block, unsafe { vld1q_u8(ORDER.as_ptr().add(count)) })
}

/// Adds the first `length` bytes of a register to those at `at`; `length` is below 16. In pieces of 8, 4, 2 and 1 bytes, so that
/// nothing else is touched and nothing goes through the stack.
///
/// # Safety
/// `length` bytes are readable and writable.
#[target_feature(enable = "neon")]
#[inline]
#[allow(clippy::cast_ptr_alignment, reason = "read and written as what is not aligned")]
unsafe fn xor_bytes(mut at: *mut u8, length: usize, block: uint8x16_t) {
    let halves = vreinterpretq_u64_u8(block);
    let mut stream = vgetq_lane_u64::<0>(halves);
    // SAFETY: the pieces are those that `length` consists of. The rest is passed on to the caller.
    unsafe {
        if length & 8 != 0 {
            let place = at.cast::<u64>();
            place.write_unaligned(place.read_unaligned() ^ stream);
            stream = vgetq_lane_u64::<1>(halves);
            at = at.add(8);
        }
        if length & 4 != 0 {
            let place = at.cast::<u32>();
            place.write_unaligned(place.read_unaligned() ^ stream as u32);
            stream >>= 32;
            at = at.add(4);
        }
        if length & 2 != 0 {
            let place = at.cast::<u16>();
            place.write_unaligned(place.read_unaligned() ^ stream as u16);
            stream >>= 16;
            at = at.add(2);
        }
        if length & 1 != 0 {
            *at ^= stream as u8;
        }
    }
}
