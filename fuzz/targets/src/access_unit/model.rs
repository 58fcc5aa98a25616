//! What the header says, written down once more, a byte at a time.

use cenc::kernel::Level;
use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme};
use native_drm::native_mediadecrypt::{DRM_AccessUnitInfo, DRM_AccessUnitState};

use super::KEYS;

const UUID: &[u8] = b"\x70\xc1\xdb\x9f\x66\xae\x41\x27\xbf\xc0\xbb\x19\x81\x69\x4b\x66";

/// Content encryption information.
#[derive(Clone)]
pub struct Cei {
    flags: u8,
    key_id: [u8; 16],
    next_key_id: [u8; 16],
    iv: Vec<u8>,
    algorithm: Option<u8>,
}

/// What becomes of a unit that is not refused.
pub struct Outcome {
    /// The unit afterwards; none if the key is not there.
    pub clear: Option<Vec<u8>>,
    /// What the stream has said.
    pub cei: Option<Cei>,
    /// Encrypted parts.
    pub parts: usize,
}

struct Decryption {
    key_id: [u8; 16],
    iv: Vec<u8>,
    cipher: Cipher,
    striped: bool,
}

impl Decryption {
    fn run(&self, part: &mut [u8]) -> Option<()> {
        let key = KEYS.iter().find(|(id, _)| *id == self.key_id)?.1;
        let key = ContentKey::with_level(&key, Level::Soft).expect("memory for a key");
        let (scheme, pattern) =
            if self.striped { (Scheme::Cbcs, Pattern { crypt: 1, skip: 9 }) } else { (Scheme::Cbc1, Pattern::NONE) };
        let sample =
            Sample::new(self.cipher, scheme, &self.iv, pattern, &[], part.len()).expect("an IV of 8 or 16 bytes");
        sample.decrypt(&key, part);
        Some(())
    }
}

pub fn decrypt(info: &DRM_AccessUnitInfo, before: Option<&Cei>, unit: &[u8]) -> Option<Outcome> {
    let size = info.nalLengthSize as usize;
    let sample_aes =
        Decryption { key_id: info.keyId, iv: info.iv.to_vec(), cipher: Cipher::Aes128, striped: info.format == 4 };
    if unit.is_empty() || !matches!(size, 0 | 1 | 2 | 4) || !matches!(info.algorithm, 0..=3 | 5) {
        return None;
    }
    if matches!(info.format, 3 | 5..=7) && size != 0 || info.format >= 4 && info.algorithm != 0 {
        return None;
    }
    match info.format {
        1..=3 => with_cei(info, before, unit),
        4 => with_slices(&sample_aes, size, unit),
        5..=7 => with_frames(&sample_aes, info.format == 5, unit),
        _ => None,
    }
}

/// Header and end of each NAL unit without zeros after it; nothing in place of one that is wrong, which is the last.
fn nals(unit: &[u8], size: usize) -> Option<Vec<Option<(usize, usize)>>> {
    let trim = |from: usize, mut to: usize| {
        while to > from && unit[to - 1] == 0 {
            to -= 1;
        }
        Some((from, to))
    };
    let mut found = Vec::new();
    let mut at = 0;
    if size > 0 {
        while at < unit.len() {
            let mut length = 0usize;
            for i in 0..size {
                length = length << 8 | usize::from(*unit.get(at + i).unwrap_or(&0));
            }
            let from = at + size;
            if from > unit.len() || length == 0 || length > unit.len() - from {
                found.push(None);
                break;
            }
            found.push(trim(from, from + length));
            at = from + length;
        }
        return Some(found);
    }
    while unit.get(at) == Some(&0) {
        at += 1;
    }
    if at < 2 || unit.get(at) != Some(&1) {
        return None;
    }
    let code = |i: usize| unit.get(i..i + 3) == Some(&[0, 0, 1]);
    let mut from = at + 1;
    let mut i = from;
    while i < unit.len() {
        if code(i) {
            found.push(trim(from, i));
            from = i + 3;
            i = from;
        } else {
            i += 1;
        }
    }
    found.push(trim(from, unit.len()));
    Some(found)
}

fn unescape(slice: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < slice.len() {
        if slice[at..].starts_with(&[0, 0, 3]) && slice.get(at + 3).is_none_or(|next| *next <= 3) {
            out.extend([0, 0]);
            at += 3;
        } else {
            out.push(slice[at]);
            at += 1;
        }
    }
    out
}

/// Every 03 after two zeros, as standards have it for SEI.
fn raw_payload(body: &[u8]) -> Vec<u8> {
    let (mut out, mut zeros, mut skipped) = (Vec::new(), 0, false);
    for byte in body {
        if zeros >= 2 && *byte == 3 && !skipped {
            (zeros, skipped) = (0, true);
            continue;
        }
        skipped = false;
        out.push(*byte);
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
    }
    out
}

