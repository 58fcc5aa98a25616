//! Sample entries (`stsd`) and the protection in them (`sinf`).

use std::sync::Arc;

use super::boxes::{Boxed, Buffer, Fields, Place};
use super::{MOST, PIFF_TENC, Patch};
use crate::FourCc;
use crate::error::Result;
use crate::protection::{Protection, SchemeType, piff_method};
use cenc::Pattern;

/// A sample entry: what samples are, and how they are encrypted.
#[derive(Clone, Debug)]
pub struct SampleEntry {
    /// Its type: the codec, or `encv`, `enca`, `enct`, … if encrypted.
    pub format: FourCc,
    /// The codec of an encrypted one (`frma`).
    pub original_format: Option<FourCc>,
    /// How samples are encrypted, where no sample group says otherwise.
    pub protection: Option<Arc<Protection>>,
    /// What decrypting changes.
    pub(super) patches: Vec<Patch>,
}

impl SampleEntry {
    fn clear(format: [u8; 4]) -> Self {
        Self { format: FourCc(format), original_format: None, protection: None, patches: Vec::new() }
    }

    /// The codec, encrypted or not.
    pub fn codec(&self) -> FourCc {
        self.original_format.unwrap_or(self.format)
    }
}

/// Reads `stsd` of a track with this handler.
pub(super) fn sample_entries(buffer: Buffer<'_>, stsd: &Boxed, place: &Place<'_>) -> Result<Vec<SampleEntry>> {
    let mut fields = buffer.fields(stsd, place);
    fields.version_and_flags()?;
    let count = fields.u32()?;
    if count as usize > MOST {
        return Err(place.error(format!("it states {count} entries, more than {MOST}")));
    }
    let mut entries = Vec::new();
    let mut at = fields.at();
    for _ in 0..count {
        let Some((found, next)) = buffer.next(at, stsd.content.end, place)? else {
            return Err(place.error(format!("it states {count} entries, but has {}", entries.len())));
        };
        match sample_entry(buffer, &found, &buffer.place(Some(place), &found)) {
            Ok(entry) => entries.push(entry),
            Err(fault) => {
                buffer.pass_over(fault)?;
                entries.push(SampleEntry::clear(found.kind));
            }
        }
        at = next;
    }
    Ok(entries)
}

/// Bytes of a sample entry before the boxes in it (ISO/IEC 14496-12, section 8.5.2; QuickTime's sound descriptions have more).
fn fixed_fields(kind: [u8; 4], content: &[u8]) -> Option<usize> {
    match &kind {
        b"encv" => Some(78),
        b"enca" => Some(match content.get(8..10)? {
            [0, 1] => 28 + 16,
            [0, 2] => 28 + 36,
            _ => 28,
        }),
        b"enct" | b"encs" | b"encm" | b"encu" | b"encf" | b"encp" | b"enc3" => Some(8),
        _ => None,
    }
}

fn sample_entry(buffer: Buffer<'_>, found: &Boxed, place: &Place<'_>) -> Result<SampleEntry> {
    let mut entry = SampleEntry::clear(found.kind);
    let content = found.content.clone();
    let Some(fixed) = fixed_fields(found.kind, &buffer.bytes[content.clone()]) else { return Ok(entry) };
    if content.len() < fixed {
        return Err(place.error("it is too short for its fields"));
    }
    buffer.each(content.start + fixed..content.end, place, |sinf, place| {
        if &sinf.kind == b"sinf" && entry.protection.is_none() {
            protection_scheme(buffer, sinf, place, &mut entry)?;
            entry.patches.push(Patch::free(sinf.start));
        }
        Ok(())
    })?;
    let Some(original) = entry.original_format else {
        return Err(place.error("it is encrypted, but no sinf/frma tells its original format"));
    };
    if fixed_fields(original.0, &[]).is_some() || original.0 == *b"enca" {
        return Err(place.error(format!("its original format is '{original}', an encrypted one")));
    }
    if entry.protection.is_none() {
        return Err(place.error("it is encrypted, but no sinf tells how (schm and tenc)"));
    }
    entry.patches.push(Patch { at: found.start + 4, kind: original.0 });
    Ok(entry)
}

