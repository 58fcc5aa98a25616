//! `pssh` boxes in MPEG transport streams (ISO/IEC 13818-1): OpenHarmony's demuxer takes them from a descriptor with tag
//! 0xC0 in the program map table, in the program's or in a stream's loop. In front of the box stand two bytes: the
//! algorithms of video and audio.

use std::collections::HashMap;

use super::error::Result;
use super::protection::{Protection, Reading};

const WHAT: &str = "MPEG transport stream";
/// Bytes of a packet.
pub const PACKET: usize = 188;
const SYNC: u8 = 0x47;
/// Bytes between packets: none, the time code of Blu-ray, the checksum of DVB.
const GAPS: [usize; 3] = [0, 4, 16];
const PROGRAM_MAP: u8 = 2;
/// The tag of the descriptor.
pub const DRM_DESCRIPTOR: u8 = 0xc0;
const ALGORITHMS: usize = 2;

/// Whether the data looks like a transport stream: two packets in a row, the first at most one packet away, in files that
/// were cut anywhere, too. The sync byte is the letter G, which stands anywhere in a text; tables, stuffing and compressed
/// data are no text.
pub(super) fn is_likely(bytes: &[u8]) -> bool {
    if bytes.iter().take(2 * PACKET).all(|&byte| is_of_text(byte)) {
        return false;
    }
    let next = |at: usize| GAPS.iter().any(|gap| bytes.get(at + PACKET + gap) == Some(&SYNC));
    next_packet(bytes, 0).is_some_and(|at| at < PACKET && (next(at) || bytes.len() == PACKET))
}

/// Whether the byte may stand in a text, UTF-8 or one byte a letter.
fn is_of_text(byte: u8) -> bool {
    !byte.is_ascii_control() && byte != 0xff || byte.is_ascii_whitespace()
}

/// Reads the boxes of all program map tables. Damaged packets and tables, and descriptors without a box, are passed over.
///
/// # Errors
/// [`Error::Malformed`](super::Error::Malformed) with the offset of the first fault, if there is no box.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut reading = Reading::new(WHAT);
    let mut tables = Tables::default();
    each_packet(bytes, true, |start, packet| {
        tables.packet(packet, |loops| {
            each_descriptor(loops.descriptors, |tag, content| {
                if tag == DRM_DESCRIPTOR && content.get(ALGORITHMS + 4..).is_some_and(|tail| tail.starts_with(b"pssh"))
                {
                    reading.add_pssh(start, &content[ALGORITHMS..]);
                }
            });
        });
    });
    reading.finish()
}

/// Calls `see` with the packets in `bytes`, and where they start there. Returns up to where it has come: what follows has
/// to be there again when more has come, unless this `is_end`.
pub fn each_packet(bytes: &[u8], is_end: bool, mut see: impl FnMut(usize, &[u8; PACKET])) -> usize {
    let ahead = PACKET + GAPS[GAPS.len() - 1];
    let mut at = 0;
    while let Some(start) = next_packet(bytes, at) {
        if !is_end && start + ahead >= bytes.len() {
            return start;
        }
        let Some(packet) = bytes.get(start..).and_then(<[u8]>::first_chunk::<PACKET>) else { break };
        see(start, packet);
        at = start + PACKET;
    }
    if is_end { bytes.len() } else { bytes.len().saturating_sub(ahead).max(at) }
}

/// Descriptors of a program map table.
#[derive(Clone, Copy, Debug)]
pub struct Loop<'a> {
    /// The program's number.
    pub program: u16,
    /// Type and PID of the stream that they are about; none for the program.
    pub stream: Option<(u8, u16)>,
    /// One after another: tag, length, content.
    pub descriptors: &'a [u8],
}

/// The program map tables of a stream whose packets come one by one.
#[derive(Debug, Default)]
pub struct Tables(HashMap<u16, Section>);

