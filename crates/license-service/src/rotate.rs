//! Rotating what the service's trust hangs on: the master key, and the authority that certifies devices. Both with an overlap, in which
//! the former one counts beside the new one.

use serde_json::{Value, json};

use super::Service;
use super::admin::admin_error;
use super::error::Result;
use super::identity::ENTRY;
use super::store::{StoreError, Table};
use license::protocol::Id;
use license::template::{Refusal, Rule};

/// Entries that are sealed anew in one transaction.
const BATCH: usize = 64;
/// Bytes of the keys in table KeyGroup that lead from a key id to its group: those values are not sealed.
const KEY_ID: usize = 16;

fn is_sealed(table: Table, key: &[u8]) -> bool {
    match table {
        Table::Identity => key == ENTRY,
        Table::KeyGroup => key.len() > KEY_ID,
        Table::Content | Table::License => true,
        _ => false,
    }
}

impl Service {
    /// Seals everything under the master key that is not yet; how many entries. Afterwards no other key is needed, if no other
    /// server still seals under one.
    ///
    /// # Errors
    /// [`Error::Internal`](super::Error::Internal) or [`Error::Store`](super::Error::Store) if the store fails, or has
    /// something that none of the keys opens: what was sealed anew until then stays so.
    pub fn reseal(&self) -> Result<u64> {
        let mut count = 0;
        for table in Table::ALL {
            let mut start = Vec::new();
            loop {
                let found = self.store.from(table, &start, BATCH)?;
                let Some((last, _)) = found.last() else { break };
                start = [last, &[0][..]].concat();
                let sealed = found.iter().filter(|(key, _)| is_sealed(table, key));
                let old = sealed.filter(|(key, value)| !self.vault.is_present(table, key, value));
                let old: Vec<_> = old.map(|(key, _)| key.clone()).collect();
                if !old.is_empty() {
                    count += self.reseal_entries(table, &old)?;
                }
                if found.len() < BATCH {
                    break;
                }
            }
        }
        Ok(count)
    }

    fn reseal_entries(&self, table: Table, keys: &[Vec<u8>]) -> Result<u64> {
        let (mut error, mut count) = (None, 0);
        let done = self.store.transact(&mut |transaction| {
            count = 0;
            for key in keys {
                // It may have been changed or removed meanwhile.
                let Some(value) = transaction.get(table, key)? else { continue };
                if self.vault.is_present(table, key, &value) {
                    continue;
                }
                let text = self.vault.open(table, key, &value)?;
                match self.vault.seal(table, key, &text) {
                    Ok(fresh) => transaction.put(table, key, &fresh)?,
                    Err(fault) => {
                        error = Some(fault);
                        return Err(Refusal::new(Rule::TryAgain, "", ""));
                    }
                }
                count += 1;
            }
            Ok(())
        });
        done.map_err(|refusal| admin_error(error, &refusal))?;
        Ok(count)
    }

    /// Makes a new authority, which certifies devices from now on. Devices of the former ones are answered, and certified again, in
    /// their names until [`Service::drop_authority`].
    ///
    /// # Errors
    /// [`Error::Invalid`](super::Error::Invalid) if seven former ones are held; [`Error::Internal`](super::Error::Internal) if
    /// the store fails.
    pub fn rotate_authority(&self) -> Result<()> {
        self.identity.rotate(&*self.store, &self.vault, self.clock.unix_millis())
    }

    /// Forgets a former authority: devices that it has certified are answered no more, and provisioned anew only if they trust
    /// another one.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound); [`Error::Invalid`](super::Error::Invalid) for the present one;
    /// [`Error::Internal`](super::Error::Internal) if the store fails.
    pub fn drop_authority(&self, id: Id) -> Result<()> {
        self.identity.drop_former(&*self.store, &self.vault, id)
    }

    /// Ids of the authorities whose devices are answered, the present one first.
    pub fn authorities(&self) -> Vec<Value> {
        let issuers = self.identity.issuers();
        let rows = issuers.iter().enumerate().map(|(index, issuer)| {
            json!({ "authority": issuer.id.hex(), "present": index == 0, "signer": issuer.signer_id.hex() })
        });
        rows.collect()
    }

    /// Takes over what another server of the store has changed in the authorities; whether there was something. To be called now
    /// and then.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer, or what it keeps is not understood.
    pub fn refresh(&self) -> Result<bool, StoreError> {
        self.identity.refresh(&*self.store, &self.vault).map_err(|fault| StoreError(fault.to_string()))
    }
}
