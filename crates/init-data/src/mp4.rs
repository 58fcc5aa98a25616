//! Protection in ISO base media files: initialisation segments, media segments, whole files or their beginnings.

use super::boxes::{self, array, be32};
use super::error::Result;
use super::protection::{Protection, Reading};
use super::pssh;

const WHAT: &str = "MP4 file";
/// Containers inside of each other: `moov`/`trak`/`mdia`/`minf`/`stbl`/`stsd`/entry/`sinf`/`schi` is the deepest useful one.
const DEEPEST: usize = 10;
/// Protected Interoperable File Format 1.1, sections 5.3.1 to 5.3.3: `uuid` boxes that became `pssh`, `senc` and `tenc`.
const PIFF_PSSH: [u8; 16] = 0xd08a_4f18_10f3_4a82_b6c8_32d8_aba1_83d3_u128.to_be_bytes();
const PIFF_SENC: [u8; 16] = 0xa239_4f52_5a9b_4f14_a244_6c42_7c64_8df4_u128.to_be_bytes();
const PIFF_TENC: [u8; 16] = 0x8974_dbce_7be7_4c51_84f9_7148_f988_2554_u128.to_be_bytes();

/// Reads the `pssh` boxes of `moov` and `moof` (ISO/IEC 23001-7, section 8.1), those that stand at the top level, and PIFF's
/// as ordinary boxes; and the key ids of `tenc`, of `seig` sample groups and of PIFF's sample encryption boxes. An empty result means a file without any.
///
/// The data may end anywhere. A box that cannot be read is passed over and said in the log.
///
/// # Errors
/// [`Error::Malformed`](super::Error::Malformed) with the offset of the first fault, if nothing was found: for a box size
/// that contradicts its surroundings, for a `moov` or `moof` that the data does not hold completely, and for a `pssh` box
/// that does not parse.
pub fn parse(bytes: &[u8]) -> Result<Protection> {
    let mut walk = Walk { reading: Reading::new(WHAT), bytes };
    walk.children(0, bytes.len(), None);
    walk.reading.finish()
}

struct Walk<'a> {
    reading: Reading,
    bytes: &'a [u8],
}

