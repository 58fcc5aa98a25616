//! SM4 with ARMv8's AES instructions, for CPUs without SM4 instructions: AESE between maps of bytes (see `sm4_affine`).
//!
//! A cipher block is four words, and each round needs one word of every block. So four blocks lie in four registers,
//! register i holding word i of all of them, and up to eight blocks are in flight: with more, the registers would not do.

use core::arch::aarch64::*;

use super::entry::{Expand, Functions, Usable, decrypt_functions};
use super::sm4_affine::{ByteMap, D, INTO_BASIS, KEY_INTO_BASIS, OUT_OF_BASIS, Q, SUBSTITUTED, UNSHIFTED};
use super::sm4_key_schedule::{self, KeySteps, ROUNDS};
use super::vector::{BlockTransform, Vector};

/// In the order of encryption, mapped into the basis that rounds work in, bytes in memory order.
pub(super) type RoundKeys = [u32; ROUNDS];

decrypt_functions! {
    features: ["aes" "neon"],
    keys: RoundKeys,
    whole: uint8x16_t, 8, Encryption, Decryption;
    stripes: uint8x16_t, 8, Encryption, Decryption;
}

impl Expand for RoundKeys {
    unsafe fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: passed on to the caller; this cipher has no other level.
        unsafe { expand(key) }
    }
}

#[target_feature(enable = "aes,neon")]
fn expand(key: &[u8; 16]) -> RoundKeys {
    // SAFETY: the CPU has AES.
    unsafe { sm4_key_schedule::expand::<Steps>(key) }
}

struct Steps;

impl KeySteps for Steps {
    #[inline(always)]
    unsafe fn substituted(value: u32) -> u32 {
        // SAFETY: passed on to the caller.
        unsafe {
            let input = map(columns(value), tables(&KEY_INTO_BASIS));
            // With four columns alike, ShiftRows changes nothing.
            word(map(sub_bytes_and_shift_rows(input, vdupq_n_u8(0)), tables(&SUBSTITUTED)))
        }
    }

    #[inline(always)]
    unsafe fn kept(round_key: u32) -> u32 {
        // SAFETY: passed on to the caller.
        unsafe { word(map(columns(round_key), tables(&KEY_INTO_BASIS))).to_be() }
    }
}

/// The same word four times.
#[target_feature(enable = "neon")]
#[inline]
fn columns(word: u32) -> uint8x16_t {
    vreinterpretq_u8_u32(vdupq_n_u32(word))
}

/// The first word.
#[target_feature(enable = "neon")]
#[inline]
fn word(columns: uint8x16_t) -> u32 {
    vgetq_lane_u32::<0>(vreinterpretq_u32_u8(columns))
}

/// The two tables of a [`ByteMap`].
type Tables = [uint8x16_t; 2];

#[target_feature(enable = "neon")]
#[inline]
fn tables(map: &ByteMap) -> Tables {
    // SAFETY: reads arrays of 16 bytes.
    unsafe { [vld1q_u8(map.low.as_ptr()), vld1q_u8(map.high.as_ptr())] }
}

/// Maps each byte.
#[target_feature(enable = "neon")]
#[inline]
fn map(bytes: uint8x16_t, tables: Tables) -> uint8x16_t {
    map_halves(halves(bytes), tables)
}

/// The lower and the upper half of each byte.
#[target_feature(enable = "neon")]
#[inline]
fn halves(bytes: uint8x16_t) -> [uint8x16_t; 2] {
    [vandq_u8(bytes, vdupq_n_u8(15)), vshrq_n_u8::<4>(bytes)]
}

#[target_feature(enable = "neon")]
#[inline]
fn map_halves(halves: [uint8x16_t; 2], tables: Tables) -> uint8x16_t {
    veorq_u8(vqtbl1q_u8(tables[0], halves[0]), vqtbl1q_u8(tables[1], halves[1]))
}

