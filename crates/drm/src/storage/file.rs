//! The store on disk.
//!
//! ```text
//! <directory>/lock                      taken by whoever writes
//! <directory>/device.key                see `device_key`
//! <directory>/<namespace>/record        see `record`
//! <directory>/<namespace>/<hex id>.key  see `envelope`
//! <directory>/<namespace>/<hex id>.new  the same, until it has its name: see `writing`
//! <directory>/<namespace>/spare         room for a record without an entry, on a full disk
//! ```
//!
//! Whoever reads takes no lock.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::device_key::DeviceKey;
use super::envelope::{self, Envelope, MAX_FILE};
use super::files::{self, Lock, failed, optional};
use super::record::{MAX_RECORD, Record};
use super::seal;
use super::store::{Change, OfflineStore, StoredKey, check_entries, check_id, check_payload};
use super::writing::{self, Writing};
use crate::error::{Error, Result};
use base::secret::on_clean_stack_of_ciphers;

/// What names of entries end with.
const ENTRY: &str = ".key";
/// What names of entries end with that may be the record's already, and have not got their names yet.
const PENDING: &str = ".new";
/// How often whoever reads begins anew because something was stored meanwhile, before it waits for the lock.
const ATTEMPTS: usize = 16;

/// One namespace of an offline store in a directory. Several processes and threads may use the same at once.
#[derive(Clone, Debug)]
pub struct FileStore {
    root: PathBuf,
    pub(super) namespace: String,
}

impl FileStore {
    /// A store in `directory` for `namespace`, the name of a key system: letters, digits, `.`, `_` and `-`, at most 64,
    /// not starting with a dot. Touches nothing on disk; the directory is created, for this user only, when something is
    /// stored for the first time.
    ///
    /// # Errors
    /// [`Error::StoreNamespace`] for an impossible namespace; [`Error::StoreDirectory`] for an empty directory;
    /// [`Error::Storage`] for a relative directory if there is no current directory.
    pub fn open(directory: &Path, namespace: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if namespace.is_empty() || namespace.len() > 64 || namespace.starts_with('.') || !namespace.bytes().all(allowed)
        {
            return Err(Error::StoreNamespace);
        }
        if directory.as_os_str().is_empty() {
            return Err(Error::StoreDirectory);
        }
        // A later change of the current directory must not move the store.
        let root = std::path::absolute(directory).map_err(failed("locate", directory))?;
        Ok(Self { root, namespace: namespace.to_owned() })
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.root.join(&self.namespace)
    }

    pub(super) fn entry(&self, id: &[u8]) -> PathBuf {
        self.directory().join(hex::encode(id) + ENTRY)
    }

    pub(super) fn pending(&self, id: &[u8]) -> PathBuf {
        self.directory().join(hex::encode(id) + PENDING)
    }

    pub(super) fn record_path(&self) -> PathBuf {
        self.directory().join("record")
    }

    fn device_key_path(&self) -> PathBuf {
        self.root.join("device.key")
    }

    pub(super) fn lock(&self) -> Result<Lock> {
        self.check_directories()?;
        Lock::take(&self.root.join("lock"))
    }

    /// The device key, created if need be. One that is missing beside entries was lost: a new one would hide that.
    pub(super) fn device_key(&self, _lock: &Lock) -> Result<DeviceKey> {
        let path = self.device_key_path();
        if let Some(key) = DeviceKey::load(&path)? {
            // Its creator may have been killed before the name was durable, and entries are worth nothing without it.
            files::sync_directory(&self.root)?;
            return Ok(key);
        }
        if self.any_entries()? {
            return Err(self.device_key_missing());
        }
        files::remove_temporaries(&self.root)?;
        DeviceKey::create(&path)
    }

    fn existing_device_key(&self) -> Result<DeviceKey> {
        DeviceKey::load(&self.device_key_path())?.ok_or_else(|| self.device_key_missing())
    }

    fn device_key_missing(&self) -> Error {
        damaged(self.device_key_path(), "missing, although there are offline keys")
    }

    pub(super) fn record_missing(&self) -> Error {
        damaged(self.record_path(), "missing, although there are entries that it has listed")
    }

