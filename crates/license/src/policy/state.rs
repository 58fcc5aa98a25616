//! The state of a license, and what of it has to be stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What has to be remembered about a license, also across restarts. Times are seconds since 1970, license time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseState {
    /// L0: when this license, or its last renewal, was issued.
    pub issued_at: i64,
    /// R0: when the license was issued first.
    pub first_issued_at: i64,
    /// F: the first successful decryption.
    pub first_decryption: Option<i64>,
    /// A: when the first renewal attempt is due; none without can_renew, or while use has to begin first.
    pub first_attempt: Option<i64>,
    /// Whether a renewal has succeeded; from then on the beginning of use brings no renewal.
    pub renewed: bool,
    /// Sequence number of the license or of its last renewal.
    pub sequence: u64,
    /// When the service denied a renewal, since the last one that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<i64>,
    /// When this device learned that the service has revoked the license. It is over then, for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<i64>,
    /// Whether the license is over, for good.
    pub expired: bool,
    /// The latest time that was seen.
    pub last_seen: i64,
}

impl LicenseState {
    /// The service has revoked the license, as this device learned at `now`. Whether that is news.
    pub fn revoke(&mut self, now: i64) -> bool {
        let is_news = self.revoked.is_none();
        if is_news {
            self.revoked = Some(now);
            self.expired = true;
        }
        is_news
    }

    /// Why a license that is over is refused.
    pub(super) fn why_over(&self) -> Denial {
        if self.revoked.is_some() { Denial::Revoked } else { Denial::Expired }
    }
}

/// State of a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// There is no license.
    None,
    /// Usable, not used yet.
    Ready,
    /// The policy does not allow to play.
    Blocked,
    /// Usable and in use.
    Playing,
    /// Usable; a renewal has been attempted and has not succeeded yet.
    Renewing,
    /// Over, for good.
    Expired,
    /// The clock was set back.
    ClockLocked,
}

impl State {
    /// The name in upper case.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Ready => "READY",
            Self::Blocked => "BLOCKED",
            Self::Playing => "PLAYING",
            Self::Renewing => "RENEWING",
            Self::Expired => "EXPIRED",
            Self::ClockLocked => "CLOCK_LOCKED",
        }
    }

    /// Whether keys may be used, as far as the license as a whole decides that.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Ready | Self::Playing | Self::Renewing)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why the engine refuses an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The license is over. A renewal that comes later does not bring it back.
    #[error("the license has expired")]
    Expired,
    /// The service has revoked the license. Nothing brings it back.
    #[error("the license was revoked by the service")]
    Revoked,
    /// The policy has no can_play.
    #[error("the policy does not allow to play")]
    Blocked,
    /// The wall clock is more than 60 s behind the last use.
    #[error("the clock was set back behind the last use of the license")]
    ClockLocked,
    /// The policy has no can_renew.
    #[error("the policy does not allow renewals")]
    NotRenewable,
    /// The renewal's sequence number is not above the highest one seen.
    #[error("the renewal is not newer than the license")]
    StaleSequence,
    /// The policy breaks its own rules.
    #[error("the policy is not valid")]
    InvalidPolicy,
}

impl Denial {
    /// The name in upper case; that of the state where the license's state is the reason.
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired => State::Expired.word(),
            Self::Revoked => "REVOKED",
            Self::Blocked => State::Blocked.word(),
            Self::ClockLocked => State::ClockLocked.word(),
            Self::NotRenewable => "NOT_RENEWABLE",
            Self::StaleSequence => "STALE_SEQUENCE",
            Self::InvalidPolicy => "INVALID_POLICY",
        }
    }
}
