//! Sample groups of type `seig` (ISO/IEC 23001-7, section 6): key rotation, and samples encrypted otherwise than their track.

use std::ops::Range;
use std::sync::Arc;

use super::boxes::{Boxed, Buffer, Fields, Place, be32};
use super::entry;
use crate::error::Result;
use crate::protection::Protection;

/// The descriptions of groups (`sgpd`); their scheme is the sample entry's.
#[derive(Clone, Debug, Default)]
pub(super) struct Descriptions {
    pub groups: Vec<Arc<Protection>>,
    /// The group, from 1, of samples that are in none; 0 for none.
    pub default: u32,
}

/// `sgpd` (ISO/IEC 14496-12, section 8.9.3); none if it is about other groups.
pub(super) fn descriptions(buffer: Buffer<'_>, found: &Boxed, place: &Place<'_>) -> Result<Option<Descriptions>> {
    let mut fields = buffer.fields(found, place);
    let (version, _) = fields.version_and_flags()?;
    if &fields.array::<4>()? != b"seig" {
        return Ok(None);
    }
    let default_length = if version == 0 { 0 } else { fields.u32()? };
    let default = if version >= 2 { fields.u32()? } else { 0 };
    let count = fields.u32()?;
    // Indexes have 16 bits.
    if count > 0xffff {
        return Err(fields.error(format!("it states {count} groups, more than 65535")));
    }
    let mut groups = Vec::new();
    for _ in 0..count {
        let stated = match (version, default_length) {
            (0, _) => None,
            (_, 0) => Some(fields.u32()?),
            _ => Some(default_length),
        };
        let start = fields.at();
        fields.u8()?;
        let pattern = entry::pattern(fields.u8()?);
        groups.push(Arc::new(entry::protection(&mut fields, pattern)?));
        if let Some(stated) = stated {
            let read = fields.at() - start;
            let more = (stated as usize).checked_sub(read);
            let more = more.ok_or_else(|| fields.error(format!("an entry of {stated} bytes, which needs {read}")))?;
            fields.take(more)?;
        }
    }
    Ok(Some(Descriptions { groups, default }))
}

/// `sbgp` (ISO/IEC 14496-12, section 8.9.2): the place of its runs in the buffer; none if it is about other groups.
pub(super) fn runs(buffer: Buffer<'_>, found: &Boxed, place: &Place<'_>) -> Result<Option<Range<usize>>> {
    let mut fields = buffer.fields(found, place);
    let (version, _) = fields.version_and_flags()?;
    if &fields.array::<4>()? != b"seig" {
        return Ok(None);
    }
    if version == 1 {
        fields.u32()?;
    }
    let count = fields.u32()?;
    fields.table(count, 8).map(Some)
}

/// Walks through the runs, sample by sample.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    left: Range<usize>,
    samples: u32,
    group: u32,
}

impl Runs {
    pub fn new(runs: Range<usize>) -> Self {
        Self { left: runs, samples: 0, group: 0 }
    }

    /// The group of the next sample: 0 for none, up to 65,536 those of the movie, above those of the fragment.
    pub fn next(&mut self, bytes: &[u8]) -> u32 {
        while self.samples == 0 {
            if self.left.is_empty() {
                return 0;
            }
            self.samples = be32(bytes, self.left.start);
            self.group = be32(bytes, self.left.start + 4);
            self.left.start += 8;
        }
        self.samples -= 1;
        self.group
    }
}

/// Compact sample groups (`csgp`, ISO/IEC 14496-12, section 8.9.5) of type `seig` are not read.
pub(super) fn refuse_compact(mut fields: Fields<'_, '_>, place: &Place<'_>) -> Result<()> {
    fields.version_and_flags()?;
    if &fields.array::<4>()? == b"seig" {
        return Err(place.error("compact sample groups of type 'seig' are not supported"));
    }
    Ok(())
}
