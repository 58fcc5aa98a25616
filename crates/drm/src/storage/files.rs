//! Durable file operations: nothing here leaves a half-written file under its final name.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{ArcMutexGuard, Mutex, RawMutex};

use crate::error::{Error, Result};

/// Names of temporary files start so. Whoever holds the lock may remove them.
pub(super) const TEMPORARY: &str = ".tmp-";

/// Turns an I/O error into [`Error::Storage`].
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Storage { action, path, source }
}

/// `None` where there is no such file or directory.
pub(super) fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Creates a directory and those above it, only for this user, and makes that durable.
pub fn create_directory(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_directory(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => parent.map_or(Ok(()), sync_directory),
        // Another process was faster.
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(fault) => Err(failed("create", path)(fault)),
    }
}

/// Makes new, renamed and removed names in `path` durable.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(failed("sync", path))
}

/// How long a store that somebody else has locked is waited for: a process that was stopped never gives it back.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// The longest pause between two looks at a lock that another process has.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// An exclusive lock between processes and between threads.
pub(super) struct Lock {
    /// Closing the file gives the lock back, also when the process is killed; not if a child after fork() has it open, too.
    file: File,
    /// After the file: threads of this process need not look for when it is free.
    _turn: ArcMutexGuard<RawMutex, ()>,
}

impl Lock {
    /// Waits for the lock, for [`LOCK_WAIT`] at most.
    pub fn take(path: &Path) -> Result<Self> {
        Self::take_until(path, Instant::now() + LOCK_WAIT)
    }

    fn take_until(path: &Path, deadline: Instant) -> Result<Self> {
        let held = |by| failed("lock", path)(io::Error::new(ErrorKind::TimedOut, format!("{by} has it for too long")));
        let turn = turns(path).try_lock_arc_until(deadline).ok_or_else(|| held("another thread"))?;
        let file = open(OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600), path)
            .map_err(failed("open", path))?;
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file, _turn: turn }),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Err(held("another process")),
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(TryLockError::Error(fault)) if fault.kind() == ErrorKind::Interrupted => {}
                Err(TryLockError::Error(fault)) => return Err(failed("lock", path)(fault)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that another thread of the program has forked meanwhile has inherited the lock, and perhaps lives on.
        let _ = self.file.unlock();
    }
}

/// Where this process's threads line up for a lock file. A child after fork() has lines of its own: a thread of its parent may
/// have stood in front of the old ones.
fn turns(path: &Path) -> Arc<Mutex<()>> {
    type Turns = BTreeMap<(u32, PathBuf), Arc<Mutex<()>>>;
    static TURNS: Mutex<Turns> = Mutex::new(Turns::new());
    Arc::clone(TURNS.lock().entry((std::process::id(), path.to_owned())).or_default())
}

/// Refuses what other users of the machine could have changed, as `ssh` does with its files. What root owns is trusted, and root
/// trusts everybody's.
fn check_owner(path: &Path, metadata: &Metadata, others_may: u32) -> Result<()> {
    let own = rustix::process::geteuid().as_raw();
    let reason = if own != 0 && ![0, own].contains(&metadata.uid()) {
        "it belongs to another user"
    } else if metadata.mode() & 0o077 & !others_may != 0 {
        "other users have access to it"
    } else {
        return Ok(());
    };
    Err(failed("trust", path)(io::Error::new(ErrorKind::PermissionDenied, reason)))
}

/// Refuses a directory that other users can write to. One that does not exist is created for this user only.
pub(super) fn check_directory(path: &Path) -> Result<()> {
    match optional(fs::metadata(path)).map_err(failed("read", path))? {
        // Its group may be this user's alone, as it is on many systems.
        Some(metadata) => check_owner(path, &metadata, 0o075),
        None => Ok(()),
    }
}

/// Opens a file of the store. What is no file is refused, and not waited for: a FIFO would hold up whoever opens it.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

