//! Says in words and as data which window binds, when the next change comes and why a key is refused.

use std::fmt;

use serde::Serialize;

use super::RentalScope;
use super::engine::Engine;
use super::keys::{KeyPermit, KeyVerdict};
use super::state::{Denial, State};
use super::windows::{Window, Windows};

/// What is to be said about a license. Times are seconds since 1970, license time. `Display` gives the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The time of the last input.
    pub now: i64,
    /// The state.
    pub state: State,
    /// Whether the license as a whole allows to decrypt.
    pub usable: bool,
    /// When that ends; none = never.
    pub expiry: Option<i64>,
    /// When the device learned that the service has revoked the license, which is over then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<i64>,
    /// The window that ends first.
    pub binding_window: Option<Window>,
    /// All windows.
    pub windows: Vec<WindowExplanation>,
    /// What happens next by itself.
    pub next_change: Option<NextChange>,
    /// Renewals, if the policy allows them.
    pub renewal: Option<RenewalExplanation>,
    /// The keys.
    pub keys: Vec<KeyExplanation>,
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowExplanation {
    /// Which.
    pub window: Window,
    /// When it ends; none if it does not apply.
    pub ends_at: Option<i64>,
    /// How that is computed, or why it does not apply.
    pub because: String,
}

/// The next change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextChange {
    /// When; for CLOCK_UNLOCKED by the wall clock.
    pub at: i64,
    /// In how many seconds that is, by the clock that `at` is of.
    pub in_seconds: i64,
    /// RENEWAL_ATTEMPT, EXPIRY or CLOCK_UNLOCKED.
    pub what: &'static str,
}

/// Where renewals stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RenewalExplanation {
    /// Where they go; may be empty.
    pub url: String,
    /// A: when the first attempt is or was due.
    pub first_attempt: Option<i64>,
    /// When the next one is due.
    pub next_attempt: Option<i64>,
    /// Attempts since the last success.
    pub attempts: u64,
    /// Status of the last failure since then; 0 without an answer.
    pub last_failure: Option<u16>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyExplanation {
    /// Hexadecimal key id.
    pub key_id: String,
    /// Its track type.
    pub track_type: Option<String>,
    /// The verdict.
    pub verdict: KeyVerdict,
    /// The status word that a session shows.
    pub status: &'static str,
    /// Why it is refused; none if it is not.
    pub refused_because: Option<String>,
}

impl Engine {
    /// Explains the license as of the last input.
    pub fn explain(&self) -> Explanation {
        let state = self.state();
        let what = match state {
            State::ClockLocked => "CLOCK_UNLOCKED",
            _ if self.next_attempt().is_some() => "RENEWAL_ATTEMPT",
            _ => "EXPIRY",
        };
        let renewal = RenewalExplanation {
            url: self.policy().renewal_server_url.clone(),
            first_attempt: self.license_state().first_attempt,
            next_attempt: self.next_attempt(),
            attempts: self.attempts(),
            last_failure: self.last_failure().map(|failure| failure.status),
        };
        let revoked = self.license_state().revoked;
        // What was over by itself before has been ended by its window.
        let binding = self.windows().binding().filter(|(_, end)| revoked.is_none_or(|at| *end <= at));
        Explanation {
            now: self.now(),
            state,
            usable: state.is_usable(),
            expiry: binding.map(|(_, end)| end).or(revoked),
            revoked,
            binding_window: binding.map(|(window, _)| window),
            windows: self.windows().list().map(|(window, ends_at)| self.window(window, ends_at)).into(),
            next_change: self.next_change().zip(self.until_next_change()).map(|(at, in_seconds)| NextChange {
                at,
                in_seconds,
                what,
            }),
            renewal: self.policy().can_renew.then_some(renewal),
            keys: self.verdicts().map(|(key, verdict)| self.key(key, verdict)).collect(),
        }
    }

    /// Whether the recovery window ends for a denial, not by its length.
    fn last_end_is_denial(&self, ends_at: Option<i64>) -> bool {
        let mut undenied = self.license_state().clone();
        undenied.denied = None;
        Windows::of(self.policy(), &undenied).recovery != ends_at
    }

