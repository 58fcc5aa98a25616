//! What making a message or keeping a device fails with. Why an answer is refused is a [`Rejection`](super::Rejection).

/// A result with the protocol's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a message cannot be made, or a device's identity not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The device has no certificate yet.
    #[error("the device is not provisioned")]
    NotProvisioned,
    /// A stored identity or a public key cannot be read.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// What was being read, such as "device identity".
        what: &'static str,
        /// What is wrong with it, without key material.
        reason: String,
    },
    /// The system has no random numbers, or a cryptographic operation failed that never should.
    #[error("{0}")]
    Internal(String),
}
