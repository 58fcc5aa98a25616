//! SM4 by AES's S-box, for processors with AES instructions and without those that SM4 itself would want.
//!
//! Why it can be done, and in this basis: [`super::sm4_affine`]. As there are four words in a block and each round needs one of them,
//! four registers of blocks are turned into four registers of words, a group. A round of a group is 22 instructions in a chain of more
//! than a dozen cycles, so up to four groups are in flight.
//!
//! | file | registers | AES's S-box |
//! |---|---|---|
//! | `xmm` | 128 bits | AES-NI |
//! | `ymm_halves` | 256 bits (AVX2) | AES-NI, on either half |
//! | `ymm` | 256 bits (AVX2) | VAES |

#![allow(
    clippy::needless_range_loop,
    reason = "iterators and closures are functions without the level's features, if not inlined"
)]

use core::arch::x86_64::*;

use super::entry::Expand;
use super::sm4_affine::{ByteMap, INTO_BASIS, KEY_INTO_BASIS, OUT_OF_BASIS, P, Q, SUBSTITUTED, UNSHIFTED};
use super::sm4_key_schedule::{self, KeySteps, ROUNDS};
use super::vector::{AesVector, Vector, hidden};

pub(super) mod xmm;
pub(super) mod ymm;
pub(super) mod ymm_halves;

/// In the order of encryption, each as it lies in memory and in the basis of the rounds.
pub(super) struct RoundKeys([u32; ROUNDS]);

impl Expand for RoundKeys {
    unsafe fn expand(key: &[u8; 16]) -> Self {
        // SAFETY: passed on to the caller; all levels with these keys need AES and AVX.
        unsafe { Self(expand(key)) }
    }
}

#[target_feature(enable = "aes,avx")]
fn expand(key: &[u8; 16]) -> [u32; ROUNDS] {
    // SAFETY: the CPU has AES and AVX.
    unsafe { sm4_key_schedule::expand::<Steps>(key) }
}

struct Steps;

impl KeySteps for Steps {
    #[inline(always)]
    unsafe fn substituted(value: u32) -> u32 {
        // SAFETY: passed on to the caller.
        unsafe {
            let shifted = Whole::substituted(mapped(&TABLES.key_into_basis, word(value)));
            first_word(mapped(&TABLES.substituted, shifted.shuffled(lanes(&TABLES.unshifted[0]))))
        }
    }

