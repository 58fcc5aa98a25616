//! The record of a namespace: its entries' ids, and which writing of each is the last one. What it does not list is no entry, and
//! another writing than the one that it lists is none of this store any more.
//!
//! The file `record`: `NDRR\x01`, a nonce, and under AES-256-GCM for each entry the id's length (1 byte), the id, the nonce of its
//! file (12 bytes); then the tag. Associated data: the first five bytes, the namespace's length (1 byte) and the namespace.

use std::collections::BTreeMap;

use super::device_key::DeviceKey;
use super::envelope::context;
use super::seal::{OVERHEAD, PREFIX, Seal, Version};
use super::store::{MAX_ENTRIES, MAX_ID_LENGTH};
use crate::error::Result;
use base::secret::SecretBytes;

const MAGIC: [u8; PREFIX] = *b"NDRR\x01";
const MAX_ROW: usize = 1 + MAX_ID_LENGTH + size_of::<Version>();
/// Bytes in the largest record.
pub(super) const MAX_RECORD: usize = OVERHEAD + MAX_ENTRIES * MAX_ROW;

/// The version of each entry, by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record(pub BTreeMap<Vec<u8>, Version>);

impl Record {
    /// The file.
    pub fn seal(&self, device: &DeviceKey, namespace: &str) -> Result<Vec<u8>> {
        let mut rows = Vec::with_capacity(self.0.len() * MAX_ROW);
        for (id, version) in &self.0 {
            // The store takes no longer id.
            rows.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
            rows.extend_from_slice(id);
            rows.extend_from_slice(version);
        }
        let (file, _) =
            Seal::new(&device.record_key()).seal(MAGIC, &context(namespace, b""), SecretBytes::from(rows))?;
        Ok(file)
    }

    /// What [`Record::seal`] was given, or what is wrong with the file.
    pub fn open(device: &DeviceKey, namespace: &str, file: &[u8]) -> Result<Self, &'static str> {
        let text = Seal::new(&device.record_key()).open(MAGIC, &context(namespace, b""), file)?;
        let (mut rows, mut record) = (&text[..], Self::default());
        while let Some((&length, rest)) = rows.split_first() {
            let (id, rest) = rest.split_at_checked(length.into()).ok_or("incomplete")?;
            let (version, rest) = rest.split_first_chunk().ok_or("incomplete")?;
            record.0.insert(id.to_vec(), *version);
            rows = rest;
        }
        Ok(record)
    }
}
