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
use base::secret::{SecretArray, SecretBytes, SlabBox};

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

/// Bytes of a private key, where core dumps leave them out.
struct KeptScalar(SlabBox<SecretArray<32>>);

impl KeptScalar {
    /// Wipes what it is given.
    fn take(bytes: &mut [u8]) -> Result<Self> {
        let kept = SlabBox::new(|| SecretArray::from_slice(bytes).unwrap_or_else(SecretArray::zeroed));
        bytes.zeroize();
        kept.map(Self).map_err(|fault| Error::Internal(fault.to_string()))
    }
}

/// A device's private key for ES256, which lives as long as its device. It is where core dumps do not see it, but for the time of
/// a signature. Whoever uses it does so on a stack that is wiped (`base::secret::on_clean_stack`).
pub struct KeptSigningKey {
    scalar: KeptScalar,
    public: PublicKey,
}

impl KeptSigningKey {
    pub fn generate() -> Result<Self> {
        Self::keep(&generate_signing_key()?)
    }

    pub fn from_secret(bytes: &SecretBytes) -> Result<Self> {
        let bad = || Error::Malformed { what: "device identity", reason: "bad signing key".to_owned() };
        Self::keep(&signing_key(bytes).ok_or_else(bad)?)
    }

    fn keep(key: &PrivateKey) -> Result<Self> {
        Ok(Self { scalar: KeptScalar::take(&mut key.to_bytes())?, public: *key.verifying_key() })
    }

    pub fn secret(&self) -> SecretBytes {
        SecretBytes::from(&self.scalar.0[..])
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Lends the key.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is none any more.
    pub fn with<T>(&self, action: impl FnOnce(&PrivateKey) -> T) -> Result<T> {
        let key = SigningKey::from_slice(&self.scalar.0[..]);
        key.map(|key| action(&key)).map_err(|fault| Error::Internal(format!("signing key: {fault}")))
    }
}

/// A private key of the encapsulation (DHKEM with P-256), with its public key as it is sent. It is kept as a
/// [`KeptSigningKey`] is.
pub struct SealKey {
    private: KeptScalar,
    public: Bytes,
}

impl SealKey {
    pub fn generate() -> Result<Self> {
        let seed = random_secret::<32>()?;
        let (private, public) = Suite::derive_keypair(&*seed);
        let public = Bytes(public.to_bytes().to_vec());
        Ok(Self { private: KeptScalar::take(&mut private.to_bytes())?, public })
    }

    pub fn from_secret(bytes: &SecretBytes) -> Result<Self> {
        let bad = |_| Error::Malformed { what: "device identity", reason: "bad encapsulation key".to_owned() };
        let private = <Suite as Kem>::PrivateKey::from_bytes(bytes).map_err(bad)?;
        let public = Bytes(Suite::sk_to_pk(&private).to_bytes().to_vec());
        Ok(Self { private: KeptScalar::take(&mut private.to_bytes())?, public })
    }

    pub fn secret(&self) -> SecretBytes {
        SecretBytes::from(&self.private.0[..])
    }

    /// The public key, an uncompressed point (65 bytes).
    pub fn public(&self) -> &Bytes {
        &self.public
    }

    /// Opens what [`seal`] made for this key; `None` if it was made for another key or was changed.
    pub fn open(&self, sealed: &Sealed, associated: &[u8]) -> Option<SecretBytes> {
        let encapsulated = <Suite as Kem>::EncappedKey::from_bytes(&sealed.encapsulated.0).ok()?;
        let private = <Suite as Kem>::PrivateKey::from_bytes(&self.private.0[..]).ok()?;
        let opened = hpke::single_shot_open::<AesGcm128, HkdfSha256, Suite>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            SEAL_INFO,
            &sealed.text.0,
            associated,
        );
        opened.ok().map(SecretBytes::from)
    }
}

/// The `info` of RFC 9180: sets this protocol apart from others with the same keys.
// Spelled so since the first version of the protocol: with another label no sealed license could be opened.
pub const SEAL_INFO: &[u8] = b"native_drm licence 1";

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
        hpke::single_shot_seal::<AesGcm128, HkdfSha256, Suite>(&OpModeS::Base, &recipient, SEAL_INFO, text, associated);
    let (encapsulated, text) = sealed.map_err(|fault| Error::Internal(format!("HPKE: {fault}")))?;
    Ok(Sealed { encapsulated: Bytes(encapsulated.to_bytes().to_vec()), text: Bytes(text) })
}
