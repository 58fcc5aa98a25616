//! AES-128 round keys for ARMv8, and the rounds.

use core::arch::aarch64::*;

use super::entry::Expand;
use super::vector::{BlockTransform, Vector, hidden};

/// Rounds of AES-128.
const ROUNDS: usize = 10;

/// The round keys of one direction, in the order in which they are used.
type Direction = [uint8x16_t; ROUNDS + 1];

/// The round keys of both directions (FIPS 197 section 5.2; decryption by the equivalent inverse cipher, section 5.3.5).
pub(super) struct RoundKeys {
    encryption: Direction,
    decryption: Direction,
}

impl Expand for RoundKeys {
    unsafe fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: passed on to the caller; every level that has AES functions needs AES and NEON.
        unsafe { Self::expanded(key) }
    }
}

impl RoundKeys {
    /// Expands a key.
    #[target_feature(enable = "aes,neon")]
    fn expanded(key: &[u8; 16]) -> Self {
        const CONSTANTS: [u32; ROUNDS] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];
        // SAFETY: reads the 16 bytes of the array.
        let first = unsafe { vld1q_u8(key.as_ptr()) };
        let mut encryption = [first; ROUNDS + 1];
        for (round, constant) in CONSTANTS.into_iter().enumerate() {
            encryption[round + 1] = next_round_key(encryption[round], constant);
        }
        let mut decryption = encryption;
        decryption.reverse();
        for key in &mut decryption[1..ROUNDS] {
            *key = vaesimcq_u8(*key);
        }
        Self { encryption, decryption }
    }
}

#[target_feature(enable = "aes,neon")]
#[inline]
fn next_round_key(key: uint8x16_t, constant: u32) -> uint8x16_t {
    let (key, zero) = (vreinterpretq_u32_u8(key), vdupq_n_u32(0));
    // With four columns alike, ShiftRows changes nothing: what AESE does to them is SubBytes.
    let word = vaeseq_u8(vreinterpretq_u8_u32(vdupq_laneq_u32::<3>(key)), vdupq_n_u8(0));
    let word = vreinterpretq_u32_u8(word);
    // RotWord: the first byte is the lowest one here.
    let word = vorrq_u32(vshrq_n_u32::<8>(word), vshlq_n_u32::<24>(word));
    // Each word becomes the sum of itself and all words before it.
    let key = veorq_u32(key, vextq_u32::<3>(zero, key));
    let key = veorq_u32(key, vextq_u32::<2>(zero, key));
    vreinterpretq_u8_u32(veorq_u32(veorq_u32(key, word), vdupq_n_u32(constant)))
}

/// AES in one direction.
#[derive(Clone, Copy)]
pub(super) struct Rounds<'k, const DECRYPT: bool> {
    /// The key's own memory.
    memory: &'k Direction,
    /// What was read from there.
    keys: Direction,
}

/// AES encryption.
pub(super) type Encryption<'k> = Rounds<'k, false>;

/// AES decryption.
pub(super) type Decryption<'k> = Rounds<'k, true>;

impl<'k> Encryption<'k> {
    #[inline(always)]
    pub(super) fn new(keys: &'k RoundKeys) -> Self {
        Self { memory: &keys.encryption, keys: keys.encryption }
    }
}

impl<'k> Decryption<'k> {
    #[inline(always)]
    pub(super) fn new(keys: &'k RoundKeys) -> Self {
        Self { memory: &keys.decryption, keys: keys.decryption }
    }
}

impl<const DECRYPT: bool> BlockTransform<uint8x16_t> for Rounds<'_, DECRYPT> {
    /// There are registers enough for the keys and the blocks of a batch, so the loop over batches keeps the keys in them. What comes
    /// after it reads them anew: they would have to be kept on the stack for it, which nobody wipes.
    #[inline(always)]
    fn for_batches(self) -> Self {
        // SAFETY: the address of what `self` borrows.
        let memory = unsafe { &*hidden(core::ptr::from_ref(self.memory)) };
        Self { memory, keys: *memory }
    }

    /// AESE and AESD begin with the addition of the key, so the last key is added by itself.
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [uint8x16_t; N]) {
        // SAFETY: passed on to the caller.
        unsafe {
            for key in &self.keys[..ROUNDS - 1] {
                for block in &mut *blocks {
                    *block = if DECRYPT { decrypt_round(*block, *key) } else { encrypt_round(*block, *key) };
                }
            }
            let (key, last) = (self.keys[ROUNDS - 1], self.keys[ROUNDS]);
            for block in blocks {
                *block =
                    if DECRYPT { decrypt_last_round(*block, key) } else { encrypt_last_round(*block, key) }.xor(last);
            }
        }
    }
}

// The pairs of instructions stand together: many processors do them as one.

#[target_feature(enable = "aes")]
#[inline]
fn encrypt_round(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    vaesmcq_u8(vaeseq_u8(block, key))
}

#[target_feature(enable = "aes")]
#[inline]
fn encrypt_last_round(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    vaeseq_u8(block, key)
}

#[target_feature(enable = "aes")]
#[inline]
fn decrypt_round(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    vaesimcq_u8(vaesdq_u8(block, key))
}

#[target_feature(enable = "aes")]
#[inline]
fn decrypt_last_round(block: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    vaesdq_u8(block, key)
}