fn protection_scheme(buffer: Buffer<'_>, sinf: &Boxed, place: &Place<'_>, entry: &mut SampleEntry) -> Result<()> {
    let mut scheme = None;
    let mut encryption = None;
    buffer.each(sinf.content.clone(), place, |found, place| {
        let mut fields = buffer.fields(found, place);
        match &found.kind {
            b"frma" => entry.original_format = Some(FourCc(fields.array()?)),
            b"schm" => {
                fields.version_and_flags()?;
                scheme = Some(SchemeType { code: FourCc(fields.array()?) });
            }
            b"schi" => buffer.each(found.content.clone(), place, |found, place| {
                let piff = found.uuid == Some(PIFF_TENC);
                if &found.kind == b"tenc" || piff {
                    encryption = Some(track_encryption(buffer.fields(found, place), piff)?);
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    let (Some(scheme_type), Some((mut protection, algorithm))) = (scheme, encryption) else { return Ok(()) };
    protection.scheme_type = scheme_type;
    protection.method = match algorithm {
        Some(algorithm) => piff_method(algorithm),
        None => scheme_type.method(),
    };
    entry.protection = Some(Arc::new(protection));
    Ok(())
}

/// `tenc` (ISO/IEC 23001-7, section 8.2), or PIFF's, which has an algorithm id in place of the pattern.
fn track_encryption(mut fields: Fields<'_, '_>, piff: bool) -> Result<(Protection, Option<u32>)> {
    let (version, _) = fields.version_and_flags()?;
    if piff {
        let (algorithm, protection) = piff_protection(&mut fields)?;
        return Ok((protection, Some(algorithm)));
    }
    fields.u8()?;
    let blocks = fields.u8()?;
    let pattern = if version == 0 { Pattern::NONE } else { pattern(blocks) };
    Ok((protection(&mut fields, pattern)?, None))
}

/// Algorithm id, IV size and key id, as in PIFF's boxes. The scheme is to be filled in.
pub(super) fn piff_protection(fields: &mut Fields<'_, '_>) -> Result<(u32, Protection)> {
    let [a, b, c] = fields.array()?;
    let algorithm = u32::from_be_bytes([0, a, b, c]);
    let iv_size = fields.u8()?;
    let key_id = fields.array()?;
    if algorithm != 0 && !matches!(iv_size, 8 | 16) {
        return Err(fields.error(format!("an IV size of {iv_size}; 8 and 16 are allowed")));
    }
    let protection = Protection {
        scheme_type: SchemeType { code: FourCc(*b"piff") },
        method: piff_method(algorithm),
        is_protected: algorithm != 0,
        pattern: Pattern::NONE,
        iv_size,
        key_id,
        constant_iv: Vec::new(),
    };
    Ok((algorithm, protection))
}

/// Blocks of a pattern, in four bits each.
pub(super) fn pattern(blocks: u8) -> Pattern {
    Pattern { crypt: u32::from(blocks >> 4), skip: u32::from(blocks & 15) }
}

/// What `tenc` and `seig` have in common: whether protected, IV size, key id, constant IV. The scheme is to be filled in.
pub(super) fn protection(fields: &mut Fields<'_, '_>, pattern: Pattern) -> Result<Protection> {
    let is_protected = fields.u8()?;
    let iv_size = fields.u8()?;
    let key_id = fields.array()?;
    let mut constant_iv = Vec::new();
    if is_protected != 0 {
        if iv_size == 0 {
            let length = fields.u8()?;
            constant_iv = fields.take(usize::from(length))?.to_vec();
        }
        if !matches!(iv_size, 0 | 8 | 16) || (iv_size == 0 && !matches!(constant_iv.len(), 8 | 16)) {
            let size = if iv_size == 0 { constant_iv.len() } else { usize::from(iv_size) };
            return Err(fields.error(format!("an IV of {size} bytes; 8 and 16 are allowed")));
        }
    }
    Ok(Protection {
        scheme_type: SchemeType { code: FourCc::default() },
        method: None,
        is_protected: is_protected != 0,
        pattern,
        iv_size,
        key_id,
        constant_iv,
    })
}
