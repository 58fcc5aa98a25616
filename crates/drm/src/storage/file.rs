//! The store on disk.
//!
//! ```text
//! <directory>/lock                      taken by whoever writes
//! <directory>/device.key                see `device_key`
//! <directory>/<namespace>/<hex id>.key  see `envelope`
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::device_key::DeviceKey;
use super::envelope::{Envelope, MAX_FILE};
use super::files::{self, Lock, failed, optional};
use super::store::{Change, OfflineStore, StoredKey, check_capacity, check_entries, check_id, check_payload};
use crate::error::{Error, Result};
use base::secret::on_clean_stack_of_ciphers;

const SUFFIX: &str = ".key";

/// One namespace of an offline store in a directory. Several processes and threads may use the same at once.
#[derive(Clone, Debug)]
pub struct FileStore {
    root: PathBuf,
    namespace: String,
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

    fn directory(&self) -> PathBuf {
        self.root.join(&self.namespace)
    }

    fn entry(&self, id: &[u8]) -> PathBuf {
        self.directory().join(hex::encode(id) + SUFFIX)
    }

    fn device_key_path(&self) -> PathBuf {
        self.root.join("device.key")
    }

    fn lock(&self) -> Result<Lock> {
        self.check_directories()?;
        Lock::take(&self.root.join("lock"))
    }

    /// The device key, created if need be. One that is missing beside entries was lost: a new one would hide that.
    fn device_key(&self, _lock: &Lock) -> Result<DeviceKey> {
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

    fn device_key_missing(&self) -> Error {
        Error::StorageDamaged {
            path: self.device_key_path(),
            reason: "missing, although there are offline keys".into(),
        }
    }

    /// Whether any namespace has entries.
    fn any_entries(&self) -> Result<bool> {
        for item in fs::read_dir(&self.root).map_err(failed("list", &self.root))? {
            let item = item.map_err(failed("list", &self.root))?;
            if item.file_type().is_ok_and(|kind| kind.is_dir()) && !ids_in(&item.path())?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn check_directories(&self) -> Result<()> {
        files::check_directory(&self.root)?;
        files::check_directory(&self.directory())
    }

    fn read(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        self.check_directories()?;
        let path = self.entry(id);
        let Some(content) = files::read(&path, MAX_FILE)? else { return Ok(None) };
        // Read each time: another process may have emptied the directory and begun anew.
        let device = DeviceKey::load(&self.device_key_path())?.ok_or_else(|| self.device_key_missing())?;
        let opened = Envelope::new(&device.entry_key()).open(&self.namespace, id, &content);
        opened.map(Some).map_err(|reason| Error::StorageDamaged { path, reason: reason.into() })
    }
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
        check_id(id)?;
        let (directory, path) = (self.directory(), self.entry(id));
        if optional(fs::symlink_metadata(&path)).map_err(failed("read", &path))?.is_none() {
            return Ok(false);
        }
        let _lock = self.lock()?;
        files::remove(&directory, &path)
    }

    fn list(&self) -> Result<Vec<Vec<u8>>> {
        Ok(ids_in(&self.directory())?.into_iter().collect())
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
        let directory = self.directory();
        files::create_directory(&directory)?;
        let lock = self.lock()?;
        files::remove_temporaries(&directory)?;
        let mut ids = ids_in(&directory)?;
        ids.extend(entries.iter().map(|(id, _)| id.to_vec()));
        check_capacity(ids.len())?;
        let envelope = Envelope::new(&self.device_key(&lock)?.entry_key());
        let seal = |(id, key): &(&[u8], StoredKey)| Ok((self.entry(id), envelope.seal(&self.namespace, id, key)?));
        let sealed: Vec<_> = entries.iter().map(seal).collect::<Result<_>>()?;
        files::replace_all(&directory, &sealed)
    }

    fn get_now(&self, id: &[u8]) -> Result<Option<StoredKey>> {
        check_id(id)?;
        self.read(id)
    }

    fn update_now(&self, id: &[u8], change: &mut Change<'_>) -> Result<bool> {
        check_id(id)?;
        let (directory, path) = (self.directory(), self.entry(id));
        // Nothing there, nothing to lock or to create.
        if optional(fs::symlink_metadata(&path)).map_err(failed("read", &path))?.is_none() {
            return Ok(false);
        }
        let lock = self.lock()?;
        let Some(stored) = self.read(id)? else { return Ok(false) };
        if let Some(changed) = change(&stored)? {
            check_payload(&changed)?;
            files::remove_temporaries(&directory)?;
            let envelope = Envelope::new(&self.device_key(&lock)?.entry_key());
            let sealed = envelope.seal(&self.namespace, id, &changed)?;
            files::replace_all(&directory, &[(path, sealed)])?;
        }
        Ok(true)
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
fn ids_in(directory: &Path) -> Result<BTreeSet<Vec<u8>>> {
    let mut ids = BTreeSet::new();
    let Some(items) = optional(fs::read_dir(directory)).map_err(failed("list", directory))? else { return Ok(ids) };
    for item in items {
        let name = item.map_err(failed("list", directory))?.file_name();
        let Some(text) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) else { continue };
        // Upper case would be a second name for the same id.
        match hex::decode(text) {
            Ok(id) if check_id(&id).is_ok() && hex::encode(&id) == text => ids.insert(id),
            _ => continue,
        };
    }
    Ok(ids)
}
