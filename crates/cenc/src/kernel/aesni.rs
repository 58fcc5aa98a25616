//! AES-NI with AVX: one block per register.

use core::arch::asm;
use core::arch::x86_64::*;
use core::ptr::copy_nonoverlapping;

use super::aes_keys::{Decryption, Encryption, RoundKeys};
use super::entry::{Functions, Usable, decrypt_functions};
use super::vector::{AesVector, Vector};
use crate::job::BLOCK;

decrypt_functions! {
    features: ["aes" "avx"],
    keys: RoundKeys,
    // Eight blocks hide the latency of a round and leave registers for little else.
    whole: __m128i, 8, Encryption::new, Decryption::new;
    stripes: __m128i, 8, Encryption::new, Decryption::new;
}

/// Needs AVX.
impl Vector for __m128i {
    const BLOCKS: usize = 1;
    const BYTES: usize = BLOCK;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_setzero_si128() }
    }

    #[inline(always)]
    unsafe fn broadcast(block: __m128i) -> Self {
        block
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_xor_si128(self, other) }
    }

    #[inline(always)]
    unsafe fn by_now(self) -> Self {
        #[inline]
        #[target_feature(enable = "avx")]
        fn by_now(mut value: __m128i) -> __m128i {
            // SAFETY: no instruction at all.
            unsafe { asm!("/* {0} */", inout(xmm_reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }
        // SAFETY: passed on to the caller.
        unsafe { by_now(self) }
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_loadu_si128(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: passed on to the caller.
        unsafe { _mm_storeu_si128(to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn xor_into(self, at: *mut u8, start: usize, end: usize) {
        // SAFETY: either the part is all of it, or it is copied, and the copy is used as a whole.
        unsafe {
            if (start, end) == (0, BLOCK) {
                return Self::load(at).xor(self).store(at);
            }
            let mut buffer = buffered::<BLOCK>(at, start, end);
            Self::load(buffer.as_ptr()).xor(self).store(buffer.as_mut_ptr());
            unbuffer(&buffer, at, start, end);
        }
    }

    #[inline(always)]
    unsafe fn counters(first: __m128i) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_shuffle_epi8(first, byte_order()) }
    }

    #[inline(always)]
    unsafe fn next_counters(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_add_epi64(self, _mm_set_epi64x(1, 0)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_add_epi64(self, other) }
    }

    #[inline(always)]
    unsafe fn counter_blocks(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_shuffle_epi8(self, byte_order()) }
    }
}

/// The shuffle that reverses the bytes of each 64-bit half.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
pub(super) unsafe fn byte_order() -> __m128i {
    // SAFETY: passed on to the caller.
    unsafe { _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7) }
}

/// A part of a register, for levels that cannot mask bytes: a copy of those bytes in their places, the rest zero.
///
/// # Safety
/// The bytes `start..end` after `from` are readable.
#[inline(always)]
pub(super) unsafe fn buffered<const N: usize>(from: *const u8, start: usize, end: usize) -> [u8; N] {
    let mut buffer = [0; N];
    let place = &mut buffer[start..end];
    // SAFETY: `place` has as many bytes as the part.
    unsafe { copy_nonoverlapping(from.wrapping_add(start), place.as_mut_ptr(), place.len()) };
    buffer
}

/// Writes the bytes `start..end` of the buffer to their places.
///
/// # Safety
/// The bytes `start..end` after `to` are writable.
#[inline(always)]
pub(super) unsafe fn unbuffer<const N: usize>(buffer: &[u8; N], to: *mut u8, start: usize, end: usize) {
    let bytes = &buffer[start..end];
    // SAFETY: as many bytes as the part has.
    unsafe { copy_nonoverlapping(bytes.as_ptr(), to.wrapping_add(start), bytes.len()) };
}

/// Needs AES and AVX.
impl AesVector for __m128i {
    #[inline(always)]
    unsafe fn encrypt_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_aesenc_si128(self, key) }
    }

    #[inline(always)]
    unsafe fn encrypt_last_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_aesenclast_si128(self, key) }
    }

    #[inline(always)]
    unsafe fn decrypt_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_aesdec_si128(self, key) }
    }

    #[inline(always)]
    unsafe fn decrypt_last_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_aesdeclast_si128(self, key) }
    }
}