/// AES's SubBytes and ShiftRows on the sum.
#[target_feature(enable = "aes")]
#[inline]
fn sub_bytes_and_shift_rows(bytes: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    vaeseq_u8(bytes, key)
}

/// SM4 encryption.
#[derive(Clone, Copy)]
struct Encryption<'k>(&'k RoundKeys);

/// SM4 decryption: the round keys backwards.
#[derive(Clone, Copy)]
struct Decryption<'k>(&'k RoundKeys);

impl BlockTransform<uint8x16_t> for Encryption<'_> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [uint8x16_t; N]) {
        // SAFETY: passed on to the caller.
        unsafe { apply::<N, false>(self.0, blocks) }
    }
}

impl BlockTransform<uint8x16_t> for Decryption<'_> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [uint8x16_t; N]) {
        // SAFETY: passed on to the caller.
        unsafe { apply::<N, true>(self.0, blocks) }
    }
}

/// Up to eight blocks through the cipher, filled up to 4 or 8.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn apply<const N: usize, const BACKWARDS: bool>(keys: &RoundKeys, blocks: &mut [uint8x16_t; N]) {
    // SAFETY: passed on to the caller.
    unsafe {
        if N <= 4 {
            apply_to_groups::<N, 1, BACKWARDS>(keys, blocks);
        } else {
            apply_to_groups::<N, 2, BACKWARDS>(keys, blocks);
        }
    }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn apply_to_groups<const N: usize, const GROUPS: usize, const BACKWARDS: bool>(
    keys: &RoundKeys,
    blocks: &mut [uint8x16_t; N],
) {
    // SAFETY: passed on to the caller.
    unsafe {
        let mut groups = [[uint8x16_t::zero(); 4]; GROUPS];
        for i in 0..N {
            groups[i / 4][i % 4] = blocks[i];
        }
        crypt_groups::<GROUPS, BACKWARDS>(keys, &mut groups);
        for i in 0..N {
            blocks[i] = groups[i / 4][i % 4];
        }
    }
}

/// SM4 on four blocks per group (GB/T 32907 section 7.1).
#[target_feature(enable = "aes,neon")]
#[inline(never)]
fn crypt_groups<const GROUPS: usize, const BACKWARDS: bool>(keys: &RoundKeys, groups: &mut [[uint8x16_t; 4]; GROUPS]) {
    let (into_basis, out_of_basis) = (tables(&INTO_BASIS), tables(&OUT_OF_BASIS));
    let linear = Linear::new();
    let mut x = [[linear.rotated; 4]; GROUPS];
    for i in 0..GROUPS {
        x[i] = to_words(&groups[i]);
        for words in &mut x[i] {
            *words = map(*words, into_basis);
        }
    }
    for step in 0..ROUNDS / 4 {
        let first = if BACKWARDS { ROUNDS - 4 * (step + 1) } else { 4 * step };
        let [k0, k1, k2, k3] = four_keys(keys, first);
        let [k0, k1, k2, k3] = if BACKWARDS { [k3, k2, k1, k0] } else { [k0, k1, k2, k3] };
        two_rounds::<GROUPS, 0>(&mut x, k0, k1, &linear);
        two_rounds::<GROUPS, 2>(&mut x, k2, k3, &linear);
    }
    for i in 0..GROUPS {
        for words in &mut x[i] {
            *words = map(*words, out_of_basis);
        }
        // What comes last is the first word of the outcome.
        let [x0, x1, x2, x3] = x[i];
        from_words([x3, x2, x1, x0], &mut groups[i]);
    }
}

/// The round keys from number `first` on, each for every block.
#[target_feature(enable = "neon")]
#[inline]
fn four_keys(keys: &RoundKeys, first: usize) -> [uint8x16_t; 4] {
    let keys: &[u32; 4] = keys[first..].first_chunk().expect("a multiple of four below the number of rounds");
    // SAFETY: reads the array.
    let uint32x4x4_t(a, b, c, d) = unsafe { vld4q_dup_u32(keys.as_ptr()) };
    [vreinterpretq_u8_u32(a), vreinterpretq_u8_u32(b), vreinterpretq_u8_u32(c), vreinterpretq_u8_u32(d)]
}

