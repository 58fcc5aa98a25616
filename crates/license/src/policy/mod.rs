//! The policy engine: what a license allows, until when, and what happens next. Pure: it is told the time and what
//! happened, and answers with state, expiry, next change and events. Nothing here waits, decrypts or sends.
//!
//! [`Engine`] counts whole seconds of license time. [`EnforcedLicense`] puts a clock in front of it: license time starts at
//! the service's signed time (for a restored license, at the wall clock) and runs with the monotonic clock.
//!
//! # Timing
//!
//! L, R, P, D, I, V are the policy's license, rental and playback duration, renewal delay, retry interval and recovery
//! duration; L0 is the issue of this license, R0 the first issue, F the first successful decryption, A the time when the
//! first renewal attempt is due.
//!
//! | window | ends | applies |
//! |---|---|---|
//! | license | L0 + L | L > 0 |
//! | rental | R0 + R | R > 0, and F unset or P = 0 or absolute scope |
//! | playback | F + P | P > 0 and F set |
//! | recovery | A + V; from A on, when a renewal is denied | can_renew and V > 0; for denials also L = 0 |
//!
//! Expiry E is the earliest end; the license is usable exactly while now < E.
//!
//! - A = L0 + D. With renew_with_usage the first A is F, or L0 + D where that is earlier and D > 0. When a license is
//!   restored before its first attempt, A is not before that time; after it, A stays and an attempt is due at once.
//! - Attempts come at A, then at A + k·I while below E; with I = 0 there is no second one. At a tie expiry wins.
//! - Without D, attempts are at least max(I, 30) s apart: that is the interval of retries, and A after a renewal.
//! - A renewal that succeeds at t sets L0 = t and A = t + D. R0 and F stay.
//! - A license that the service has revoked is EXPIRED at once, for good, whatever its windows say.
//! - A renewal that is denied (403, 410) ends the recovery window at once: it is for services that do not answer.
//!
//! # States
//!
//! READY until the first decryption, then PLAYING; RENEWING from a renewal attempt until it succeeds; EXPIRED from E on,
//! for good; BLOCKED for ever without can_play; CLOCK_LOCKED while a restored license was last used more than 60 s after
//! what the wall clock shows.

mod clock;
mod enforced;
mod engine;
mod event;
mod explain;
mod keys;
mod rows;
mod state;
mod windows;

pub use clock::{LicenseClock, Reading};
pub use enforced::EnforcedLicense;
pub use engine::{Engine, Grant, Renewal, RenewalFailure};
pub use event::{Event, EventKind};
pub use explain::{Explanation, KeyExplanation, NextChange, RenewalExplanation, WindowExplanation};
pub use keys::{Device, KeyPermit, KeyStatus, KeyVerdict};
pub use rows::{LicenseKind, UNLIMITED};
pub use state::{Denial, LicenseState, State};
pub use windows::{Window, Windows};

pub use super::template::{DeviceLevel, Hdcp, KeyRequirement, Policy, RentalScope, SecurityLevel};
