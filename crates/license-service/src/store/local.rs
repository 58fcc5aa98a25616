//! The store of a single process: an embedded database (redb) in memory or in a directory.
//!
//! redb writes copy-on-write and syncs at each commit, which transactions at the same time share (`group`): what was confirmed is
//! on the disk, and a killed process leaves the last confirmed state. After a failure of the disk redb does nothing more; the file is then opened again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableError, WriteTransaction};

use super::file::{CACHE, Place};
use super::group::{Definition, Groups, NONCE_EXPIRY, NONCES, sortable};
use super::{Entry, Store, StoreError, Table, Transaction};
use base::log::{self, Level};
use license::template::Refusal;

/// Opens the database, or opens it again.
type Opener = Box<dyn FnMut() -> Result<Database, StoreError> + Send>;

/// Written by [`Store::check`]; empty.
const PROBE: Definition = Definition::new("probe");
/// Nonces that are forgotten in one transaction.
const BATCH: usize = 1000;

/// A store that one process uses.
pub struct LocalStore {
    /// `None` after a failure, until it could be opened again.
    database: RwLock<Option<Database>>,
    groups: Groups,
    /// Set by whatever fails. The database then has to be opened again.
    broken: AtomicBool,
    /// How often that was tried.
    attempts: AtomicU64,
    /// `None` in memory: there is nothing to open again.
    opener: Option<Mutex<Opener>>,
    /// The file and which one it is; `None` in memory.
    file: Option<(PathBuf, (u64, u64))>,
}

fn definition(table: Table) -> Definition {
    Definition::new(table.name())
}

impl LocalStore {
    /// A store that ends with the process.
    ///
    /// # Errors
    /// [`StoreError`] where memory does not suffice.
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = Database::builder().set_cache_size(CACHE).create_with_backend(InMemoryBackend::new());
        let database = database.map_err(|fault| StoreError::new("create a store in memory", &fault))?;
        Ok(Self::with(database, None))
    }

    /// The store in the file `service.redb` of a directory that exists; the file is created where it is missing, readable for
    /// its owner only.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be opened, is damaged, or is open in another process.
    pub fn in_directory(directory: &Path) -> Result<Self, StoreError> {
        let mut place = Place::in_directory(directory)?;
        let database = place.open(|file| file)?;
        let file = place.opened();
        let mut store = Self::with(database, Some(Mutex::new(Box::new(move || place.open(|file| file)))));
        store.file = file;
        Ok(store)
    }

    #[cfg(test)]
    pub(super) fn opened_by(mut opener: Opener) -> Result<Self, StoreError> {
        let database = opener()?;
        Ok(Self::with(database, Some(Mutex::new(opener))))
    }

    fn with(database: Database, opener: Option<Mutex<Opener>>) -> Self {
        let database = RwLock::new(Some(database));
        let (groups, broken, attempts) = (Groups::default(), AtomicBool::new(false), AtomicU64::new(0));
        Self { database, groups, broken, attempts, opener, file: None }
    }

    /// Runs `body` with the database, which is opened again if something has failed before.
    fn run<T, E: From<StoreError>>(&self, body: impl FnOnce(&Database) -> Result<T, E>) -> Result<T, E> {
        let place = self.usable()?;
        let database = place.as_ref().ok_or_else(|| StoreError("the store is closed".into()))?;
        body(database)
    }

    /// As [`run`](Self::run) where every error is the store's.
    fn attempt<T>(&self, body: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.run(|database| self.noted(body(database)))
    }

    /// Remembers a failure.
    fn noted<T, E>(&self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        result
    }

    /// Whether the file is where it was: what is written to one that somebody has removed would be confirmed and lost.
    fn in_place(&self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), |(path, identity)| Place::check(path, *identity))
    }

    fn usable(&self) -> Result<RwLockReadGuard<'_, Option<Database>>, StoreError> {
        let attempts = self.attempts.load(Ordering::Acquire);
        let place = self.database.read();
        let Some(opener) = self.opener.as_ref().filter(|_| self.broken.load(Ordering::Acquire)) else {
            return Ok(place);
        };
        drop(place);
        let mut place = self.database.write();
        if self.broken.load(Ordering::Acquire) {
            // Opening reads the whole file: whoever has waited for an attempt that failed does not start the next one.
            if self.attempts.load(Ordering::Acquire) != attempts && place.is_none() {
                return Err(StoreError("the store cannot be opened again".into()));
            }
            self.attempts.fetch_add(1, Ordering::AcqRel);
            // The former one has a lock on the file.
            *place = None;
            *place = Some((opener.lock())()?);
            self.broken.store(false, Ordering::Release);
            log::write(Level::Warn, format_args!("license service: the store was opened again after a failure"));
        }
        Ok(RwLockWriteGuard::downgrade(place))
    }
}

