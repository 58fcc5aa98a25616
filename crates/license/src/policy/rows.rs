//! The license-level rows that `CheckMediaKeyStatus` lists after the keys.

use super::engine::Engine;
use super::state::State;

/// A remaining duration without a limit.
pub const UNLIMITED: i64 = i64::MAX;

/// How a license is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenseKind {
    /// In memory, as long as its session.
    Streaming,
    /// Stored.
    Offline,
}

impl Engine {
    /// Names and values, as of the last input.
    ///
    /// LicenseType is Streaming or Offline; permissions are True or False; durations are whole seconds,
    /// [`UNLIMITED`] without a limit, 0 once the license is over, and the full playback duration until playback begins;
    /// the URL may be empty.
    pub fn rows(&self, kind: LicenseKind) -> Vec<(&'static str, String)> {
        let policy = self.policy();
        let windows = self.windows();
        let kind = match kind {
            LicenseKind::Streaming => "Streaming",
            LicenseKind::Offline => "Offline",
        };
        let playback = match (self.license_state().first_decryption, policy.playback_duration_seconds) {
            (None, 1..) if self.state() != State::Expired => policy.playback_duration_seconds,
            _ => self.remaining(windows.playback),
        };
        vec![
            ("LicenseType", kind.to_owned()),
            ("PlayAllowed", word(policy.can_play)),
            ("PersistAllowed", word(policy.can_persist)),
            ("RenewAllowed", word(policy.can_renew)),
            ("LicenseDurationRemaining", self.remaining(windows.license).to_string()),
            ("PlaybackDurationRemaining", playback.to_string()),
            ("RentalDurationRemaining", self.remaining(windows.rental).to_string()),
            ("RenewalServerUrl", policy.renewal_server_url.clone()),
        ]
    }

    fn remaining(&self, end: Option<i64>) -> i64 {
        match end {
            _ if self.state() == State::Expired => 0,
            None => UNLIMITED,
            Some(end) => end.saturating_sub(self.now()).max(0),
        }
    }
}

fn word(allowed: bool) -> String {
    if allowed { "True" } else { "False" }.to_owned()
}
