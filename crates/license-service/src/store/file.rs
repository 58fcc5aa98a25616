//! The file of a store in a directory: opened by one process, and opened again after a fault.

use std::fmt::Display;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Database, StorageBackend};

use super::StoreError;
use base::log::{self, Level};

/// Bytes that the database may use as cache.
pub(super) const CACHE: usize = 8 << 20;
const NAME: &str = "service.redb";
/// Bytes that are written again at a time.
const CHUNK: usize = 1 << 20;

/// Where a store's file is, and which one it is.
pub(super) struct Place {
    path: PathBuf,
    /// Device and inode of the file that was opened first.
    identity: Option<(u64, u64)>,
}

impl Place {
    /// In a directory that exists.
    pub fn in_directory(directory: &Path) -> Result<Self, StoreError> {
        // A program may change its working directory before the file has to be opened again.
        let directory = std::path::absolute(directory).map_err(|fault| StoreError::new("find the store", &fault))?;
        Ok(Self { path: directory.join(NAME), identity: None })
    }

    /// Whether the file that was opened is still the one in its place: what is written to one that was removed is lost.
    pub fn check(path: &Path, identity: (u64, u64)) -> Result<(), StoreError> {
        match std::fs::metadata(path) {
            Ok(metadata) if (metadata.dev(), metadata.ino()) == identity => Ok(()),
            Ok(_) => Err(StoreError(format!("another file is in the place of {}", path.display()))),
            Err(fault) => Err(StoreError::new(&format!("find {}", path.display()), &fault)),
        }
    }

    /// The file, once it was opened, and which one it is.
    pub fn opened(&self) -> Option<(PathBuf, (u64, u64))> {
        self.identity.map(|identity| (self.path.clone(), identity))
    }

    /// Opens the database: at first a new one where there is none, later the same one again. `wrap` is between database and
    /// file.
    pub fn open<B: StorageBackend>(&mut self, wrap: impl FnOnce(FileBackend) -> B) -> Result<Database, StoreError> {
        let failed = |fault: &dyn Display| StoreError::new(&format!("open {}", self.path.display()), fault);
        let again = self.identity.is_some();
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(!again).mode(0o600).open(&self.path);
        let file = file.map_err(|fault| failed(&fault))?;
        let metadata = file.metadata().map_err(|fault| failed(&fault))?;
        let identity = (metadata.dev(), metadata.ino());
        if self.identity.is_some_and(|known| known != identity) {
            // It may have another identity, devices and licenses than this service.
            return Err(failed(&"another file is in its place; the service has to be started anew"));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(failed(&"another process uses it")),
            Err(TryLockError::Error(fault)) => return Err(failed(&fault)),
        }
        if metadata.mode() & 0o077 != 0
            && let Err(fault) = file.set_permissions(Permissions::from_mode(0o600))
        {
            let path = self.path.display();
            log::write(Level::Warn, format_args!("license service: others may read {path}: {fault}"));
        }
        if again {
            write_again(&file).map_err(|fault| failed(&fault))?;
        }
        let backend = FileBackend::new(file).map_err(|fault| failed(&fault))?;
        // The check costs a reading of the file; without it a damaged one might be noticed late.
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
        let database = builder.create_with_backend(wrap(backend)).map_err(|fault| failed(&fault))?;
        if !again {
            // The name of a new file has to be durable, too.
            let directory = self.path.parent().map(File::open);
            let synced = directory.map_or(Ok(()), |directory| directory.and_then(|directory| directory.sync_all()));
            synced.map_err(|fault| failed(&fault))?;
        }
        self.identity = Some(identity);
        Ok(database)
    }
}

/// Writes what the file has once more. After a sync that failed the system takes pages for written that never reached the
/// disk, and would not write them at the next sync: what is read now would not be there after a crash.
fn write_again(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut chunk = vec![0; CHUNK];
    let mut offset = 0;
    while offset < length {
        let size = usize::try_from(length - offset).map_or(CHUNK, |rest| rest.min(CHUNK));
        file.read_exact_at(&mut chunk[..size], offset)?;
        file.write_all_at(&chunk[..size], offset)?;
        offset += size as u64;
    }
    file.sync_all()
}