    fn window(&self, window: Window, ends_at: Option<i64>) -> WindowExplanation {
        let (policy, state) = (self.policy(), self.license_state());
        let sum = |what: &str, start: Option<i64>, duration: i64| {
            format!("{what} at {} plus {duration} s", start.unwrap_or_default())
        };
        let because = match (window, ends_at.is_some()) {
            (Window::License, true) => sum("issued", Some(state.issued_at), policy.license_duration_seconds),
            (Window::License, false) => "license_duration_seconds is 0".to_owned(),
            (Window::Rental, true) => sum("first issued", Some(state.first_issued_at), policy.rental_duration_seconds),
            (Window::Rental, false) if policy.rental_duration_seconds == 0 => "rental_duration_seconds is 0".to_owned(),
            (Window::Rental, false) => "playback began within it".to_owned(),
            (Window::Playback, true) => {
                sum("first decrypted", state.first_decryption, policy.playback_duration_seconds)
            }
            (Window::Playback, false) if policy.playback_duration_seconds == 0 => {
                "playback_duration_seconds is 0".to_owned()
            }
            (Window::Playback, false) => "playback has not begun".to_owned(),
            (Window::Recovery, true) if state.denied.is_some() && self.last_end_is_denial(ends_at) => {
                format!("the service denied a renewal at {}", state.denied.unwrap_or_default())
            }
            (Window::Recovery, true) => {
                sum("first renewal attempt due", state.first_attempt, policy.renewal_recovery_duration_seconds)
            }
            (Window::Recovery, false) if !policy.can_renew => "can_renew is false".to_owned(),
            (Window::Recovery, false) if policy.renewal_recovery_duration_seconds == 0 => {
                "renewal_recovery_duration_seconds is 0".to_owned()
            }
            (Window::Recovery, false) => "no renewal is due before use begins".to_owned(),
        };
        let absolute = policy.rental_scope == RentalScope::Absolute;
        let scope = if window == Window::Rental && ends_at.is_some() && absolute { ", absolute" } else { "" };
        WindowExplanation { window, ends_at, because: because + scope }
    }

    fn key(&self, key: &KeyPermit, verdict: KeyVerdict) -> KeyExplanation {
        let device = self.device();
        let because = match verdict {
            KeyVerdict::Usable => None,
            KeyVerdict::Expired => Some(self.license_state().why_over().to_string()),
            KeyVerdict::Blocked => Some("the policy does not allow to play (can_play is false)".to_owned()),
            KeyVerdict::ClockLocked => Some(Denial::ClockLocked.to_string()),
            KeyVerdict::OutputNotAllowed => Some(format!(
                "it demands {} of the output, which has {}",
                key.requirement.hdcp.word(),
                device.hdcp.word()
            )),
            KeyVerdict::LevelInsufficient => Some(format!(
                "it demands security level {} ({}) of the device, which has {}",
                key.requirement.security_level.number(),
                key.requirement.security_level.device_level().word(),
                device.level.word()
            )),
        };
        KeyExplanation {
            key_id: hex::encode(&key.key_id),
            track_type: key.track_type.clone(),
            verdict,
            status: verdict.status().word(),
            refused_because: because,
        }
    }
}

impl Explanation {
    /// As JSON.
    pub fn to_json(&self) -> String {
        // Strings, numbers and booleans can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The license is {} at {}.", self.state, self.now)?;
        if let Some(at) = self.revoked {
            write!(f, " The service revoked it, as the device learned at {at}.")?;
        }
        match (self.expiry, self.binding_window) {
            (Some(expiry), Some(window)) => {
                let because = self.windows.iter().find(|candidate| candidate.window == window);
                let because = because.map_or("", |candidate| &candidate.because);
                let tense = if self.state == State::Expired { "ended" } else { "ends" };
                write!(f, " The {} window {tense} it at {expiry} ({because}).", window.word())?;
            }
            _ if self.state == State::Expired => {}
            _ => f.write_str(" It never expires.")?,
        }
        if let Some(next) = &self.next_change {
            let what = match next.what {
                "RENEWAL_ATTEMPT" => "a renewal attempt",
                "CLOCK_UNLOCKED" => "the wall clock catching up",
                _ => "expiry",
            };
            write!(f, " Next change: {what} at {}, in {} s.", next.at, next.in_seconds)?;
        }
        if let Some(renewal) = self.renewal.as_ref().filter(|renewal| renewal.attempts > 0) {
            write!(f, " Renewal attempts without success: {}", renewal.attempts)?;
            match renewal.last_failure {
                Some(0) => f.write_str(", no answer to the last one.")?,
                Some(status) => write!(f, ", the last one answered {status}.")?,
                None => f.write_str(".")?,
            }
        }
        for key in &self.keys {
            if let Some(because) = &key.refused_because {
                let track = key.track_type.as_ref().map(|track| format!(" ({track})")).unwrap_or_default();
                write!(f, " Key {}{track} is refused: {because}.", key.key_id)?;
            }
        }
        Ok(())
    }
}