/// Decrypts slices, `chosen` of the NAL units.
fn rebuild(
    unit: &[u8],
    size: usize,
    chosen: &[(usize, usize)],
    shrink: bool,
    clear: usize,
    how: &Decryption,
) -> Option<Vec<u8>> {
    let (mut out, mut at) = (Vec::new(), 0);
    for &(from, to) in chosen {
        out.extend(&unit[at..from]);
        let mut slice = if shrink { unescape(&unit[from..to]) } else { unit[from..to].to_vec() };
        let lost = to - from - slice.len();
        let end = slice.len().saturating_sub(1);
        how.run(slice.get_mut(clear..end).unwrap_or(&mut []))?;
        if size > 0 {
            let place = out.len() - size;
            let old = out[place..].iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
            // Zeros after a slice go on belonging to the length.
            let new = old - lost as u64;
            out[place..].copy_from_slice(&new.to_be_bytes()[8 - size..]);
        }
        out.extend(slice);
        at = to;
    }
    out.extend(&unit[at..]);
    Some(out)
}

fn with_cei(info: &DRM_AccessUnitInfo, before: Option<&Cei>, unit: &[u8]) -> Option<Outcome> {
    let size = info.nalLengthSize as usize;
    let clear = [32, 65, 1][info.format as usize - 1];
    let mut cei = before.cloned();
    let mut how = None;
    let mut started = false;
    for nal in nals(unit, size)? {
        let (from, to) = nal?;
        let bytes = &unit[from..to];
        let Some(&first) = bytes.first() else { continue };
        let (slice, picture, offset) = match info.format {
            1 => (matches!(first & 31, 1 | 5), matches!(first & 31, 2..=4), (first & 31 == 6).then_some(1)),
            2 => (first >> 1 & 63 < 32, false, (first >> 1 & 63 == 39).then_some(2)),
            _ => {
                let extension = first == 0xb5 && bytes.get(1).is_some_and(|byte| byte & 0xf0 == 0xd0);
                let picture = first != 0 && first < 0xb8 && !matches!(first, 0xb0 | 0xb1 | 0xb5);
                (first == 0, picture, extension.then_some(2))
            }
        };
        if let Some(offset) = offset.filter(|_| !started) {
            let body = raw_payload(bytes.get(offset..).unwrap_or_default());
            let content = if info.format == 3 { Some(&body[..]) } else { message(&body).ok()? };
            if let Some(content) = content {
                let known = cei
                    .as_ref()
                    .and_then(|cei| cei.algorithm)
                    .or((info.algorithm != 0).then_some(info.algorithm as u8));
                cei = Some(parse(content, known)?);
            }
        }
        if !started && (slice || picture) {
            started = true;
            if let Some(cei) = cei.as_ref().filter(|cei| cei.flags & 0x80 != 0) {
                let algorithm = cei.algorithm?;
                if algorithm != 0 {
                    how = Some(Decryption {
                        key_id: cei.key_id,
                        iv: cei.iv.clone(),
                        cipher: if algorithm % 2 == 1 && algorithm != 5 { Cipher::Sm4 } else { Cipher::Aes128 },
                        striped: algorithm < 3,
                    });
                }
            }
            if how.is_none() {
                break;
            }
        }
        if let Some(how) = how.as_ref().filter(|_| slice && bytes.len() > clear + 16) {
            let shrink = cei.as_ref().is_some_and(|cei| cei.flags & 0x10 == 0);
            if shrink && bytes.ends_with(&[0, 0, 3]) {
                return None;
            }
            let clear = rebuild(unit, size, &[(from, to)], shrink, clear, how);
            return Some(Outcome { clear, cei, parts: 1 });
        }
    }
    Some(Outcome { clear: Some(unit.to_vec()), cei, parts: 0 })
}

/// A message that ends within its UUID.
struct Cut;

/// What follows the UUID in the message that has it; nothing if there is none.
fn message(body: &[u8]) -> Result<Option<&[u8]>, Cut> {
    let mut at = 0;
    let number = |at: &mut usize| {
        let mut sum = 0usize;
        loop {
            let byte = *body.get(*at)?;
            *at += 1;
            sum += usize::from(byte);
            if byte != 255 {
                return Some(sum);
            }
        }
    };
    while let (Some(kind), Some(length)) = (number(&mut at), number(&mut at)) {
        let rest = &body[at..];
        if kind == 5 && length >= 16 {
            if let Some(content) = rest.strip_prefix(UUID) {
                // What belongs to the message; less is found out where it is read.
                return Ok(Some(&content[..content.len().min(length - 16)]));
            }
            if !rest.is_empty() && rest.len() < 16 && UUID.starts_with(rest) {
                return Err(Cut);
            }
        }
        if length > rest.len() {
            break;
        }
        at += length;
    }
    Ok(None)
}

