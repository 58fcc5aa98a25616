//! 128-bit registers, AES-NI with AVX: four blocks per group.

use core::arch::x86_64::*;

use super::{Whole, WordVector, sm4_by_aes};

sm4_by_aes! {
    features: ["aes" "avx"],
    register: __m128i,
    s_box: Whole
}

/// Needs AVX.
impl WordVector for __m128i {
    #[inline(always)]
    unsafe fn words(word: u32) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_set1_epi32(word.cast_signed()) }
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_and_si128(self, other) }
    }

    #[inline(always)]
    unsafe fn upper_halves(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_srli_epi32::<4>(self) }
    }

    #[inline(always)]
    unsafe fn shuffled(self, order: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm_shuffle_epi8(self, order) }
    }

    #[inline(always)]
    unsafe fn transposed([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        // SAFETY: passed on to the caller.
        unsafe {
            let (ab_low, ab_high) = (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
            let (cd_low, cd_high) = (_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
            [
                _mm_unpacklo_epi64(ab_low, cd_low),
                _mm_unpackhi_epi64(ab_low, cd_low),
                _mm_unpacklo_epi64(ab_high, cd_high),
                _mm_unpackhi_epi64(ab_high, cd_high),
            ]
        }
    }
}
