//! VAES on 512-bit registers: four blocks per register, masks for the bytes of a partial one.

use core::arch::asm;
use core::arch::x86_64::*;

use super::aes_keys::{Decryption, Encryption, RoundKeys};
use super::aesni::byte_order;
use super::entry::{Functions, Usable, decrypt_functions};
use super::vector::{AesVector, Vector};
use crate::job::BLOCK;

decrypt_functions! {
    features: ["vaes" "aes" "avx2" "bmi2" "avx512f" "avx512bw" "avx512vl"],
    keys: RoundKeys,
    whole: __m512i, 8, Encryption::new, Decryption::new;
    // Gathering four blocks into a register costs more than it saves.
    stripes: __m256i, 8, Encryption::new, Decryption::new;
}

/// Needs AVX-512 F, BW and VL and BMI2.
impl Vector for __m512i {
    const BLOCKS: usize = 4;
    const BYTES: usize = 4 * BLOCK;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    unsafe fn broadcast(block: __m128i) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_broadcast_i32x4(block) }
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_xor_si512(self, other) }
    }

    #[inline(always)]
    unsafe fn by_now(self) -> Self {
        #[inline]
        #[target_feature(enable = "avx512f")]
        fn by_now(mut value: __m512i) -> __m512i {
            // SAFETY: no instruction at all.
            unsafe { asm!("/* {0} */", inout(zmm_reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }
        // SAFETY: passed on to the caller.
        unsafe { by_now(self) }
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_storeu_si512(to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn load_start(from: *const u8, bytes: usize) -> Self {
        // SAFETY: passed on to the caller. Bytes outside the mask are not accessed.
        unsafe { _mm512_maskz_loadu_epi8(mask(0, bytes), from.cast()) }
    }

    #[inline(always)]
    unsafe fn store_start(self, to: *mut u8, bytes: usize) {
        // SAFETY: as for `load_start`.
        unsafe { _mm512_mask_storeu_epi8(to.cast(), mask(0, bytes), self) }
    }

    #[inline(always)]
    unsafe fn xor_into(self, at: *mut u8, start: usize, end: usize) {
        // SAFETY: as for `load_start`.
        unsafe {
            let mask = mask(start, end);
            _mm512_mask_storeu_epi8(at.cast(), mask, _mm512_maskz_loadu_epi8(mask, at.cast()).xor(self));
        }
    }

    #[inline(always)]
    unsafe fn gather(from: *const u8, stride: usize, count: usize, spare: *const u8) -> Self {
        let block = |i: usize| if count > i { from.wrapping_add(i * stride) } else { spare };
        // SAFETY: passed on to the caller.
        unsafe {
            let low = _mm256_loadu2_m128i(block(1).cast(), from.cast());
            let high = _mm256_loadu2_m128i(block(3).cast(), block(2).cast());
            _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
        }
    }

    #[inline(always)]
    unsafe fn scatter(self, to: *mut u8, stride: usize, count: usize, spare: *mut u8) {
        let block = |i: usize| if count > i { to.wrapping_add(i * stride) } else { spare };
        // SAFETY: passed on to the caller.
        unsafe {
            _mm256_storeu2_m128i(block(1).cast(), to.cast(), _mm512_castsi512_si256(self));
            _mm256_storeu2_m128i(block(3).cast(), block(2).cast(), _mm512_extracti64x4_epi64::<1>(self));
        }
    }

    #[inline(always)]
    unsafe fn chained_to(self, previous: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_alignr_epi64::<6>(self, previous) }
    }

    #[inline(always)]
    unsafe fn counters(first: __m128i) -> Self {
        // SAFETY: passed on to the caller.
        unsafe {
            let first = Self::broadcast(_mm_shuffle_epi8(first, byte_order()));
            _mm512_add_epi64(first, _mm512_set_epi64(3, 0, 2, 0, 1, 0, 0, 0))
        }
    }

    #[inline(always)]
    unsafe fn next_counters(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_add_epi64(self, _mm512_set_epi64(4, 0, 4, 0, 4, 0, 4, 0)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_add_epi64(self, other) }
    }

    #[inline(always)]
    unsafe fn counter_blocks(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_shuffle_epi8(self, _mm512_broadcast_i32x4(byte_order())) }
    }
}

/// The bytes `start..end`: bit i stands for byte i.
///
/// # Safety
/// Needs BMI2. Neither number exceeds 64.
#[inline(always)]
unsafe fn mask(start: usize, end: usize) -> __mmask64 {
    // SAFETY: passed on to the caller. `bzhi` takes 64 for "all bits".
    unsafe { _bzhi_u64(!0, end as u32) & (!0 << start) }
}

/// Needs VAES and AVX-512 F.
impl AesVector for __m512i {
    #[inline(always)]
    unsafe fn encrypt_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_aesenc_epi128(self, key) }
    }

    #[inline(always)]
    unsafe fn encrypt_last_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_aesenclast_epi128(self, key) }
    }

    #[inline(always)]
    unsafe fn decrypt_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_aesdec_epi128(self, key) }
    }

    #[inline(always)]
    unsafe fn decrypt_last_round(self, key: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm512_aesdeclast_epi128(self, key) }
    }
}