    /// Whether any namespace has entries.
    fn any_entries(&self) -> Result<bool> {
        for item in fs::read_dir(&self.root).map_err(failed("list", &self.root))? {
            let item = item.map_err(failed("list", &self.root))?;
            if item.file_type().is_ok_and(|kind| kind.is_dir()) && !Ids::in_directory(&item.path())?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn check_directories(&self) -> Result<()> {
        files::check_directory(&self.root)?;
        files::check_directory(&self.directory())
    }

    /// The record's file, and what it says; none if there is none.
    fn read_record(&self) -> Result<Option<Vec<u8>>> {
        files::read(&self.record_path(), MAX_RECORD)
    }

    pub(super) fn open_record(&self, device: &DeviceKey, file: &[u8]) -> Result<Record> {
        Record::open(device, &self.namespace, file).map_err(|reason| damaged(self.record_path(), reason))
    }

    pub(super) fn load_record(&self, device: &DeviceKey) -> Result<Option<Record>> {
        self.read_record()?.map(|file| self.open_record(device, &file)).transpose()
    }

    /// The files that an entry may be in, in the order in which they get their names.
    fn files_of(&self, id: &[u8]) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut found = Vec::with_capacity(2);
        for path in [self.pending(id), self.entry(id)] {
            if let Some(content) = files::read(&path, MAX_FILE)? {
                found.push((path, content));
            }
        }
        Ok(found)
    }

    pub(super) fn has_files(&self, id: &[u8]) -> Result<bool> {
        for path in [self.pending(id), self.entry(id)] {
            if optional(fs::symlink_metadata(&path)).map_err(failed("read", &path))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The entry that the record, if there is one, and the files have.
    fn choose(
        &self,
        device: &DeviceKey,
        record: Option<&Record>,
        id: &[u8],
        files: &[(PathBuf, Vec<u8>)],
    ) -> Result<Option<StoredKey>> {
        let Some((last_path, last)) = files.last() else { return Ok(None) };
        let (path, content) = match record {
            Some(record) => {
                let Some(version) = record.0.get(id) else { return Ok(None) };
                let stored_last = files.iter().find(|(_, content)| seal::version(content) == *version);
                let (path, content) =
                    stored_last.ok_or_else(|| damaged(last_path.clone(), "not what was stored last"))?;
                (path, content)
            }
            // Nobody has got so far yet as to record anything.
            None if *last_path != self.entry(id) => return Ok(None),
            None if envelope::is_recorded(last) => return Err(self.record_missing()),
            None => (last_path, last),
        };
        let opened = Envelope::new(&device.entry_key()).open(&self.namespace, id, content);
        opened.map(Some).map_err(|reason| damaged(path.clone(), reason))
    }

    /// Reads an entry; nobody writes meanwhile.
    pub(super) fn read(&self, device: &DeviceKey, record: &Record, id: &[u8]) -> Result<Option<StoredKey>> {
        self.choose(device, Some(record), id, &self.files_of(id)?)
    }
}

pub(super) fn damaged(path: PathBuf, reason: &'static str) -> Error {
    Error::StorageDamaged { path, reason: reason.into() }
}

impl OfflineStore for FileStore {
    fn put_all(&self, entries: &[(&[u8], StoredKey)]) -> Result<()> {
        on_clean_stack_of_ciphers(|| self.put_all_now(entries))
    }

    fn get(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        on_clean_stack_of_ciphers(|| self.get_now(id))
    }

    fn update(&self, id: &[u8], change: &mut Change<'_>) -> Result<bool> {
        on_clean_stack_of_ciphers(|| self.update_now(id, change))
    }

    fn remove(&self, id: &[u8]) -> Result<bool> {
        on_clean_stack_of_ciphers(|| self.remove_now(id))
    }

    fn list(&self) -> Result<Vec<Vec<u8>>> {
        on_clean_stack_of_ciphers(|| self.list_now())
    }

    fn device_id(&self) -> Result<[u8; 16]> {
        on_clean_stack_of_ciphers(|| self.device_id_now())
    }

    fn name(&self) -> String {
        hex::encode(self.directory().as_os_str().as_encoded_bytes())
    }
}

/// The work itself; it leaves keys on the stack.
impl FileStore {
    fn put_all_now(&self, entries: &[(&[u8], StoredKey)]) -> Result<()> {
        check_entries(entries)?;
        if entries.is_empty() {
            return Ok(());
        }
        files::create_directory(&self.directory())?;
        Writing::begin(self, &self.lock()?)?.put(entries)
    }

    fn get_now(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        check_id(id)?;
        self.check_directories()?;
        for _ in 0..ATTEMPTS {
            // The record first: what it says was so, then or later.
            let record = self.read_record()?;
            let files = self.files_of(id)?;
            if files.is_empty() {
                return Ok(None);
            }
            // Read each time: another process may have emptied the directory and begun anew.
            let device = self.existing_device_key()?;
            let known = record.as_deref().map(|file| self.open_record(&device, file)).transpose();
            let found = known.and_then(|known| self.choose(&device, known.as_ref(), id, &files));
            if matches!(found, Ok(Some(_))) || self.read_record()? == record {
                return found;
            }
        }
        let _lock = self.lock()?;
        let device = self.existing_device_key()?;
        self.choose(&device, self.load_record(&device)?.as_ref(), id, &self.files_of(id)?)
    }

    fn update_now(&self, id: &[u8], change: &mut Change<'_>) -> Result<bool> {
        check_id(id)?;
        // Nothing there, nothing to lock or to create.
        if !self.has_files(id)? {
            return Ok(false);
        }
        let lock = self.lock()?;
        let writing = Writing::begin(self, &lock)?;
        let Some(stored) = writing.read(id)? else { return Ok(false) };
        if let Some(changed) = change(&stored)? {
            check_payload(&changed)?;
            writing.put(&[(id, changed)])?;
        }
        Ok(true)
    }

    fn remove_now(&self, id: &[u8]) -> Result<bool> {
        check_id(id)?;
        if !self.has_files(id)? {
            return Ok(false);
        }
        let lock = self.lock()?;
        match Writing::begin(self, &lock) {
            Ok(writing) => writing.remove(id),
            // What nobody can read any more can at least be given up.
            Err(Error::StorageDamaged { .. }) => writing::give_up(self, &lock, id),
            Err(error) => Err(error),
        }
    }

    fn list_now(&self) -> Result<Vec<Vec<u8>>> {
        let ids = Ids::in_directory(&self.directory())?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(match self.existing_device_key().and_then(|device| self.load_record(&device)) {
            Ok(Some(record)) => ids.all().filter(|id| record.0.contains_key(id)).collect(),
            Ok(None) => ids.entries.into_iter().collect(),
            // Everything is damaged, and listed.
            Err(Error::StorageDamaged { .. }) => ids.all().collect(),
            Err(error) => return Err(error),
        })
    }

    fn device_id_now(&self) -> Result<[u8; 16]> {
        if let Some(key) = DeviceKey::load(&self.device_key_path())? {
            return Ok(key.id());
        }
        files::create_directory(&self.root)?;
        let lock = self.lock()?;
        Ok(self.device_key(&lock)?.id())
    }
}

/// The ids with a file in a namespace's directory, which need not exist. Other names are none of the store's.
#[derive(Default)]
pub(super) struct Ids {
    pub entries: BTreeSet<Vec<u8>>,
    pub pending: BTreeSet<Vec<u8>>,
}

impl Ids {
    pub fn in_directory(directory: &Path) -> Result<Self> {
        let mut ids = Self::default();
        let Some(items) = optional(fs::read_dir(directory)).map_err(failed("list", directory))? else {
            return Ok(ids);
        };
        for item in items {
            let name = item.map_err(failed("list", directory))?.file_name();
            let Some(name) = name.to_str() else { continue };
            let kinds = [(ENTRY, &mut ids.entries), (PENDING, &mut ids.pending)];
            for (suffix, found) in kinds {
                let Some(text) = name.strip_suffix(suffix) else { continue };
                // Upper case would be a second name for the same id.
                match hex::decode(text) {
                    Ok(id) if check_id(&id).is_ok() && hex::encode(&id) == text => found.insert(id),
                    _ => continue,
                };
            }
        }
        Ok(ids)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.pending.is_empty()
    }

    /// In ascending order.
    pub fn all(&self) -> impl Iterator<Item = Vec<u8>> {
        self.entries.union(&self.pending).cloned()
    }
}
