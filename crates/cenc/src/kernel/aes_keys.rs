//! AES-128 round keys for the x86 levels, and the rounds.

use core::arch::x86_64::*;

use super::entry::Expand;
use super::vector::{AesVector, BlockTransform, Vector, hidden};

/// Rounds of AES-128.
const ROUNDS: usize = 10;

/// The round keys of one direction, in the order in which they are used.
pub(super) type Direction = [__m128i; ROUNDS + 1];

/// The round keys of both directions (FIPS 197 section 5.2; decryption by the equivalent inverse cipher, section 5.3.5).
pub(super) struct RoundKeys {
    pub(super) encryption: Direction,
    pub(super) decryption: Direction,
}

impl Expand for RoundKeys {
    unsafe fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: passed on to the caller; every level that has AES functions needs AES and AVX.
        unsafe { Self::expanded(key) }
    }
}

impl RoundKeys {
    /// Expands a key.
    #[target_feature(enable = "aes,avx")]
    fn expanded(key: &[u8; 16]) -> Self {
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

/// One direction's round keys, in the key's own memory.
///
/// They are loaded anew in every round of a batch. Held in registers they would gain nothing (a load per round and batch
/// goes unnoticed beside eight AES instructions), and the compiler would keep those that it has no register for in places
/// on the stack that nobody wipes.
#[derive(Clone, Copy)]
struct KeysInMemory(*const Direction);

impl KeysInMemory {
    /// The same keys, for the next batch. Makes the compiler forget that it has loaded from this address before, or it
    /// would do what is to be avoided.
    #[inline(always)]
    fn for_batch(self) -> Self {
        Self(hidden(self.0))
    }

    /// The key of a round in every block of a register.
    ///
    /// # Safety
    /// As for [`Vector`]; the keys that this was made from are still there.
    #[inline(always)]
    unsafe fn round<V: Vector>(self, number: usize) -> V {
        // SAFETY: passed on to the caller.
        unsafe { V::broadcast((*self.0)[number]) }
    }
}

/// Keeps the blocks of a batch in step. The first one, whose use differs from that of the others, would else go through all of
/// its rounds after them, alone.
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
unsafe fn in_step<V: Vector, const N: usize>(blocks: &mut [V; N]) {
    if N > 1 {
        // SAFETY: passed on to the caller.
        blocks[0] = unsafe { blocks[0].by_now() };
    }
}

/// AES in one direction.
#[derive(Clone, Copy)]
pub(super) struct Rounds<'k, const DECRYPT: bool>(&'k Direction);

/// AES encryption.
pub(super) type Encryption<'k> = Rounds<'k, false>;

/// AES decryption.
pub(super) type Decryption<'k> = Rounds<'k, true>;

impl<'k> Encryption<'k> {
    #[inline(always)]
    pub(super) fn new(keys: &'k RoundKeys) -> Self {
        Self(&keys.encryption)
    }
}

impl<'k> Decryption<'k> {
    #[inline(always)]
    pub(super) fn new(keys: &'k RoundKeys) -> Self {
        Self(&keys.decryption)
    }
}

impl<V: AesVector, const DECRYPT: bool> BlockTransform<V> for Rounds<'_, DECRYPT> {
    #[inline(always)]
    unsafe fn apply<const N: usize>(&self, blocks: &mut [V; N]) {
        let keys = KeysInMemory(self.0).for_batch();
        // SAFETY: `self` borrows the keys. The rest is passed on to the caller.
        unsafe {
            let first = keys.round(0);
            for block in &mut *blocks {
                *block = block.xor(first);
            }
            for number in 1..ROUNDS {
                let key = keys.round(number);
                for block in &mut *blocks {
                    *block = if DECRYPT { block.decrypt_round(key) } else { block.encrypt_round(key) };
                }
                in_step(blocks);
            }
            let last = keys.round(ROUNDS);
            for block in blocks {
                *block = if DECRYPT { block.decrypt_last_round(last) } else { block.encrypt_last_round(last) };
            }
        }
    }
}
