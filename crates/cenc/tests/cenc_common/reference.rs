//! Decryption as ISO/IEC 23001-7 words it: one block after the other, with the plain block ciphers.

use super::Case;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use cenc::{Cipher, Scheme, Subsample};

enum BlockCipher {
    Aes(Box<aes::Aes128>),
    Sm4(sm4::Sm4),
}

impl BlockCipher {
    fn new(cipher: Cipher, key: [u8; 16]) -> Self {
        match cipher {
            Cipher::Aes128 => Self::Aes(Box::new(aes::Aes128::new(&Array(key)))),
            Cipher::Sm4 => Self::Sm4(sm4::Sm4::new(&Array(key))),
        }
    }

    fn encrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = Array(block);
        match self {
            Self::Aes(cipher) => cipher.encrypt_block(&mut block),
            Self::Sm4(cipher) => cipher.encrypt_block(&mut block),
        }
        block.0
    }

    fn decrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = Array(block);
        match self {
            Self::Aes(cipher) => cipher.decrypt_block(&mut block),
            Self::Sm4(cipher) => cipher.decrypt_block(&mut block),
        }
        block.0
    }
}

/// Decrypts in place.
pub fn decrypt(case: &Case, data: &mut [u8]) {
    let cipher = BlockCipher::new(case.cipher, case.key);
    let mut iv = [0; 16];
    iv[..case.iv.len()].copy_from_slice(&case.iv);
    let whole = [Subsample { clear: 0, protected: u32::try_from(data.len()).unwrap() }];
    let table = if case.subsamples.is_empty() { &whole[..] } else { &case.subsamples };
    let ranges = ranges(table);
    match case.scheme {
        Scheme::Cenc => {
            for (position, at) in ranges.into_iter().flatten().enumerate() {
                data[at] ^= cipher.encrypt(counter(iv, position / 16))[position % 16];
            }
        }
        Scheme::Cens => {
            let blocks = ranges.into_iter().flat_map(|range| encrypted_blocks(case, range));
            for (position, at) in blocks.enumerate() {
                let stream = cipher.encrypt(counter(iv, position));
                (0..16).for_each(|byte| data[at + byte] ^= stream[byte]);
            }
        }
        Scheme::Cbc1 | Scheme::Cbcs => {
            let mut previous = iv;
            for range in ranges {
                if case.scheme == Scheme::Cbcs {
                    previous = iv;
                }
                for at in encrypted_blocks(case, range) {
                    let encrypted: [u8; 16] = data[at..at + 16].try_into().unwrap();
                    let clear = cipher.decrypt(encrypted);
                    (0..16).for_each(|byte| data[at + byte] = clear[byte] ^ previous[byte]);
                    previous = encrypted;
                }
            }
        }
    }
}

/// The protected ranges.
fn ranges(table: &[Subsample]) -> Vec<std::ops::Range<usize>> {
    let mut at = 0;
    let mut ranges = Vec::new();
    for entry in table {
        let start = at + entry.clear as usize;
        at = start + entry.protected as usize;
        ranges.push(start..at);
    }
    ranges
}

/// Offsets of the encrypted blocks of a range: block n of it is encrypted if n modulo the pattern's length says so.
fn encrypted_blocks(case: &Case, range: std::ops::Range<usize>) -> Vec<usize> {
    let (crypt, skip) = (case.pattern.crypt as usize, case.pattern.skip as usize);
    let whole = range.len() / 16;
    let encrypted = (0..whole).filter(|block| skip == 0 || block % (crypt + skip) < crypt);
    encrypted.map(|block| range.start + block * 16).collect()
}

/// Counter block number `position`: the low 64 bits wrap without a carry.
fn counter(iv: [u8; 16], position: usize) -> [u8; 16] {
    let mut block = iv;
    let low = u64::from_be_bytes(iv[8..].try_into().unwrap());
    block[8..].copy_from_slice(&low.wrapping_add(position as u64).to_be_bytes());
    block
}
