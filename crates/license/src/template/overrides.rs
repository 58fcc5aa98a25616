//! `policy_overrides`: the policy fields as a message or a stored policy gives them, any of them absent.

use serde::Serialize;

use super::effective::Policy;

macro_rules! policy_fields {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// Policy fields, each given or absent. Durations are seconds, 0 = unlimited.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct PolicyOverrides {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl PolicyOverrides {
            /// Names of the fields.
            pub(super) const NAMES: &[&str] = &[$(stringify!($field),)*];

            /// Writes the fields that are given over those of a policy.
            pub(super) fn apply(&self, policy: &mut Policy) {
                $(if let Some(value) = &self.$field { policy.$field.clone_from(value); })*
            }

            /// Writes the fields that are given over those of others.
            pub(super) fn overlay(self, onto: &mut Self) {
                $(if self.$field.is_some() { onto.$field = self.$field; })*
            }
        }
    };
}

policy_fields! {
    /// Decryption is allowed.
    can_play: bool,
    /// The license may be stored for offline use.
    can_persist: bool,
    /// Renewals may extend the license's duration.
    can_renew: bool,
    /// Window from the first issue in which playback may start.
    rental_duration_seconds: i64,
    /// Window from the first decryption.
    playback_duration_seconds: i64,
    /// Window from the issue of this license.
    license_duration_seconds: i64,
    /// How long playback goes on while renewals fail.
    renewal_recovery_duration_seconds: i64,
    /// Where renewals go.
    renewal_server_url: String,
    /// First renewal attempt, from the license's start.
    renewal_delay_seconds: i64,
    /// Between renewal attempts; 0 = no automatic retry.
    renewal_retry_interval_seconds: i64,
    /// First renewal when use begins.
    renew_with_usage: bool,
}

impl PolicyOverrides {
    /// The durations by name.
    pub(super) fn durations(&self) -> [(&'static str, Option<i64>); 6] {
        [
            ("rental_duration_seconds", self.rental_duration_seconds),
            ("playback_duration_seconds", self.playback_duration_seconds),
            ("license_duration_seconds", self.license_duration_seconds),
            ("renewal_recovery_duration_seconds", self.renewal_recovery_duration_seconds),
            ("renewal_delay_seconds", self.renewal_delay_seconds),
            ("renewal_retry_interval_seconds", self.renewal_retry_interval_seconds),
        ]
    }
}