impl Walk<'_> {
    /// Walks the boxes from `at` to `end`; `depth` is that of the container around them, `None` at the top level.
    fn children(&mut self, mut at: usize, end: usize, depth: Option<usize>) {
        while let Some(rest @ [_, ..]) = self.bytes.get(at..end) {
            let header = match boxes::header(WHAT, rest, at) {
                Ok(Some(header)) => header,
                Ok(None) => {
                    if depth.is_some() {
                        self.reading.pass_over(at, "incomplete box header");
                    }
                    return;
                }
                Err(fault) => {
                    self.reading.fault(fault);
                    at = pssh::after_bad_box(&self.bytes[..end], at);
                    continue;
                }
            };
            // To the end of the file.
            let size = header.size.map_or(Some(rest.len()), |size| usize::try_from(size).ok());
            let whole = size.filter(|&size| size <= rest.len() && (depth.is_none() || header.size.is_some()));
            let content = at + header.length.min(rest.len());
            if let Some(before_children) = container(header.kind, depth, &self.bytes[content..end]) {
                if whole.is_none() && depth.is_none() {
                    self.reading.pass_over(at, "the data ends inside moov or moof");
                }
                let inner_end = at + whole.unwrap_or(rest.len());
                let deeper = depth.map_or(0, |depth| depth + 1);
                if deeper < DEEPEST {
                    self.children((content + before_children).min(inner_end), inner_end, Some(deeper));
                }
                at = inner_end;
            } else if let Some(size) = whole {
                at = self.leaf(&header, at, at + size, end);
            } else if depth.is_some() || &header.kind == b"pssh" {
                self.reading.pass_over(
                    at,
                    match header.size {
                        None => "a box inside moov or moof must state its size",
                        Some(_) => "the box is longer than what is around it",
                    },
                );
                at = pssh::after_bad_box(&self.bytes[..end], at);
            } else {
                return;
            }
        }
    }

    /// Reads the box from `at` to `end` in a container that ends at `outer_end`; where to go on.
    fn leaf(&mut self, header: &boxes::Header, at: usize, end: usize, outer_end: usize) -> usize {
        let content = &self.bytes[at + header.length..end];
        match &header.kind {
            b"pssh" => match pssh::parse_first(&self.bytes[at..end], at) {
                Ok(parsed) => self.reading.add_box(parsed.raw.to_vec()),
                Err(fault) => {
                    self.reading.fault(fault);
                    return pssh::after_bad_box(&self.bytes[..outer_end], at);
                }
            },
            b"tenc" => self.track_encryption(content),
            b"sgpd" => self.sample_group_description(content),
            b"uuid" => match self.bytes.get(at + header.length - 16..).and_then(<[u8]>::first_chunk::<16>) {
                Some(&PIFF_TENC) => self.track_encryption(content),
                Some(&PIFF_SENC) => self.sample_encryption(content),
                Some(&PIFF_PSSH) => {
                    // Shorter than the box that it stands in.
                    let size = u32::try_from(content.len() + 8).unwrap_or_default();
                    self.reading.add_pssh(at, &[&size.to_be_bytes()[..], b"pssh", content].concat());
                }
                _ => {}
            },
            _ => {}
        }
        end
    }

    /// `tenc` (ISO/IEC 23001-7, section 8.2): version, pattern, whether encrypted, IV size, key id. PIFF's has an
    /// algorithm id in place of the three bytes in the middle.
    fn track_encryption(&mut self, content: &[u8]) {
        if let Some(id) = array(content, 8)
            && content[6] != 0
        {
            self.reading.add_key_id(id);
        }
    }

    /// PIFF's `senc`: with flag 1, an algorithm id (0 for clear), IV size and key id that stand for those of the track.
    fn sample_encryption(&mut self, content: &[u8]) {
        if let Some(&[_, _, _, flags, algorithm @ .., _]) = content.first_chunk::<8>()
            && flags & 1 != 0
            && algorithm != [0; 3]
            && let Some(id) = array(content, 8)
        {
            self.reading.add_key_id(id);
        }
    }

    /// `sgpd` (ISO/IEC 14496-12, section 8.9.3) with grouping type `seig` (ISO/IEC 23001-7, section 6).
    fn sample_group_description(&mut self, content: &[u8]) {
        let (Some(&version), Some(b"seig")) = (content.first(), content.get(4..8)) else { return };
        let default_length = if version == 0 { Some(0) } else { be32(content, 8) };
        let mut at = 8 + if version == 0 { 0 } else { 4 } + if version >= 2 { 4 } else { 0 };
        let (Some(default_length), Some(count)) = (default_length, be32(content, at)) else { return };
        at += 4;
        for _ in 0..count {
            let mut length = usize::try_from(default_length).ok();
            if version > 0 && default_length == 0 {
                length = be32(content, at).and_then(|length| usize::try_from(length).ok());
                at += 4;
            }
            let entry = content.get(at..).unwrap_or_default();
            let (Some(length), Some(id), Some(&[is_protected, iv_size])) =
                (length, array(entry, 4), entry.get(2..).and_then(<[u8]>::first_chunk::<2>))
            else {
                return;
            };
            if is_protected != 0 {
                self.reading.add_key_id(id);
            }
            let constant_iv = if is_protected != 0 && iv_size == 0 {
                1 + usize::from(entry.get(20).copied().unwrap_or(0))
            } else {
                0
            };
            // An entry states its length, or is as long as what is in it.
            let Some(next) = at.checked_add(if version == 0 { 20 + constant_iv } else { length.max(20) }) else {
                return;
            };
            at = next;
        }
    }
}

/// Whether boxes are looked for inside of a box: the number of bytes in front of them. `depth` as in [`Walk::children`].
fn container(kind: [u8; 4], depth: Option<usize>, content: &[u8]) -> Option<usize> {
    if depth.is_none() {
        return matches!(&kind, b"moov" | b"moof").then_some(0);
    }
    match &kind {
        b"trak" | b"traf" | b"mdia" | b"minf" | b"stbl" | b"sinf" | b"schi" => Some(0),
        // Version and number of entries; fixed fields of the sample entries (ISO/IEC 14496-12, section 8.5.2).
        b"stsd" | b"enct" | b"encs" | b"encm" | b"encu" => Some(8),
        b"encv" => Some(78),
        // QuickTime's sound descriptions have more.
        b"enca" => Some(match array(content, 8).map(u16::from_be_bytes) {
            Some(1) => 28 + 16,
            Some(2) => 28 + 36,
            _ => 28,
        }),
        _ => None,
    }
}
