//! SM4 with ARMv8.2's SM4 instructions: one block per register, four rounds per instruction.
//!
//! By assembly, because Rust's intrinsics for them are unstable (`stdarch_neon_sm4`).

use core::arch::aarch64::*;
use core::arch::asm;

use super::entry::{Expand, Functions, Usable, decrypt_functions};
use super::sm4_key_schedule::{CONSTANTS, FAMILY_KEY};
use super::vector::{BlockTransform, hidden};

/// Instructions per block.
const STEPS: usize = 8;

/// In the order of encryption, in groups of four rounds.
pub(super) struct RoundKeys([[u32; 4]; STEPS]);

decrypt_functions! {
    features: ["sm4" "aes" "neon"],
    keys: RoundKeys,
    whole: uint8x16_t, 8, Cipher::<false>::new, Cipher::<true>::new;
    stripes: uint8x16_t, 8, Cipher::<false>::new, Cipher::<true>::new;
}

impl Expand for RoundKeys {
    unsafe fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: passed on to the caller; this cipher has no other level.
        unsafe { expand(key) }
    }
}

/// The key schedule (GB/T 32907 section 7.3).
#[target_feature(enable = "sm4,neon")]
fn expand(key: &[u8; 16]) -> RoundKeys {
    // SAFETY: reads and writes arrays of 16 bytes, of the constants the four of a step.
    unsafe {
        let key = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(key.as_ptr())));
        let mut words = veorq_u32(key, vld1q_u32(FAMILY_KEY.as_ptr()));
        let mut round_keys = [[0; 4]; STEPS];
        for (step, keys) in round_keys.iter_mut().enumerate() {
            words = next_round_keys(words, vld1q_u32(CONSTANTS[4 * step..].as_ptr()));
            vst1q_u32(keys.as_mut_ptr(), words);
        }
        RoundKeys(round_keys)
    }
}

/// Round keys from the four before them.
#[target_feature(enable = "sm4")]
#[inline]
fn next_round_keys(keys: uint32x4_t, constants: uint32x4_t) -> uint32x4_t {
    let next;
    // SAFETY: the CPU has the feature that this function is compiled for.
    unsafe {
        asm!("sm4ekey {0:v}.4s, {1:v}.4s, {2:v}.4s", lateout(vreg) next, in(vreg) keys, in(vreg) constants,
            options(pure, nomem, nostack, preserves_flags));
    }
    next
}

/// Four rounds on the four words of a block.
#[target_feature(enable = "sm4")]
#[inline]
fn four_rounds(mut words: uint8x16_t, keys: uint32x4_t) -> uint8x16_t {
    // SAFETY: as above.
    unsafe {
        asm!("sm4e {0:v}.4s, {1:v}.4s", inlateout(vreg) words, in(vreg) keys,
            options(pure, nomem, nostack, preserves_flags));
    }
    words
}

/// Four rounds on each of several blocks.
///
/// # Safety
/// The CPU has the SM4 instructions.
#[inline(always)]
unsafe fn four_rounds_each<const N: usize>(blocks: &mut [uint8x16_t; N], keys: uint32x4_t) {
    for block in blocks {
        // SAFETY: passed on to the caller.
        *block = unsafe { four_rounds(*block, keys) };
    }
}

/// SM4 in one direction.
#[derive(Clone, Copy)]
struct Cipher<'k, const DECRYPT: bool> {
    /// The key's own memory.
    memory: &'k RoundKeys,
    /// What was read from there, in the order in which it is used.
    keys: [uint32x4_t; STEPS],
}

impl<'k, const DECRYPT: bool> Cipher<'k, DECRYPT> {
    #[inline(always)]
    fn new(memory: &'k RoundKeys) -> Self {
        let step = |step: usize| {
            // SAFETY: all CPUs of this architecture have NEON; reads arrays of 16 bytes.
            unsafe {
                if DECRYPT {
                    let pairs = vrev64q_u32(vld1q_u32(memory.0[STEPS - 1 - step].as_ptr()));
                    vextq_u32::<2>(pairs, pairs)
                } else {
                    vld1q_u32(memory.0[step].as_ptr())
                }
            }
        };
        let keys = [step(0), step(1), step(2), step(3), step(4), step(5), step(6), step(7)];
        Self { memory, keys }
    }
}

impl<const DECRYPT: bool> BlockTransform<uint8x16_t> for Cipher<'_, DECRYPT> {
    /// As for AES (`armv8_keys`).
    #[inline(always)]
    fn for_batches(self) -> Self {
        // SAFETY: the address of what `self` borrows.
        Self::new(unsafe { &*hidden(core::ptr::from_ref(self.memory)) })
    }

    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [uint8x16_t; N]) {
        // What comes last is the first word of the outcome (GB/T 32907 section 7.1), and words are big-endian.
        const REVERSED: [u8; 16] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
        // SAFETY: reads an array of 16 bytes. The rest is passed on to the caller.
        unsafe {
            let reversed = vld1q_u8(REVERSED.as_ptr());
            for block in &mut *blocks {
                *block = vrev32q_u8(*block);
            }
            // Written out: with link-time optimisation, a loop stays a loop, and its keys stand in an array on the stack, which nobody wipes.
            let [first, second, third, fourth, fifth, sixth, seventh, eighth] = self.keys;
            four_rounds_each(blocks, first);
            four_rounds_each(blocks, second);
            four_rounds_each(blocks, third);
            four_rounds_each(blocks, fourth);
            four_rounds_each(blocks, fifth);
            four_rounds_each(blocks, sixth);
            four_rounds_each(blocks, seventh);
            four_rounds_each(blocks, eighth);
            for block in blocks {
                *block = vqtbl1q_u8(*block, reversed);
            }
        }
    }
}
