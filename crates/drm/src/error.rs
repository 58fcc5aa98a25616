//! What can go wrong in the domain. It knows neither C's codes nor the names of C's parameters; the C layer translates.
//!
//! Messages name the byte offset, the id or the file concerned and never contain key material.

use std::path::PathBuf;

use base::{base64, dispatcher};
use license::protocol::{self, Rejection};

pub use base::text::Text;

/// A result with the domain's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in the domain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The session was destroyed while the call was under way.
    #[error("the session was destroyed meanwhile")]
    SessionDestroyed,
    /// The instance that the session belongs to was destroyed while the call was under way.
    #[error("the session's instance was destroyed")]
    OwnerDestroyed,
    /// The instance was destroyed while the call was under way.
    #[error("the instance was destroyed meanwhile")]
    SystemDestroyed,
    /// A sample's description contradicts itself or the sample.
    #[error("{property}: {reason}")]
    Sample {
        /// What is wrong.
        property: cenc::Property,
        /// What is wrong with it.
        reason: String,
    },
    /// An offline key's id is empty or too long.
    #[error("an offline key id of {length} bytes; 1 to {limit} are possible")]
    OfflineKeyId {
        /// Its bytes.
        length: usize,
        /// The most that are possible.
        limit: usize,
    },
    /// An offline key's payload is too long for the store.
    #[error("more than {limit} bytes in one offline key")]
    OfflineKeyTooLarge {
        /// The most bytes that are possible.
        limit: usize,
    },
    /// A key system's name cannot be that of a directory in the store.
    #[error("the name of a part of the store is not usable as a directory name")]
    StoreNamespace,
    /// The store's directory has an empty name.
    #[error("the store's directory has an empty name")]
    StoreDirectory,
    /// Data from outside (init data, license, stored file) does not parse.
    #[error("malformed {what} at byte {offset}: {reason}")]
    Malformed {
        /// What was being parsed, such as "pssh box" or "JWK Set".
        what: &'static str,
        /// Offset of the offending byte in that data.
        offset: usize,
        /// What is wrong there.
        reason: Text,
    },
    /// Well formed, but nothing here can do it.
    #[error("not supported: {0}")]
    Unsupported(Text),
    /// A name or id that does not exist.
    #[error("no such {what}: {name}")]
    NotFound {
        /// What was looked for, such as "configuration name" or "offline media key".
        what: &'static str,
        /// The name or hexadecimal id.
        name: String,
    },
    /// A well-formed call that the present state, a policy or a limit does not allow.
    #[error("refused: {0}")]
    Refused(Text),
    /// One instance more than a key system may have.
    #[error("{limit} instances of this key system exist already")]
    TooManySystems {
        /// The limit.
        limit: usize,
    },
    /// One session more than an instance may have.
    #[error("{limit} sessions of this MediaKeySystem exist already")]
    TooManySessions {
        /// The limit.
        limit: usize,
    },
    /// The device has no certificate yet.
    #[error("the device is not provisioned")]
    NotProvisioned,
    /// The license service refuses.
    #[error("the license service refused ({status} {rule}): {message}")]
    Denied {
        /// As in HTTP.
        status: u16,
        /// Id of the rule, such as RENEW_NOT_ALLOWED.
        rule: String,
        /// In words.
        message: String,
        /// The license that is not renewed, if it is a renewal that was refused and the service says of which.
        license_id: Option<Vec<u8>>,
    },
    /// A key is there, but its license forbids to use it now.
    #[error("key {key_id} may not be used now: {reason}")]
    NoLicense {
        /// Hexadecimal key id.
        key_id: String,
        /// Status of the key, such as EXPIRED.
        reason: Text,
    },
    /// The first use of a license has to be recorded before its keys decrypt: `MediaKeySession::begin_use` does it. No
    /// program sees this.
    #[error("the license has not been used yet")]
    FirstUse,
    /// The key system keeps the key and decrypts samples with it itself: `MediaKeySession::decrypt_kept` asks it to. Programs see this
    /// where they want something else decrypted.
    #[error("the key system keeps the key, and decrypts nothing but samples")]
    KeyKept,
    /// The device's clock was set back behind the last use of a stored license.
    #[error("the device's clock was set back behind the last use of the license")]
    DeviceTime,
    /// The session has no such key, or no key of a usable length.
    #[error("no key for key id {key_id}: {reason}")]
    NoKey {
        /// Hexadecimal key id.
        key_id: String,
        /// Why.
        reason: Text,
    },
    /// The offline store cannot be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Storage {
        /// What was tried, such as "write".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file of the offline store fails authentication or cannot be understood.
    #[error("damaged offline file `{}`: {reason}", path.display())]
    StorageDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Text,
    },
    /// The instance's key system has panicked: it does nothing any more.
    #[error("the key system {0} has failed")]
    KeySystemFailed(String),
    /// The library itself failed: no thread, no random numbers, no memory.
    #[error("internal failure: {0}")]
    Internal(Text),
}

impl Error {
    /// An [`Error::Malformed`].
    pub fn malformed(what: &'static str, offset: usize, reason: impl Into<Text>) -> Self {
        Self::Malformed { what, offset, reason: reason.into() }
    }

    /// No random numbers.
    pub(crate) fn no_random_numbers(fault: getrandom::Error) -> Self {
        Self::Internal(format!("no random numbers: {fault}").into())
    }

    /// No offline key with that id.
    pub fn no_offline_key(id: &[u8]) -> Self {
        Self::NotFound { what: "offline media key", name: hex::encode(id) }
    }
}

impl From<cenc::Error> for Error {
    fn from(error: cenc::Error) -> Self {
        match error {
            cenc::Error::Sample { property, reason } => Self::Sample { property, reason },
            cenc::Error::Memory(error) => Self::Internal(error.to_string().into()),
        }
    }
}

impl From<init_data::Error> for Error {
    fn from(error: init_data::Error) -> Self {
        match error {
            init_data::Error::Malformed { what, offset, reason } => Self::Malformed { what, offset, reason },
            init_data::Error::NotFound { what, reason } => Self::NotFound { what, name: reason.to_owned() },
        }
    }
}

impl From<base64::Error> for Error {
    fn from(base64::Error { what, offset, reason }: base64::Error) -> Self {
        Self::malformed(what, offset, reason)
    }
}

impl From<dispatcher::Error> for Error {
    fn from(error: dispatcher::Error) -> Self {
        Self::Internal(error.to_string().into())
    }
}

impl From<protocol::Error> for Error {
    fn from(error: protocol::Error) -> Self {
        match error {
            protocol::Error::NotProvisioned => Self::NotProvisioned,
            protocol::Error::Malformed { what, reason } => Self::malformed(what, 0, reason),
            protocol::Error::Internal(reason) => Self::Internal(reason.into()),
        }
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Denied { status, rule, message, license_id } => {
                Self::Denied { status, rule, message, license_id: license_id.map(|id| id.0.to_vec()) }
            }
            other => Self::Refused(other.to_string().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_denies_keeps_its_status_and_rule() {
        let rejection =
            Rejection::Denied { status: 403, rule: "RENEW_NOT_ALLOWED".into(), message: "no".into(), license_id: None };
        assert!(
            matches!(Error::from(rejection), Error::Denied { status: 403, rule, .. } if rule == "RENEW_NOT_ALLOWED")
        );
        assert!(matches!(Error::from(Rejection::BadSignature), Error::Refused(_)));
    }
}
