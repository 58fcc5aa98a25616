//! The store of a single process: an embedded database (redb) in memory or in a directory.
//!
//! redb writes copy-on-write and syncs at each commit: what was confirmed is on the disk, and a killed process leaves the
//! last confirmed state.

use std::path::Path;

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError, WriteTransaction};

use super::{Store, StoreError, Table, Transaction};
use license::template::Refusal;

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Bytes that the database may use as cache.
const CACHE: usize = 8 << 20;
/// Nonces with their expiry.
const NONCES: Definition = TableDefinition::new("nonce");
/// Expiry and nonce, to find the oldest.
const NONCE_EXPIRY: Definition = TableDefinition::new("nonce_expiry");
/// Nonces that are forgotten in one transaction.
const BATCH: usize = 1000;

/// A store that one process uses.
pub struct LocalStore(Database);

fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

impl LocalStore {
    /// A store that ends with the process.
    ///
    /// # Errors
    /// [`StoreError`] where memory does not suffice.
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = Database::builder().set_cache_size(CACHE).create_with_backend(InMemoryBackend::new());
        database.map(Self).map_err(|fault| StoreError::new("create a store in memory", &fault))
    }

    /// The store in the file `service.redb` of a directory that exists; the file is created where it is missing.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened, is damaged, or is open in another process.
    pub fn in_directory(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("service.redb");
        let failed = |fault: &dyn std::fmt::Display| StoreError::new(&format!("open {}", path.display()), fault);
        // The check costs a reading of the file; without it a damaged one might be noticed late.
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
        let database = builder.create(&path).map_err(|fault| failed(&fault))?;
        // The name of a new file has to be durable, too.
        std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(|fault| failed(&fault))?;
        Ok(Self(database))
    }
}

fn failed<E: std::fmt::Display>(action: &'static str) -> impl Fn(E) -> StoreError {
    move |fault| StoreError::new(action, &fault)
}

impl Store for LocalStore {
    fn transact(&self, body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let write = self.0.begin_write().map_err(failed("begin a transaction"))?;
        // Dropped without a commit, it changes nothing.
        body(&mut LocalTransaction(&write))?;
        write.commit().map_err(failed("commit"))?;
        Ok(())
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.0.begin_read().map_err(failed("begin to read"))?;
        let table = match read.open_table(definition(table)) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(fault) => return Err(StoreError::new("open a table", &fault)),
        };
        Ok(table.get(key).map_err(failed("read"))?.map(|value| value.value().to_vec()))
    }

    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let read = self.0.begin_read().map_err(failed("begin to read"))?;
        let table = match read.open_table(definition(table)) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(fault) => return Err(StoreError::new("open a table", &fault)),
        };
        let entries = table.range(..end).map_err(failed("read"))?.take(limit);
        entries.map(|entry| Ok(entry.map_err(failed("read"))?.0.value().to_vec())).collect()
    }

    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let write = self.0.begin_write().map_err(failed("begin a transaction"))?;
            let count = LocalTransaction(&write).forget_some(now)?;
            write.commit().map_err(failed("commit"))?;
            forgotten += count as u64;
            if count < BATCH {
                return Ok(forgotten);
            }
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        self.0.begin_read().map(drop).map_err(failed("read"))
    }
}

struct LocalTransaction<'a>(&'a WriteTransaction);

impl LocalTransaction<'_> {
    fn open(&self, definition: Definition) -> Result<redb::Table<'_, &'static [u8], &'static [u8]>, StoreError> {
        self.0.open_table(definition).map_err(failed("open a table"))
    }

    /// Forgets up to [`BATCH`] nonces.
    fn forget_some(&self, now: i64) -> Result<usize, StoreError> {
        let (mut nonces, mut expiry) = (self.open(NONCES)?, self.open(NONCE_EXPIRY)?);
        let end = sortable(now);
        let mut old = Vec::new();
        for entry in expiry.range(..&end[..]).map_err(failed("read"))?.take(BATCH) {
            old.push(entry.map_err(failed("read"))?.0.value().to_vec());
        }
        for key in &old {
            expiry.remove(&key[..]).map_err(failed("remove"))?;
            nonces.remove(&key[end.len()..]).map_err(failed("remove"))?;
        }
        Ok(old.len())
    }
}

/// A time whose bytes sort as the time does.
fn sortable(millis: i64) -> [u8; 8] {
    (millis ^ i64::MIN).to_be_bytes()
}

