//! What all sealed files have in common: five bytes that say what they are, a random nonce, AES-256-GCM.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};

use crate::error::{Error, Result};
use base::secret::{SecretArray, SecretBytes, on_clean_stack_of_ciphers};

pub(super) const PREFIX: usize = 5;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Bytes that sealing adds.
pub(super) const OVERHEAD: usize = PREFIX + NONCE + TAG;

/// Which writing of a file it is: its nonce.
pub(super) type Version = [u8; NONCE];

/// Seals and opens files of one kind.
pub(super) struct Seal {
    cipher: Aes256Gcm,
}

impl Seal {
    pub fn new(key: &SecretArray<32>) -> Self {
        on_clean_stack_of_ciphers(|| Self { cipher: Aes256Gcm::new((&**key).into()) })
    }

    /// A file with `text`, bound to `context`, and which writing it is.
    pub fn seal(&self, prefix: [u8; PREFIX], context: &[u8], mut text: SecretBytes) -> Result<(Vec<u8>, Version)> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(Error::no_random_numbers)?;
        let associated = [&prefix, context].concat();
        let sealed = on_clean_stack_of_ciphers(|| {
            self.cipher.encrypt_inout_detached(&Nonce::from(nonce), &associated, (&mut *text).into())
        });
        let tag = sealed.map_err(|_| Error::Internal("AES-GCM refused to encrypt".into()))?;
        Ok(([&prefix[..], &nonce, &text, &tag].concat(), nonce))
    }

    /// The text of a file that begins with `prefix`, or what is wrong with the file.
    pub fn open(&self, prefix: [u8; PREFIX], context: &[u8], file: &[u8]) -> Result<SecretBytes, &'static str> {
        let rest = file.strip_prefix(&prefix[..]).ok_or("unknown format version")?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or("incomplete")?;
        // Too short for a tag: nothing that could be authentic.
        let (text, tag) = sealed.split_last_chunk::<TAG>().ok_or("authentication failed")?;
        let mut text = SecretBytes::from(text);
        let associated = [&prefix, context].concat();
        let opened = on_clean_stack_of_ciphers(|| {
            let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
            self.cipher.decrypt_inout_detached(&nonce, &associated, (&mut *text).into(), &tag)
        });
        opened.map_err(|_| "authentication failed")?;
        Ok(text)
    }
}

/// Which writing a file claims to be. Two files that open for the same place and claim the same are the same; one that is too short
/// opens nowhere.
pub(super) fn version(file: &[u8]) -> Version {
    let nonce = file.get(PREFIX..).and_then(|rest| rest.first_chunk());
    nonce.copied().unwrap_or_default()
}
