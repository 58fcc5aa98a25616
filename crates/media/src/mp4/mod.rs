//! The ISO base media file format (ISO/IEC 14496-12), with common encryption (ISO/IEC 23001-7) and PIFF 1.1.

mod auxiliary;
mod boxes;
mod cursor;
mod decrypt;
mod entry;
mod fragment;
mod group;
mod groups;
mod movie;
mod plan;
mod samples;
mod stream;
mod top_level;
mod view;

pub use entry::SampleEntry;
pub use fragment::{Fragment, TrackFragment};
pub use movie::{Movie, Track};
pub use samples::{Sample, Samples};
pub use stream::Stream;
pub use top_level::{TopLevelBox, read_box, read_box_leniently, read_header};
pub use view::View;

pub(crate) use decrypt::{Begun, decrypt, decrypt_part};

/// Protected Interoperable File Format 1.1, sections 5.3.1 to 5.3.3: `uuid` boxes that became `pssh`, `senc` and `tenc`.
const PIFF_PSSH: [u8; 16] = 0xd08a_4f18_10f3_4a82_b6c8_32d8_aba1_83d3_u128.to_be_bytes();
const PIFF_SENC: [u8; 16] = 0xa239_4f52_5a9b_4f14_a244_6c42_7c64_8df4_u128.to_be_bytes();
const PIFF_TENC: [u8; 16] = 0x8974_dbce_7be7_4c51_84f9_7148_f988_2554_u128.to_be_bytes();

/// Tracks of a file, sample entries of a track, `pssh` boxes: no file needs more, and memory is bounded by it.
const MOST: usize = 1000;

/// Four bytes of a buffer that become others: a box that becomes `free`, or a sample entry that gets its original format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Patch {
    at: usize,
    kind: [u8; 4],
}

impl Patch {
    /// The box that starts at `start` becomes `free`.
    fn free(start: usize) -> Self {
        Self { at: start + 4, kind: *b"free" }
    }
}

/// Carries patches out.
fn patch(bytes: &mut [u8], patches: &[Patch]) {
    for patch in patches {
        bytes[patch.at..patch.at + 4].copy_from_slice(&patch.kind);
    }
}

/// The `pssh` boxes of `bytes` that would be patched, one after another; PIFF's without their extended type.
fn init_data(bytes: &[u8], patches: &[Patch]) -> Vec<u8> {
    let mut all = Vec::new();
    for patch in patches {
        let start = patch.at - 4;
        let (header, size) = match boxes::be32(bytes, start) {
            1 => (16, boxes::be64(bytes, start + 8)),
            small => (8, u64::from(small)),
        };
        let header = if bytes.get(patch.at..patch.at + 4) == Some(b"uuid") { header + 16 } else { header };
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let Some(content) = end.and_then(|end| bytes.get(start + header..end)) else { continue };
        let Ok(size) = u32::try_from(content.len() + 8) else { continue };
        all.extend(size.to_be_bytes());
        all.extend(b"pssh");
        all.extend(content);
    }
    all
}

/// Notes a `pssh` box.
fn add_pssh(list: &mut Vec<Patch>, found: &boxes::Boxed, place: &boxes::Place<'_>) -> crate::error::Result<()> {
    if list.len() == MOST {
        return Err(place.error(format!("there are more than {MOST} of them")));
    }
    list.push(Patch::free(found.start));
    Ok(())
}

/// Refuses a box that is there a second time.
fn only_once<T>(former: Option<&T>, place: &boxes::Place<'_>) -> crate::error::Result<()> {
    match former {
        Some(_) => Err(place.error("there is another one")),
        None => Ok(()),
    }
}
