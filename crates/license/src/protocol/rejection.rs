//! Why the client refuses a message from the service.

use super::wire::Id;

/// A reason to refuse a message. The state is then what it was before the message came.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Shorter than the smallest message, or without its mark.
    #[error("not a message of the license service")]
    NotAMessage,
    /// A version that this client does not know.
    #[error("protocol version {0} is not known here")]
    UnknownVersion(u8),
    /// A message, but of another kind than the call takes.
    #[error("a {found} where a {expected} is expected")]
    WrongKind {
        /// What the call takes.
        expected: &'static str,
        /// What came.
        found: &'static str,
    },
    /// The signature is not the service's, or the message was changed.
    #[error("the service's signature is wrong")]
    BadSignature,
    /// Signed by a key that provisioning did not introduce.
    #[error("signed by key {0}, which is not the provisioned service's")]
    UnknownSigner(String),
    /// Correctly signed but not understood.
    #[error("malformed message: {0}")]
    Malformed(String),
    /// It does not answer an outstanding request of this session: a replay, or an answer to somebody else.
    #[error("no outstanding request has this answer")]
    NotOutstanding,
    /// The license is another one than the request named.
    #[error("the answer is about license {found}, the request was about {expected}")]
    WrongLicense {
        /// Hexadecimal id in the request.
        expected: String,
        /// Hexadecimal id in the answer.
        found: String,
    },
    /// A sequence that is not higher than the one held.
    #[error("stale: sequence {found}, {held} is held already")]
    StaleSequence {
        /// The message's.
        found: u64,
        /// The license's.
        held: u64,
    },
    /// Sealed for another device or session.
    #[error("sealed for another device or session")]
    WrongDevice,
    /// A certificate of the provisioning response does not hold.
    #[error("the provisioning response's {certificate} certificate: {reason}")]
    Certificate {
        /// Which: device, service or authority.
        certificate: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The authority is not the one that this device trusts.
    #[error("another license service than the one this device trusts")]
    ForeignService,
    /// The service's own refusal.
    #[error("the service refused ({status} {rule}): {message}")]
    Denied {
        /// As in HTTP.
        status: u16,
        /// Id of the rule.
        rule: String,
        /// In words.
        message: String,
        /// The license that is not renewed, if it is a renewal that was refused.
        license_id: Option<Id>,
    },
}
