//! Blocks (RFC 9559, section 10) whose frames are encrypted as the WebM project says ("WebM Encryption", version 0.1).
//!
//! Each frame starts with a signal byte, and if that says so, with an IV and a table of partitions. Without them the block is
//! shorter: what is missing is made up for, so that nothing behind it moves.

use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};

use super::ebml;

const ENCRYPTED: u8 = 1;
const PARTITIONED: u8 = 2;
const IV: usize = 8;

const LACING: u8 = 6;
const XIPH: u8 = 2;
const FIXED: u8 = 4;
const EBML: u8 = 6;

/// The place of a block's parts in its content.
pub(super) struct Block {
    pub track: u64,
    /// Where the flags are.
    flags: usize,
}

/// Reads the start of a block; none if it is too short.
pub(super) fn block(content: &[u8]) -> Option<Block> {
    let (track, length) = ebml::number(content)?;
    (content.len() >= length + 3).then_some(Block { track: track?, flags: length + 2 })
}

/// Decrypts a block, the element `bytes`, in place: what becomes of it takes the same bytes. `header` are the bytes of its
/// id and size, `id` those of its id. Returns whether anything was encrypted, or what is wrong.
///
/// The key is asked for when it is needed.
pub(super) fn decrypt<'k, E: From<String>>(
    bytes: &mut [u8],
    id: usize,
    header: usize,
    block: &Block,
    scratch: &mut Scratch,
    key: &mut dyn FnMut() -> Result<&'k ContentKey, E>,
) -> Result<u64, E> {
    let start = header + block.flags + 1;
    let lacing = bytes[start - 1] & LACING;
    let mut encrypted = 0;
    let kept = if lacing == 0 {
        let clear = frame(&mut bytes[start..], scratch, key)?;
        encrypted += u64::from(clear > 1);
        bytes.copy_within(start + clear.., start);
        bytes.len() - clear
    } else {
        let sizes =
            laces(&bytes[start..], lacing).ok_or_else(|| E::from("its lacing contradicts its size".to_owned()))?;
        let mut at = start + sizes.0;
        scratch.lengths.clear();
        scratch.frames.clear();
        for &size in &sizes.1 {
            let data = &mut bytes[at..at + size];
            let clear = frame(data, scratch, key)?;
            encrypted += u64::from(clear > 1);
            scratch.frames.extend_from_slice(&data[clear..]);
            scratch.lengths.push(size - clear);
            at += size;
        }
        let lacing = write_laces(lacing, &scratch.lengths, &mut scratch.laces);
        let end = start + scratch.laces.len() + scratch.frames.len();
        if end >= bytes.len() {
            return Err(E::from("its lacing takes more room when it is decrypted".to_owned()));
        }
        bytes[start - 1] = bytes[start - 1] & !LACING | lacing;
        bytes[start..start + scratch.laces.len()].copy_from_slice(&scratch.laces);
        bytes[start + scratch.laces.len()..end].copy_from_slice(&scratch.frames);
        end
    };
    shorten(bytes, id, header, kept);
    Ok(encrypted)
}

/// Buffers that are used again.
#[derive(Default)]
pub(super) struct Scratch {
    subsamples: Vec<Subsample>,
    frames: Vec<u8>,
    lengths: Vec<usize>,
    laces: Vec<u8>,
}

/// Decrypts a frame in place; the bytes in front of it that are to go.
fn frame<'k, E: From<String>>(
    data: &mut [u8],
    scratch: &mut Scratch,
    key: &mut dyn FnMut() -> Result<&'k ContentKey, E>,
) -> Result<usize, E> {
    let wrong = |reason: &str| E::from(reason.to_owned());
    let Some((signal, rest)) = data.split_first_mut() else { return Err(wrong("a frame has no signal byte")) };
    let signal = *signal;
    if signal & !(ENCRYPTED | PARTITIONED) != 0 {
        return Err(E::from(format!("a frame has the signal byte {signal:#04x}, whose meaning is not known")));
    }
    if signal & ENCRYPTED == 0 {
        return Ok(1);
    }
    let Some((iv, mut rest)) = rest.split_first_chunk_mut::<IV>() else { return Err(wrong("a frame has no IV")) };
    let mut clear = 1 + IV;
    scratch.subsamples.clear();
    if signal & PARTITIONED != 0 {
        let Some((count, behind)) = rest.split_first_mut() else {
            return Err(wrong("a frame has no number of partitions"));
        };
        let table = 4 * usize::from(*count);
        let Some((table, data)) = behind.split_at_mut_checked(table) else {
            return Err(wrong("a frame is too short for its partitions"));
        };
        clear += 1 + table.len();
        let subsamples = partitions(table, data.len(), &mut scratch.subsamples);
        subsamples.ok_or_else(|| wrong("a frame's partitions are not in order"))?;
        rest = data;
    }
    let iv = *iv;
    let sample = Sample::new(Cipher::Aes128, Scheme::Cenc, &iv, Pattern::NONE, &scratch.subsamples, rest.len());
    sample.map_err(|fault| E::from(fault.to_string()))?.decrypt(key()?, rest);
    Ok(clear)
}

