//! The part of a session that offline keys need.

use super::{MediaKeySession, prepare_keys};
use crate::error::{Error, Result};
use crate::key_system::Release;
use crate::storage::StoredStatus;
use base::log;

impl MediaKeySession {
    /// Whether the key system keeps its offline keys outside of the instance's store.
    fn keeps_own_keys(&self) -> Result<bool> {
        Ok(self.owner()?.keeps_own_keys())
    }

    /// The message that gives a stored key back.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key, where the key system wants one; [`Error::NotProvisioned`]; [`Error::OwnerDestroyed`]; [`Error::Refused`] or
    /// [`Error::Malformed`] for a license that this device cannot read.
    pub fn generate_offline_release_request(&self, id: &[u8]) -> Result<Vec<u8>> {
        self.host.check()?;
        self.owner()?;
        let stored = if self.keeps_own_keys()? { None } else { self.platform.find_stored_key(id)? };
        self.host.run(|| self.module.release_request(id, stored.as_ref()))
    }

    /// Processes the acknowledgement of a release.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::Malformed`] or [`Error::Refused`] for a response that does not acknowledge
    /// this release; [`Error::Denied`]; [`Error::OwnerDestroyed`]. The key is then stored as it was.
    pub fn process_offline_release_response(&self, id: &[u8], response: &[u8]) -> Result<()> {
        self.host.check()?;
        let owner = self.owner()?;
        if !self.keeps_own_keys()? {
            self.platform.stored_key(id)?;
        }
        let release = self.host.run(|| self.module.process_release_response(id, response))?;
        // The stored key changes durably, then it leaves all sessions.
        let changed = match release {
            Release::Done => true,
            Release::Deactivate => self.platform.offline_store()?.set_status(id, StoredStatus::Inactive)?,
            Release::Delete => self.platform.offline_store()?.remove(id)?,
        };
        if !changed {
            return Err(Error::no_offline_key(id));
        }
        log::info!("{}: offline key {} released", self.name(), hex::encode(id));
        owner.key_released(id);
        Ok(())
    }

    /// Loads a stored key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a key; [`Error::NotProvisioned`]; [`Error::Malformed`] or [`Error::Refused`] for a license
    /// that this device cannot read; [`Error::OwnerDestroyed`] and [`Error::SessionDestroyed`].
    pub fn restore_offline_key(&self, id: &[u8]) -> Result<()> {
        self.host.check()?;
        self.events.admit()?;
        self.owner()?;
        if self.keeps_own_keys()? {
            let license = self.host.run(|| self.module.restore_own(id))?;
            let keys = prepare_keys(&license)?;
            if let Some(terms) = &license.terms {
                self.apply_terms(&license, terms, keys)?;
            } else {
                self.add_keys(keys, true)?;
                self.conclude(&license);
            }
            log::info!("{}: offline key {} restored", self.name(), hex::encode(id));
            return Ok(());
        }
        let stored = self.platform.stored_key(id)?;
        let license = self.host.run(|| self.module.restore(id, &stored))?;
        let keys = prepare_keys(&license)?;
        if let Some(terms) = &license.terms {
            self.apply_terms(&license, terms, keys)?;
        } else {
            if stored.status == StoredStatus::Inactive {
                self.platform.offline_store()?.set_status(id, StoredStatus::Usable)?;
            }
            self.add_keys(keys, true)?;
            self.conclude(&license);
        }
        log::info!("{}: offline key {} restored", self.name(), hex::encode(id));
        Ok(())
    }

    /// Removes a key or license that was released.
    pub(crate) fn drop_key(&self, id: &[u8]) {
        let license_gone = self.enforcement.forget(id, &self.surroundings());
        let key_gone = self.keys.remove(&[id.to_vec()]);
        self.keys.reap();
        if key_gone || license_gone {
            self.post_keys_changed(false);
        }
    }
}
