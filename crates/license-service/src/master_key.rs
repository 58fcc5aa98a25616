//! The master key of a directory: 32 random bytes in a file, mode 0600, made once and never replaced.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::error::{Error, Result};
use super::vault::MasterKey;
use base::secret::{SecretArray, SecretBytes};
use license::protocol::service_side::{random, random_secret};

const NAME: &str = "master.key";

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { action, path, source }
}

/// Reads the key of a directory, or makes directory and key.
pub(super) fn in_directory(directory: &Path) -> Result<MasterKey> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed("create", directory))?;
    let path = directory.join(NAME);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    let temporary = directory.join(format!(".{NAME}-{}", random::<8>()?.hex()));
    let key = random_secret::<32>()?;
    let written = write(&temporary, &*key).map_err(failed("write", &temporary));
    // Unlike a rename, a link never replaces a key that another process has made meanwhile.
    let linked = written.and_then(|()| match fs::hard_link(&temporary, &path) {
        Err(fault) if fault.kind() != ErrorKind::AlreadyExists => Err(failed("create", &path)(fault)),
        _ => Ok(()),
    });
    let _ = fs::remove_file(&temporary);
    linked?;
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed("sync", directory))?;
    read(&path)?.ok_or_else(|| failed("read", &path)(ErrorKind::NotFound.into()))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The key in a file; `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<MasterKey>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(failed("open", path)(fault)),
    };
    let mut bytes = SecretBytes::from(vec![0; 33]);
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) => return Err(failed("read", path)(fault)),
        }
    }
    let key = SecretArray::from_slice(&bytes[..length]);
    key.map(Some).ok_or_else(|| Error::MasterKey { path: path.to_owned() })
}
