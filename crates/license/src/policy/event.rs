//! The engine's events.

use serde::Serialize;

/// Something that happened, in the order in which a session has to tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, in seconds since 1970, license time.
    pub at: i64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// A renewal is to be attempted: the next request has type RENEWAL and goes to the renewal URL.
    KeyRequired {
        /// Number of the attempt since the last success, from 1.
        attempt: u64,
    },
    /// The expiry changed, or the license was restored.
    ExpirationUpdate {
        /// The new expiry in seconds since 1970; none = never.
        expiry: Option<i64>,
    },
    /// The status of a key changed.
    KeyChange {
        /// Whether a key became usable.
        new_keys_available: bool,
    },
    /// The license is over; comes once.
    KeyExpired,
}