/// The partitions that these offsets separate, clear and encrypted in turn. None if they are not in order.
fn partitions(table: &[u8], length: usize, subsamples: &mut Vec<Subsample>) -> Option<()> {
    let mut from = 0;
    let mut is_clear = true;
    let length = u32::try_from(length).ok()?;
    let offsets = table.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes));
    for offset in offsets.chain([length]) {
        let size = offset.checked_sub(from).filter(|_| offset <= length)?;
        if is_clear {
            subsamples.push(Subsample { clear: size, protected: 0 });
        } else if let Some(last) = subsamples.last_mut() {
            last.protected = size;
        }
        is_clear = !is_clear;
        from = offset;
    }
    Some(())
}

/// The bytes that lacing takes, and the sizes of all frames.
fn laces(payload: &[u8], lacing: u8) -> Option<(usize, Vec<usize>)> {
    let frames = usize::from(*payload.first()?) + 1;
    let mut at = 1;
    let mut sizes = Vec::with_capacity(frames);
    if lacing == FIXED {
        let data = payload.len() - at;
        return data.is_multiple_of(frames).then(|| (at, vec![data / frames; frames]));
    }
    let mut total = 0_usize;
    for index in 1..frames {
        let size = if lacing == XIPH {
            let mut size = 0_usize;
            loop {
                let byte = *payload.get(at)?;
                at += 1;
                size += usize::from(byte);
                if byte < 255 {
                    break size;
                }
            }
        } else {
            let (value, length) = ebml::number(payload.get(at..)?)?;
            at += length;
            if index == 1 {
                usize::try_from(value?).ok()?
            } else {
                // A difference, around the middle of what so many bytes hold.
                let most = (1_u64 << (7 * length)) - 1;
                let difference = i64::try_from(value.unwrap_or(most)).ok()? - i64::try_from(most / 2).ok()?;
                let last = i64::try_from(*sizes.last()?).ok()?;
                usize::try_from(last.checked_add(difference)?).ok()?
            }
        };
        total = total.checked_add(size)?;
        sizes.push(size);
    }
    sizes.push(payload.len().checked_sub(at)?.checked_sub(total)?);
    Some((at, sizes))
}

/// Writes lacing for frames of these lengths; the kind in the flags, which is EBML's where fixed sizes became different.
fn write_laces(lacing: u8, lengths: &[usize], into: &mut Vec<u8>) -> u8 {
    into.clear();
    // At most 256 frames.
    into.push((lengths.len() - 1) as u8);
    let Some((_, but_last)) = lengths.split_last() else { return lacing };
    match lacing {
        FIXED if lengths.iter().all(|length| *length == lengths[0]) => return FIXED,
        XIPH => {
            for &length in but_last {
                into.extend(std::iter::repeat_n(255, length / 255));
                into.push((length % 255) as u8);
            }
            return XIPH;
        }
        _ => {}
    }
    let mut last = None;
    for &length in but_last {
        let Ok(length) = i64::try_from(length) else { continue };
        let mut bytes = [0; 8];
        let taken = (1..=8_usize).find(|&taken| {
            let value = match last {
                None => Some(length),
                Some(last) => Some(length - last + ((1_i64 << (7 * taken - 1)) - 1)).filter(|&value| value >= 0),
            };
            let value = value.and_then(|value| u64::try_from(value).ok());
            value.is_some_and(|value| ebml::write_number(value, &mut bytes[..taken]))
        });
        into.extend_from_slice(&bytes[..taken.unwrap_or(8)]);
        last = Some(length);
    }
    EBML
}

