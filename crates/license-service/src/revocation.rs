//! Which licenses of a device are revoked: what answers tell it, so that one that is used offline ends, too.
//!
//! They are kept with the device, which each request reads anyway: where there are none, they cost nothing.

use serde::{Deserialize, Serialize};

use super::Service;
use super::admin::admin_error;
use super::error::{Error, Result};
use super::records::{self, Device, LicenseRecord};
use super::retention::end;
use super::store::{StoreError, Table, Transaction};
use license::protocol::{Id, MAX_REVOKED, Request, Revoked};

/// A revoked license, as it is kept with its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokedLicense {
    pub license: Id,
    /// When nobody could use it any more in any case, milliseconds since 1970; none = never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<i64>,
}

impl RevokedLicense {
    fn is_over(&self, now: i64) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}

impl Device {
    /// Puts a license before those that were revoked earlier, of which the oldest goes if there are too many.
    fn add_revoked(&mut self, id: Id, issued: &LicenseRecord, now: i64) {
        self.revoked_licenses.retain(|revoked| revoked.license != id && !revoked.is_over(now));
        let revoked = RevokedLicense { license: id, end: end(issued) };
        if !revoked.is_over(now) {
            self.revoked_licenses.insert(0, revoked);
            self.revoked_licenses.truncate(MAX_REVOKED);
        }
    }

    /// What an answer to a request tells of them.
    pub(super) fn revocations_for(&self, request: &Request, now: i64) -> Revoked {
        if self.revoked_licenses.is_empty() || !request.takes_revocations() {
            return Revoked::default();
        }
        let lasting = self.revoked_licenses.iter().filter(|revoked| !revoked.is_over(now));
        // The license that the request is about has an answer of its own.
        let others = lasting.map(|revoked| revoked.license).filter(|id| Some(*id) != request.license_id);
        Revoked::of(others)
    }
}

impl Service {
    /// Denies further renewals of a license, and tells its device with the next answers that it is over. Of the licenses of a device
    /// that are not over by themselves, the 64 that were revoked last are told. One that is revoked once more counts as revoked now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Internal`] if the store fails.
    pub fn revoke_license(&self, license: Id) -> Result<()> {
        let mut found = false;
        let done = self.store.transact(&mut |transaction| {
            let Some(mut issued) = records::issued(transaction, &self.vault, license)? else { return Ok(()) };
            issued.revoked = true;
            found = true;
            let sealed = records::seal_issued(&self.vault, license, &issued);
            let sealed = sealed.map_err(|fault| super::provision::internal(&fault))?;
            transaction.put(Table::License, &license.0, &sealed)?;
            let now = self.clock.unix_millis();
            Ok(change_device(transaction, issued.device, |device| device.add_revoked(license, &issued, now))?)
        });
        done.map_err(|refusal| admin_error(None, &refusal))?;
        if found { Ok(()) } else { Err(Error::NotFound { what: "license", name: license.hex() }) }
    }
}

/// Notes that a license was given back: nothing is to be told about it any more. It was got in this transaction.
pub(super) fn note_release(
    transaction: &mut dyn Transaction,
    id: Id,
    issued: &LicenseRecord,
) -> Result<(), StoreError> {
    if !issued.revoked {
        return Ok(());
    }
    change_device(transaction, issued.device, |device| device.revoked_licenses.retain(|revoked| revoked.license != id))
}

/// Changes a device after one of its licenses was got: always in this order.
fn change_device(
    transaction: &mut dyn Transaction,
    id: Id,
    change: impl FnOnce(&mut Device),
) -> Result<(), StoreError> {
    let device: Option<Device> = records::plain(transaction.get(Table::Device, &id.0)?, Table::Device)?;
    let Some(mut device) = device else { return Ok(()) };
    let former = device.revoked_licenses.clone();
    change(&mut device);
    if device.revoked_licenses == former {
        return Ok(());
    }
    transaction.put(Table::Device, &id.0, &records::plain_bytes(&device))
}
