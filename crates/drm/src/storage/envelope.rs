//! The content of one offline file: authenticated and encrypted, bound to its namespace and id.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `NDRM` |
//! | 1 | format version: 2; 1 if it was written before there were records |
//! | 12 | nonce, random for every writing: its version, as the record has it |
//! | n + 1 | payload and status (1 usable, 2 inactive), AES-256-GCM |
//! | 16 | tag |
//!
//! Associated data: the first five bytes, the namespace's length (1 byte) and the namespace, the id. So a file that is
//! renamed or moved to another namespace fails, and so does one with a changed version.

use super::seal::{OVERHEAD, PREFIX, Seal, Version};
use super::store::{MAX_PAYLOAD, StoredKey, StoredStatus};
use crate::error::Result;
use base::secret::{SecretArray, SecretBytes};

const VERSION_1: [u8; PREFIX] = *b"NDRM\x01";
const VERSION_2: [u8; PREFIX] = *b"NDRM\x02";
/// Bytes in the largest file.
pub(super) const MAX_FILE: usize = OVERHEAD + MAX_PAYLOAD + 1;

/// Seals and opens the files of one namespace.
pub(super) struct Envelope {
    seal: Seal,
}

impl Envelope {
    pub fn new(key: &SecretArray<32>) -> Self {
        Self { seal: Seal::new(key) }
    }

    /// The file for `key`, and its version.
    pub fn seal(&self, namespace: &str, id: &[u8], key: &StoredKey) -> Result<(Vec<u8>, Version)> {
        let mut text = SecretBytes::from(vec![0; key.payload.len() + 1]);
        text[..key.payload.len()].copy_from_slice(&key.payload);
        text[key.payload.len()] = match key.status {
            StoredStatus::Usable => 1,
            StoredStatus::Inactive => 2,
        };
        self.seal.seal(VERSION_2, &context(namespace, id), text)
    }

    /// What [`Envelope::seal`] was given, or what is wrong with the file.
    pub fn open(&self, namespace: &str, id: &[u8], file: &[u8]) -> Result<StoredKey, &'static str> {
        if !file.starts_with(&VERSION_2[..PREFIX - 1]) {
            return Err("not an offline key");
        }
        let prefix = if is_recorded(file) { VERSION_2 } else { VERSION_1 };
        let mut text = self.seal.open(prefix, &context(namespace, id), file)?;
        let status = match text.last() {
            Some(1) => StoredStatus::Usable,
            Some(2) => StoredStatus::Inactive,
            _ => return Err("unknown status"),
        };
        text.truncate(text.len() - 1);
        Ok(StoredKey { status, payload: text })
    }
}

/// Whether there was a record when the file was written.
pub(super) fn is_recorded(file: &[u8]) -> bool {
    file.starts_with(&VERSION_2)
}

/// What a file is bound to.
pub(super) fn context(namespace: &str, id: &[u8]) -> Vec<u8> {
    // `FileStore::open` limits the namespace to 64 bytes.
    let length = u8::try_from(namespace.len()).unwrap_or(u8::MAX);
    [&[length], namespace.as_bytes(), id].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> (Envelope, StoredKey, Vec<u8>) {
        let envelope = Envelope::new(&SecretArray::from_slice(&[7; 32]).unwrap());
        let key = StoredKey { status: StoredStatus::Inactive, payload: b"payload"[..].into() };
        let (file, version) = envelope.seal("space", b"id", &key).unwrap();
        assert_eq!(version, crate::storage::seal::version(&file));
        (envelope, key, file)
    }

    #[test]
    fn what_was_sealed_comes_back_for_the_same_place_only() {
        let (envelope, key, file) = sealed();
        assert_eq!(envelope.open("space", b"id", &file), Ok(key.clone()));
        for (namespace, id) in [("space", &b"ie"[..]), ("spacei", b"d"), ("spac", b"eid"), ("other", b"id")] {
            assert_eq!(envelope.open(namespace, id, &file), Err("authentication failed"));
        }
        let other = Envelope::new(&SecretArray::from_slice(&[8; 32]).unwrap());
        assert_eq!(other.open("space", b"id", &file), Err("authentication failed"));
        assert_ne!(envelope.seal("space", b"id", &key).unwrap().0, file, "a fresh nonce each time");
        assert!(!file.windows(7).any(|window| window == b"payload"));
    }

    #[test]
    fn every_changed_bit_and_every_truncation_is_noticed() {
        let (envelope, _, file) = sealed();
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(envelope.open("space", b"id", &changed).is_err(), "bit {bit}");
        }
        for length in 0..file.len() {
            assert!(envelope.open("space", b"id", &file[..length]).is_err(), "length {length}");
        }
    }

    /// A file as version 1 wrote it, made with OpenSSL's AES-256-GCM: later versions must still read it.
    #[test]
    fn a_file_of_version_1_stays_readable() {
        let file = hex::decode(OF_VERSION_1).unwrap();
        let (envelope, key, _) = sealed();
        assert_eq!(envelope.open("space", b"id", &file), Ok(key));
        assert!(!is_recorded(&file));
    }

    const OF_VERSION_1: &str = "4e44524d01000102030405060708090a0b68e0901c7268bd4bc976462db7dc24a5beb06e2a8ee4e2c4";
}
