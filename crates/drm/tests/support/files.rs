//! The files of a store, for tests that exchange them.
#![allow(dead_code, reason = "each user needs some of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use drm::error::{Error, Result};
use drm::storage::{FileStore, StoredKey, StoredStatus};

pub const SPACES: [&str; 2] = ["com.example.drm", "com.example.drm.device"];
pub const SPACE: &str = SPACES[0];

/// One of the kinds of entries that there are: of either status, empty, small and large.
pub fn key(number: u64) -> StoredKey {
    let status = if number.is_multiple_of(3) { StoredStatus::Inactive } else { StoredStatus::Usable };
    let length = [0, 1, 40, 5_000][(number % 4) as usize];
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(8 + length, 7);
    StoredKey { status, payload: payload.into() }
}

pub fn open(directory: &Path, namespace: &str) -> FileStore {
    FileStore::open(directory, namespace).unwrap()
}

pub fn entry(directory: &Path, namespace: &str, id: &[u8]) -> PathBuf {
    directory.join(namespace).join(hex::encode(id) + ".key")
}

pub fn is_refused(result: &Result<Option<StoredKey>>) -> bool {
    matches!(result, Ok(None) | Err(Error::StorageDamaged { .. }))
}

pub fn is_damaged(result: &Result<Option<StoredKey>>) -> bool {
    matches!(result, Err(Error::StorageDamaged { .. }))
}

pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The files of the namespaces with their content.
pub fn files(directory: &Path) -> Files {
    let mut found = Files::new();
    for space in SPACES {
        let Ok(items) = fs::read_dir(directory.join(space)) else { continue };
        for path in items.map(|item| item.unwrap().path()) {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// Makes the files of the namespaces what they were.
pub fn put_back(directory: &Path, former: &Files) {
    files(directory).keys().for_each(|path| fs::remove_file(path).unwrap());
    former.iter().for_each(|(path, content)| fs::write(path, content).unwrap());
}