    #[inline(always)]
    unsafe fn kept(round_key: u32) -> u32 {
        // SAFETY: passed on to the caller.
        unsafe { first_word(mapped(&TABLES.key_into_basis, word(round_key.to_be()))) }
    }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn word(value: u32) -> __m128i {
    // SAFETY: passed on to the caller.
    unsafe { _mm_cvtsi32_si128(value.cast_signed()) }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn first_word(of: __m128i) -> u32 {
    // SAFETY: passed on to the caller.
    unsafe { _mm_cvtsi128_si32(of).cast_unsigned() }
}

/// A register as 32-bit words and as bytes.
///
/// # Safety
/// As for [`Vector`].
trait WordVector: Vector {
    /// The same word in every place.
    unsafe fn words(word: u32) -> Self;

    unsafe fn and(self, other: Self) -> Self;

    /// The upper half of each byte, and something else above it.
    unsafe fn upper_halves(self) -> Self;

    /// In each 128-bit lane, the bytes that `order` names by number; numbers are below 16.
    unsafe fn shuffled(self, order: Self) -> Self;

    /// Four registers of blocks to four registers of words and back, within each 128-bit lane.
    unsafe fn transposed(group: [Self; 4]) -> [Self; 4];
}

/// A way to AES's S-box.
///
/// # Safety
/// As for [`Vector`].
trait AesSBox<V> {
    /// AES's S-box and ShiftRows on each 128-bit lane.
    unsafe fn substituted(value: V) -> V;
}

/// The instruction on a whole register.
struct Whole;

impl<V: AesVector> AesSBox<V> for Whole {
    #[inline(always)]
    unsafe fn substituted(value: V) -> V {
        // SAFETY: passed on to the caller.
        unsafe { value.encrypt_last_round(V::zero()) }
    }
}

/// What shuffles need, twice, as the widest register has two lanes.
type Lanes = [[u8; 16]; 2];

/// A byte map for shuffles.
struct Lookup {
    low: Lanes,
    high: Lanes,
}

impl Lookup {
    const fn new(map: ByteMap) -> Self {
        Self { low: [map.low; 2], high: [map.high; 2] }
    }
}

#[repr(align(64))]
struct Tables {
    lower_halves: Lanes,
    p: Lookup,
    q: Lookup,
    unshifted: [Lanes; 4],
    into_basis: Lookup,
    out_of_basis: Lookup,
    key_into_basis: Lookup,
    substituted: Lookup,
}

static TABLES: Tables = Tables {
    lower_halves: [[0x0f; 16]; 2],
    p: Lookup::new(P),
    q: Lookup::new(Q),
    unshifted: [[UNSHIFTED[0]; 2], [UNSHIFTED[1]; 2], [UNSHIFTED[2]; 2], [UNSHIFTED[3]; 2]],
    into_basis: Lookup::new(INTO_BASIS),
    out_of_basis: Lookup::new(OUT_OF_BASIS),
    key_into_basis: Lookup::new(KEY_INTO_BASIS),
    substituted: Lookup::new(SUBSTITUTED),
};

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn lanes<V: Vector>(lanes: &Lanes) -> V {
    const { assert!(V::BYTES <= size_of::<Lanes>()) };
    // SAFETY: reads the array, which is as long as a register or longer. The rest is passed on to the caller.
    unsafe { V::load((&raw const *lanes).cast()) }
}

/// Both halves of each byte, as indices of a table.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn halves<V: WordVector>(tables: &Tables, value: V) -> (V, V) {
    // SAFETY: passed on to the caller.
    unsafe {
        let lower = lanes(&tables.lower_halves);
        (value.and(lower), value.upper_halves().and(lower))
    }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn looked_up<V: WordVector>(map: &Lookup, (low, high): (V, V)) -> V {
    // SAFETY: passed on to the caller.
    unsafe { lanes::<V>(&map.low).shuffled(low).xor(lanes::<V>(&map.high).shuffled(high)) }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn mapped<V: WordVector>(map: &Lookup, value: V) -> V {
    // SAFETY: passed on to the caller.
    unsafe { looked_up(map, halves(&TABLES, value)) }
}

/// L(S(`mixed`)), where `mixed` is the sum of three words and the key.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn substituted<V: WordVector, S: AesSBox<V>>(tables: &Tables, mixed: V) -> V {
    // SAFETY: `hidden` gives the address that it was given. The rest is passed on to the caller.
    unsafe {
        let halves = halves(tables, S::substituted(mixed));
        let (p, q) = (looked_up(&tables.p, halves), looked_up(&tables.q, halves));
        // Operands in memory, which leave the registers to others.
        let [by_0, by_8, by_16, by_24] = &*hidden(&raw const tables.unshifted);
        let outer = p.shuffled(lanes(by_0)).xor(p.xor(q).shuffled(lanes(by_24)));
        outer.xor(q.shuffled(lanes(by_8)).xor(q.shuffled(lanes(by_16))))
    }
}

/// SM4 on a register's worth of blocks four times per group (GB/T 32907 section 7.1), with the keys backwards or not.
///
/// The words of a round and of the next one give the key away. So they are only where they do not stay: in registers, which the
/// library wipes, and in `groups`, where the outcome takes their place. Left alone, the compiler would keep tables and words in
/// registers and move some of the words to the stack, where nobody wipes them. The words of a single group have room in registers
/// if the tables have not.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn crypt<V: WordVector, S: AesSBox<V>, const GROUPS: usize, const BACKWARDS: bool>(
    keys: &RoundKeys,
    groups: &mut [[V; 4]; GROUPS],
) {
    // SAFETY: `hidden` gives what it was given: addresses of a static and of a group, which nobody else uses. The rest is
    // passed on to the caller.
    unsafe {
        let mut newest = [V::zero(); GROUPS];
        for g in 0..GROUPS {
            let [a, b, c, d] = groups[g];
            let into = &TABLES.into_basis;
            groups[g] = V::transposed([mapped(into, a), mapped(into, b), mapped(into, c), mapped(into, d)]);
            // The next round waits for it: its way through memory would take too long.
            newest[g] = groups[g][3];
        }
        for step in 0..ROUNDS / 4 {
            for round in 0..4 {
                let number = 4 * step + round;
                let key = V::words(keys.0[if BACKWARDS { ROUNDS - 1 - number } else { number }]);
                // The groups do not depend on each other, the rounds do.
                for g in 0..GROUPS {
                    let several = GROUPS > 1;
                    let tables = if several { &TABLES } else { &*hidden(&raw const TABLES) };
                    let x = if several { &mut *hidden(&raw mut groups[g]) } else { &mut groups[g] };
                    let mixed = x[(round + 1) % 4].xor(x[(round + 2) % 4]).xor(key).xor(newest[g]);
                    newest[g] = x[round].xor(substituted::<V, S>(tables, mixed));
                    x[round] = newest[g];
                }
            }
        }
        for g in 0..GROUPS {
            let [x0, x1, x2, x3] = groups[g];
            let [a, b, c, d] = V::transposed([x3, x2, x1, x0]);
            let out_of = &TABLES.out_of_basis;
            groups[g] = [mapped(out_of, a), mapped(out_of, b), mapped(out_of, c), mapped(out_of, d)];
        }
    }
}

/// Defines a level: both directions of the cipher on registers, and the functions that decrypt samples.
macro_rules! sm4_by_aes {
    (features: [$($feature:tt)+], register: $register:ty, s_box: $s_box:ty) => {
        use $crate::kernel::entry::{Functions, Usable, decrypt_functions};
        use $crate::kernel::sm4_aes::{RoundKeys, crypt};
        use $crate::kernel::vector::{BlockTransform, Vector};

        decrypt_functions! {
            features: [$($feature)+],
            keys: RoundKeys,
            whole: $register, 16, Encryption, Decryption;
            stripes: $register, 16, Encryption, Decryption;
        }

        /// SM4 encryption.
        #[derive(Clone, Copy)]
        struct Encryption<'k>(&'k RoundKeys);

        /// SM4 decryption: the round keys backwards.
        #[derive(Clone, Copy)]
        struct Decryption<'k>(&'k RoundKeys);

