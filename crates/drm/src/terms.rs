//! What limits the use of a license's keys.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::storage::{OfflineStore, StoredKey, StoredStatus};
use base::secret::SecretBytes;
use license::policy::{Explanation, Grant, KeyPermit, LicenseState, Policy, Reading};
use license::protocol::Bytes;

/// A license's policy and where the license comes from.
#[derive(Debug)]
pub struct Terms {
    /// The license's id.
    pub license_id: Vec<u8>,
    /// Its sequence number.
    pub sequence: u64,
    /// What it allows.
    pub policy: Policy,
    /// What its keys demand, in the order of the keys.
    pub permits: Vec<KeyPermit>,
    /// How it came here.
    pub arrival: Arrival,
    /// When the program handed it in. However long the store takes from then on, the license's time runs.
    pub received: Reading,
    /// The license as the service sealed it: what is stored.
    pub sealed: Vec<u8>,
    /// What the provider sends to the program along with the license.
    pub session_token: Option<SecretBytes>,
    /// What the provider wants to get back with the next request.
    pub client_token: Option<SecretBytes>,
}

/// How a license came here.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// In answer to a request for a license.
    Issued {
        /// As what it was issued.
        grant: Grant,
        /// The service's signed time, milliseconds since 1970.
        service_millis: i64,
    },
    /// In answer to a request for a renewal.
    Renewed {
        /// The service's signed time, milliseconds since 1970.
        service_millis: i64,
    },
    /// From the store.
    Restored(LicenseState),
}

/// A license that a session holds, as requests need to know it.
#[derive(Clone, Debug)]
pub struct HeldLicense {
    /// Its id.
    pub license_id: Vec<u8>,
    /// Its highest sequence number.
    pub sequence: u64,
    /// Whether it is stored.
    pub persistent: bool,
    /// Its keys.
    pub key_ids: Vec<Vec<u8>>,
    /// Whether its policy allows renewals, and it is not over.
    pub renewable: bool,
    /// Whether a renewal is due.
    pub renewal_due: bool,
    /// Where renewals go; may be empty.
    pub renewal_url: String,
    /// What the provider wants to get back with the next request.
    pub client_token: Option<SecretBytes>,
}

/// A license that a session holds, as the program is told of it.
#[derive(Clone)]
pub struct ExplainedLicense {
    /// Its id, hexadecimal.
    pub license_id: String,
    /// What its policy makes of it.
    pub explanation: Explanation,
    /// What the provider sends to the program along with the license.
    pub session_token: Option<SecretBytes>,
    /// What the provider gets back with the next request.
    pub client_token: Option<SecretBytes>,
}

/// How a license with a policy is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredLicense {
    /// The license as the service sealed it for this device.
    pub sealed: Bytes,
    /// What has become of it.
    pub state: LicenseState,
}

impl StoredLicense {
    /// What two sessions know of the same license, put together.
    #[must_use]
    pub fn merged_with(self, other: Self) -> Self {
        let state = newest(&self.state, &other.state);
        let sealed = if other.state.sequence > self.state.sequence { other.sealed } else { self.sealed };
        Self { sealed, state }
    }

    /// Stores it together with what is stored, which may be news of other sessions and processes. Returns what is stored now; none if
    /// the license has been removed from the store, where it then stays away.
    ///
    /// # Errors
    /// Those of [`OfflineStore::update`]; [`Error::Malformed`] for an entry that is not of this version.
    pub fn save(&self, store: &dyn OfflineStore, id: &[u8]) -> Result<Option<LicenseState>> {
        let mut saved = None;
        store.update(id, &mut |stored| {
            let merged = self.clone().merged_with(Self::from_stored(stored)?);
            saved = Some(merged.state.clone());
            merged.to_stored().map(Some)
        })?;
        Ok(saved)
    }

    /// For the store. It contains no secret: the keys in it are sealed for the device.
    pub fn to_stored(&self) -> Result<StoredKey> {
        let payload = serde_json::to_vec(self).map_err(|error| Error::Internal(error.to_string().into()))?;
        let status = if self.state.expired { StoredStatus::Inactive } else { StoredStatus::Usable };
        Ok(StoredKey { status, payload: payload.into() })
    }

    /// From the store.
    pub fn from_stored(stored: &StoredKey) -> Result<Self> {
        serde_json::from_slice(&stored.payload)
            .map_err(|error| Error::malformed("stored license", error.column(), "not one of this version"))
    }
}

/// What is to be written about a license: what has become of it, or that the service has revoked it, or both.
pub(crate) struct Note {
    pub license: Option<StoredLicense>,
    pub revoked: Option<i64>,
}

impl Note {
    /// Both notes in one.
    #[must_use]
    pub fn merged_with(self, other: Self) -> Self {
        let license = match (self.license, other.license) {
            (Some(own), Some(other)) => Some(own.merged_with(other)),
            (own, other) => own.or(other),
        };
        Self { license, revoked: self.revoked.or(other.revoked) }
    }

    /// As [`StoredLicense::save`]. A revoked license that is not stored needs nothing.
    pub fn save(&self, store: &dyn OfflineStore, id: &[u8]) -> Result<()> {
        // Nobody is kept waiting for what is there already: answers repeat what they revoke.
        if self.license.is_none() {
            let Some(stored) = store.get(id)? else { return Ok(()) };
            if StoredLicense::from_stored(&stored)?.state.revoked.is_some() {
                return Ok(());
            }
        }
        store.update(id, &mut |stored| {
            let mut merged = StoredLicense::from_stored(stored)?;
            if let Some(license) = &self.license {
                merged = license.clone().merged_with(merged);
            }
            if let Some(now) = self.revoked {
                merged.state.revoke(now);
            }
            merged.to_stored().map(Some)
        })?;
        Ok(())
    }
}

/// What two know of the same license, put together.
pub(crate) fn newest(own: &LicenseState, other: &LicenseState) -> LicenseState {
    let first = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let renewed = if other.sequence > own.sequence { other } else { own };
    LicenseState {
        first_decryption: first(own.first_decryption, other.first_decryption),
        revoked: first(own.revoked, other.revoked),
        denied: if own.sequence == other.sequence { first(own.denied, other.denied) } else { renewed.denied },
        expired: own.expired || other.expired,
        last_seen: own.last_seen.max(other.last_seen),
        ..renewed.clone()
    }
}
