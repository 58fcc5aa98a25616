//! DHKEM(P-256, HKDF-SHA256) of RFC 9180 with ring's key agreement, for `hpke`, whose key schedule and AEAD are used. It only
//! encapsulates: whoever opens a license has the portable one.

use hpke::hybrid_array::Array;
use hpke::hybrid_array::typenum::U32;
use hpke::kdf::{HkdfSha256, Kdf};
use hpke::kem::{DhP256HkdfSha256, SharedSecret};
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable, HpkeError, Kem, Serializable};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::{SecureRandom, SystemRandom};

type Portable = DhP256HkdfSha256;

/// Bytes of an uncompressed point.
const POINT: usize = 65;
/// `"KEM"` and the algorithm's number: RFC 9180, section 4.1.
const SUITE: [u8; 5] = [b'K', b'E', b'M', 0x00, 0x10];

/// An uncompressed point as it is sent. That it is one of the curve the agreement finds out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point([u8; POINT]);

impl Serializable for Point {
    type OutputSize = <<Portable as Kem>::PublicKey as Serializable>::OutputSize;

    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

impl Deserializable for Point {
    fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
        match encoded.try_into() {
            // The only form that RFC 9180 has (section 7.1.1).
            Ok(bytes) if encoded[0] == 4 => Ok(Self(bytes)),
            Ok(_) => Err(HpkeError::ValidationError),
            Err(_) => Err(HpkeError::IncorrectInputLength(POINT, encoded.len())),
        }
    }
}

/// The sender's half of DHKEM(P-256, HKDF-SHA256).
pub struct RingKem;

impl RingKem {
    /// Section 4.1, `Encap`, with random numbers for the ephemeral key.
    fn encapsulate(recipient: &Point, random: &dyn SecureRandom) -> Result<(SharedSecret<Self>, Point), HpkeError> {
        let failed = |_| HpkeError::EncapError;
        let private = EphemeralPrivateKey::generate(&ECDH_P256, random).map_err(failed)?;
        let public = private.compute_public_key().map_err(failed)?;
        let encapsulated = Point::from_bytes(public.as_ref())?;
        let context = [encapsulated.0, recipient.0].concat();
        let mut secret = SharedSecret::<Self>(Array::default());
        let recipient = UnparsedPublicKey::new(&ECDH_P256, &recipient.0[..]);
        let agreed = agree_ephemeral(private, &recipient, |agreed| {
            HkdfSha256::extract_and_expand(agreed, &SUITE, &context, &mut secret.0)
        });
        agreed.map_err(failed)??;
        Ok((secret, encapsulated))
    }
}

impl Kem for RingKem {
    type PublicKey = Point;
    type PrivateKey = <Portable as Kem>::PrivateKey;
    type EncappedKey = Point;
    type NSecret = U32;

    const KEM_ID: u16 = Portable::KEM_ID;

    fn sk_to_pk(private: &Self::PrivateKey) -> Point {
        point(&Portable::sk_to_pk(private))
    }

    fn derive_keypair(material: &[u8]) -> (Self::PrivateKey, Point) {
        let (private, public) = Portable::derive_keypair(material);
        (private, point(&public))
    }

    fn decap(
        _private: &Self::PrivateKey,
        _sender: Option<&Point>,
        _encapsulated: &Point,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        Err(HpkeError::DecapError)
    }

    /// Takes ring's random numbers, not the generator's.
    fn encap_with_rng(
        recipient: &Point,
        sender: Option<(&Self::PrivateKey, &Point)>,
        _random: &mut impl CryptoRng,
    ) -> Result<(SharedSecret<Self>, Point), HpkeError> {
        // Base mode only.
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        Self::encapsulate(recipient, &SystemRandom::new())
    }
}

fn point(public: &<Portable as Kem>::PublicKey) -> Point {
    let mut bytes = [0; POINT];
    public.write_exact(&mut bytes);
    Point(bytes)
}

#[cfg(test)]
mod tests {
    // ring has no other way to fix a random number.
    #![allow(deprecated)]

    use hpke::aead::AesGcm128;
    use hpke::{OpModeS, setup_receiver, setup_sender};
    use ring::test::rand::FixedSliceRandom;

    use super::*;

