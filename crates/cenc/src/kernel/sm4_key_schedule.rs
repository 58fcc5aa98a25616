//! SM4's key schedule (GB/T 32907 section 7.3), for levels that have the S-box by some instructions but not the schedule itself.

pub(super) const ROUNDS: usize = 32;

/// What is added to the key's words.
pub(super) const FAMILY_KEY: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

/// What is added in a round: byte j of the constant of round i is 7 * (4 * i + j).
pub(super) const CONSTANTS: [u32; ROUNDS] = {
    let mut constants = [0; ROUNDS];
    let mut round = 0;
    while round < ROUNDS {
        let first = 28 * round;
        constants[round] = u32::from_be_bytes([first as u8, (first + 7) as u8, (first + 14) as u8, (first + 21) as u8]);
        round += 1;
    }
    constants
};

/// What a level gives to the schedule.
///
/// # Safety
/// As for [`super::vector::Vector`].
pub(super) trait KeySteps {
    /// The S-box on each byte of a word.
    unsafe fn substituted(word: u32) -> u32;

    /// A round key in the form in which the level's rounds take it.
    unsafe fn kept(round_key: u32) -> u32;
}

/// The round keys in the order of encryption.
///
/// # Safety
/// As for [`super::vector::Vector`].
#[inline(always)]
pub(super) unsafe fn expand<S: KeySteps>(key: &[u8; 16]) -> [u32; ROUNDS] {
    let mut words = [0; 4];
    for ((word, bytes), family) in words.iter_mut().zip(key.as_chunks::<4>().0).zip(FAMILY_KEY) {
        *word = u32::from_be_bytes(*bytes) ^ family;
    }
    let mut round_keys = [0; ROUNDS];
    for (key, constant) in round_keys.iter_mut().zip(CONSTANTS) {
        // SAFETY: passed on to the caller.
        let mixed = unsafe { S::substituted(words[1] ^ words[2] ^ words[3] ^ constant) };
        let next = words[0] ^ mixed ^ mixed.rotate_left(13) ^ mixed.rotate_left(23);
        words = [words[1], words[2], words[3], next];
        // SAFETY: passed on to the caller.
        *key = unsafe { S::kept(next) };
    }
    round_keys
}