impl Tables {
    /// Takes a packet. `see` gets the loops of the tables that it completes: the program's, then those of its streams.
    pub fn packet(&mut self, packet: &[u8; PACKET], mut see: impl FnMut(Loop<'_>)) {
        let Self(sections) = self;
        let pid = pid(packet);
        let begins = packet[1] & 0x40 != 0;
        let counter = packet[3] & 0x0f;
        let Some(payload) = payload(packet) else { return };
        if begins {
            // Bytes up to the pointer belong to the section before.
            let Some((&pointer, rest)) = payload.split_first() else { return };
            let Some((before, rest)) = rest.split_at_checked(usize::from(pointer)) else { return };
            if let Some(mut section) = sections.remove(&pid) {
                section.add(before, counter);
                section.read(&mut see);
            }
            // The table's id tells it from elementary streams and other tables; so no program association is needed.
            if rest.first() == Some(&PROGRAM_MAP) {
                sections.insert(pid, Section { bytes: rest.to_vec(), counter, is_broken: false });
            }
        } else if let Some(section) = sections.get_mut(&pid) {
            section.add(payload, counter);
        }
        if sections.get(&pid).is_some_and(|section| section.is_broken || section.is_complete())
            && let Some(section) = sections.remove(&pid)
        {
            section.read(&mut see);
        }
    }
}

/// The PID of a packet.
pub fn pid(packet: &[u8; PACKET]) -> u16 {
    u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff
}

/// Where the next packet begins: a sync byte that another follows one packet later, or the data's end does.
fn next_packet(bytes: &[u8], from: usize) -> Option<usize> {
    let begins = |at: &usize| {
        let next = at + PACKET;
        bytes[*at] == SYNC && GAPS.iter().any(|gap| bytes.get(next + gap).is_none_or(|&byte| byte == SYNC))
    };
    (from..bytes.len()).find(begins)
}

/// The payload of a packet that has one which can be read.
pub fn payload(packet: &[u8; PACKET]) -> Option<&[u8]> {
    let (damaged, scrambled) = (packet[1] & 0x80 != 0, packet[3] & 0xc0 != 0);
    if damaged || scrambled || packet[3] & 0x10 == 0 {
        return None;
    }
    let adaptation = if packet[3] & 0x20 == 0 { 0 } else { 1 + usize::from(packet[4]) };
    packet.get(4 + adaptation..)
}

/// A section of a program map table as far as its packets have come; at most some packets more than 4 KiB.
#[derive(Debug)]
struct Section {
    bytes: Vec<u8>,
    counter: u8,
    /// A packet is missing; what came before it can be read.
    is_broken: bool,
}

impl Section {
    fn add(&mut self, payload: &[u8], counter: u8) {
        // A packet may be sent twice.
        if counter != self.counter {
            self.is_broken |= counter != (self.counter + 1) & 0x0f;
            if !self.is_broken {
                self.bytes.extend_from_slice(payload);
            }
            self.counter = counter;
        }
    }

    fn length(&self) -> usize {
        let low_bits = |at: usize| self.bytes.get(at).map_or(0, |byte| usize::from(byte & 0x0f));
        3 + (low_bits(1) << 8 | self.bytes.get(2).map_or(0, |&byte| usize::from(byte)))
    }

    fn is_complete(&self) -> bool {
        self.bytes.len() >= 3 && self.bytes.len() >= self.length()
    }

    /// Reads the descriptors.
    fn read(&self, see: &mut impl FnMut(Loop<'_>)) {
        const CHECKSUM: usize = 4;
        let end = self.length().saturating_sub(CHECKSUM);
        let section = self.bytes.get(..end).unwrap_or(&self.bytes);
        let program = self.bytes.get(3..5).map_or(0, |number| u16::from_be_bytes([number[0], number[1]]));
        let mut rest = section.get(10..).unwrap_or_default();
        let mut is_program = true;
        loop {
            // A stream's type and PID stand in front of its descriptors.
            let fixed = if is_program { 0 } else { 3 };
            let Some(&[high, low]) = rest.get(fixed..).and_then(<[u8]>::first_chunk::<2>) else { return };
            let length = usize::from(high & 0x0f) << 8 | usize::from(low);
            let stream = (!is_program).then(|| (rest[0], u16::from_be_bytes([rest[1], rest[2]]) & 0x1fff));
            rest = &rest[fixed + 2..];
            let (descriptors, after) = rest.split_at(length.min(rest.len()));
            see(Loop { program, stream, descriptors });
            (rest, is_program) = (after, false);
        }
    }
}

/// Calls `see` with the tag and the content of each descriptor.
pub fn each_descriptor(mut bytes: &[u8], mut see: impl FnMut(u8, &[u8])) {
    while let Some((&[tag, length], rest)) = bytes.split_first_chunk::<2>() {
        let (content, after) = rest.split_at(usize::from(length).min(rest.len()));
        see(tag, content);
        bytes = after;
    }
}
