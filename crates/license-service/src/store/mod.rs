//! The store of a service: everything that has to outlive it.
//!
//! A store is a few tables of keys and values with transactions; what the values mean is the service's business, and
//! secret values are sealed before they come here. [`LocalStore`] keeps them in memory or in a directory.

#[cfg(test)]
mod faults;
mod file;
mod group;
mod local;

use std::fmt;

use base::log::{self, Level};
use license::template::{Refusal, Rule};

pub use local::LocalStore;

/// What values are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// The service's own keys and certificates; one entry.
    Identity,
    /// Content by content id.
    Content,
    /// Content ids by key id.
    KeyId,
    /// Key groups of contents with rotating keys, and of their keys which group they are in; see
    /// `key_groups`.
    KeyGroup,
    /// Policies by name.
    Policy,
    /// Providers by name.
    Provider,
    /// Devices by id.
    Device,
    /// Licenses by id.
    License,
    /// Ends of licenses, in the order of time; without values.
    LicenseEnd,
    /// Ids of the licenses of each device.
    DeviceLicense,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Identity,
        Self::Content,
        Self::KeyId,
        Self::KeyGroup,
        Self::Policy,
        Self::Provider,
        Self::Device,
        Self::License,
        Self::LicenseEnd,
        Self::DeviceLicense,
    ];

    /// The table's name in a database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Content => "content",
            Self::KeyId => "key_id",
            Self::KeyGroup => "key_group",
            Self::Policy => "policy",
            Self::Provider => "provider",
            Self::Device => "device",
            Self::License => "license",
            Self::LicenseEnd => "license_end",
            Self::DeviceLicense => "device_license",
        }
    }
}

/// A store that cannot answer at the moment, or is damaged. Says why, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

impl StoreError {
    /// What was tried, and the answer.
    pub fn new(action: &str, fault: &dyn fmt::Display) -> Self {
        Self(format!("cannot {action}: {fault}"))
    }
}

impl From<StoreError> for Refusal {
    /// Devices are told to try again; the reason goes to the log.
    fn from(fault: StoreError) -> Self {
        log::write(Level::Error, format_args!("license service: {fault}"));
        Self::new(Rule::TryAgain, "", "the service's store does not answer")
    }
}

/// A key with its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// All entries of a table whose keys start with `prefix`, a batch at a time.
pub(super) fn entries<'a>(
    store: &'a dyn Store,
    table: Table,
    prefix: &'a [u8],
) -> impl Iterator<Item = Result<Entry, StoreError>> + 'a {
    const BATCH: usize = 500;
    let mut start = Some(prefix.to_vec());
    let mut batch = Vec::new().into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(entry) = batch.next() {
                return Some(Ok(entry));
            }
            let mut found = match store.from(table, &start.take()?, BATCH) {
                Ok(found) => found,
                Err(fault) => return Some(Err(fault)),
            };
            let all = found.len();
            found.retain(|(key, _)| key.starts_with(prefix));
            if found.len() == BATCH && all == BATCH {
                // The first key that sorts after the last one.
                start = found.last().map(|(key, _)| [key, &[0][..]].concat());
            }
            batch = found.into_iter();
        }
    })
}

/// Changes that are made together or not at all.
pub trait Transaction {
    /// The value for a key. Until the end of the transaction nobody else changes it; where there is none, nobody else who has
    /// looked for it adds it.
    ///
    /// # Errors
    /// [`StoreError`], as in all of these methods: the transaction can then only end.
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets the value for a key.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError>;

    /// Sets the value for a key that has none; false if it has one.
    fn put_new(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<bool, StoreError>;

    /// Removes a key; false if it was not there.
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError>;

    /// Marks a nonce as used until `expires` (milliseconds since 1970); false if it is marked already.
    fn use_nonce(&mut self, nonce: &[u8; 32], expires: i64) -> Result<bool, StoreError>;
}

/// A transaction that is to be expected, as long as this lives.
pub(super) struct Expected<'a>(&'a dyn Store);

impl<'a> Expected<'a> {
    pub fn at(store: &'a dyn Store) -> Self {
        store.expect(true);
        Self(store)
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.0.expect(false);
    }
}

/// A store. All methods may be called from any thread. A method that has failed may succeed when it is called again.
pub trait Store: Send + Sync {
    /// Runs `body`, which may run more than once, in a transaction; if it fails, nothing is changed. What has been
    /// confirmed survives the end of the process and of the machine. `body` uses the transaction only, not the store.
    ///
    /// # Errors
    /// `body`'s, or TRY_AGAIN. A store that no longer answers at the very end may have made the changes.
    fn transact(&self, body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal>;

    /// Says that a transaction is to be expected, or that it has ended or will not come: a store whose transactions share commits may
    /// wait a moment for those that are expected. Nothing but speed depends on it.
    fn expect(&self, _more: bool) {}

    /// The value for a key.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` keys of a table that sort before `end`, byte by byte, the first ones first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Up to `limit` entries of a table whose keys sort at or after `start`, byte by byte, the first ones first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn from(&self, table: Table, start: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError>;

    /// Forgets nonces that expired before `now` (milliseconds since 1970); how many.
    ///
    /// # Errors
    /// [`StoreError`].
    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError>;

    /// Whether the store answers and could record something: for health checks.
    ///
    /// # Errors
    /// [`StoreError`] if it does not.
    fn check(&self) -> Result<(), StoreError>;
}
