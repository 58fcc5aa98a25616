//! How long licenses are kept: they are deleted some time after their end.
//!
//! Table LicenseEnd has an entry without value for each license that has an end: the end in a form that sorts as time
//! does, then the license's id.

use super::Service;
use super::records::LicenseRecord;
use super::store::{StoreError, Table, Transaction};
use license::protocol::Id;
use license::template::{Policy, RentalScope};

/// Milliseconds that a license is kept after its end, so that a late renewal is told that it is over: thirty days.
const KEPT: i64 = 30 * 24 * 3600 * 1000;
/// Licenses that are forgotten in one transaction.
const BATCH: usize = 500;

fn after(start: i64, seconds: i64) -> Option<i64> {
    (seconds != 0).then(|| start.saturating_add(seconds.saturating_mul(1000)))
}

/// When the license is over as far as the service can know, milliseconds since 1970: the license window, and the rental
/// window where it counts whatever was played. What depends on playback the client enforces.
pub(super) fn expiry(issued: &LicenseRecord) -> Option<i64> {
    let Policy { license_duration_seconds, rental_duration_seconds, playback_duration_seconds, rental_scope, .. } =
        issued.policy;
    let license = after(issued.issued, license_duration_seconds);
    let rental_counts = rental_scope == RentalScope::Absolute || playback_duration_seconds == 0;
    let rental = if rental_counts { after(issued.first_issued, rental_duration_seconds) } else { None };
    license.into_iter().chain(rental).min()
}

/// When nobody can use the license any more: as [`expiry`], or the end of a playback that started as late as the rental
/// window lets it, or its release.
pub(super) fn end(issued: &LicenseRecord) -> Option<i64> {
    let Policy { rental_duration_seconds, playback_duration_seconds, .. } = issued.policy;
    let rental = after(issued.first_issued, rental_duration_seconds);
    let playback = rental.map(|rental| after(rental, playback_duration_seconds).unwrap_or(rental));
    expiry(issued).into_iter().chain(playback).chain(issued.released).min()
}

/// A time whose bytes sort as the time does.
fn sortable(millis: i64) -> [u8; 8] {
    (millis ^ i64::MIN).to_be_bytes()
}

fn entry(id: Id, issued: &LicenseRecord) -> Option<Vec<u8>> {
    end(issued).map(|end| [&sortable(end)[..], &id.0].concat())
}

/// Notes the end of a license, which may have been another one before.
pub(super) fn note_end(
    transaction: &mut dyn Transaction,
    id: Id,
    former: Option<&LicenseRecord>,
    issued: &LicenseRecord,
) -> Result<(), StoreError> {
    let (former, entry) = (former.and_then(|former| entry(id, former)), entry(id, issued));
    if former == entry {
        return Ok(());
    }
    if let Some(former) = former {
        transaction.remove(Table::LicenseEnd, &former)?;
    }
    if let Some(entry) = entry {
        transaction.put(Table::LicenseEnd, &entry, &[])?;
    }
    Ok(())
}

/// Forgets a license. It was got in this transaction.
pub(super) fn forget(transaction: &mut dyn Transaction, id: Id, issued: &LicenseRecord) -> Result<(), StoreError> {
    if let Some(entry) = entry(id, issued) {
        transaction.remove(Table::LicenseEnd, &entry)?;
    }
    transaction.remove(Table::License, &id.0)?;
    Ok(())
}

impl Service {
    /// Forgets licenses that have been over for long; how many.
    pub(super) fn forget_licenses(&self, now: i64) -> Result<u64, StoreError> {
        let until = sortable(now.saturating_sub(KEPT));
        let mut forgotten = 0;
        loop {
            let entries = self.store.before(Table::LicenseEnd, &until, BATCH)?;
            if entries.is_empty() {
                return Ok(forgotten);
            }
            let mut count = 0;
            let done = self.store.transact(&mut |transaction| {
                count = 0;
                for entry in &entries {
                    let Some(id) = entry.get(until.len()..).and_then(Id::from_slice) else {
                        transaction.remove(Table::LicenseEnd, entry)?;
                        continue;
                    };
                    // The license first, as renewals do. Without its entry it has got another end in the meantime.
                    transaction.get(Table::License, &id.0)?;
                    if transaction.remove(Table::LicenseEnd, entry)? {
                        count += u64::from(transaction.remove(Table::License, &id.0)?);
                    }
                }
                Ok(())
            });
            done.map_err(|refusal| StoreError(refusal.message().to_owned()))?;
            forgotten += count;
        }
    }
}
