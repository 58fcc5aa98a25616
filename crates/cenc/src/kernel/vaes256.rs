//! VAES on 256-bit registers: two blocks per register.
//!
//! This is the level of CPUs with VAES but without AVX-512. With AVX-512, the 512-bit level borrows these registers for
//! patterns: there are 32 of them then, and two blocks are gathered with fewer instructions than four.

use core::arch::asm;
use core::arch::x86_64::*;

use super::aes_keys::{Decryption, Encryption, RoundKeys};
use super::aesni::{buffered, byte_order, unbuffer};
use super::entry::{Functions, Usable, decrypt_functions};
use super::vector::{AesVector, Vector};
use crate::job::BLOCK;

decrypt_functions! {
    features: ["vaes" "aes" "avx2"],
    keys: RoundKeys,
    whole: __m256i, 8, Encryption::new, Decryption::new;
    stripes: __m256i, 8, Encryption::new, Decryption::new;
}

/// Needs AVX2.
impl Vector for __m256i {
    const BLOCKS: usize = 2;
    const BYTES: usize = 2 * BLOCK;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    unsafe fn broadcast(block: __m128i) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_broadcastsi128_si256(block) }
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_xor_si256(self, other) }
    }

    #[inline(always)]
    unsafe fn by_now(self) -> Self {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn by_now(mut value: __m256i) -> __m256i {
            // SAFETY: no instruction at all.
            unsafe { asm!("/* {0} */", inout(ymm_reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }
        // SAFETY: passed on to the caller.
        unsafe { by_now(self) }
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_storeu_si256(to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn load_start(from: *const u8, bytes: usize) -> Self {
        // SAFETY: reads both blocks or the first one, as the caller has them.
        unsafe { if bytes == BLOCK { _mm256_zextsi128_si256(_mm_loadu_si128(from.cast())) } else { Self::load(from) } }
    }

    #[inline(always)]
    unsafe fn store_start(self, to: *mut u8, bytes: usize) {
        // SAFETY: writes both blocks or the first one, as the caller has them.
        unsafe {
            if bytes == BLOCK { _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(self)) } else { self.store(to) }
        }
    }

    #[inline(always)]
    unsafe fn xor_into(self, at: *mut u8, start: usize, end: usize) {
        // SAFETY: the part is read and written: as a whole, its first block, or through a buffer that is used as a whole.
        unsafe {
            match (start, end) {
                (0, 32) => Self::load(at).xor(self).store(at),
                (0, BLOCK) => Self::load_start(at, BLOCK).xor(self).store_start(at, BLOCK),
                _ => {
                    let mut buffer = buffered::<32>(at, start, end);
                    Self::load(buffer.as_ptr()).xor(self).store(buffer.as_mut_ptr());
                    unbuffer(&buffer, at, start, end);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn gather(from: *const u8, stride: usize, count: usize, spare: *const u8) -> Self {
        let second = if count > 1 { from.wrapping_add(stride) } else { spare };
        // SAFETY: passed on to the caller.
        unsafe { _mm256_loadu2_m128i(second.cast(), from.cast()) }
    }

    #[inline(always)]
    unsafe fn scatter(self, to: *mut u8, stride: usize, count: usize, spare: *mut u8) {
        let second = if count > 1 { to.wrapping_add(stride) } else { spare };
        // SAFETY: passed on to the caller.
        unsafe { _mm256_storeu2_m128i(second.cast(), to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn chained_to(self, previous: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_permute2x128_si256::<0x21>(previous, self) }
    }

    #[inline(always)]
    unsafe fn counters(first: __m128i) -> Self {
        // SAFETY: passed on to the caller.
        unsafe {
            let first = Self::broadcast(_mm_shuffle_epi8(first, byte_order()));
            _mm256_add_epi64(first, _mm256_set_epi64x(1, 0, 0, 0))
        }
    }

    #[inline(always)]
    unsafe fn next_counters(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_add_epi64(self, _mm256_set_epi64x(2, 0, 2, 0)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_add_epi64(self, other) }
    }

    #[inline(always)]
    unsafe fn counter_blocks(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_shuffle_epi8(self, _mm256_broadcastsi128_si256(byte_order())) }
    }
}

/// Needs VAES and AVX2.
impl AesVector for __m256i {
    #[inline(always)]
    unsafe fn encrypt_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_aesenc_epi128(self, key) }
    }

    #[inline(always)]
    unsafe fn encrypt_last_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_aesenclast_epi128(self, key) }
    }

    #[inline(always)]
    unsafe fn decrypt_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_aesdec_epi128(self, key) }
    }

    #[inline(always)]
    unsafe fn decrypt_last_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_aesdeclast_epi128(self, key) }
    }
}
