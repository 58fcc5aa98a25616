//! The license service's public-key operations on `ring`, several times as fast as the portable ones. It is in the server through
//! TLS anyway; the library stays without it ([why](../../../docs/decisions/service-crypto.md)).
//!
//! Everything goes through [`Ring`], an [`Engine`] that makes and accepts exactly what the portable one does.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::must_use_candidate)]

mod kem;

use base::secret::{SlabBox, on_clean_stack};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::{Deserializable, OpModeS, Serializable};
use license::protocol::service_side::{
    Engine, PrivateKey, PublicKey, SEAL_INFO, SIGNATURE, Sealed, Sign, is_normalized, normalized, signing_key_bytes,
};
use license::protocol::{Bytes, Error, Result};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};

use kem::{Point, RingKem};

/// The operations of `ring`. Unlike the portable ones, signatures are not the same each time: ring's take random numbers and
/// the key itself to choose theirs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring;

/// A key where core dumps leave it out. It is wiped when it is dropped.
struct Signer(SlabBox<EcdsaKeyPair>);

fn internal(what: &str) -> Error {
    Error::Internal(format!("ring: {what}"))
}

impl Sign for Signer {
    fn sign(&self, data: &[u8]) -> Result<[u8; SIGNATURE]> {
        // ring does not wipe what it derives its random number from.
        let signature = on_clean_stack(|| self.0.sign(&SystemRandom::new(), data));
        let signature = signature.map_err(|_| internal("no random numbers"))?;
        let signature = signature.as_ref().try_into().ok().and_then(normalized);
        signature.ok_or_else(|| internal("a signature of another form"))
    }
}

impl Engine for Ring {
    fn signer(&self, key: PrivateKey) -> Result<Box<dyn Sign>> {
        let public = key.verifying_key().to_sec1_point(false);
        let scalar = signing_key_bytes(&key);
        drop(key);
        let pair = on_clean_stack(|| {
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let random = SystemRandom::new();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &scalar, public.as_bytes(), &random);
            let pair = pair.map_err(|_| internal("the signing key is not accepted"))?;
            SlabBox::new(|| pair).map_err(|fault| Error::Internal(fault.to_string()))
        })?;
        Ok(Box::new(Signer(pair)))
    }

    fn verify(&self, key: &PublicKey, data: &[u8], signature: &[u8; SIGNATURE]) -> bool {
        let point = key.to_sec1_point(false);
        is_normalized(signature)
            && UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.as_bytes()).verify(data, signature).is_ok()
    }

    fn seal(&self, recipient: &Bytes, text: &[u8], associated: &[u8]) -> Result<Sealed> {
        let recipient = Point::from_bytes(&recipient.0)
            .map_err(|_| Error::Malformed { what: "encapsulation key", reason: "not a point of P-256".to_owned() })?;
        // Neither does it wipe ephemeral keys.
        let sealed = on_clean_stack(|| {
            let mode = OpModeS::Base;
            hpke::single_shot_seal::<AesGcm128, HkdfSha256, RingKem>(&mode, &recipient, SEAL_INFO, text, associated)
        });
        let (encapsulated, text) = sealed.map_err(|fault| Error::Internal(format!("HPKE: {fault}")))?;
        Ok(Sealed { encapsulated: Bytes(encapsulated.to_bytes().to_vec()), text: Bytes(text) })
    }
}
