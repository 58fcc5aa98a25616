//! The device key: one random secret per store, from which the keys of the namespaces are derived.
//!
//! The file `device.key` has 8 bytes `NDRMDEV\x01`, 32 random bytes, and the first 8 bytes of SHA-256 of those 40, so that
//! damage to it is told apart from damage to an entry. It is never replaced: that would make every entry unreadable.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use hkdf::Hkdf;
use sha2::{Digest, Sha256};

use super::files::{TEMPORARY, failed, read_private, sync_directory, write_new};
use crate::error::{Error, Result};
use base::secret::{SecretArray, SecretBytes};

const MAGIC: &[u8; 8] = b"NDRMDEV\x01";
const LENGTH: usize = 48;

pub(super) struct DeviceKey(SecretArray<32>);

impl DeviceKey {
    /// Reads the key, unless others can read it; `None` if there is none yet.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let Some(content) = read_private(path, LENGTH)?.map(SecretBytes::from) else { return Ok(None) };
        let damaged = |reason: &'static str| Error::StorageDamaged { path: path.to_owned(), reason: reason.into() };
        let (body, check) = content.split_last_chunk::<8>().ok_or_else(|| damaged("incomplete"))?;
        let key = body.strip_prefix(MAGIC).and_then(SecretArray::from_slice);
        let key = key.ok_or_else(|| damaged("not a device key"))?;
        if Sha256::digest(body)[..8] != *check {
            return Err(damaged("its checksum is wrong"));
        }
        Ok(Some(Self(key)))
    }

    /// Creates the key, or reads the one that another process has created meanwhile.
    pub fn create(path: &Path) -> Result<Self> {
        let mut content = SecretBytes::from(vec![0; LENGTH]);
        content[..8].copy_from_slice(MAGIC);
        getrandom::fill(&mut content[8..40]).map_err(Error::no_random_numbers)?;
        let check = Sha256::digest(&content[..40]);
        content[40..].copy_from_slice(&check[..8]);

        let directory = path.parent().unwrap_or(Path::new("."));
        let temporary = directory.join(format!("{TEMPORARY}device-{}", std::process::id()));
        write_new(&temporary, &content)?;
        // Unlike a rename, a link never replaces what is there.
        let linked = fs::hard_link(&temporary, path);
        let linked = match linked.as_ref().map_err(std::io::Error::kind) {
            Err(ErrorKind::AlreadyExists) => Ok(()),
            // No hard links here; the caller's lock keeps others away between the test and the rename.
            Err(ErrorKind::Unsupported | ErrorKind::PermissionDenied) if !path.exists() => fs::rename(&temporary, path),
            _ => linked,
        };
        let _ = fs::remove_file(&temporary);
        linked.map_err(failed("create", path))?;
        sync_directory(directory)?;
        Self::load(path)?.ok_or_else(|| failed("read", path)(ErrorKind::NotFound.into()))
    }

    /// The key that seals offline entries.
    pub fn entry_key(&self) -> SecretArray<32> {
        let mut key = SecretArray::zeroed();
        self.derive(b"native_drm 1 offline entries", &mut *key);
        key
    }

    /// The key that seals records.
    pub fn record_key(&self) -> SecretArray<32> {
        let mut key = SecretArray::zeroed();
        self.derive(b"native_drm 1 offline records", &mut *key);
        key
    }

    /// A public id that is tied to this key and does not reveal it.
    pub fn id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        self.derive(b"native_drm 1 device id", &mut id);
        id
    }

    fn derive(&self, purpose: &[u8], out: &mut [u8]) {
        let derived = Hkdf::<Sha256>::new(None, &*self.0).expand(purpose, out);
        derived.expect("HKDF-SHA256 gives up to 8160 bytes");
    }
}
