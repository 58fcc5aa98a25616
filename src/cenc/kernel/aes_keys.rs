//! AES-128 round keys for the x86 levels, and the rounds.

use core::arch::asm;
use core::arch::x86_64::*;

use super::vector::{AesVector, BlockTransform, Vector};

/// Rounds of AES-128.
const ROUNDS: usize = 10;

/// The round keys of one direction, in the order in which they are used.
pub(super) type Direction = [__m128i; ROUNDS + 1];

/// The round keys of both directions (FIPS 197 section 5.2; decryption by the equivalent inverse cipher, section 5.3.5).
pub(super) struct RoundKeys {
    pub(super) encryption: Direction,
    pub(super) decryption: Direction,
}

impl RoundKeys {
    /// Expands a key.
    #[target_feature(enable = "aes,avx")]
    pub(super) fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: reads the 16 bytes of the array.
        let first = unsafe { _mm_loadu_si128(key.as_ptr().cast()) };
        let mut encryption = [first; ROUNDS + 1];
        encryption[1] = next_round_key::<0x01>(encryption[0]);
        encryption[2] = next_round_key::<0x02>(encryption[1]);
        encryption[3] = next_round_key::<0x04>(encryption[2]);
        encryption[4] = next_round_key::<0x08>(encryption[3]);
        encryption[5] = next_round_key::<0x10>(encryption[4]);
        encryption[6] = next_round_key::<0x20>(encryption[5]);
        encryption[7] = next_round_key::<0x40>(encryption[6]);
        encryption[8] = next_round_key::<0x80>(encryption[7]);
        encryption[9] = next_round_key::<0x1b>(encryption[8]);
        encryption[10] = next_round_key::<0x36>(encryption[9]);
        let mut decryption = encryption;
        decryption.reverse();
        for key in &mut decryption[1..ROUNDS] {
            *key = _mm_aesimc_si128(*key);
        }
        Self { encryption, decryption }
    }
}

#[target_feature(enable = "aes,avx")]
#[inline]
fn next_round_key<const ROUND_CONSTANT: i32>(key: __m128i) -> __m128i {
    let word = _mm_shuffle_epi32::<0xff>(_mm_aeskeygenassist_si128::<ROUND_CONSTANT>(key));
    // Each word becomes the sum of itself and all words before it.
    let key = _mm_xor_si128(key, _mm_slli_si128::<4>(key));
    let key = _mm_xor_si128(key, _mm_slli_si128::<8>(key));
    _mm_xor_si128(key, word)
}

/// Where a kernel has one direction's round keys while it works.
///
/// # Safety
///
/// As for [`Vector`].
pub(super) trait KeySource<V>: Copy {
    unsafe fn new(keys: &Direction) -> Self;

    /// The key of a round in every block of a register.
    unsafe fn round(&self, number: usize) -> V;

    /// The same, for the next batch.
    fn renewed(&self) -> Self;
}

/// In registers, for levels that have 32 of them.
#[derive(Clone, Copy)]
pub(super) struct Held<V>([V; ROUNDS + 1]);

impl<V: Vector> KeySource<V> for Held<V> {
    #[inline(always)]
    unsafe fn new(keys: &Direction) -> Self {
        // SAFETY: passed on to the caller.
        unsafe {
            let mut held = [V::zero(); ROUNDS + 1];
            for (place, key) in held.iter_mut().zip(keys) {
                *place = V::broadcast(*key);
            }
            Self(held)
        }
    }

    #[inline(always)]
    unsafe fn round(&self, number: usize) -> V {
        self.0[number]
    }

    #[inline(always)]
    fn renewed(&self) -> Self {
        *self
    }
}

/// In memory, loaded anew in every round of a batch, for levels with 16 registers.
#[derive(Clone, Copy)]
pub(super) struct InMemory(*const Direction);

impl<V: Vector> KeySource<V> for InMemory {
    #[inline(always)]
    unsafe fn new(keys: &Direction) -> Self {
        Self(keys)
    }

    #[inline(always)]
    unsafe fn round(&self, number: usize) -> V {
        // SAFETY: `new` got a reference, which lives until the kernel returns. The rest is passed on to the caller.
        unsafe { V::broadcast((*self.0)[number]) }
    }

    /// Makes the compiler forget that it has loaded from this address before. Otherwise it would load all keys ahead of the
    /// loop over the batches, run out of registers, and keep copies of the keys on the stack.
    #[inline(always)]
    #[allow(clippy::pointers_in_nomem_asm_block, reason = "the pointer is copied, not followed")]
    fn renewed(&self) -> Self {
        let mut address = self.0;
        // SAFETY: no instruction at all.
        unsafe { asm!("/* {0} */", inout(reg) address, options(nomem, nostack, preserves_flags)) };
        Self(address)
    }
}

/// AES encryption.
pub(super) struct Encryption<K>(K);

impl<K> Encryption<K> {
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(super) unsafe fn new<V>(keys: &RoundKeys) -> Self
    where
        K: KeySource<V>,
    {
        // SAFETY: passed on to the caller.
        Self(unsafe { K::new(&keys.encryption) })
    }
}

impl<V: AesVector, K: KeySource<V>> BlockTransform<V> for Encryption<K> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [V; N]) {
        let keys = self.0.renewed();
        // SAFETY: passed on to the caller.
        unsafe {
            let first = keys.round(0);
            for block in &mut *blocks {
                *block = block.xor(first);
            }
            for number in 1..ROUNDS {
                let key = keys.round(number);
                for block in &mut *blocks {
                    *block = block.encrypt_round(key);
                }
            }
            let last = keys.round(ROUNDS);
            for block in blocks {
                *block = block.encrypt_last_round(last);
            }
        }
    }
}

/// AES decryption.
pub(super) struct Decryption<K>(K);

impl<K> Decryption<K> {
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    pub(super) unsafe fn new<V>(keys: &RoundKeys) -> Self
    where
        K: KeySource<V>,
    {
        // SAFETY: passed on to the caller.
        Self(unsafe { K::new(&keys.decryption) })
    }
}

impl<V: AesVector, K: KeySource<V>> BlockTransform<V> for Decryption<K> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [V; N]) {
        let keys = self.0.renewed();
        // SAFETY: passed on to the caller.
        unsafe {
            let first = keys.round(0);
            for block in &mut *blocks {
                *block = block.xor(first);
            }
            for number in 1..ROUNDS {
                let key = keys.round(number);
                for block in &mut *blocks {
                    *block = block.decrypt_round(key);
                }
            }
            let last = keys.round(ROUNDS);
            for block in blocks {
                *block = block.decrypt_last_round(last);
            }
        }
    }
}
