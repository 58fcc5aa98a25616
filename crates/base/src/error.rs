//! The crate's one error type. It knows nothing of C codes; `capi::boundary` translates.
//!
//! Messages name the argument, the byte offset or the key id concerned and never contain key material.

use std::path::PathBuf;

pub use crate::text::Text;

/// Short for a result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter check failed: the caller's mistake.
    #[error("invalid argument `{argument}`: {reason}")]
    InvalidArgument {
        /// The parameter or field as the C header names it.
        argument: &'static str,
        /// What is wrong with it.
        reason: Text,
    },
    /// The caller's buffer is too small.
    #[error("buffer `{argument}` is too small: {needed} bytes are needed, {available} are available")]
    BufferTooSmall {
        /// The parameter as the C header names it.
        argument: &'static str,
        /// Bytes needed.
        needed: usize,
        /// Bytes the caller offered.
        available: usize,
    },
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
        /// What was looked for, such as "configuration" or "offline media key".
        what: &'static str,
        /// The name or hexadecimal id.
        name: String,
    },
    /// A well-formed call that the present state does not allow.
    #[error("refused: {0}")]
    Refused(Text),
    /// The 65th system of one key system.
    #[error("{limit} instances of this key system exist already")]
    TooManySystems {
        /// The limit.
        limit: usize,
    },
    /// The 65th session of one system.
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
    },
    /// A key is there, but its license forbids to use it now.
    #[error("key {key_id} may not be used now: {reason}")]
    NoLicense {
        /// Hexadecimal key id.
        key_id: String,
        /// Status of the key, such as EXPIRED.
        reason: Text,
    },
    /// The first use of a license has to be recorded before its keys decrypt. Never leaves the library.
    #[error("the license has not been used yet")]
    FirstUse,
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
    /// A media session takes no commands: it is not active or has no metadata.
    #[error("the session takes no commands: it is not active or has no metadata")]
    SessionInactive,
    /// A media session does not take this command.
    #[error("command not available: {0}")]
    CommandUnavailable(Text),
    /// Too many commands wait for the callbacks of a media session.
    #[error("too many commands are waiting")]
    Overloaded,
    /// Part of the library itself failed: a panic, no thread, no random numbers, no memory.
    #[error("internal failure: {0}")]
    Internal(Text),
}

impl Error {
    /// An [`Error::InvalidArgument`].
    #[cold]
    #[inline(never)]
    pub fn invalid(argument: &'static str, reason: impl Into<Text>) -> Self {
        Self::InvalidArgument { argument, reason: reason.into() }
    }

    /// An [`Error::Malformed`].
    pub fn malformed(what: &'static str, offset: usize, reason: impl Into<Text>) -> Self {
        Self::Malformed { what, offset, reason: reason.into() }
    }
}

impl From<crate::base64::Error> for Error {
    fn from(error: crate::base64::Error) -> Self {
        Self::malformed(error.what, error.offset, error.reason)
    }
}

impl From<crate::dispatcher::Error> for Error {
    fn from(error: crate::dispatcher::Error) -> Self {
        Self::Internal(error.to_string().into())
    }
}
