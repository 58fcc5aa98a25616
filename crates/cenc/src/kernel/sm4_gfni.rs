//! SM4 with the Galois field instructions on 512-bit registers (GB/T 32907; the S-box by field isomorphism).
//!
//! SM4's S-box is an inversion in a field of 256 elements between two affine maps, like AES's but in another
//! representation of that field. `GF2P8AFFINEINVQB` inverts in AES's representation, and the change of representation is
//! linear, so one affine map before it and one after it make the S-box, for 64 bytes at a time and without a table.
//!
//! A cipher block is four words, and each round needs one word of every block. So sixteen blocks lie in four registers,
//! register i holding word i of all of them, and up to 64 blocks are in flight.

use core::arch::x86_64::*;

use super::entry::{Expand, Functions, Usable, decrypt_functions};
use super::sm4_key_schedule::{self, KeySteps, ROUNDS};
use super::vector::{BlockTransform, Vector};

/// In the order of encryption.
pub(super) type RoundKeys = [u32; ROUNDS];

/// The affine maps around the inversion: eight rows of a bit matrix each, and the constant to add.
const BEFORE: i64 = 0x34ac_259e_022d_bc52;
const BEFORE_CONSTANT: i32 = 0x65;
const AFTER: i64 = 0xd72d_8e51_1e6c_8b19_u64.cast_signed();
const AFTER_CONSTANT: i32 = 0xd3;

decrypt_functions! {
    features: ["gfni" "vaes" "aes" "avx2" "bmi2" "avx512f" "avx512bw" "avx512vl"],
    keys: RoundKeys,
    whole: __m512i, 16, Encryption, Decryption;
    stripes: __m512i, 16, Encryption, Decryption;
}

impl Expand for RoundKeys {
    unsafe fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: passed on to the caller; this cipher has no other level.
        unsafe { expand(key) }
    }
}

#[target_feature(enable = "gfni,avx512f,avx512vl")]
fn expand(key: &[u8; 16]) -> RoundKeys {
    // SAFETY: the CPU has these features.
    unsafe { sm4_key_schedule::expand::<Steps>(key) }
}

struct Steps;

impl KeySteps for Steps {
    #[inline(always)]
    unsafe fn substituted(word: u32) -> u32 {
        // SAFETY: passed on to the caller.
        unsafe {
            let word = _mm_cvtsi32_si128(word.cast_signed());
            let word = _mm_gf2p8affine_epi64_epi8::<BEFORE_CONSTANT>(word, _mm_set1_epi64x(BEFORE));
            let word = _mm_gf2p8affineinv_epi64_epi8::<AFTER_CONSTANT>(word, _mm_set1_epi64x(AFTER));
            _mm_cvtsi128_si32(word).cast_unsigned()
        }
    }

    #[inline(always)]
    unsafe fn kept(round_key: u32) -> u32 {
        round_key
    }
}

/// SM4 encryption.
#[derive(Clone, Copy)]
struct Encryption<'k>(&'k RoundKeys);

/// SM4 decryption: the round keys backwards.
#[derive(Clone, Copy)]
struct Decryption<'k>(&'k RoundKeys);

impl BlockTransform<__m512i> for Encryption<'_> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [__m512i; N]) {
        // SAFETY: passed on to the caller.
        unsafe { apply::<N, false>(self.0, blocks) }
    }
}

impl BlockTransform<__m512i> for Decryption<'_> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [__m512i; N]) {
        // SAFETY: passed on to the caller.
        unsafe { apply::<N, true>(self.0, blocks) }
    }
}

