//! Base64 (RFC 4648) as the DRM formats use it, over the `base64` crate.
//!
//! Each format gets exactly the variant its specification names: padded standard base64 (`cenc:pssh`, ClearPlay),
//! unpadded base64url (W3C EME), and standard base64 with optional padding (what OpenHarmony's ClearPlay reads).

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, DecodeSliceError, Engine};

use crate::secret::{SecretBytes, SecretString};

const STRICT_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new());
const STRICT_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
const LENIENT_STANDARD: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Text that is not base64 of the variant asked for. The text itself is not in it: it may be a part of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what} at byte {offset}: {reason}")]
pub struct Error {
    /// What the text was to be, in the words of whoever asked.
    pub what: &'static str,
    /// Offset of the offending byte in the text.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

/// One of the three variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// RFC 4648 section 4, padding required, no stray bits.
    Standard,
    /// RFC 4648 section 5 without padding, no stray bits (W3C EME, "Using base64url").
    Url,
    /// As `Standard`, but padding may be missing and unused bits may be set, as OpenHarmony's ClearPlay reads it.
    Lenient,
}

impl Variant {
    const fn engine(self) -> &'static GeneralPurpose {
        match self {
            Self::Standard => &STRICT_STANDARD,
            Self::Url => &STRICT_URL,
            Self::Lenient => &LENIENT_STANDARD,
        }
    }

    /// Encodes `data`. `Lenient` writes padding.
    pub fn encode(self, data: &[u8]) -> String {
        self.engine().encode(data)
    }

    /// As [`Variant::encode`] for key material.
    pub fn encode_secret(self, data: &[u8]) -> SecretString {
        self.encode(data).into()
    }

    /// Decodes `text`, which the error calls `what`.
    ///
    /// # Errors
    /// For characters outside the alphabet, an impossible length, and padding or unused bits that the variant does not
    /// allow.
    pub fn decode(self, what: &'static str, text: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
        self.engine().decode(text.as_ref()).map_err(|fault| error(what, &fault))
    }

    /// As [`Variant::decode`] for key material: no copy of the result stays behind, not even after a failure.
    ///
    /// # Errors
    /// As [`Variant::decode`].
    ///
    /// # Panics
    /// Never: the `base64` crate's estimate of the decoded length is an upper bound.
    pub fn decode_secret(self, what: &'static str, text: impl AsRef<[u8]>) -> Result<SecretBytes, Error> {
        let text = text.as_ref();
        let mut buffer = SecretBytes::from(vec![0; base64::decoded_len_estimate(text.len())]);
        let length = self.engine().decode_slice(text, &mut buffer).map_err(|fault| match fault {
            DecodeSliceError::DecodeError(fault) => error(what, &fault),
            DecodeSliceError::OutputSliceTooSmall => unreachable!("the estimate is an upper bound"),
        })?;
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// The crate's own messages show the offending character, which may be part of a key; these do not.
fn error(what: &'static str, fault: &DecodeError) -> Error {
    let (offset, reason) = match *fault {
        DecodeError::InvalidByte(offset, _) => (offset, "not a base64 character"),
        DecodeError::InvalidLength(length) => (length, "incomplete base64"),
        DecodeError::InvalidLastSymbol { offset, .. } => (offset, "unused bits set in the last base64 character"),
        DecodeError::InvalidPadding => (0, "wrong base64 padding"),
    };
    Error { what, offset, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_takes_its_own_form_only() {
        // RFC 4648, section 10, and the two alphabets' last characters.
        let decode = |variant: Variant, text: &str| variant.decode("text", text).ok();
        assert_eq!(decode(Variant::Standard, "Zm9vYg=="), Some(b"foob".to_vec()));
        assert_eq!(decode(Variant::Url, "Zm9vYg"), Some(b"foob".to_vec()));
        assert_eq!(decode(Variant::Lenient, "Zm9vYg"), Some(b"foob".to_vec()));
        assert_eq!(decode(Variant::Lenient, "Zm9vYg=="), Some(b"foob".to_vec()));
        assert_eq!(decode(Variant::Lenient, "Zm9vYh=="), Some(b"foob".to_vec()));
        assert_eq!(decode(Variant::Standard, "+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decode(Variant::Url, "-_8"), Some(vec![0xfb, 0xff]));
        for (variant, text) in [
            (Variant::Standard, "Zm9vYg"),
            (Variant::Standard, "Zm9vYh=="),
            (Variant::Standard, "-_8="),
            (Variant::Standard, "Zm9v\nYg=="),
            (Variant::Url, "Zm9vYg=="),
            (Variant::Url, "Zm9vYh"),
            (Variant::Url, "+/8"),
            (Variant::Lenient, "Z"),
            (Variant::Lenient, "Zm9v Yg"),
        ] {
            assert_eq!(decode(variant, text), None, "{variant:?} {text}");
        }
        assert_eq!(Variant::Url.encode(&[0xfb, 0xff]), "-_8");
        assert_eq!(Variant::Lenient.encode(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn secrets_are_decoded_alike_and_messages_do_not_quote() {
        for text in ["", "AA==", "AAA=", "AAAA", "AAECAwQFBgcICQoLDA0ODw=="] {
            let plain = Variant::Standard.decode("text", text).unwrap();
            assert_eq!(&*Variant::Standard.decode_secret("text", text).unwrap(), &plain[..]);
        }
        let message = Variant::Standard.decode_secret("key", "AAE*").unwrap_err().to_string();
        assert_eq!(message, "malformed key at byte 3: not a base64 character");
    }
}
