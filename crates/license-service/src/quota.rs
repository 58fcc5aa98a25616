//! How much the service keeps for a device: so many licenses that are not stored on it, and as many that are. One more makes
//! it forget the oldest.
//!
//! Table DeviceLicense has, under the device's id and the kind, how many there were; and in a ring, under the same and a
//! number that starts again from 0, the licenses.

use super::Service;
use super::records;
use super::retention::forget;
use super::store::{StoreError, Table, Transaction};
use license::protocol::Id;

/// Bytes in the longest token of a provider.
const MAX_TOKEN: usize = 8192;

/// Whether a token is short enough to be kept and sent back and forth.
pub(super) fn token_fits(token: Option<&[u8]>) -> bool {
    token.is_none_or(|token| token.len() <= MAX_TOKEN)
}

/// What is said of a token that does not fit.
pub(super) fn token_too_long(token: &[u8]) -> String {
    format!("a token of {} bytes; {MAX_TOKEN} are possible", token.len())
}

impl Service {
    /// Notes a new license of a device, and forgets the oldest of that kind if there are too many.
    pub(super) fn note_license(
        &self,
        transaction: &mut dyn Transaction,
        device: Id,
        license: Id,
        persistent: bool,
    ) -> Result<(), StoreError> {
        let limit = u64::from(self.settings.licenses_per_device.max(1));
        let ring = [&device.0[..], &[u8::from(persistent)]].concat();
        let count = transaction.get(Table::DeviceLicense, &ring)?;
        let count = count.and_then(|count| count.try_into().ok()).map_or(0, u64::from_be_bytes);
        let key = [&ring[..], &(count % limit).to_be_bytes()].concat();
        // The place is free until the ring is full. The license in it may be gone by itself.
        let former = if count < limit { None } else { transaction.get(Table::DeviceLicense, &key)? };
        if let Some(former) = former.and_then(|former| Id::from_slice(&former))
            && let Some(issued) = records::issued(transaction, &self.vault, former)?
        {
            forget(transaction, former, &issued)?;
        }
        transaction.put(Table::DeviceLicense, &key, &license.0)?;
        transaction.put(Table::DeviceLicense, &ring, &count.wrapping_add(1).to_be_bytes())
    }
}
