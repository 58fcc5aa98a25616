//! Licenses that end at a time, for key systems that have no policies of their own: a policy of the library's does it.

use crate::error::{Error, Result};
use crate::key_system::{License, LicenseKey};
use crate::terms::{Arrival, Terms};
use license::policy::{Grant, KeyPermit, KeyRequirement, Reading};
use license::template::Policy;

impl License {
    /// Keys that may be used up to `expiry_millis` since 1970, rounded up to seconds, where the clock shows `now`.
    ///
    /// # Errors
    /// [`Error::NoLicense`] if that is over; [`Error::Internal`] without random numbers.
    pub fn until(expiry_millis: i64, keys: Vec<LicenseKey>, now: Reading) -> Result<Self> {
        let now_seconds = now.wall_millis.div_euclid(1000);
        let end = expiry_millis.saturating_add(999).div_euclid(1000);
        let left = end.saturating_sub(now_seconds);
        if left <= 0 || expiry_millis <= now.wall_millis {
            let key_id = keys.first().map(|key| hex::encode(&key.id)).unwrap_or_default();
            return Err(Error::NoLicense { key_id, reason: "its expiry is over".into() });
        }
        // Nobody sees it, but no two licenses of a session may have the same.
        let mut license_id = vec![0; 16];
        getrandom::fill(&mut license_id).map_err(Error::no_random_numbers)?;
        let permit = |key: &LicenseKey| KeyPermit {
            key_id: key.id.clone(),
            track_type: None,
            requirement: KeyRequirement::default(),
        };
        let terms = Terms {
            license_id,
            sequence: 0,
            policy: Policy { can_play: true, license_duration_seconds: left, ..Policy::default() },
            permits: keys.iter().map(permit).collect(),
            arrival: Arrival::Issued {
                grant: Grant { issued_at: now_seconds, first_issued_at: now_seconds, sequence: 0 },
                service_millis: now.wall_millis,
            },
            received: now,
            sealed: Vec::new(),
            session_token: None,
            client_token: None,
        };
        Ok(Self { terms: Some(terms), ..Self::unlimited(keys) })
    }
}
