//! Keys that are told apart by what they decrypt.

use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme};

/// What AES-128 makes of a block of zeros, the first counter, with a key that consists of one byte.
const FIRST_BLOCKS: [(u8, [u8; 16]); 2] = [
    (7, [0x4c, 0x83, 0xb1, 0x49, 0x0b, 0xd1, 0xa7, 0x2c, 0x53, 0x47, 0x98, 0x46, 0x88, 0x45, 0x91, 0xaf]),
    (8, [0x81, 0x40, 0x08, 0x52, 0x3c, 0xd5, 0x39, 0xdb, 0xbd, 0x8d, 0xb0, 0x7e, 0x3b, 0x7e, 0xbd, 0x5a]),
];

/// A block to decrypt. loom fails the test if its key is wiped meanwhile.
pub struct Block([u8; 16]);

impl Block {
    /// A block of zeros.
    pub fn new() -> Self {
        Self([0; 16])
    }

    /// Lets it be decrypted.
    pub fn decrypt<R>(&mut self, decrypt: impl FnOnce(&Sample<'_>, &mut [u8]) -> R) -> R {
        let sample = Sample::new(Cipher::Aes128, Scheme::Cenc, &[0; 16], Pattern::default(), &[], self.0.len());
        decrypt(&sample.expect("a good sample"), &mut self.0)
    }

    /// The byte that the key consisted of.
    ///
    /// # Panics
    /// If it was none of the keys.
    pub fn key(&self) -> u8 {
        FIRST_BLOCKS.iter().find(|(_, block)| *block == self.0).expect("one of the keys").0
    }
}

/// Decrypts a block and says with which key.
pub fn key_used(key: &ContentKey) -> u8 {
    let mut block = Block::new();
    block.decrypt(|sample, data| sample.decrypt(key, data));
    block.key()
}