    // RFC 9180, appendix A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
    const EPHEMERAL_PRIVATE: &str = "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb";
    const ENCAPSULATED: &str = "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4";
    const RECIPIENT_PRIVATE: &str = "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2";
    const RECIPIENT: &str = "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0";
    const SHARED_SECRET: &str = "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8";
    const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    const ASSOCIATED: &str = "436f756e742d30";
    const TEXT: &str = "4265617574792069732074727574682c20747275746820626561757479";
    const SEALED: &str = "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434";

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// [`RingKem`] with the ephemeral key of the test vectors.
    struct Fixed;

    impl Kem for Fixed {
        type PublicKey = Point;
        type PrivateKey = <RingKem as Kem>::PrivateKey;
        type EncappedKey = Point;
        type NSecret = U32;

        const KEM_ID: u16 = RingKem::KEM_ID;

        fn sk_to_pk(private: &Self::PrivateKey) -> Point {
            RingKem::sk_to_pk(private)
        }

        fn derive_keypair(material: &[u8]) -> (Self::PrivateKey, Point) {
            RingKem::derive_keypair(material)
        }

        fn decap(
            _private: &Self::PrivateKey,
            _sender: Option<&Point>,
            _encapsulated: &Point,
        ) -> Result<SharedSecret<Self>, HpkeError> {
            Err(HpkeError::DecapError)
        }

        fn encap_with_rng(
            recipient: &Point,
            _sender: Option<(&Self::PrivateKey, &Point)>,
            _random: &mut impl CryptoRng,
        ) -> Result<(SharedSecret<Self>, Point), HpkeError> {
            let scalar = bytes(EPHEMERAL_PRIVATE);
            let (secret, encapsulated) = RingKem::encapsulate(recipient, &FixedSliceRandom { bytes: &scalar })?;
            assert_eq!(hex::encode(secret.0), SHARED_SECRET);
            Ok((SharedSecret(secret.0), encapsulated))
        }
    }

    #[test]
    fn the_known_answer_of_rfc_9180() {
        let recipient = Point::from_bytes(&bytes(RECIPIENT)).unwrap();
        let (encapsulated, mut context) =
            setup_sender::<AesGcm128, HkdfSha256, Fixed>(&OpModeS::Base, &recipient, &bytes(INFO)).unwrap();
        assert_eq!(hex::encode(encapsulated.to_bytes()), ENCAPSULATED);
        let sealed = context.seal(&bytes(TEXT), &bytes(ASSOCIATED)).unwrap();
        assert_eq!(hex::encode(sealed), SEALED);
    }

    #[test]
    fn the_portable_receiver_has_the_same_known_answer() {
        let private = <Portable as Kem>::PrivateKey::from_bytes(&bytes(RECIPIENT_PRIVATE)).unwrap();
        let encapsulated = <Portable as Kem>::EncappedKey::from_bytes(&bytes(ENCAPSULATED)).unwrap();
        let mut context = setup_receiver::<AesGcm128, HkdfSha256, Portable>(
            &hpke::OpModeR::Base,
            &private,
            &encapsulated,
            &bytes(INFO),
        )
        .unwrap();
        assert_eq!(context.open(&bytes(SEALED), &bytes(ASSOCIATED)).unwrap(), bytes(TEXT));
        assert_eq!(hex::encode(Portable::sk_to_pk(&private).to_bytes()), RECIPIENT);
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let good = bytes(RECIPIENT);
        let encap = |point: &Point| RingKem::encapsulate(point, &SystemRandom::new()).map(drop);
        encap(&Point::from_bytes(&good).unwrap()).unwrap();
        for bit in 0..good.len() * 8 {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // One coordinate belongs to two points only, which differ in more than one bit.
            let refused = Point::from_bytes(&changed).and_then(|point| encap(&point));
            assert!(refused.is_err(), "bit {bit}");
        }
        for wrong in [&[][..], &good[..64], &[&good[..], &[0]].concat(), &[0], &[&[2], &good[1..33]].concat()] {
            assert!(Point::from_bytes(wrong).is_err());
        }
        assert!(encap(&Point::from_bytes(&[&[4][..], &[0; 64]].concat()).unwrap()).is_err());
    }
}
