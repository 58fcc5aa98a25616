//! Seals what the store must not reveal: keys of the service, content keys, licenses.
//!
//! A sealed value is `0x01`, a random 12-byte nonce, AES-256-GCM's output with tag. The associated data names table and
//! key, so that a value that was moved fails.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;

use super::error::{Error, Result};
use super::store::{StoreError, Table};
use base::secret::{SecretArray, SecretBytes};
use license::protocol::service_side::random;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// The key that protects a store's secrets, never kept in the store itself.
pub type MasterKey = SecretArray<32>;

pub(super) struct Vault {
    /// Seals and opens.
    key: Aes256Gcm,
    /// Open what was sealed before, or will be by other servers.
    others: Vec<Aes256Gcm>,
}

impl Vault {
    pub fn new(master: &MasterKey, others: &[MasterKey]) -> Self {
        Self { key: cipher(master), others: others.iter().map(cipher).collect() }
    }

    pub fn seal(&self, table: Table, key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
        let nonce = random::<NONCE>()?.0;
        let mut text = SecretBytes::from(value);
        let sealed = self.key.encrypt_inout_detached(&Nonce::from(nonce), &associated(table, key), (&mut *text).into());
        let tag = sealed.map_err(|_| Error::Internal("AES-GCM refused to encrypt".into()))?;
        Ok([&[VERSION][..], &nonce, &text, &tag].concat())
    }

    pub fn open(&self, table: Table, key: &[u8], sealed: &[u8]) -> Result<SecretBytes, StoreError> {
        let opened = open(&self.key, table, key, sealed);
        let mut others = self.others.iter();
        opened.or_else(|fault| others.find_map(|other| open(other, table, key, sealed).ok()).ok_or(fault))
    }

    /// Whether a value is sealed under the key that seals now.
    pub fn is_present(&self, table: Table, key: &[u8], sealed: &[u8]) -> bool {
        open(&self.key, table, key, sealed).is_ok()
    }
}

fn cipher(master: &MasterKey) -> Aes256Gcm {
    let mut key = SecretArray::<32>::zeroed();
    let derived = Hkdf::<Sha256>::new(None, &**master).expand(b"native_drm 1 service store", &mut *key);
    derived.expect("HKDF-SHA256 gives up to 8160 bytes");
    Aes256Gcm::new((&*key).into())
}

fn open(cipher: &Aes256Gcm, table: Table, key: &[u8], sealed: &[u8]) -> Result<SecretBytes, StoreError> {
    let failed = |reason: &str| StoreError(format!("an entry of table {} cannot be read: {reason}", table.name()));
    let rest = sealed.strip_prefix(&[VERSION]).ok_or_else(|| failed("unknown version"))?;
    let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or_else(|| failed("incomplete"))?;
    let (text, tag) = text.split_last_chunk::<TAG>().ok_or_else(|| failed("incomplete"))?;
    let mut text = SecretBytes::from(text);
    let opened = cipher.decrypt_inout_detached(
        &Nonce::from(*nonce),
        &associated(table, key),
        (&mut *text).into(),
        &(*tag).into(),
    );
    opened.map_err(|_| failed("another master key, or damaged"))?;
    Ok(text)
}

fn associated(table: Table, key: &[u8]) -> Vec<u8> {
    // Table names contain no NUL.
    [table.name().as_bytes(), &[0], key].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        SecretArray::from_slice(&[byte; 32]).unwrap()
    }

    #[test]
    fn values_of_other_keys_open_and_one_key_seals() {
        let old = Vault::new(&master(7), &[]).seal(Table::License, b"id", b"value").unwrap();
        let both = Vault::new(&master(8), &[master(6), master(7)]);
        assert_eq!(*both.open(Table::License, b"id", &old).unwrap(), *b"value");
        let new = both.seal(Table::License, b"id", b"value").unwrap();
        assert!(both.is_present(Table::License, b"id", &new) && !both.is_present(Table::License, b"id", &old));
        assert!(Vault::new(&master(8), &[]).open(Table::License, b"id", &new).is_ok());
        let reason = Vault::new(&master(9), &[master(6)]).open(Table::License, b"id", &old).unwrap_err().to_string();
        assert!(reason.contains("another master key"), "{reason}");
    }

    #[test]
    fn values_open_in_their_place_and_with_their_key_only() {
        let vault = Vault::new(&master(7), &[]);
        let sealed = vault.seal(Table::Content, b"id", b"value").unwrap();
        assert_eq!(*vault.open(Table::Content, b"id", &sealed).unwrap(), *b"value");
        assert!(vault.open(Table::Content, b"ie", &sealed).is_err());
        assert!(vault.open(Table::License, b"id", &sealed).is_err());
        let other = Vault::new(&master(8), &[]);
        assert!(other.open(Table::Content, b"id", &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(vault.open(Table::Content, b"id", &changed).is_err(), "bit {bit}");
        }
        assert!(!sealed.windows(5).any(|window| window == b"value"));
    }
}
