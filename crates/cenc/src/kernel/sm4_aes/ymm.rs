//! 256-bit registers with VAES: eight blocks per group.

use core::arch::x86_64::*;

use super::{Whole, WordVector, sm4_by_aes};

sm4_by_aes! {
    features: ["vaes" "aes" "avx2"],
    register: __m256i,
    s_box: Whole
}

/// Needs AVX2.
impl WordVector for __m256i {
    #[inline(always)]
    unsafe fn words(word: u32) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_set1_epi32(word.cast_signed()) }
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_and_si256(self, other) }
    }

    #[inline(always)]
    unsafe fn upper_halves(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_srli_epi32::<4>(self) }
    }

    #[inline(always)]
    unsafe fn shuffled(self, order: Self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_shuffle_epi8(self, order) }
    }

    #[inline(always)]
    unsafe fn transposed([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        // SAFETY: passed on to the caller.
        unsafe {
            let (ab_low, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
            let (cd_low, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
            [
                _mm256_unpacklo_epi64(ab_low, cd_low),
                _mm256_unpackhi_epi64(ab_low, cd_low),
                _mm256_unpacklo_epi64(ab_high, cd_high),
                _mm256_unpackhi_epi64(ab_high, cd_high),
            ]
        }
    }
}
