//! The cryptographic operations of the protocol, each from its crate: ECDSA and ECDH on P-256, HPKE, SHA-256.

use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::Generate;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::error::{Error, Result};
use super::wire::{Bytes, Fixed, Hash};
use base::secret::{SecretArray, SecretBytes};

/// Bytes of a signature: r and s.
pub const SIGNATURE: usize = 64;

type Suite = DhP256HkdfSha256;

/// A private key for ES256.
pub type PrivateKey = SigningKey;
/// A public key for ES256.
pub type PublicKey = VerifyingKey;

fn no_random(fault: &impl std::fmt::Display) -> Error {
    Error::Internal(format!("no random numbers: {fault}"))
}

/// Random bytes that nobody can guess.
pub fn random<const N: usize>() -> Result<Fixed<N>> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|fault| no_random(&fault))?;
    Ok(Fixed(bytes))
}

/// A random secret.
pub fn random_secret<const N: usize>() -> Result<SecretArray<N>> {
    let mut secret = SecretArray::zeroed();
    getrandom::fill(&mut *secret).map_err(|fault| no_random(&fault))?;
    Ok(secret)
}

/// SHA-256.
pub fn hash(data: &[u8]) -> Hash {
    Fixed(Sha256::digest(data).into())
}

/// A new signing key.
pub fn generate_signing_key() -> Result<PrivateKey> {
    SigningKey::try_generate().map_err(|fault| no_random(&fault))
}

/// The key's 32 secret bytes.
pub fn signing_key_bytes(key: &PrivateKey) -> SecretBytes {
    taken(&mut key.to_bytes())
}

/// A key from its 32 secret bytes.
pub fn signing_key(bytes: &SecretBytes) -> Option<PrivateKey> {
    SigningKey::from_slice(bytes).ok()
}

/// Secret bytes out of a container that is not wiped by itself.
fn taken(bytes: &mut [u8]) -> SecretBytes {
    let secret = SecretBytes::from(&*bytes);
    bytes.zeroize();
    secret
}

/// A signature of RFC 6979 with the lower of the two possible s, so that there is one signature only.
pub fn sign(key: &PrivateKey, data: &[u8]) -> [u8; SIGNATURE] {
    let signature: Signature = key.sign(data);
    signature.normalize_s().to_bytes().into()
}

/// Whether `signature` is the one with the lower s for `data`.
pub fn verify(key: &PublicKey, data: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    let Ok(signature) = Signature::from_slice(signature) else { return false };
    signature.normalize_s() == signature && key.verify(data, &signature).is_ok()
}

/// A private key of the encapsulation (DHKEM with P-256), with its public key as it is sent.
pub struct SealKey {
    private: <Suite as Kem>::PrivateKey,
    public: Bytes,
}

impl SealKey {
    pub fn generate() -> Result<Self> {
        let seed = random_secret::<32>()?;
        let (private, public) = Suite::derive_keypair(&*seed);
        Ok(Self { private, public: Bytes(public.to_bytes().to_vec()) })
    }

    pub fn from_secret(bytes: &SecretBytes) -> Option<Self> {
        let private = <Suite as Kem>::PrivateKey::from_bytes(bytes).ok()?;
        let public = Bytes(Suite::sk_to_pk(&private).to_bytes().to_vec());
        Some(Self { private, public })
    }

    pub fn secret(&self) -> SecretBytes {
        taken(&mut self.private.to_bytes())
    }

    /// The public key, an uncompressed point (65 bytes).
    pub fn public(&self) -> &Bytes {
        &self.public
    }

    /// Opens what [`seal`] made for this key; `None` if it was made for another key or was changed.
    pub fn open(&self, sealed: &Sealed, associated: &[u8]) -> Option<SecretBytes> {
        let encapsulated = <Suite as Kem>::EncappedKey::from_bytes(&sealed.encapsulated.0).ok()?;
        let opened = hpke::single_shot_open::<AesGcm128, HkdfSha256, Suite>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            INFO,
            &sealed.text.0,
            associated,
        );
        opened.ok().map(SecretBytes::from)
    }
}

/// The `info` of RFC 9180: sets this protocol apart from others with the same keys.
// Spelled so since the first version of the protocol: with another label no sealed license could be opened.
const INFO: &[u8] = b"native_drm licence 1";

/// A text that only one private key opens.
pub struct Sealed {
    /// HPKE's `enc`, an uncompressed point.
    pub encapsulated: Bytes,
    /// AES-128-GCM's output with tag.
    pub text: Bytes,
}

/// Whether `bytes` are a public key to seal for.
pub fn is_seal_key(bytes: &Bytes) -> bool {
    <Suite as Kem>::PublicKey::from_bytes(&bytes.0).is_ok()
}

/// Seals `text` for the holder of the public key `recipient` (RFC 9180, base mode).
pub fn seal(recipient: &Bytes, text: &[u8], associated: &[u8]) -> Result<Sealed> {
    let recipient = <Suite as Kem>::PublicKey::from_bytes(&recipient.0)
        .map_err(|_| Error::Malformed { what: "encapsulation key", reason: "not a point of P-256".to_owned() })?;
    let sealed =
        hpke::single_shot_seal::<AesGcm128, HkdfSha256, Suite>(&OpModeS::Base, &recipient, INFO, text, associated);
    let (encapsulated, text) = sealed.map_err(|fault| Error::Internal(format!("HPKE: {fault}")))?;
    Ok(Sealed { encapsulated: Bytes(encapsulated.to_bytes().to_vec()), text: Bytes(text) })
}
