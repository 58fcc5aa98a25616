//! What the functions of the C layer fail with: wrong arguments by themselves, and what the crates below fail with. Where
//! those speak of a value, this gives it the name that it has in the headers.

use avsession::error::Property;
use base::text::Text;
#[cfg(feature = "license-service")]
use license_service::Input;

/// A result with the C layer's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a function fails. The text is what `OH_Drm_GetLastErrorMessage` returns; [`boundary`](super::boundary) finds the code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter check failed: the caller's mistake.
    #[error("invalid argument `{argument}`: {reason}")]
    InvalidArgument {
        /// The parameter or field as the header names it.
        argument: &'static str,
        /// What is wrong with it.
        reason: Text,
    },
    /// The caller's buffer is too small.
    #[error("buffer `{argument}` is too small: {needed} {unit} are needed, {available} are available")]
    BufferTooSmall {
        /// The parameter as the header names it.
        argument: &'static str,
        /// How many are needed.
        needed: usize,
        /// How many the caller has room for.
        available: usize,
        /// What they are: "bytes", or what the buffer is an array of.
        unit: &'static str,
    },
    /// Well formed, but nothing here can do it.
    #[error("not supported: {0}")]
    Unsupported(Text),
    /// Something that does not exist.
    #[error("no such {what}: {name}")]
    NotFound {
        /// What was looked for, such as "pssh box".
        what: &'static str,
        /// Which of them.
        name: String,
    },
    /// A well-formed call that the present state, a limit or a rule does not allow.
    #[error("refused: {0}")]
    Refused(Text),
    /// Part of the library itself failed: a panic, a key system that has panicked.
    #[error("internal failure: {0}")]
    Internal(Text),
    /// A host process has not done something.
    #[error("{message}")]
    Remote {
        /// The code to return.
        code: u32,
        /// The reason, in the host's words.
        message: String,
        /// Which of several samples is to blame.
        index: Option<u32>,
        /// How much room the answer needs.
        needed: Option<u32>,
    },
    /// The host process of an instance has ended.
    #[error("the host process of {0} has ended")]
    HostDied(String),
    /// There can be no host process.
    #[error("{0}")]
    NoHost(Text),
    /// Of key systems, instances and sessions.
    #[error(transparent)]
    Drm(drm::Error),
    /// Of init data.
    #[error(transparent)]
    InitData(#[from] init_data::Error),
    /// Of media sessions.
    #[error(transparent)]
    MediaSession(avsession::Error),
    /// Of the license service.
    #[cfg(feature = "license-service")]
    #[error(transparent)]
    LicenseService(license_service::Error),
}

impl Error {
    /// An [`Error::InvalidArgument`].
    #[cold]
    #[inline(never)]
    pub fn invalid(argument: &'static str, reason: impl Into<Text>) -> Self {
        Self::InvalidArgument { argument, reason: reason.into() }
    }
}

impl From<drm::Error> for Error {
    fn from(error: drm::Error) -> Self {
        use drm::Error as Drm;
        match error {
            Drm::SessionDestroyed => Self::invalid("mediaKeySession", "it was destroyed meanwhile"),
            Drm::OwnerDestroyed => Self::invalid("mediaKeySession", "its MediaKeySystem was destroyed"),
            Drm::SystemDestroyed => Self::invalid("mediaKeySystem", "it was destroyed meanwhile"),
            Drm::Sample { property, reason } => {
                let argument = match property {
                    cenc::Property::Iv => "iv",
                    cenc::Property::Pattern => "pattern",
                    cenc::Property::Subsamples => "subsamples",
                };
                Self::invalid(argument, reason)
            }
            Drm::OfflineKeyId { length, limit } => {
                Self::invalid("offlineMediaKeyId", format!("{length} bytes; 1 to {limit} are possible"))
            }
            Drm::OfflineKeyTooLarge { .. } => Self::invalid("payload", error.to_string()),
            Drm::StoreNamespace => Self::invalid("namespace", "not usable as a directory name"),
            Drm::StoreDirectory => Self::invalid("storagePath", "empty"),
            Drm::KeySystemFailed(_) => Self::Internal(error.to_string().into()),
            other => Self::Drm(other),
        }
    }
}

impl From<avsession::Error> for Error {
    fn from(error: avsession::Error) -> Self {
        match error {
            avsession::Error::InvalidValue { property, reason } => {
                let argument = match property {
                    Property::Speed => "speed",
                    Property::Volume => "volume",
                    Property::BufferedTime => "bufferedTime",
                    Property::Extras => "extras",
                    Property::QueueLength => "count",
                    Property::QueueItemDuration => "items",
                    Property::MediaKey => "keyCode",
                    Property::KeyAction => "keyAction",
                };
                Self::invalid(argument, reason)
            }
            other => Self::MediaSession(other),
        }
    }
}

impl From<license::template::Refusal> for Error {
    fn from(refusal: license::template::Refusal) -> Self {
        Self::Refused(refusal.to_string().into())
    }
}

#[cfg(feature = "license-service")]
impl From<license_service::Error> for Error {
    fn from(error: license_service::Error) -> Self {
        match error {
            license_service::Error::Invalid { input, reason } => {
                let argument = match input {
                    Input::Content => "content",
                    Input::Name => "name",
                    Input::Token => "token",
                    Input::Authority => "authority",
                };
                Self::invalid(argument, reason)
            }
            other => Self::LicenseService(other),
        }
    }
}
