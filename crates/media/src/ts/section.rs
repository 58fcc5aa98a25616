//! Sections of tables (ISO/IEC 13818-1 section 2.4.4), which come in the payloads of packets.

use super::{Slot, Window};

/// Sections that begin in one packet, as far as they have come.
#[derive(Debug, Default)]
pub(super) struct Sections {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    /// Bytes that were looked at.
    done: usize,
    changed: bool,
}

impl Sections {
    /// Where the packet starts in which they begin.
    pub(super) fn start(&self) -> Option<u64> {
        self.slots.first().map(|slot| slot.packet)
    }

    /// Adds part of a packet.
    pub(super) fn add(&mut self, window: &mut Window<'_>, slot: Slot) {
        self.bytes.extend_from_slice(&window.packet(slot.packet)[slot.start..slot.end]);
        self.slots.push(slot);
    }

    /// Gives each section that has become complete to `see`, which says whether it has changed it. True if no section is
    /// incomplete: nothing more can come.
    pub(super) fn complete<E>(&mut self, mut see: impl FnMut(&mut [u8]) -> Result<bool, E>) -> Result<bool, E> {
        loop {
            let rest = &mut self.bytes[self.done..];
            // Stuffing reaches up to the end.
            if rest.first().is_none_or(|&table| table == 0xff) {
                return Ok(true);
            }
            let Some(&[_, high, low]) = rest.first_chunk() else { return Ok(false) };
            let length = 3 + (usize::from(high & 0x0f) << 8 | usize::from(low));
            let Some(section) = rest.get_mut(..length) else { return Ok(false) };
            if is_intact(section) {
                self.changed |= see(section)?;
            }
            self.done += length;
        }
    }

    /// Puts sections that were changed into their packets.
    pub(super) fn put_back(&self, window: &mut Window<'_>) {
        if !self.changed {
            return;
        }
        let mut rest = &self.bytes[..];
        for slot in &self.slots {
            let (part, others) = rest.split_at(slot.length());
            window.packet(slot.packet)[slot.start..slot.end].copy_from_slice(part);
            rest = others;
        }
    }
}

/// Whether a section is one of the long form, with a checksum that is right.
fn is_intact(section: &[u8]) -> bool {
    section.len() >= 12 && section[1] & 0x80 != 0 && checksum(section) == 0
}

/// Writes the checksum of a section.
pub(super) fn seal(section: &mut [u8]) {
    let end = section.len() - 4;
    let sum = checksum(&section[..end]);
    section[end..].copy_from_slice(&sum.to_be_bytes());
}

/// CRC-32 of annex A; 0 over a section with its checksum.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 24, |sum, _| sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_of_the_catalogue() {
        // CRC-32/MPEG-2 in the catalogue of parametrised CRC algorithms.
        assert_eq!(super::checksum(b"123456789"), 0x0376_e6e7);
    }
}