/// Makes the element end at `kept` and what is behind `Void`. One byte is too few for that, so that the size takes one more.
fn shorten(bytes: &mut [u8], id: usize, header: usize, kept: usize) {
    let spare = bytes.len() - kept;
    let content = (kept - header) as u64;
    let before = header - id;
    let after = match spare {
        1 if before < 8 => before + 1,
        1 => before - 1,
        _ => before,
    };
    if after != before {
        bytes.copy_within(header..kept, id + after);
    }
    // It was the size of more.
    ebml::write_number(content, &mut bytes[id..id + after]);
    let end = kept + after - before;
    if end < bytes.len() {
        ebml::write_void(&mut bytes[end..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of track 1 with these frames, in an element whose size takes `width` bytes.
    fn element(width: usize, lacing: u8, payload: &[u8]) -> Vec<u8> {
        let content = [&[0x81, 0, 0, lacing], payload].concat();
        let mut size = vec![0; width];
        assert!(ebml::write_number(content.len() as u64, &mut size));
        [&[0xa3], &size[..], &content].concat()
    }

    fn clear(mut bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let ebml::Start::Element(header) = ebml::header(&bytes) else { panic!() };
        let found = block(&bytes[header.length..]).unwrap();
        let key = ContentKey::new(&[1; 16]).unwrap();
        let mut wanted = || Ok::<_, String>(&key);
        decrypt(&mut bytes, header.id_length, header.length, &found, &mut Scratch::default(), &mut wanted).unwrap();
        // The block, and `Void` up to its former end.
        let ebml::Start::Element(header) = ebml::header(&bytes) else { panic!() };
        let end = header.length + header.size.unwrap() as usize;
        if end < bytes.len() {
            let ebml::Start::Element(void) = ebml::header(&bytes[end..]) else { panic!() };
            assert_eq!((void.id, end + void.length + void.size.unwrap() as usize), (0xec, bytes.len()));
        }
        let content = &bytes[header.length..end];
        let payload = &content[4..];
        match content[3] & LACING {
            0 => vec![payload.to_vec()],
            lacing => {
                let (mut at, sizes) = laces(payload, lacing).unwrap();
                let mut frames = Vec::new();
                for size in sizes {
                    frames.push(payload[at..at + size].to_vec());
                    at += size;
                }
                assert_eq!(at, payload.len());
                frames
            }
        }
    }

    #[test]
    fn clear_frames_lose_their_signal_byte() {
        for width in 1..=8 {
            for length in [0, 1, 2, 100, 115] {
                let frame = vec![7; length];
                assert_eq!(clear(element(width, 0, &[&[0], &frame[..]].concat())), [frame]);
            }
        }
    }

    #[test]
    fn encrypted_frames_lose_iv_and_partitions() {
        for width in 2..=8 {
            for count in 0..=60_u8 {
                let table: Vec<u8> = (0..count).flat_map(|index| (u32::from(index) * 3).to_be_bytes()).collect();
                let payload = [&[3, 1, 2, 3, 4, 5, 6, 7, 8, count], &table[..], &[9; 200]].concat();
                let frames = clear(element(width, 0, &payload));
                assert_eq!(frames.len(), 1);
                assert_eq!(frames[0].len(), 200);
                assert_eq!(frames[0] == [9; 200], count == 0, "{count}");
            }
        }
    }

    #[test]
    fn lacing_is_written_anew() {
        let frames: Vec<Vec<u8>> =
            [0, 300, 10, 2, 1000, 254, 255, 256].map(|length| vec![length as u8; length]).to_vec();
        let signalled: Vec<Vec<u8>> = frames.iter().map(|frame| [&[0], &frame[..]].concat()).collect();
        let lengths: Vec<usize> = signalled.iter().map(Vec::len).collect();
        for lacing in [XIPH, EBML] {
            let mut laces = Vec::new();
            assert_eq!(write_laces(lacing, &lengths, &mut laces), lacing);
            assert_eq!(clear(element(4, lacing, &[laces, signalled.concat()].concat())), frames);
        }
        let same = [&[2][..], &[0, 1, 2, 0, 3, 4, 0, 5, 6]].concat();
        assert_eq!(clear(element(2, FIXED, &same)), [[1, 2], [3, 4], [5, 6]]);
        // One of them is encrypted, and so the others are longer without their signal byte.
        let different = [&[1][..], &[0; 12], &[1; 12]].concat();
        let frames = clear(element(2, FIXED, &different));
        assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [11, 3]);
    }
}
