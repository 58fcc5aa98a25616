//! VAES on 256-bit registers: two blocks per register.
//!
//! This is the level of CPUs with VAES but without AVX-512. With AVX-512, the 512-bit level borrows these registers for
//! patterns: there are 32 of them then, and two blocks are gathered with fewer instructions than four.

use core::arch::x86_64::*;

use super::aes_keys::{Decryption, Encryption, RoundKeys};
use super::aesni::{buffered, byte_order, unbuffer};
use super::entry::decrypt_functions;
use super::vector::{AesVector, Vector};
use crate::cenc::job::{BLOCK, Job};

/// Witness that this CPU has VAES, AES and AVX2.
#[derive(Clone, Copy)]
pub(super) struct Vaes256(());

impl Vaes256 {
    pub(super) fn detect() -> Option<Self> {
        let found =
            is_x86_feature_detected!("vaes") && is_x86_feature_detected!("aes") && is_x86_feature_detected!("avx2");
        found.then_some(Self(()))
    }
}

/// A key for this level.
pub(super) struct Key {
    keys: RoundKeys,
    _proof: Vaes256,
}

impl Key {
    pub(super) fn new(proof: Vaes256, key: &[u8; 16]) -> Self {
        // SAFETY: `proof` shows that the CPU has AES and AVX2.
        Self { keys: unsafe { RoundKeys::expand(key) }, _proof: proof }
    }

    #[inline]
    pub(super) fn decrypt(&self, job: &Job<'_>, data: &mut [u8]) {
        // SAFETY: a key exists only where its `_proof` was found.
        unsafe { decrypt(&self.keys, job, data) }
    }
}

decrypt_functions! {
    features: "vaes,aes,avx2",
    keys: RoundKeys,
    whole: __m256i, 8, Encryption::new, Decryption::new;
    stripes: __m256i, 8, Encryption::new, Decryption::new;
}

/// Needs AVX2.
impl Vector for __m256i {
    const BLOCKS: usize = 2;
    const BYTES: usize = 2 * BLOCK;
    type Part = (usize, usize);

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
    unsafe fn part(start: usize, end: usize) -> Self::Part {
        (start, end)
    }

    #[inline(always)]
    unsafe fn load_part(from: *const u8, part: Self::Part) -> Self {
        // SAFETY: reads the part of the source: as a whole, its first block, or through a buffer that is read as a whole.
        unsafe {
            match part {
                (0, 32) => Self::load(from),
                (0, BLOCK) => _mm256_zextsi128_si256(_mm_loadu_si128(from.cast())),
                _ => Self::load(buffered::<32>(from, part).as_ptr()),
            }
        }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut u8, part: Self::Part) {
        // SAFETY: writes the part of the target: as a whole, its first block, or from a buffer that is written as a whole.
        unsafe {
            match part {
                (0, 32) => self.store(to),
                (0, BLOCK) => _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(self)),
                _ => {
                    let mut buffer = [0; 32];
                    self.store(buffer.as_mut_ptr());
                    unbuffer(&buffer, to, part);
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
    #[allow(clippy::cast_possible_wrap, reason = "an intrinsic's parameter type")]
    unsafe fn counters(high: u64, low: u64) -> Self {
        // SAFETY: passed on to the caller.
        unsafe {
            let first = _mm256_broadcastsi128_si256(_mm_set_epi64x(low as i64, high as i64));
            _mm256_add_epi64(first, _mm256_set_epi64x(1, 0, 0, 0))
        }
    }

    #[inline(always)]
    unsafe fn next_counters(self) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { _mm256_add_epi64(self, _mm256_set_epi64x(2, 0, 2, 0)) }
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