/// Two rounds, on words `FIRST` and `FIRST + 1`, which share the sum of the other two. Group by group in each round: the groups do not
/// depend on each other, the rounds do.
#[target_feature(enable = "aes,neon")]
#[inline]
fn two_rounds<const GROUPS: usize, const FIRST: usize>(
    groups: &mut [[uint8x16_t; 4]; GROUPS],
    first_key: uint8x16_t,
    second_key: uint8x16_t,
    linear: &Linear,
) {
    let mut shared = [linear.rotated; GROUPS];
    for i in 0..GROUPS {
        let x = &mut groups[i];
        shared[i] = veorq_u8(x[(FIRST + 2) % 4], x[(FIRST + 3) % 4]);
        x[FIRST] = round(x[FIRST], veorq_u8(shared[i], x[FIRST + 1]), first_key, linear);
    }
    for i in 0..GROUPS {
        let x = &mut groups[i];
        x[FIRST + 1] = round(x[FIRST + 1], veorq_u8(shared[i], x[FIRST]), second_key, linear);
    }
}

/// What follows AES's S-box in a round.
struct Linear {
    q: Tables,
    d: Tables,
    /// Undoes ShiftRows and rotates by three bytes.
    unshifted: uint8x16_t,
    /// Rotates by a byte.
    rotated: uint8x16_t,
}

impl Linear {
    #[target_feature(enable = "neon")]
    #[inline]
    fn new() -> Self {
        const ROTATED: [u8; 16] = [1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12];
        // SAFETY: reads arrays of 16 bytes.
        let [unshifted, rotated] = unsafe { [vld1q_u8(UNSHIFTED[3].as_ptr()), vld1q_u8(ROTATED.as_ptr())] };
        Self { q: tables(&Q), d: tables(&D), unshifted, rotated }
    }
}

/// One round on word `x` of each block: x + L(S(sum of the other words + key)).
#[target_feature(enable = "aes,neon")]
#[inline]
fn round(x: uint8x16_t, others: uint8x16_t, key: uint8x16_t, linear: &Linear) -> uint8x16_t {
    let bytes = vqtbl1q_u8(sub_bytes_and_shift_rows(others, key), linear.unshifted);
    let halves = halves(bytes);
    let (q, d) = (map_halves(halves, linear.q), map_halves(halves, linear.d));
    // With t rotated by three bytes, L(t) is MixColumns(Q) + D + D<<<8.
    veorq_u8(veorq_u8(x, d), veorq_u8(vqtbl1q_u8(d, linear.rotated), vaesmcq_u8(q)))
}

/// Four blocks as four registers of words: register i has word i of each.
#[target_feature(enable = "neon")]
#[inline]
fn to_words(blocks: &[uint8x16_t; 4]) -> [uint8x16_t; 4] {
    // SAFETY: reads four blocks.
    let uint32x4x4_t(a, b, c, d) = unsafe { vld4q_u32(blocks.as_ptr().cast()) };
    [vreinterpretq_u8_u32(a), vreinterpretq_u8_u32(b), vreinterpretq_u8_u32(c), vreinterpretq_u8_u32(d)]
}

/// And back.
#[target_feature(enable = "neon")]
#[inline]
fn from_words([a, b, c, d]: [uint8x16_t; 4], blocks: &mut [uint8x16_t; 4]) {
    let words = uint32x4x4_t(
        vreinterpretq_u32_u8(a),
        vreinterpretq_u32_u8(b),
        vreinterpretq_u32_u8(c),
        vreinterpretq_u32_u8(d),
    );
    // SAFETY: writes four blocks.
    unsafe { vst4q_u32(blocks.as_mut_ptr().cast(), words) };
}
