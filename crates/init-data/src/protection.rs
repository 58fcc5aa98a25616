//! The protection that a container or a manifest declares, whatever its format.

use std::collections::HashSet;

use super::error::{Error, Result};
use super::key_ids::parse_clearplay_pssh_data;
use super::{CLEARPLAY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID, POLICYPLAY_SYSTEM_ID, W3C_CLEAR_KEY_SYSTEM_ID, pssh};
use base::base64::Variant;

/// Key ids in one box that this crate makes: what the 2048 bytes have room for that OpenHarmony's struct gives a box.
const KEY_IDS_PER_BOX: usize = 125;
/// More than these say nothing new.
const MOST_FAULTS: usize = 1000;

/// The protection that a container or a manifest announces, in the order of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Complete `pssh` boxes, each of them well formed.
    pub pssh: Vec<Vec<u8>>,
    /// Key ids that stand outside of the boxes (`tenc`, `ContentEncKeyID`, `cenc:default_KID`, `KEYID`). All zeros, the
    /// mark of key rotation, is left out.
    pub key_ids: Vec<[u8; 16]>,
    /// What was passed over, the first 1,000 of it.
    pub faults: Vec<Error>,
}

impl Protection {
    /// Whether there is neither a box nor a key id.
    pub fn is_empty(&self) -> bool {
        self.pssh.is_empty() && self.key_ids.is_empty()
    }

    /// The boxes of at most `longest` bytes, followed by boxes for those key ids that they do not list, 125 ids each: with the
    /// common system id of W3C EME for what no box of Clear Key lists, since otherwise content made for other key systems
    /// would be of no use to Clear Key, although it names the keys; and with the system id of each other key system
    /// of this library that has a box with a list, for what is not in it.
    pub fn into_boxes(self, longest: usize) -> Vec<Vec<u8>> {
        let Self { pssh: mut boxes, key_ids, .. } = self;
        let all = boxes.len();
        boxes.retain(|found| found.len() <= longest);
        if boxes.len() < all {
            base::log_warn!("{} of {all} pssh boxes left out: more than {longest} bytes", all - boxes.len());
        }
        let mut made = Vec::new();
        for system_ids in [
            &[W3C_CLEAR_KEY_SYSTEM_ID, DASHIF_CLEAR_KEY_SYSTEM_ID][..],
            &[CLEARPLAY_SYSTEM_ID],
            &[POLICYPLAY_SYSTEM_ID],
        ] {
            let mut listed: HashSet<_> = boxes.iter().flat_map(|bytes| listed(system_ids, bytes)).collect();
            let is_common = system_ids[0] == W3C_CLEAR_KEY_SYSTEM_ID;
            if is_common || !listed.is_empty() {
                let missing: Vec<_> = key_ids.iter().copied().filter(|id| listed.insert(*id)).collect();
                made.extend(missing.chunks(KEY_IDS_PER_BOX).map(|ids| pssh::build(&system_ids[0], ids, &[])));
            }
        }
        boxes.extend(made);
        boxes
    }
}

/// The key ids in a box, if it is for one of these systems.
fn listed(system_ids: &[[u8; 16]], bytes: &[u8]) -> Vec<[u8; 16]> {
    match pssh::parse(bytes) {
        Ok(other) if !system_ids.contains(&other.system_id) => Vec::new(),
        Ok(own) if own.key_ids.is_empty() => parse_clearplay_pssh_data(own.data).unwrap_or_default(),
        Ok(own) => own.key_ids,
        Err(_) => Vec::new(),
    }
}

/// A protection that is being read. What is faulty is passed over, said in the log, and counts only if nothing else is
/// found.
pub(super) struct Reading {
    what: &'static str,
    found: Protection,
}

impl Reading {
    /// Starts to read `what`, which is named in messages.
    pub fn new(what: &'static str) -> Self {
        Self { what, found: Protection::default() }
    }

    /// The result.
    ///
    /// # Errors
    /// The first fault, if nothing was found.
    pub fn finish(mut self) -> Result<Protection> {
        if self.found.is_empty() && !self.found.faults.is_empty() {
            return Err(self.found.faults.swap_remove(0));
        }
        Ok(self.found)
    }

    /// What was passed over.
    pub fn into_faults(self) -> Vec<Error> {
        self.found.faults
    }

    /// Something at `offset` cannot be read.
    pub fn pass_over(&mut self, offset: usize, reason: impl Into<base::text::Text>) {
        self.fault(Error::malformed(self.what, offset, reason));
    }

    /// As [`pass_over`](Self::pass_over), for an error made elsewhere.
    pub fn fault(&mut self, fault: Error) {
        base::log_warn!("passed over: {fault}");
        if self.found.faults.len() < MOST_FAULTS {
            self.found.faults.push(fault);
        }
    }

    /// Adds a key id; all zeros is none.
    pub fn add_key_id(&mut self, id: [u8; 16]) {
        if id != [0; 16] {
            self.found.key_ids.push(id);
        }
    }

    /// Adds a key id as text, whatever its punctuation: hyphens anywhere or nowhere, in braces, behind `urn:uuid:` or `0x`.
    pub fn add_key_id_text(&mut self, offset: usize, text: &str) {
        match uuid(text) {
            Some(id) => self.add_key_id(id),
            None => self.pass_over(offset, "a key id that is not a UUID"),
        }
    }

    /// Adds a box that was parsed.
    pub fn add_box(&mut self, complete: Vec<u8>) {
        self.found.pssh.push(complete);
    }

    /// Adds a box for each of `data` that no box of `system` holds yet.
    pub fn add_data_of(&mut self, system: &[u8; 16], data: Vec<Vec<u8>>) {
        let boxes = self.found.pssh.iter().filter_map(|bytes| pssh::parse(bytes).ok());
        let mut known: HashSet<_> = boxes.filter(|one| one.system_id == *system).map(|one| one.data.to_vec()).collect();
        let new = data.into_iter().filter(|data| known.insert(data.clone()));
        let made: Vec<_> = new.map(|data| pssh::build(system, &[], &data)).collect();
        self.found.pssh.extend(made);
    }

    /// Adds the boxes in `bytes`, which stand at `offset` in some encoding.
    pub fn add_pssh(&mut self, offset: usize, bytes: &[u8]) {
        match pssh::parse_all(bytes) {
            Ok(boxes) => self.found.pssh.extend(boxes.iter().map(|parsed| parsed.raw.to_vec())),
            Err(fault) => self.pass_over(offset, fault.to_string()),
        }
    }

    /// Decodes base64 that stands at `offset`.
    pub fn base64(&mut self, offset: usize, text: &[u8]) -> Option<Vec<u8>> {
        let decoded = Variant::Lenient.decode(self.what, text);
        decoded.map_err(|fault| self.pass_over(offset, fault.reason)).ok()
    }
}

/// The 16 bytes of a UUID in any of the forms that packagers write.
pub(super) fn uuid(text: &str) -> Option<[u8; 16]> {
    let mut text = text.trim().trim_start_matches('{').trim_end_matches('}');
    for prefix in ["urn:uuid:", "0x"] {
        if let Some((head, rest)) = text.split_at_checked(prefix.len())
            && head.eq_ignore_ascii_case(prefix)
        {
            text = rest;
        }
    }
    let mut digits = [0; 32];
    let mut places = digits.iter_mut();
    for byte in text.bytes().filter(|&byte| byte != b'-') {
        *places.next()? = byte;
    }
    let mut id = [0; 16];
    (places.len() == 0 && hex::decode_to_slice(digits, &mut id).is_ok()).then_some(id)
}
