//! The protection that a streaming manifest declares, whatever its format.

use super::error::{Error, Result};
use super::{W3C_CLEAR_KEY_SYSTEM_ID, pssh};
use base::base64::Variant;

/// The protection that a manifest announces, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Complete `pssh` boxes, each of them well formed.
    pub pssh: Vec<Vec<u8>>,
    /// Key ids that stand in the manifest itself (`cenc:default_KID`, `KEYID`). All zeros, the mark of key rotation, is
    /// left out.
    pub key_ids: Vec<[u8; 16]>,
}

impl Protection {
    /// The boxes; where none of them lists key ids but the manifest does, followed by a box with the common system id of
    /// W3C EME made of these. Otherwise a manifest written for other key systems alone would be of no use to Clear Key,
    /// although it names the keys.
    pub fn into_boxes(self) -> Vec<Vec<u8>> {
        let Self { pssh: mut boxes, mut key_ids } = self;
        let listed = |bytes: &Vec<u8>| pssh::parse(bytes).is_ok_and(|parsed| !parsed.key_ids.is_empty());
        if !key_ids.is_empty() && !boxes.iter().any(listed) {
            let mut seen = std::collections::HashSet::new();
            key_ids.retain(|id| seen.insert(*id));
            boxes.push(pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &key_ids, &[]));
        }
        boxes
    }

    pub(super) fn add_key_id(&mut self, id: [u8; 16]) {
        if id != [0; 16] {
            self.key_ids.push(id);
        }
    }

    /// Adds the boxes in `bytes`. `offset` is where the manifest `what` has them.
    pub(super) fn add_pssh(&mut self, what: &'static str, offset: usize, bytes: &[u8]) -> Result<()> {
        let boxes = pssh::parse_all(bytes).map_err(|fault| Error::malformed(what, offset, fault.to_string()))?;
        self.pssh.extend(boxes.iter().map(|parsed| parsed.raw.to_vec()));
        Ok(())
    }
}

/// Decodes base64 that stands at `offset` of the manifest `what`.
pub(super) fn base64(variant: Variant, what: &'static str, offset: usize, text: &[u8]) -> Result<Vec<u8>> {
    variant.decode(what, text).map_err(|fault| Error::malformed(what, offset, fault.reason))
}
