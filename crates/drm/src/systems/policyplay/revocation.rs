//! What answers say of licenses that the service has revoked.

use std::collections::VecDeque;
use std::sync::Arc;

use super::device::DeviceIdentity;
use crate::error::{Error, Result};
use crate::key_system::{Acceptance, SessionHost};
use crate::recorder;
use base::log;
use base::sync::Mutex;
use license::policy::Denial;
use license::protocol::{Id, License, MAX_REVOKED, Revoked};

/// Revoked licenses that an instance remembers, the last ones: an answer that was held back may still bring one of them.
const MAX_REMEMBERED: usize = 4 * MAX_REVOKED;

/// The licenses that the service has revoked, as far as this instance has been told and has not forgotten.
#[derive(Default)]
pub struct Remembered(Mutex<VecDeque<Id>>);

impl Remembered {
    fn add(&self, revoked: &Revoked) {
        let mut ids = self.0.lock();
        for id in revoked.ids() {
            if !ids.contains(id) {
                ids.push_back(*id);
            }
        }
        let surplus = ids.len().saturating_sub(MAX_REMEMBERED);
        ids.drain(..surplus);
    }

    /// Whether a license may be taken or restored.
    ///
    /// # Errors
    /// [`Error::NoLicense`] for one that is revoked.
    pub fn check(&self, id: Id) -> Result<()> {
        if self.0.lock().contains(&id) { Err(refused(id)) } else { Ok(()) }
    }
}

fn refused(id: Id) -> Error {
    let reason = format!("{}: {}: {}", Denial::Revoked.word(), Denial::Revoked, id.hex());
    Error::NoLicense { key_id: String::new(), reason: reason.into() }
}

/// Whether a stored license may be restored; `revoked` is what is stored of that.
///
/// # Errors
/// [`Error::NoLicense`] for one that is revoked.
pub fn check_restored(device: &DeviceIdentity, license: &License, revoked: Option<i64>) -> Result<()> {
    if revoked.is_some() { Err(refused(license.license_id)) } else { device.revoked().check(license.license_id) }
}

/// What an answer says, and who is to be told.
pub struct News {
    device: Arc<DeviceIdentity>,
    host: Arc<dyn SessionHost>,
    revoked: Revoked,
}

impl News {
    /// What an answer says; nothing is told yet.
    pub fn new(device: &Arc<DeviceIdentity>, host: &Arc<dyn SessionHost>, revoked: Revoked) -> Self {
        Self { device: Arc::clone(device), host: Arc::clone(host), revoked }
    }

    /// Ends the licenses. Waits for nothing.
    pub fn tell(&self) {
        if self.revoked.is_empty() {
            return;
        }
        // First, so that none of them is taken from now on.
        self.device.revoked().add(&self.revoked);
        let ids: Vec<_> = self.revoked.ids().iter().map(|id| id.0.to_vec()).collect();
        if let Err(error) = self.host.licenses_revoked(&ids) {
            log::warn!("revoked licenses are not ended: {error}");
        }
    }

    /// Gives the store a moment to take that.
    pub fn linger(&self) {
        if !self.revoked.is_empty()
            && let Ok(store) = self.device.host().offline_store()
        {
            recorder::linger(&*store);
        }
    }
}

/// What the answer said that a stored license came with. Whoever ended the process then, before it was stored, has gained nothing.
impl Acceptance for News {
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn commit(&self) {
        self.tell();
    }

    fn conclude(&self) {
        self.linger();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use license::protocol::Fixed;

    #[test]
    fn the_last_ones_are_remembered() {
        let remembered = Remembered::default();
        let id = |number: usize| Fixed(u128::try_from(number).unwrap().to_be_bytes());
        for number in 0..=MAX_REMEMBERED {
            assert!(remembered.check(id(number)).is_ok());
            remembered.add(&Revoked::of([id(number), id(number.saturating_sub(1))]));
            assert!(remembered.check(id(number)).is_err());
        }
        assert!(remembered.check(id(0)).is_ok() && remembered.check(id(1)).is_err());
    }
}
