//! Random samples: every level that this CPU has against the block-by-block reference.
//!
//! The seed is printed; `NATIVE_DRM_TEST_SEED` sets it. `NATIVE_DRM_TEST_CASES` sets the number of cases.

mod cenc_common;

use cenc::{Cipher, Pattern, Scheme, Subsample};
use cenc_common::{CIPHERS, Case, Random, assert_decrypts, reference};

fn number_of_cases(default: usize) -> usize {
    std::env::var("NATIVE_DRM_TEST_CASES").map_or(default, |text| text.parse().expect("a number of cases"))
}

fn check(case: &Case, length: usize, random: &mut Random, context: &str) {
    let mut encrypted = vec![0; length];
    random.fill(&mut encrypted);
    let mut clear = encrypted.clone();
    reference::decrypt(case, &mut clear);
    assert_decrypts(case, &encrypted, &clear, &[random.below(64)], context);
}

fn random_scheme_and_pattern(random: &mut Random) -> (Scheme, Pattern) {
    let scheme = random.one_of(&[Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs]);
    if matches!(scheme, Scheme::Cenc | Scheme::Cbc1) {
        return (scheme, Pattern::NONE);
    }
    let common = [(0, 0), (1, 0), (1, 9), (5, 5), (10, 0), (2, 3), (1, 1), (9, 1), (3, 7), (1, 9), (1, u32::MAX)];
    let (crypt, skip) = match random.below(8) {
        0 => (1 + random.below(40), random.below(40)),
        1 => (1, random.below(300)),
        _ => {
            let (crypt, skip): (u32, u32) = random.one_of(&common);
            (crypt as usize, skip as usize)
        }
    };
    (scheme, Pattern { crypt: u32::try_from(crypt).unwrap(), skip: u32::try_from(skip).unwrap() })
}

/// A counter near its wrap half of the time.
fn random_iv(random: &mut Random) -> Vec<u8> {
    if random.below(3) == 0 {
        return random.bytes::<8>().to_vec();
    }
    let mut iv = random.bytes::<16>();
    if random.below(2) == 0 {
        let low = 0u64.wrapping_sub(random.below(70) as u64);
        iv[8..].copy_from_slice(&low.to_be_bytes());
    }
    iv.to_vec()
}

/// Up to 300 subsamples with lengths that favour the edges of blocks and batches.
fn random_table(random: &mut Random, budget: usize) -> Vec<Subsample> {
    let count = match random.below(6) {
        0 => 0,
        1 => 1,
        2..=4 => 1 + random.below(12),
        _ => random.below(301),
    };
    let mut left = budget;
    let mut table = Vec::new();
    for _ in 0..count {
        let clear = [0, random.below(20), random.below(150)][random.below(3)].min(left);
        left -= clear;
        let protected = match random.below(8) {
            0 => 0,
            1 => random.below(16),
            2 => 16 * random.below(40),
            3 => (16 * random.below(70) + random.below(3)).saturating_sub(1),
            4..=6 => random.below(3000),
            _ => random.below(1 + left / 2),
        };
        let protected = protected.min(left);
        left -= protected;
        table.push(Subsample { clear: u32::try_from(clear).unwrap(), protected: u32::try_from(protected).unwrap() });
    }
    table
}

fn random_case(random: &mut Random, cipher: Cipher, budget: usize) -> (Case, usize) {
    let (scheme, pattern) = random_scheme_and_pattern(random);
    let subsamples = random_table(random, budget);
    let sum: u64 = subsamples.iter().map(|entry| u64::from(entry.clear) + u64::from(entry.protected)).sum();
    let length = if subsamples.is_empty() { random.below(budget + 1) } else { usize::try_from(sum).unwrap() };
    (Case { cipher, scheme, pattern, key: random.bytes(), iv: random_iv(random), subsamples }, length)
}

#[test]
fn small_samples() {
    let mut random = Random::from_environment();
    for number in 0..number_of_cases(6000) {
        let budget = random.one_of(&[40, 400, 400, 4096, 4096, 20000]);
        let cipher = CIPHERS[usize::from(number % 4 == 0)];
        let (case, length) = random_case(&mut random, cipher, budget);
        check(&case, length, &mut random, &format!("small case {number}"));
    }
}

#[test]
fn large_samples() {
    let mut random = Random::from_environment();
    for number in 0..number_of_cases(6000) / 200 {
        let cipher = CIPHERS[usize::from(number % 4 == 0)];
        let (case, length) = random_case(&mut random, cipher, 1 << 20);
        check(&case, length, &mut random, &format!("large case {number}"));
    }
}

/// Every length of one range up to a few batches, in every scheme, as a subsample and as a whole sample.
#[test]
fn every_short_length() {
    let mut random = Random::from_environment();
    let patterns = |scheme| match scheme {
        Scheme::Cenc | Scheme::Cbc1 => vec![(0, 0)],
        Scheme::Cens | Scheme::Cbcs => vec![(0, 0), (1, 1), (2, 3), (1, 9)],
    };
    for cipher in CIPHERS {
        let limit = if cipher == Cipher::Aes128 { 1100 } else { 600 };
        for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
            for (crypt, skip) in patterns(scheme) {
                for length in 0..limit {
                    for (clear, subsamples) in [(7, vec![Subsample { clear: 7, protected: length }]), (0, vec![])] {
                        let (key, iv) = (random.bytes(), random_iv(&mut random));
                        let case = Case { cipher, scheme, pattern: Pattern { crypt, skip }, key, iv, subsamples };
                        check(&case, clear + length as usize, &mut random, "short length");
                    }
                }
            }
        }
    }
}

/// Counter mode that starts anywhere in a block and ends anywhere in another.
#[test]
fn every_offset_of_the_key_stream() {
    let mut random = Random::from_environment();
    for cipher in CIPHERS {
        for offset in 0..33 {
            for length in (0..80).chain(500..530).chain(1020..1030) {
                let entry = |protected| Subsample { clear: 1, protected };
                let subsamples = vec![entry(offset), entry(length), entry(3)];
                let (key, iv) = (random.bytes(), random_iv(&mut random));
                let case = Case { cipher, scheme: Scheme::Cenc, pattern: Pattern::NONE, key, iv, subsamples };
                check(&case, (offset + length) as usize + 6, &mut random, "offset");
            }
        }
    }
}
