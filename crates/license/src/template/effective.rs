//! The effective policy: field defaults, then a stored policy, then the message's overrides.

use serde::{Deserialize, Serialize};

use super::json::At;
use super::model::Template;
use super::overrides::PolicyOverrides;
use super::refusal::{Refusal, Warning, WarningRule};
use super::validate;

/// Whether playback that has begun may go on after the rental window. The public descriptions disagree, so the license
/// says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RentalScope {
    /// The rental window ends when playback has begun, if there is a playback window.
    #[default]
    StartWindow,
    /// The rental window always ends playback.
    Absolute,
}

impl RentalScope {
    pub(super) const WORDS: &[(&str, Self)] = &[("start_window", Self::StartWindow), ("absolute", Self::Absolute)];
}

/// A policy with a value for every field: what a license carries and a client enforces. The default value has the bare
/// field defaults, with which nothing may be played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)] // the message's fields
pub struct Policy {
    /// Decryption is allowed.
    pub can_play: bool,
    /// The license may be stored for offline use.
    pub can_persist: bool,
    /// Renewals may extend the license's duration; the other renewal fields count only then.
    pub can_renew: bool,
    /// R: seconds from the first issue in which playback may start, 0 = unlimited.
    pub rental_duration_seconds: i64,
    /// P: seconds from the first decryption, 0 = unlimited.
    pub playback_duration_seconds: i64,
    /// L: seconds from the issue of this license, 0 = unlimited.
    pub license_duration_seconds: i64,
    /// V: seconds that playback goes on while renewals fail, 0 = no limit.
    pub renewal_recovery_duration_seconds: i64,
    /// Where renewals go; empty if nothing is known.
    pub renewal_server_url: String,
    /// D: seconds from the license's start to the first renewal attempt.
    pub renewal_delay_seconds: i64,
    /// I: seconds between renewal attempts, 0 = no automatic retry.
    pub renewal_retry_interval_seconds: i64,
    /// The first renewal comes when use begins.
    pub renew_with_usage: bool,
    /// How the rental window counts. Not a field of the message; stored policies may have it.
    #[serde(default)]
    pub rental_scope: RentalScope,
}

/// A policy that a service has under a name or for a content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoredPolicy {
    /// The fields it sets.
    #[serde(flatten)]
    pub fields: PolicyOverrides,
    /// How the rental window counts; `start_window` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rental_scope: Option<RentalScope>,
}

impl StoredPolicy {
    /// What a service falls back on: playable, online, unlimited.
    pub fn service_default() -> Self {
        Self { fields: PolicyOverrides { can_play: Some(true), ..PolicyOverrides::default() }, rental_scope: None }
    }
}

impl Template {
    /// Merges field defaults, the stored policy and this message's overrides. `stored` is the policy that `policy_name`
    /// names, else the content's own, else `None` for [`StoredPolicy::service_default`]. With
    /// `use_policy_overrides_exclusively` stored policies drop out.
    ///
    /// # Errors
    /// RENEWAL_URL_NOT_HTTPS and NEGATIVE_DURATION, which only the merged policy may show.
    pub fn effective_policy(&self, stored: Option<&StoredPolicy>) -> Result<Policy, Refusal> {
        let mut policy = Policy::default();
        if self.use_policy_overrides_exclusively != Some(true) {
            let default = StoredPolicy::service_default();
            let stored = stored.unwrap_or(&default);
            stored.fields.apply(&mut policy);
            policy.rental_scope = stored.rental_scope.unwrap_or_default();
        }
        if let Some(overrides) = &self.policy_overrides {
            overrides.apply(&mut policy);
        }
        policy.check()?;
        Ok(policy)
    }
}

impl Policy {
    /// Holds the policy to the rules of `policy_overrides`.
    ///
    /// # Errors
    /// NEGATIVE_DURATION, RENEWAL_URL_NOT_HTTPS.
    pub fn check(&self) -> Result<(), Refusal> {
        validate::overrides(&self.as_overrides(), &At::Root.member("policy_overrides"))
    }

    /// The policy as if all of its fields were given.
    fn as_overrides(&self) -> PolicyOverrides {
        PolicyOverrides {
            can_play: Some(self.can_play),
            can_persist: Some(self.can_persist),
            can_renew: Some(self.can_renew),
            rental_duration_seconds: Some(self.rental_duration_seconds),
            playback_duration_seconds: Some(self.playback_duration_seconds),
            license_duration_seconds: Some(self.license_duration_seconds),
            renewal_recovery_duration_seconds: Some(self.renewal_recovery_duration_seconds),
            renewal_server_url: Some(self.renewal_server_url.clone()),
            renewal_delay_seconds: Some(self.renewal_delay_seconds),
            renewal_retry_interval_seconds: Some(self.renewal_retry_interval_seconds),
            renew_with_usage: Some(self.renew_with_usage),
        }
    }

    /// What is doubtful about the policy, with pointers as if a message had given every field.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn = |rule, field: &str, message: &str| {
            warnings.push(Warning::new(rule, format!("/policy_overrides/{field}"), message));
        };
        if !self.can_play {
            warn(WarningRule::CanPlayFalse, "can_play", "nothing can be decrypted with such a license");
        }
        let durations = [self.license_duration_seconds, self.rental_duration_seconds, self.playback_duration_seconds];
        if self.can_play && self.can_persist && !self.can_renew && durations == [0; 3] {
            let message = "without any duration, and without renewals, nothing ever ends a stored license";
            warn(WarningRule::NeverEnds, "can_persist", message);
        }
        if !self.can_renew {
            let without_effect = [
                ("renewal_server_url", !self.renewal_server_url.is_empty()),
                ("renewal_delay_seconds", self.renewal_delay_seconds != 0),
                ("renewal_retry_interval_seconds", self.renewal_retry_interval_seconds != 0),
                ("renewal_recovery_duration_seconds", self.renewal_recovery_duration_seconds != 0),
                ("renew_with_usage", self.renew_with_usage),
            ];
            for (field, _) in without_effect.iter().filter(|(_, given)| *given) {
                warn(WarningRule::RenewalFieldWithoutCanRenew, field, "it counts only with can_renew");
            }
            return warnings;
        }
        let (delay, license) = (self.renewal_delay_seconds, self.license_duration_seconds);
        if delay == 0 {
            let message = "the first renewal is attempted at once and then as often as the retry interval allows, at \
                           most every 30 s";
            warn(WarningRule::RenewalDelayZero, "renewal_delay_seconds", message);
        }
        if self.renewal_recovery_duration_seconds == 0 && license == 0 {
            let message = "with license_duration_seconds 0 too, a client that never renews goes on playing";
            warn(WarningRule::RenewalNeverEnforced, "renewal_recovery_duration_seconds", message);
        }
        if license != 0 && delay >= license {
            let message = "the license is over before its first renewal is attempted";
            warn(WarningRule::RenewalDelayNotBelowLicense, "renewal_delay_seconds", message);
        }
        warnings
    }
}
