//! 256-bit registers without VAES: AES's S-box on either half, all else on both.

use core::arch::x86_64::*;

use super::{AesSBox, sm4_by_aes};

sm4_by_aes! {
    features: ["aes" "avx2"],
    register: __m256i,
    s_box: Halves
}

/// The instruction on either half of a register. Needs AES and AVX2.
struct Halves;

impl AesSBox<__m256i> for Halves {
    #[inline(always)]
    unsafe fn substituted(value: __m256i) -> __m256i {
        // SAFETY: passed on to the caller.
        unsafe {
            let (low, high) = (_mm256_castsi256_si128(value), _mm256_extracti128_si256::<1>(value));
            let zero = _mm_setzero_si128();
            _mm256_set_m128i(_mm_aesenclast_si128(high, zero), _mm_aesenclast_si128(low, zero))
        }
    }
}
