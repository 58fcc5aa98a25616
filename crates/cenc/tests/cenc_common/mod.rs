//! What the tests of sample decryption share.

#![allow(dead_code, reason = "each test program uses its own part of this")]

pub mod reference;

use cenc::kernel::Level;
use cenc::{Batch, Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};

pub const CIPHERS: [Cipher; 2] = [Cipher::Aes128, Cipher::Sm4];

/// A sample's description without borrowed parts.
#[derive(Clone, Debug)]
pub struct Case {
    pub cipher: Cipher,
    pub scheme: Scheme,
    pub pattern: Pattern,
    pub key: [u8; 16],
    pub iv: Vec<u8>,
    pub subsamples: Vec<Subsample>,
}

impl Case {
    /// Decrypts in place with a key of the given level.
    pub fn decrypt(&self, level: Level, data: &mut [u8]) {
        let key = ContentKey::with_level(&self.key, level).expect("memory for a key");
        let sample = Sample::new(self.cipher, self.scheme, &self.iv, self.pattern, &self.subsamples, data.len());
        let sample = sample.expect("a legal sample");
        let mut other = data.to_vec();
        sample.decrypt(&key, data);
        Batch::new().decrypt(&key, &sample, &mut other);
        assert!(other == data, "a batch makes something else of it");
    }
}

/// Decrypts at every level that this CPU has, at several alignments and with guard bytes on both sides, and compares.
pub fn assert_decrypts(case: &Case, encrypted: &[u8], clear: &[u8], alignments: &[usize], context: &str) {
    const GUARD: usize = 96;
    for level in Level::available() {
        for &alignment in alignments {
            let mut memory = vec![0xa5; encrypted.len() + 2 * GUARD + 64];
            let start = GUARD + memory[GUARD..].as_ptr().align_offset(64) + alignment;
            let range = start..start + encrypted.len();
            memory[range.clone()].copy_from_slice(encrypted);
            case.decrypt(level, &mut memory[range.clone()]);
            let place = format!("{context}, level {}, alignment {alignment}", level.name());
            if let Some(at) = (0..clear.len()).find(|&at| memory[start + at] != clear[at]) {
                panic!("{place}: byte {at} of {} differs: {}", clear.len(), describe(case));
            }
            let outside = memory[..range.start].iter().chain(&memory[range.end..]);
            assert!(outside.copied().all(|byte| byte == 0xa5), "{place}: wrote outside: {}", describe(case));

            // At the end of an allocation: AddressSanitizer sees a read beyond it.
            let mut memory = vec![0; alignment];
            memory.extend_from_slice(encrypted);
            memory.shrink_to_fit();
            case.decrypt(level, &mut memory[alignment..]);
            assert!(memory[alignment..] == *clear, "{place}: differs at the end of memory: {}", describe(case));
        }
    }
}

/// A case in words that fit a screen.
fn describe(case: &Case) -> String {
    let table: Vec<_> = case.subsamples.iter().map(|entry| (entry.clear, entry.protected)).collect();
    let (shown, more) = table.split_at(table.len().min(20));
    let Pattern { crypt, skip } = case.pattern;
    let Case { cipher, scheme, iv, .. } = case;
    format!("{cipher:?} {scheme:?} {crypt}:{skip} iv {iv:02x?} subsamples {shown:?} and {} more", more.len())
}

pub fn scheme(name: &str) -> Scheme {
    match name {
        "cenc" => Scheme::Cenc,
        "cens" => Scheme::Cens,
        "cbc1" => Scheme::Cbc1,
        "cbcs" => Scheme::Cbcs,
        other => panic!("scheme {other}"),
    }
}

pub fn cipher(name: &str) -> Cipher {
    match name {
        "AES-128" => Cipher::Aes128,
        "SM4" => Cipher::Sm4,
        other => panic!("cipher {other}"),
    }
}

/// SplitMix64: small, and good enough to choose test cases.
pub struct Random(u64);

impl Random {
    /// Seeded from `NATIVE_DRM_TEST_SEED` or else the clock. Prints the seed, which a failing test shows.
    pub fn from_environment() -> Self {
        let seed = match std::env::var("NATIVE_DRM_TEST_SEED") {
            Ok(text) => text.parse().expect("NATIVE_DRM_TEST_SEED is a decimal number"),
            Err(_) => {
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                now.expect("a clock after 1970").subsec_nanos().into()
            }
        };
        println!("NATIVE_DRM_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}
