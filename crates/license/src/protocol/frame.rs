//! The frame of every message: its kind, and its sender's signature.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `NDLP` |
//! | 1 | version, 1 |
//! | 1 | kind |
//! | n | body: JSON, bytes in it as unpadded base64url |
//! | 64 | ES256 signature of everything before it: r, s, the lower of the two possible s |
//!
//! Every bit is signed or signature, and the signature has one form only: a message with any bit changed is refused.

use super::crypto::{PublicKey, SIGNATURE, verify};
use super::engine::{Engine, Sign};
use super::error::Result as Done;
use super::rejection::Rejection;

const MARK: &[u8; 4] = b"NDLP";
const VERSION: u8 = 1;
const HEADER: usize = 6;
/// Bytes in the longest message.
pub const MAX_MESSAGE: usize = 1 << 18;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// From a device without a certificate.
    ProvisionRequest = 1,
    /// Certificates for it.
    ProvisionResponse = 2,
    /// For a license, its renewal or its release.
    Request = 3,
    /// A license, new or renewed.
    License = 4,
    /// Acknowledges a release.
    ReleaseAcknowledgement = 5,
}

impl Kind {
    /// Name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProvisionRequest => "provisioning request",
            Self::ProvisionResponse => "provisioning response",
            Self::Request => "license request",
            Self::License => "license",
            Self::ReleaseAcknowledgement => "release acknowledgement",
        }
    }
}

/// A message taken apart, its signature not yet looked at.
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its content, JSON.
    pub body: &'a [u8],
    signed: &'a [u8],
    signature: &'a [u8; SIGNATURE],
}

/// Whether this is one of our messages (and not, say, JSON).
pub fn is_message(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK)
}

impl<'a> Frame<'a> {
    /// Takes a message apart.
    pub fn parse(message: &'a [u8]) -> Result<Self, Rejection> {
        let (signed, signature) = message.split_last_chunk().ok_or(Rejection::NotAMessage)?;
        let (header, body) = signed.split_at_checked(HEADER).ok_or(Rejection::NotAMessage)?;
        if !header.starts_with(MARK) || message.len() > MAX_MESSAGE {
            return Err(Rejection::NotAMessage);
        }
        if header[4] != VERSION {
            return Err(Rejection::UnknownVersion(header[4]));
        }
        let kind = match header[5] {
            1 => Kind::ProvisionRequest,
            2 => Kind::ProvisionResponse,
            3 => Kind::Request,
            4 => Kind::License,
            5 => Kind::ReleaseAcknowledgement,
            other => return Err(Rejection::Malformed(format!("message kind {other} is not known here"))),
        };
        Ok(Self { kind, body, signed, signature })
    }

    /// As [`Frame::parse`], for one kind only.
    pub fn parse_kind(message: &'a [u8], expected: Kind) -> Result<Self, Rejection> {
        let frame = Self::parse(message)?;
        if frame.kind != expected {
            return Err(Rejection::WrongKind { expected: expected.name(), found: frame.kind.name() });
        }
        Ok(frame)
    }

    /// As [`Frame::verify`], with an engine of one's own.
    pub fn verify_with(&self, engine: &dyn Engine, key: &PublicKey) -> Result<(), Rejection> {
        if engine.verify(key, self.signed, self.signature) { Ok(()) } else { Err(Rejection::BadSignature) }
    }

    /// Checks the signature.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Rejection> {
        if verify(key, self.signed, self.signature) { Ok(()) } else { Err(Rejection::BadSignature) }
    }
}

/// Makes a message.
///
/// # Errors
/// Those of [`Sign::sign`].
pub fn message(kind: Kind, body: &[u8], key: &dyn Sign) -> Done<Vec<u8>> {
    let mut message = Vec::with_capacity(HEADER + body.len() + SIGNATURE);
    message.extend_from_slice(MARK);
    message.extend_from_slice(&[VERSION, kind as u8]);
    message.extend_from_slice(body);
    let signature = key.sign(&message)?;
    message.extend_from_slice(&signature);
    Ok(message)
}
