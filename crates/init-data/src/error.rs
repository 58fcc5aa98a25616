//! Why init data, or a key id in it, cannot be had.

use base::text::Text;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What this crate fails with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The data do not parse.
    #[error("malformed {what} at byte {offset}: {reason}")]
    Malformed {
        /// What was being parsed, such as "pssh box" or "DASH MPD".
        what: &'static str,
        /// Offset of the offending byte in the data that the function was given.
        offset: usize,
        /// What is wrong there.
        reason: Text,
    },
    /// The data are good, but what was looked for is not in them.
    #[error("no such {what}: {reason}")]
    NotFound {
        /// What was looked for, such as "pssh box".
        what: &'static str,
        /// Why there is none.
        reason: &'static str,
    },
}

impl Error {
    pub(crate) fn malformed(what: &'static str, offset: usize, reason: impl Into<Text>) -> Self {
        Self::Malformed { what, offset, reason: reason.into() }
    }
}

impl From<base::base64::Error> for Error {
    fn from(base::base64::Error { what, offset, reason }: base::base64::Error) -> Self {
        Self::malformed(what, offset, reason)
    }
}
