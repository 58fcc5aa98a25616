//! How samples are encrypted.

use cenc::{Cipher, Pattern, Scheme};

use crate::FourCc;

/// A protection scheme as a file names it (`schm`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemeType {
    /// The four-character code: `cenc`, `cens`, `cbc1`, `cbcs`, `piff`, ….
    pub code: FourCc,
}

/// How samples are encrypted that have these in common: from `tenc`, a `seig` group, or PIFF's boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The scheme as the file names it.
    pub scheme_type: SchemeType,
    /// The cipher and layout; none if the scheme is not known here.
    pub method: Option<(Cipher, Scheme)>,
    /// Whether samples are encrypted at all.
    pub is_protected: bool,
    /// Encrypted and clear blocks in turn; 0:0 where the scheme has no pattern.
    pub pattern: Pattern,
    /// Bytes of each sample's IV: 8 or 16; 0 if all have the constant one.
    pub iv_size: u8,
    /// The key id; zeros where keys rotate and each `seig` group names its own.
    pub key_id: [u8; 16],
    /// The IV of all samples; empty if each has its own.
    pub constant_iv: Vec<u8>,
}

impl SchemeType {
    /// The cipher and layout of common encryption (ISO/IEC 23001-7, section 4.2), and of ChinaDRM's `sm4c` (SM4-CBC, all
    /// blocks) and `sm4s` (SM4-CBC with a pattern). None for other schemes. PIFF's depends on the algorithm id beside the
    /// key id.
    pub fn method(self) -> Option<(Cipher, Scheme)> {
        Some(match &self.code.0 {
            b"cenc" => (Cipher::Aes128, Scheme::Cenc),
            b"cens" => (Cipher::Aes128, Scheme::Cens),
            b"cbc1" => (Cipher::Aes128, Scheme::Cbc1),
            b"cbcs" => (Cipher::Aes128, Scheme::Cbcs),
            b"sm4c" => (Cipher::Sm4, Scheme::Cbc1),
            b"sm4s" => (Cipher::Sm4, Scheme::Cbcs),
            _ => return None,
        })
    }
}

/// The cipher and layout of an algorithm id of PIFF 1.1 (section 5.3.2): 1 is AES-CTR, 2 AES-CBC.
pub(crate) fn piff_method(algorithm: u32) -> Option<(Cipher, Scheme)> {
    match algorithm {
        1 => Some((Cipher::Aes128, Scheme::Cenc)),
        2 => Some((Cipher::Aes128, Scheme::Cbc1)),
        _ => None,
    }
}