/// As [`read`], for a file that no other user may have read or written.
pub(super) fn read_private(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    read_checked(path, limit, |metadata| check_owner(path, metadata, 0))
}

/// Reads a file of at most `limit` bytes; a longer one is cut off one byte later. `None` if it does not exist.
pub(super) fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    read_checked(path, limit, |_| Ok(()))
}

fn read_checked(path: &Path, limit: usize, check: impl FnOnce(&Metadata) -> Result<()>) -> Result<Option<Vec<u8>>> {
    let opened = optional(open(OpenOptions::new().read(true), path));
    let Some(file) = opened.map_err(failed("open", path))? else { return Ok(None) };
    // Enough from the start: growing would leave copies of a secret behind.
    let metadata = file.metadata().map_err(failed("read", path))?;
    check(&metadata)?;
    let mut content = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(limit).min(limit) + 1);
    file.take(limit as u64 + 1).read_to_end(&mut content).map_err(failed("read", path))?;
    Ok(Some(content))
}

/// Writes a new file, mode 0600, and makes its content durable. Nothing remains after a failure.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<()> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = created.map_err(failed("create", path))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|fault| {
        let _ = fs::remove_file(path);
        failed("write", path)(fault)
    })
}

/// Removes what killed processes left behind. The caller holds the lock.
pub(super) fn remove_temporaries(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory).map_err(failed("list", directory))? {
        let entry = entry.map_err(failed("list", directory))?;
        if entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
            optional(fs::remove_file(entry.path())).map_err(failed("remove", &entry.path()))?;
        }
    }
    Ok(())
}

/// Removes a file durably, or leaves it where it was; false if there is none. The caller holds the lock.
pub(super) fn remove(directory: &Path, path: &Path) -> Result<bool> {
    let gone = directory.join(format!("{TEMPORARY}gone"));
    // Under this name it is no entry, and it can come back.
    if optional(fs::rename(path, &gone)).map_err(failed("remove", path))?.is_none() {
        return Ok(false);
    }
    sync_directory(directory).inspect_err(|_| {
        let _ = fs::rename(&gone, path);
        let _ = sync_directory(directory);
    })?;
    // If this fails, whoever writes next does it.
    let _ = fs::remove_file(&gone);
    Ok(true)
}

/// What [`replace`] can do about the file that it has replaced.
enum Former {
    /// There was none.
    None,
    /// It still exists under a second name.
    Kept,
    /// The file system has no second names: the new content stays.
    Lost,
}

/// Puts a file in the place of what was there, durably, or after a failure leaves what was there, as far as the file system has hard
/// links. On a full disk the blocks of `spare` take the content. The caller holds the lock and has removed earlier temporaries.
pub(super) fn replace(directory: &Path, target: &Path, content: &[u8], spare: Option<&Path>) -> Result<()> {
    let (new, old) = (directory.join(format!("{TEMPORARY}new")), directory.join(format!("{TEMPORARY}old")));
    let result = write_new(&new, content).or_else(|failure| match spare {
        Some(spare) if is_no_room(&failure) => write_into(spare, &new, content).map_err(|_| failure),
        _ => Err(failure),
    });
    let result = result.and_then(|()| {
        let former = keep(target, &old)?;
        fs::rename(&new, target).map_err(failed("replace", target))?;
        sync_directory(directory).inspect_err(|_| {
            // Best effort: the failure that led here is the one to report.
            let _ = match former {
                Former::None => fs::remove_file(target),
                Former::Kept => fs::rename(&old, target),
                Former::Lost => Ok(()),
            };
            let _ = sync_directory(directory);
        })
    });
    let _ = fs::remove_file(&new);
    let _ = fs::remove_file(&old);
    result
}

fn is_no_room(failure: &Error) -> bool {
    let no_room = |kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    matches!(failure, Error::Storage { source, .. } if no_room(source.kind()))
}

