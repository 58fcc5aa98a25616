//! Licenses that the service has revoked, as answers to this device say. The verdict comes first; what is stored follows.

use super::{Enforcement, Surroundings, refused};
use crate::error::{Error, Result};
use license::policy::Denial;

/// A stored license that is being taken.
pub(super) struct Taking {
    pub id: Vec<u8>,
    /// Whether the service has revoked it meanwhile.
    pub revoked: bool,
}

impl Enforcement {
    /// Those of the licenses that are here are over, and so is one that is being taken. Waits for nothing.
    pub fn revoke(&self, ids: &[Vec<u8>], around: &Surroundings<'_>) {
        {
            // Whoever takes a license has it held before, or sees this afterwards.
            let _held = self.held.lock();
            if let Some(taking) = self.taking.lock().as_mut().filter(|taking| ids.contains(&taking.id)) {
                taking.revoked = true;
            }
        }
        self.change_some(around, |held, reading| {
            if ids.contains(&held.id) {
                held.license.revoked(reading);
            }
        });
    }

    /// Whether a license that has been stored may be held now; `taking` is what has become of it meanwhile.
    pub(super) fn check_taken(&self, taking: Option<&Taking>, id: &[u8], key_id: Option<&[u8]>) -> Result<()> {
        match taking {
            // Released.
            None => Err(Error::no_offline_key(id)),
            Some(Taking { revoked: false, .. }) => Ok(()),
            Some(Taking { revoked: true, .. }) => {
                // It may have been stored after it was marked.
                self.platform.mark_revoked(&[id.to_vec()]);
                Err(refused(Denial::Revoked, key_id))
            }
        }
    }
}
