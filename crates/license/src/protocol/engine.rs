//! The service's public-key operations behind a trait: a server may have faster ones than the library, which has [`Portable`].
//!
//! Whatever one engine makes the others accept, and none accepts what another refuses.

use std::fmt;

use p256::ecdsa::Signature;

use super::crypto::{PrivateKey, PublicKey, SIGNATURE, Sealed, seal, sign, verify};
use super::error::Result;
use super::wire::Bytes;

/// Signs with a key that it has.
pub trait Sign: Send + Sync {
    /// An ES256 signature, the lower s of the two that are possible.
    ///
    /// # Errors
    /// [`Error::Internal`](super::Error::Internal) where the system has no random numbers.
    fn sign(&self, data: &[u8]) -> Result<[u8; SIGNATURE]>;
}

impl Sign for PrivateKey {
    fn sign(&self, data: &[u8]) -> Result<[u8; SIGNATURE]> {
        Ok(sign(self, data))
    }
}

/// Public-key operations on P-256.
pub trait Engine: Send + Sync + fmt::Debug {
    /// Takes a key to sign with.
    ///
    /// # Errors
    /// [`Error::Internal`](super::Error::Internal) if it cannot be used, or kept.
    fn signer(&self, key: PrivateKey) -> Result<Box<dyn Sign>>;

    /// Whether `signature` is the one with the lower s for `data`.
    fn verify(&self, key: &PublicKey, data: &[u8], signature: &[u8; SIGNATURE]) -> bool;

    /// Seals `text` for the holder of the public key `recipient` (RFC 9180, base mode, [`SEAL_INFO`](super::service_side::SEAL_INFO)).
    ///
    /// # Errors
    /// [`Error::Malformed`](super::Error::Malformed) if `recipient` is no key; [`Error::Internal`](super::Error::Internal).
    fn seal(&self, recipient: &Bytes, text: &[u8], associated: &[u8]) -> Result<Sealed>;
}

/// The operations of the crates `p256` and `hpke`: everywhere the same, without a C compiler.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

impl Engine for Portable {
    fn signer(&self, key: PrivateKey) -> Result<Box<dyn Sign>> {
        Ok(Box::new(key))
    }

    fn verify(&self, key: &PublicKey, data: &[u8], signature: &[u8; SIGNATURE]) -> bool {
        verify(key, data, signature)
    }

    fn seal(&self, recipient: &Bytes, text: &[u8], associated: &[u8]) -> Result<Sealed> {
        seal(recipient, text, associated)
    }
}

/// Whether a signature has the lower of the two possible s; false for what is no signature.
pub fn is_normalized(signature: &[u8; SIGNATURE]) -> bool {
    Signature::from_slice(signature).is_ok_and(|signature| signature.normalize_s() == signature)
}

/// The same signature with the lower of the two possible s; `None` for what is no signature.
pub fn normalized(signature: &[u8; SIGNATURE]) -> Option<[u8; SIGNATURE]> {
    Signature::from_slice(signature).ok().map(|signature| signature.normalize_s().to_bytes().into())
}
