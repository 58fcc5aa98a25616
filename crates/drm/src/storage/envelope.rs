//! The content of one offline file: authenticated and encrypted, bound to its namespace and id.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `NDRM` |
//! | 1 | format version, 1 |
//! | 12 | nonce, random for every writing |
//! | n + 1 | payload and status (1 usable, 2 inactive), AES-256-GCM |
//! | 16 | tag |
//!
//! Associated data: the first five bytes, the namespace's length (1 byte) and the namespace, the id. So a file that is
//! renamed or moved to another namespace fails, and so does one with a changed version.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};

use super::store::{MAX_PAYLOAD, StoredKey, StoredStatus};
use crate::error::{Error, Result};
use base::secret::{SecretArray, SecretBytes, on_clean_stack_of_ciphers};

const PREFIX: [u8; 5] = *b"NDRM\x01";
const NONCE: usize = 12;
const TAG: usize = 16;
/// Bytes in the largest file.
pub(super) const MAX_FILE: usize = PREFIX.len() + NONCE + MAX_PAYLOAD + 1 + TAG;

/// Seals and opens the files of one namespace.
pub(super) struct Envelope {
    cipher: Aes256Gcm,
}

impl Envelope {
    pub fn new(key: &SecretArray<32>) -> Self {
        on_clean_stack_of_ciphers(|| Self { cipher: Aes256Gcm::new((&**key).into()) })
    }

    /// The file for `key`.
    pub fn seal(&self, namespace: &str, id: &[u8], key: &StoredKey) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(Error::no_random_numbers)?;
        let mut text = SecretBytes::from(vec![0; key.payload.len() + 1]);
        text[..key.payload.len()].copy_from_slice(&key.payload);
        text[key.payload.len()] = match key.status {
            StoredStatus::Usable => 1,
            StoredStatus::Inactive => 2,
        };
        let associated = associated(namespace, id);
        let sealed = on_clean_stack_of_ciphers(|| {
            self.cipher.encrypt_inout_detached(&Nonce::from(nonce), &associated, (&mut *text).into())
        });
        let tag = sealed.map_err(|_| Error::Internal("AES-GCM refused to encrypt".into()))?;
        Ok([&PREFIX[..], &nonce, &text, &tag].concat())
    }

    /// What [`Envelope::seal`] was given, or what is wrong with the file.
    pub fn open(&self, namespace: &str, id: &[u8], file: &[u8]) -> Result<StoredKey, &'static str> {
        let rest = file.strip_prefix(&PREFIX[..4]).ok_or("not an offline key")?;
        let rest = rest.strip_prefix(&PREFIX[4..]).ok_or("unknown format version")?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or("incomplete")?;
        // Too short for a tag: nothing that could be authentic.
        let (text, tag) = sealed.split_last_chunk::<TAG>().ok_or("authentication failed")?;
        let mut text = SecretBytes::from(text);
        let associated = associated(namespace, id);
        let opened = on_clean_stack_of_ciphers(|| {
            let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
            self.cipher.decrypt_inout_detached(&nonce, &associated, (&mut *text).into(), &tag)
        });
        opened.map_err(|_| "authentication failed")?;
        let status = match text.last() {
            Some(1) => StoredStatus::Usable,
            Some(2) => StoredStatus::Inactive,
            _ => return Err("unknown status"),
        };
        text.truncate(text.len() - 1);
        Ok(StoredKey { status, payload: text })
    }
}

fn associated(namespace: &str, id: &[u8]) -> Vec<u8> {
    // `FileStore::open` limits the namespace to 64 bytes.
    let length = u8::try_from(namespace.len()).unwrap_or(u8::MAX);
    [&PREFIX[..], &[length], namespace.as_bytes(), id].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> (Envelope, StoredKey, Vec<u8>) {
        let envelope = Envelope::new(&SecretArray::from_slice(&[7; 32]).unwrap());
        let key = StoredKey { status: StoredStatus::Inactive, payload: b"payload"[..].into() };
        let file = envelope.seal("space", b"id", &key).unwrap();
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
        assert_ne!(envelope.seal("space", b"id", &key).unwrap(), file, "a fresh nonce each time");
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
        let file = hex::decode(VERSION_1).unwrap();
        let (envelope, key, _) = sealed();
        assert_eq!(envelope.open("space", b"id", &file), Ok(key));
    }

    const VERSION_1: &str = "4e44524d01000102030405060708090a0b68e0901c7268bd4bc976462db7dc24a5beb06e2a8ee4e2c4";
}