impl Transaction for LocalTransaction<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.open(definition(table))?;
        let value = table.get(key).map_err(failed("read"))?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.open(definition(table))?.insert(key, value).map_err(failed("write"))?;
        Ok(())
    }

    fn put_new(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<bool, StoreError> {
        let mut table = self.open(definition(table))?;
        if table.get(key).map_err(failed("read"))?.is_some() {
            return Ok(false);
        }
        table.insert(key, value).map_err(failed("write"))?;
        Ok(true)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let mut table = self.open(definition(table))?;
        let removed = table.remove(key).map_err(failed("remove"))?;
        Ok(removed.is_some())
    }

    fn use_nonce(&mut self, nonce: &[u8; 32], expires: i64) -> Result<bool, StoreError> {
        let mut nonces = self.open(NONCES)?;
        if nonces.get(&nonce[..]).map_err(failed("read"))?.is_some() {
            return Ok(false);
        }
        let expires = sortable(expires);
        nonces.insert(&nonce[..], &expires[..]).map_err(failed("write"))?;
        let key = [&expires[..], &nonce[..]].concat();
        self.open(NONCE_EXPIRY)?.insert(&key[..], &[][..]).map_err(failed("write"))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use license::template::Rule;

    fn nonce(store: &LocalStore, first: u8, expires: i64) -> bool {
        let mut fresh = false;
        let mut nonce = [0; 32];
        nonce[0] = first;
        store
            .transact(&mut |transaction| {
                fresh = transaction.use_nonce(&nonce, expires)?;
                Ok(())
            })
            .unwrap();
        fresh
    }

    #[test]
    fn nonces_are_used_once_until_they_expire() {
        let store = LocalStore::in_memory().unwrap();
        assert!(nonce(&store, 1, 100));
        assert!(nonce(&store, 2, -5));
        assert!(!nonce(&store, 1, 900));
        assert_eq!(store.forget_nonces(100).unwrap(), 1);
        assert!(!nonce(&store, 1, 100));
        assert!(nonce(&store, 2, 100));
        for first in 0..=255 {
            nonce(&store, first, i64::from(first));
        }
        assert_eq!(store.forget_nonces(1000).unwrap(), 256);
    }

    #[test]
    fn keys_come_in_their_order() {
        let store = LocalStore::in_memory().unwrap();
        assert!(store.before(Table::LicenseEnd, b"z", 9).unwrap().is_empty());
        store
            .transact(&mut |transaction| {
                for key in [&b"c"[..], b"b", b"bb", b"\xff", b"a"] {
                    transaction.put(Table::LicenseEnd, key, &[])?;
                }
                Ok(())
            })
            .unwrap();
        let before = |end: &[u8], limit| store.before(Table::LicenseEnd, end, limit).unwrap().concat();
        assert_eq!(before(b"c", 9), b"abbb");
        assert_eq!(before(b"c", 2), b"ab");
        assert_eq!(before(b"a", 9), b"");
        assert_eq!(before(b"\xff\xff", 9), b"abbbc\xff");
    }

    #[test]
    fn a_failed_transaction_changes_nothing() {
        let store = LocalStore::in_memory().unwrap();
        let refusal = Refusal::new(Rule::ContentNotFound, "/x", "y");
        let result = store.transact(&mut |transaction| {
            transaction.put(Table::Policy, b"a", b"1")?;
            assert!(transaction.use_nonce(&[1; 32], 9)?);
            Err(refusal.clone())
        });
        assert_eq!(result, Err(refusal));
        assert_eq!(store.read(Table::Policy, b"a").unwrap(), None);
        assert!(nonce(&store, 1, 9));
    }

    #[test]
    fn a_directory_has_one_process_at_a_time_and_keeps_what_it_was_given() {
        let directory = tempfile::tempdir().unwrap();
        let store = LocalStore::in_directory(directory.path()).unwrap();
        assert!(LocalStore::in_directory(directory.path()).is_err());
        store.transact(&mut |transaction| Ok(transaction.put(Table::Device, b"d", b"1")?)).unwrap();
        drop(store);
        let store = LocalStore::in_directory(directory.path()).unwrap();
        assert_eq!(store.read(Table::Device, b"d").unwrap().as_deref(), Some(&b"1"[..]));
        let mut removed = (false, false, false);
        store
            .transact(&mut |transaction| {
                removed = (
                    transaction.put_new(Table::Device, b"d", b"2")?,
                    transaction.remove(Table::Device, b"d")?,
                    transaction.remove(Table::Device, b"d")?,
                );
                Ok(())
            })
            .unwrap();
        assert_eq!(removed, (false, true, false));
    }
}
