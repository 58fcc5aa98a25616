//! The vocabulary of common encryption.

/// The block cipher. Both have 16-byte keys and 16-byte blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// AES with a 128-bit key (FIPS 197).
    Aes128,
    /// SM4 (GB/T 32907), as ChinaDRM uses it.
    Sm4,
}

/// The protection scheme (ISO/IEC 23001-7 section 10). SM4 content uses the same four layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Counter mode over whole protected ranges.
    Cenc,
    /// Counter mode with a pattern.
    Cens,
    /// CBC over whole protected ranges, chained through the sample.
    Cbc1,
    /// CBC with a pattern, every protected range starting at the IV.
    Cbcs,
}

/// One entry of a sample's subsample table. Same layout as the C interface's `DrmSubsample`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subsample {
    /// Bytes that are in the clear, before the protected ones.
    pub clear: u32,
    /// Bytes of the protected range after them.
    pub protected: u32,
}

/// The encryption pattern of `cens` and `cbcs`: `crypt` encrypted blocks, then `skip` clear ones, and so on.
///
/// `0:0` and `n:0` both mean every whole block. Any other `0:n` would encrypt nothing and is refused by
/// [`Sample::new`](super::Sample::new).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Encrypted blocks of 16 bytes in each repetition.
    pub crypt: u32,
    /// Clear blocks of 16 bytes in each repetition.
    pub skip: u32,
}

impl Pattern {
    /// No pattern, 0:0.
    pub const NONE: Self = Self { crypt: 0, skip: 0 };
}