fn failed<E: std::fmt::Display>(action: &'static str) -> impl Fn(E) -> StoreError {
    move |fault| StoreError::new(action, &fault)
}

impl Store for LocalStore {
    fn transact(&self, body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.in_place()?;
        let fault = || self.broken.store(true, Ordering::Release);
        self.run(|database| self.groups.transact(database, body, &fault))
    }

    fn expect(&self, more: bool) {
        self.groups.expect(more);
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.attempt(|database| {
            let read = database.begin_read().map_err(failed("begin to read"))?;
            let table = match read.open_table(definition(table)) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => return Ok(None),
                Err(fault) => return Err(StoreError::new("open a table", &fault)),
            };
            Ok(table.get(key).map_err(failed("read"))?.map(|value| value.value().to_vec()))
        })
    }

    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.attempt(|database| {
            let read = database.begin_read().map_err(failed("begin to read"))?;
            let table = match read.open_table(definition(table)) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(fault) => return Err(StoreError::new("open a table", &fault)),
            };
            let entries = table.range(..end).map_err(failed("read"))?.take(limit);
            entries.map(|entry| Ok(entry.map_err(failed("read"))?.0.value().to_vec())).collect()
        })
    }

    fn from(&self, table: Table, start: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.attempt(|database| {
            let read = database.begin_read().map_err(failed("begin to read"))?;
            let table = match read.open_table(definition(table)) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(fault) => return Err(StoreError::new("open a table", &fault)),
            };
            let found = table.range(start..).map_err(failed("read"))?.take(limit);
            let entry = |entry: (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>)| {
                (entry.0.value().to_vec(), entry.1.value().to_vec())
            };
            found.map(|found| found.map(entry).map_err(failed("read"))).collect()
        })
    }

    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let count = self.attempt(|database| {
                let write = database.begin_write().map_err(failed("begin a transaction"))?;
                let count = forget_some(&write, now)?;
                write.commit().map_err(failed("commit"))?;
                Ok(count)
            })?;
            forgotten += count as u64;
            if count < BATCH {
                return Ok(forgotten);
            }
        }
    }

    /// Writes: a disk that is full or read-only can be read, but records no license.
    fn check(&self) -> Result<(), StoreError> {
        self.in_place()?;
        self.attempt(|database| {
            let write = database.begin_write().map_err(failed("begin a transaction"))?;
            {
                let mut probe = write.open_table(PROBE).map_err(failed("open a table"))?;
                probe.insert(&[][..], &[][..]).map_err(failed("write"))?;
            }
            write.commit().map_err(failed("commit"))
        })
    }
}

/// Forgets up to [`BATCH`] nonces.
fn forget_some(write: &WriteTransaction, now: i64) -> Result<usize, StoreError> {
    let open = |name| write.open_table(Definition::new(name)).map_err(failed("open a table"));
    let (mut nonces, mut expiry) = (open(NONCES)?, open(NONCE_EXPIRY)?);
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
        let from = |start: &[u8], limit| store.from(Table::LicenseEnd, start, limit).unwrap();
        let keys =
            |start: &[u8], limit| from(start, limit).into_iter().map(|(key, _)| key).collect::<Vec<_>>().concat();
        assert_eq!(
            (keys(b"", 9), keys(b"b", 2), keys(b"ba", 9)),
            (b"abbbc\xff".into(), b"bbb".into(), b"bbc\xff".into())
        );
        let entries = super::super::entries(&store, Table::LicenseEnd, b"b");
        assert_eq!(entries.map(|entry| entry.unwrap().0).collect::<Vec<_>>(), [&b"b"[..], b"bb"]);
    }

    #[test]
    fn a_file_that_was_removed_takes_nothing_more() {
        let directory = tempfile::tempdir().unwrap();
        let store = LocalStore::in_directory(directory.path()).unwrap();
        let put = || store.transact(&mut |transaction| Ok(transaction.put(Table::Policy, b"a", b"1")?));
        put().unwrap();
        store.check().unwrap();
        let (path, aside) = (directory.path().join("service.redb"), directory.path().join("aside"));
        std::fs::rename(&path, &aside).unwrap();
        assert!(put().is_err() && store.check().is_err());
        std::fs::write(&path, b"another").unwrap();
        assert!(put().is_err() && store.check().is_err());
        std::fs::rename(&aside, &path).unwrap();
        store.check().unwrap();
        put().unwrap();
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
