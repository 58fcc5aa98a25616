//! PES packets (ISO/IEC 13818-1 section 2.4.3.6).

use super::packet;
use super::table::Kind;
use super::{PACKET, Slot, Window};

/// A PES packet as far as it has come.
#[derive(Debug)]
pub(super) struct Unit {
    /// Where the packet starts in which it begins.
    pub start: u64,
    /// Its number in the stream, from 1.
    pub number: u64,
    pub kind: Kind,
    pub bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// Packets that are sent twice: where the second one starts, and which slot it repeats.
    duplicates: Vec<(u64, usize)>,
}

impl Unit {
    pub(super) fn new(start: u64, number: u64, kind: Kind, bytes: Vec<u8>) -> Self {
        Self { start, number, kind, bytes, slots: Vec::new(), duplicates: Vec::new() }
    }

    /// Adds the payload of a packet.
    pub(super) fn add(&mut self, window: &mut Window<'_>, slot: Slot) {
        self.bytes.extend_from_slice(&window.packet(slot.packet)[slot.start..slot.end]);
        self.slots.push(slot);
    }

    /// The last packet that was added.
    pub(super) fn last(&self) -> Option<u64> {
        self.slots.last().map(|slot| slot.packet)
    }

    /// The packet at `offset` is the last one that was added once more.
    pub(super) fn add_duplicate(&mut self, offset: u64) {
        self.duplicates.push((offset, self.slots.len() - 1));
    }

    /// Its bytes as it says itself: none if it does not, or has not got that far.
    pub(super) fn length(&self) -> Option<usize> {
        let length = u16::from_be_bytes([*self.bytes.get(4)?, *self.bytes.get(5)?]);
        (length > 0).then_some(6 + usize::from(length))
    }

    /// Where the elementary stream's bytes start; none if this is no PES packet of an elementary stream.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn content(&self) -> Result<Option<usize>, &'static str> {
        let bytes = &self.bytes;
        if !bytes.starts_with(&[0, 0, 1]) {
            return Err("no PES packet starts like this");
        }
        // Maps, padding, directories and the like have no header.
        if matches!(bytes.get(3), Some(0xbc | 0xbe | 0xbf | 0xf0..=0xf2 | 0xf8 | 0xff)) {
            return Ok(None);
        }
        let Some(&length) = bytes.get(8) else { return Err("a PES packet without a complete header") };
        if bytes[6] & 0xc0 != 0x80 {
            return Err("a PES header that is not of MPEG-2");
        }
        if bytes[6] & 0x30 != 0 {
            return Err("a PES packet that is scrambled");
        }
        let start = 9 + usize::from(length);
        if start > bytes.len() {
            return Err("a PES header that goes beyond its packet");
        }
        Ok(Some(start))
    }

    /// Puts its bytes, of which there are now fewer by `lost`, into the packets again.
    ///
    /// # Errors
    /// If its packets are so small that one would remain without any.
    pub(super) fn put_back(&mut self, window: &mut Window<'_>, lost: usize) -> Result<(), &'static str> {
        if let Some(length) = self.length() {
            // It was larger than the rest that it had, so this cannot be less than 0.
            let length = (length - 6 - lost) as u16;
            self.bytes[4..6].copy_from_slice(&length.to_be_bytes());
        }
        let mut left = lost;
        for slot in self.slots.iter_mut().rev() {
            if left == 0 {
                break;
            }
            let taken = left.min(slot.length() - 1);
            packet::stuff(window.packet(slot.packet), slot.start, taken);
            slot.start += taken;
            left -= taken;
        }
        if left > 0 {
            return Err("its packets hold so little each that one would be left without any");
        }
        let mut rest = &self.bytes[..];
        for slot in &self.slots {
            let (part, others) = rest.split_at(slot.length());
            window.packet(slot.packet)[slot.start..slot.end].copy_from_slice(part);
            rest = others;
        }
        for &(offset, slot) in &self.duplicates {
            let first: [u8; PACKET] = *window.packet(self.slots[slot].packet);
            packet::duplicate(&first, window.packet(offset));
        }
        Ok(())
    }
}
