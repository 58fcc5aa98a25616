//! What can go wrong with media sessions.

use std::borrow::Cow;
use std::fmt;

/// Short for a result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, in words that the caller of this crate may pass on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value has the wrong form or is outside of its range: the caller's mistake.
    #[error("invalid {property}: {reason}")]
    InvalidValue {
        /// What the value was meant for.
        property: Property,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A time or duration that no medium has.
    #[error("refused: {0}")]
    ImpossibleTime(Cow<'static, str>),
    /// This process has a session, and there can be one only.
    #[error("refused: this process has a session already")]
    SessionExists,
    /// This process has no session of that name.
    #[error("no such session: {name}")]
    SessionNotFound {
        /// Bundle, ability and tag, separated by slashes.
        name: String,
    },
    /// The session takes no commands.
    #[error("the session takes no commands: it is not active or has no metadata")]
    SessionInactive,
    /// The player registered no callback for the command.
    #[error("command not available: {0}")]
    CommandUnavailable(Cow<'static, str>),
    /// Too many commands wait for the player's callbacks.
    #[error("too many commands are waiting")]
    Overloaded,
    /// The system gives no thread or no random numbers.
    #[error("internal failure: {0}")]
    Internal(Cow<'static, str>),
}

/// What the values that may be invalid are meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// Playback speed.
    Speed,
    /// Volume.
    Volume,
    /// Milliseconds that were loaded.
    BufferedTime,
    /// The player's own data.
    Extras,
    /// Number of the queue's entries.
    QueueLength,
    /// Duration of an entry of the queue.
    QueueItemDuration,
    /// Code of a media key.
    MediaKey,
    /// What happened to a media key.
    KeyAction,
}

impl fmt::Display for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Speed => "speed",
            Self::Volume => "volume",
            Self::BufferedTime => "buffered time",
            Self::Extras => "extras",
            Self::QueueLength => "length of the queue",
            Self::QueueItemDuration => "duration in the queue",
            Self::MediaKey => "media key",
            Self::KeyAction => "key action",
        })
    }
}

impl Error {
    /// An [`Error::InvalidValue`].
    pub fn invalid(property: Property, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidValue { property, reason: reason.into() }
    }
}

impl From<base::dispatcher::Error> for Error {
    fn from(error: base::dispatcher::Error) -> Self {
        Self::Internal(error.to_string().into())
    }
}
