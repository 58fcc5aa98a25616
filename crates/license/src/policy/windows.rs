//! The four windows of a policy and which of them binds.

use serde::Serialize;

use super::state::LicenseState;
use super::{Policy, RentalScope};

/// A window of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// From the issue of the license.
    License,
    /// From the first issue; playback may start within it.
    Rental,
    /// From the first decryption.
    Playback,
    /// From the first renewal attempt, while the service does not answer.
    Recovery,
}

impl Window {
    /// The name in lower case.
    pub fn word(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Rental => "rental",
            Self::Playback => "playback",
            Self::Recovery => "recovery",
        }
    }
}

/// Ends of the windows in seconds since 1970; none where the window does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// L0 + L.
    pub license: Option<i64>,
    /// R0 + R.
    pub rental: Option<i64>,
    /// F + P.
    pub playback: Option<i64>,
    /// A + V, or when a renewal was denied.
    pub recovery: Option<i64>,
}

impl Windows {
    /// The windows of a license.
    pub fn of(policy: &Policy, state: &LicenseState) -> Self {
        let rental_applies = state.first_decryption.is_none()
            || policy.playback_duration_seconds == 0
            || policy.rental_scope == RentalScope::Absolute;
        let attempt = state.first_attempt.filter(|_| policy.can_renew);
        let recovery = end(attempt, policy.renewal_recovery_duration_seconds);
        // Without limit it has an end only where the license window has none: otherwise that is what was granted.
        let limited = policy.renewal_recovery_duration_seconds != 0 || policy.license_duration_seconds == 0;
        let denied = attempt.zip(state.denied).filter(|_| limited).map(|(attempt, denied)| attempt.max(denied));
        Self {
            license: end(Some(state.issued_at), policy.license_duration_seconds),
            rental: end(rental_applies.then_some(state.first_issued_at), policy.rental_duration_seconds),
            playback: end(state.first_decryption, policy.playback_duration_seconds),
            recovery: recovery.into_iter().chain(denied).min(),
        }
    }

    /// The windows with their ends.
    pub fn list(&self) -> [(Window, Option<i64>); 4] {
        [
            (Window::License, self.license),
            (Window::Rental, self.rental),
            (Window::Playback, self.playback),
            (Window::Recovery, self.recovery),
        ]
    }

    /// The window that ends first, with its end; of several the first of [`Windows::list`]. None if nothing ends.
    pub fn binding(&self) -> Option<(Window, i64)> {
        let ending = self.list().into_iter().filter_map(|(window, end)| end.map(|end| (window, end)));
        ending.min_by_key(|(_, end)| *end)
    }

    /// E; none if the license never expires.
    pub fn expiry(&self) -> Option<i64> {
        self.binding().map(|(_, end)| end)
    }
}

/// 0 = no end. A negative duration, which no valid policy has, is over at once.
fn end(start: Option<i64>, duration: i64) -> Option<i64> {
    start.filter(|_| duration != 0).map(|start| start.saturating_add(duration))
}