fn parse(content: &[u8], known: Option<u8>) -> Option<Cei> {
    let mut at = 0;
    let mut take = |count: usize| {
        at += count;
        content.get(at - count..at)
    };
    let flags = take(1)?[0];
    let key_id = if flags & 0x80 != 0 { take(16)?.try_into().ok()? } else { [0; 16] };
    let next_key_id = if flags & 0x40 != 0 { take(16)?.try_into().ok()? } else { [0; 16] };
    let length = usize::from(take(1)?[0]);
    if length > 16 || flags & 0x80 != 0 && length != 8 && length != 16 {
        return None;
    }
    let iv = take(length)?.to_vec();
    let mut algorithm = known;
    if flags & 0x20 != 0 {
        let length = usize::from(take(2)?[1]);
        let number = take(length)?.first()? & 15;
        if !matches!(number, 0..=3 | 5) {
            return None;
        }
        algorithm = Some(number);
    }
    Some(Cei { flags, key_id, next_key_id, iv, algorithm })
}

fn with_slices(how: &Decryption, size: usize, unit: &[u8]) -> Option<Outcome> {
    let mut chosen = Vec::new();
    for nal in nals(unit, size)? {
        let (from, to) = nal?;
        if to - from > 48 && matches!(unit[from] & 31, 1 | 5) {
            if unit[from..to].ends_with(&[0, 0, 3]) {
                return None;
            }
            chosen.push((from, to));
        }
    }
    let clear = rebuild(unit, size, &chosen, true, 32, how)?;
    Some(Outcome { clear: Some(clear), cei: None, parts: chosen.len() })
}

fn with_frames(how: &Decryption, aac: bool, unit: &[u8]) -> Option<Outcome> {
    const WORDS_AT_44: [usize; 38] = [
        69, 70, 87, 88, 104, 105, 121, 122, 139, 140, 174, 175, 208, 209, 243, 244, 278, 279, 348, 349, 417, 418, 487,
        488, 557, 558, 696, 697, 835, 836, 975, 976, 1114, 1115, 1253, 1254, 1393, 1394,
    ];
    const KBITS: [usize; 19] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    let (mut clear, mut at, mut parts) = (unit.to_vec(), 0, 0);
    while at < unit.len() {
        let rest = &unit[at..];
        let (header, length) = if aac {
            if rest.len() < 7 || rest[0] != 0xff || rest[1] & 0xf6 != 0xf0 {
                return None;
            }
            let bits = u32::from_be_bytes([0, rest[3], rest[4], rest[5]]);
            (if rest[1] & 1 == 1 { 7 } else { 9 }, (bits >> 5 & 0x1fff) as usize)
        } else {
            if rest.len() < 6 || rest[0] != 0x0b || rest[1] != 0x77 {
                return None;
            }
            let code = usize::from(rest[4] & 63);
            let words = match (rest[5] >> 3, rest[4] >> 6) {
                (0..=10, 0) => KBITS.get(code / 2)? * 2,
                (0..=10, 1) => *WORDS_AT_44.get(code)?,
                (0..=10, 2) => KBITS.get(code / 2)? * 3,
                (11..=16, _) => usize::from(u16::from_be_bytes([rest[2], rest[3]]) & 0x7ff) + 1,
                _ => return None,
            };
            (0, words * 2)
        };
        if length == 0 || length < header || length > rest.len() {
            return None;
        }
        if length >= header + 32 {
            how.run(&mut clear[at + header + 16..at + length])?;
            parts += 1;
        }
        at += length;
    }
    Some(Outcome { clear: Some(clear), cei: None, parts })
}

/// The state that says the same.
pub fn state(cei: Option<&Cei>) -> DRM_AccessUnitState {
    let mut state = super::blank();
    if let Some(cei) = cei {
        let flag = |bit: u8, value: u32| if cei.flags & bit != 0 { value } else { 0 };
        state.flags = 1 + flag(0x80, 2) + flag(0x40, 4) + flag(0x10, 8) + if cei.algorithm.is_some() { 16 } else { 0 };
        state.algorithm = u32::from(cei.algorithm.unwrap_or(0));
        state.ivLen = cei.iv.len() as u32;
        state.keyId = cei.key_id;
        state.nextKeyId = cei.next_key_id;
        state.iv[..cei.iv.len()].copy_from_slice(&cei.iv);
    }
    state
}