/// Up to 16 registers through the cipher, filled up to 4, 8 or 16.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn apply<const N: usize, const BACKWARDS: bool>(keys: &RoundKeys, blocks: &mut [__m512i; N]) {
    // SAFETY: passed on to the caller.
    unsafe {
        match N {
            0..=4 => apply_to_groups::<N, 1, BACKWARDS>(keys, blocks),
            5..=8 => apply_to_groups::<N, 2, BACKWARDS>(keys, blocks),
            9..=12 => apply_to_groups::<N, 3, BACKWARDS>(keys, blocks),
            _ => apply_to_groups::<N, 4, BACKWARDS>(keys, blocks),
        }
    }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn apply_to_groups<const N: usize, const GROUPS: usize, const BACKWARDS: bool>(
    keys: &RoundKeys,
    blocks: &mut [__m512i; N],
) {
    // SAFETY: passed on to the caller.
    unsafe {
        let mut groups = [[__m512i::zero(); 4]; GROUPS];
        for (place, block) in groups.as_flattened_mut().iter_mut().zip(&*blocks) {
            *place = *block;
        }
        crypt_groups::<GROUPS, BACKWARDS>(keys, &mut groups);
        for (block, place) in blocks.iter_mut().zip(groups.as_flattened()) {
            *block = *place;
        }
    }
}

/// SM4 on 16 blocks per group (GB/T 32907 section 7.1).
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
#[inline(never)]
fn crypt_groups<const GROUPS: usize, const BACKWARDS: bool>(keys: &RoundKeys, groups: &mut [[__m512i; 4]; GROUPS]) {
    let mut x = *groups;
    for group in &mut x {
        *group = transposed(swap_bytes(*group));
    }
    for step in 0..ROUNDS / 4 {
        let key = |round: usize| {
            let number = 4 * step + round;
            keys[if BACKWARDS { ROUNDS - 1 - number } else { number }]
        };
        let [k0, k1, k2, k3] = [key(0), key(1), key(2), key(3)].map(|key| _mm512_set1_epi32(key.cast_signed()));
        // Group by group in each round: the groups do not depend on each other, the rounds do.
        for x in &mut x {
            x[0] = round(x[0], [x[1], x[2], x[3]], k0);
        }
        for x in &mut x {
            x[1] = round(x[1], [x[2], x[3], x[0]], k1);
        }
        for x in &mut x {
            x[2] = round(x[2], [x[3], x[0], x[1]], k2);
        }
        for x in &mut x {
            x[3] = round(x[3], [x[0], x[1], x[2]], k3);
        }
    }
    for (group, [x0, x1, x2, x3]) in groups.iter_mut().zip(x) {
        *group = swap_bytes(transposed([x3, x2, x1, x0]));
    }
}

/// One round on word `x` of each block: x + L(S(sum of the other words + key)).
#[target_feature(enable = "gfni,avx512f,avx512vl")]
#[inline]
fn round(x: __m512i, others: [__m512i; 3], key: __m512i) -> __m512i {
    let mixed = _mm512_xor_si512(xor3(others[0], others[1], others[2]), key);
    let t = _mm512_gf2p8affine_epi64_epi8::<BEFORE_CONSTANT>(mixed, _mm512_set1_epi64(BEFORE));
    let t = _mm512_gf2p8affineinv_epi64_epi8::<AFTER_CONSTANT>(t, _mm512_set1_epi64(AFTER));
    // L(t) = t + t<<<2 + t<<<10 + t<<<18 + t<<<24 = t + t<<<24 + (t + t<<<8 + t<<<16)<<<2
    let inner = xor3(t, _mm512_rol_epi32::<8>(t), _mm512_rol_epi32::<16>(t));
    let outer = xor3(x, t, _mm512_rol_epi32::<24>(t));
    _mm512_xor_si512(outer, _mm512_rol_epi32::<2>(inner))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    // The truth table of exclusive or.
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

/// Big-endian words to native ones and back.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn swap_bytes(mut group: [__m512i; 4]) -> [__m512i; 4] {
    let order = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    for blocks in &mut group {
        *blocks = _mm512_shuffle_epi8(*blocks, order);
    }
    group
}

/// Four registers of blocks to four registers of words and back, within each 128-bit lane.
#[target_feature(enable = "avx512f")]
#[inline]
fn transposed([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    [
        _mm512_unpacklo_epi64(ab_low, cd_low),
        _mm512_unpackhi_epi64(ab_low, cd_low),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    ]
}