/// Writes content over that of a file, which gets a new name. What has other names, or only points to a file, is somebody else's.
fn write_into(spare: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    fs::rename(spare, path)?;
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut file = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.nlink() != 1 {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a file of its own"));
    }
    file.write_all(content)?;
    file.set_len(content.len() as u64)?;
    file.sync_all()
}

/// Has a file of zeros with room for `length` bytes there, if that is possible.
pub(super) fn keep_spare(path: &Path, length: usize) {
    let length = length.next_multiple_of(4096);
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() >= length as u64) {
        return;
    }
    let _ = fs::remove_file(path);
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    if created.and_then(|mut file| file.write_all(&vec![0; length])).is_err() {
        let _ = fs::remove_file(path);
    }
}

/// Gives the file at `path` a second name.
fn keep(path: &Path, second: &Path) -> Result<Former> {
    match optional(fs::hard_link(path, second)) {
        Ok(Some(())) => Ok(Former::Kept),
        Ok(None) => Ok(Former::None),
        Err(fault) if matches!(fault.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => Ok(Former::Lost),
        Err(fault) => Err(failed("keep", path)(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let items = fs::read_dir(directory).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = items.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_or_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        replace(directory.path(), &path("a"), b"old", None).unwrap();
        // A directory is in the way of the renaming.
        fs::create_dir(path("d")).unwrap();
        let failure = replace(directory.path(), &path("d"), b"new", None).unwrap_err();
        assert!(matches!(failure, Error::Storage { .. }), "{failure}");
        // Somebody else's file where the temporary should be.
        write_new(&path(".tmp-new"), b"x").unwrap();
        assert!(matches!(
            replace(directory.path(), &path("a"), b"new", None),
            Err(Error::Storage { action: "create", .. })
        ));
        assert_eq!(names(directory.path()), ["a", "d"]);
        assert_eq!(fs::read(path("a")).unwrap(), b"old");
        replace(directory.path(), &path("a"), b"new", None).unwrap();
        assert_eq!(names(directory.path()), ["a", "d"]);
        assert_eq!(fs::read(path("a")).unwrap(), b"new");
    }

    #[test]
    fn a_spare_file_is_as_long_as_asked_for_and_takes_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        keep_spare(&path("spare"), 1);
        assert_eq!(fs::read(path("spare")).unwrap(), [0; 4096]);
        keep_spare(&path("spare"), 4097);
        assert_eq!(fs::read(path("spare")).unwrap(), [0; 8192]);
        keep_spare(&path("spare"), 1);
        assert_eq!(fs::read(path("spare")).unwrap().len(), 8192);
        write_into(&path("spare"), &path("b"), b"content").unwrap();
        assert_eq!(
            (names(directory.path()), fs::read(path("b")).unwrap()),
            (vec!["b".to_owned()], b"content".to_vec())
        );
    }

    /// Whoever may write to the store's directory, but not to a file somewhere else, must not do that through the spare file.
    #[test]
    fn a_spare_file_that_is_another_file_is_not_written_into() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let ways: [fn(&Path, &Path) -> io::Result<()>; 2] =
            [|file, spare| symlink(file, spare), |file, spare| fs::hard_link(file, spare)];
        write_new(&path("other"), b"other").unwrap();
        for way in ways {
            way(&path("other"), &path("spare")).unwrap();
            assert!(write_into(&path("spare"), &path("new"), b"content").is_err());
            fs::remove_file(path("new")).unwrap();
            assert_eq!(fs::read(path("other")).unwrap(), b"other");
        }
    }

    #[test]
    fn existing_files_are_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        write_new(&path, b"first").unwrap();
        assert!(write_new(&path, b"second").is_err());
        assert_eq!(read(&path, 9).unwrap().unwrap(), b"first");
        assert_eq!(read(&path, 3).unwrap().unwrap(), b"firs", "one byte more than the limit tells that there is more");
        assert!(read(&directory.path().join("b"), 9).unwrap().is_none());
    }
}
