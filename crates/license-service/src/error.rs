//! What the service's operator may see fail. What a device or provider sees is a [`Refusal`].

use std::fmt;
use std::path::PathBuf;

use super::store::StoreError;
use base::text::Text;
use license::protocol;
use license::template::Refusal;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a service cannot be opened, or cannot do what its operator wants.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that was to be added cannot be.
    #[error("invalid {input}: {reason}")]
    Invalid {
        /// Which.
        input: Input,
        /// What is wrong with it.
        reason: Text,
    },
    /// A catalogue, a content or a stored identity does not parse.
    #[error("malformed {what} at byte {offset}: {reason}")]
    Malformed {
        /// What was being parsed, such as "catalogue".
        what: &'static str,
        /// Offset of the offending byte: in the text of the base64 value that `what` names, otherwise 0.
        offset: usize,
        /// What is wrong there.
        reason: Text,
    },
    /// A policy breaks a rule.
    #[error("refused: {0}")]
    Policy(Refusal),
    /// There is no such content, track, device or license.
    #[error("no such {what}: {name}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Hexadecimal id.
        name: String,
    },
    /// The directory or the file of the master key cannot be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// What was tried, such as "write".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file of the master key has another length than a master key.
    #[error("damaged offline file `{}`: a master key has 32 bytes", path.display())]
    MasterKey {
        /// The file.
        path: PathBuf,
    },
    /// The store does not answer, is damaged, or has another master key.
    #[error("internal failure: {0}")]
    Store(#[from] StoreError),
    /// The system has no random numbers, or a cryptographic operation failed that never should.
    #[error("internal failure: {0}")]
    Internal(Text),
}

/// What an operator gives the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A content with its keys.
    Content,
    /// The name of a policy or provider.
    Name,
    /// A provider's token.
    Token,
    /// An authority to be rotated or dropped.
    Authority,
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Content => "content",
            Self::Name => "name",
            Self::Token => "token",
            Self::Authority => "authority",
        })
    }
}

impl Error {
    pub(super) fn invalid(input: Input, reason: impl Into<Text>) -> Self {
        Self::Invalid { input, reason: reason.into() }
    }

    pub(super) fn malformed(what: &'static str, reason: impl Into<Text>) -> Self {
        Self::Malformed { what, offset: 0, reason: reason.into() }
    }
}

impl From<base::base64::Error> for Error {
    fn from(base::base64::Error { what, offset, reason }: base::base64::Error) -> Self {
        Self::Malformed { what, offset, reason: reason.into() }
    }
}

impl From<protocol::Error> for Error {
    fn from(error: protocol::Error) -> Self {
        match error {
            protocol::Error::Malformed { what, reason } => Self::malformed(what, reason),
            other => Self::Internal(other.to_string().into()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Policy(refusal)
    }
}
