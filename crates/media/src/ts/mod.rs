//! MPEG transport streams (ISO/IEC 13818-1) whose elementary streams say themselves how they are encrypted: SAMPLE-AES of HLS,
//! and content encryption information (CEI) of ChinaDRM.
//!
//! Packets stay where they are, with their clock references and counters. PES packets are gathered, decrypted and put back
//! into their packets; what they lose in emulation prevention becomes stuffing in the adaptation field of the last one.
//! Program map tables keep their size: stream types become those of clear streams, descriptors about encryption stuffing.

mod decrypt;
mod packet;
mod pes;
mod section;
mod stream;
mod sync;
mod table;

pub(crate) use decrypt::decrypt;
pub(crate) use stream::SampleAes;
pub(crate) use sync::layout;

/// Bytes of a packet.
const PACKET: usize = 188;

/// Part of a packet's payload that was gathered.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Where the packet starts in the file.
    packet: u64,
    /// The part in the packet.
    start: usize,
    end: usize,
}

impl Slot {
    fn length(&self) -> usize {
        self.end - self.start
    }
}

/// What is held of the file: bytes from a position on.
struct Window<'a> {
    bytes: &'a mut [u8],
    position: u64,
}

impl Window<'_> {
    /// The packet that starts at `offset` of the file.
    fn packet(&mut self, offset: u64) -> &mut [u8; PACKET] {
        let at = (offset - self.position) as usize;
        self.bytes[at..].first_chunk_mut().expect("packets are held as long as something of them was gathered")
    }
}