        impl BlockTransform<$register> for Encryption<'_> {
            #[inline(always)]
            unsafe fn apply<const N: usize>(&self, blocks: &mut [$register; N]) {
                // SAFETY: passed on to the caller.
                unsafe { apply::<N, false>(self.0, blocks) }
            }
        }

        impl BlockTransform<$register> for Decryption<'_> {
            #[inline(always)]
            unsafe fn apply<const N: usize>(&self, blocks: &mut [$register; N]) {
                // SAFETY: passed on to the caller.
                unsafe { apply::<N, true>(self.0, blocks) }
            }
        }

        /// Up to 16 registers through the cipher, filled up to a multiple of four.
        ///
        /// # Safety
        /// As for [`Vector`].
        #[inline(always)]
        unsafe fn apply<const N: usize, const BACKWARDS: bool>(keys: &RoundKeys, blocks: &mut [$register; N]) {
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
            blocks: &mut [$register; N],
        ) {
            // SAFETY: passed on to the caller.
            unsafe {
                let mut groups = [[<$register>::zero(); 4]; GROUPS];
                for i in 0..N {
                    groups[i / 4][i % 4] = blocks[i];
                }
                crypt_groups::<GROUPS, BACKWARDS>(keys, &mut groups);
                for i in 0..N {
                    blocks[i] = groups[i / 4][i % 4];
                }
            }
        }

        $(#[target_feature(enable = $feature)])+
        #[inline(never)]
        fn crypt_groups<const GROUPS: usize, const BACKWARDS: bool>(
            keys: &RoundKeys,
            groups: &mut [[$register; 4]; GROUPS],
        ) {
            // SAFETY: this function is compiled for the features, so whoever calls it knows the CPU to have them.
            unsafe { crypt::<$register, $s_box, GROUPS, BACKWARDS>(keys, groups) }
        }
    };
}

use sm4_by_aes;
