//! Units that are mostly right, from instructions.

use super::KEYS;
use crate::script::Script;

const UUID: [u8; 16] = [0x70, 0xc1, 0xdb, 0x9f, 0x66, 0xae, 0x41, 0x27, 0xbf, 0xc0, 0xbb, 0x19, 0x81, 0x69, 0x4b, 0x66];

pub fn unit(script: &mut Script<'_>, format: u32, length_size: usize) -> Vec<u8> {
    let mut unit = Vec::new();
    for _ in 0..=(script.byte() % 24) {
        if script.is_over() {
            break;
        }
        match format {
            5 => frame(script, &mut unit),
            6 | 7 => sync_frame(script, &mut unit),
            _ => {
                let nal = nal(script, format);
                if length_size == 0 {
                    unit.extend(vec![0; usize::from(script.byte() % 4) / 2]);
                    unit.extend([0, 0, 1]);
                } else {
                    let bytes = (nal.len() as u64).to_be_bytes();
                    unit.extend(&bytes[8usize.saturating_sub(length_size)..]);
                }
                unit.extend(nal);
            }
        }
    }
    unit
}

fn nal(script: &mut Script<'_>, format: u32) -> Vec<u8> {
    let kind = script.byte();
    if kind < 80 && format <= 3 {
        return information(script, format);
    }
    let mut nal = match (format, kind % 8) {
        (2, 0) => vec![0x42, 1],
        (2, _) => vec![0x26, 1],
        (3, 0) => vec![0xb6],
        (3, _) => vec![0],
        (_, 0) => vec![0x67],
        (_, 1) => vec![0x02],
        (_, 2..=4) => vec![0x41],
        _ => vec![0x65],
    };
    let length = usize::from(script.half() % 400);
    content(script, &mut nal, length);
    nal
}

/// Many pairs of zeros.
fn content(script: &mut Script<'_>, out: &mut Vec<u8>, length: usize) {
    let end = out.len() + length;
    let pieces = script.take(length / 8 + 1).to_vec();
    for (index, piece) in pieces.iter().cycle().enumerate().take(length) {
        match piece % 8 {
            0 => out.extend([0, 0, 3]),
            1 => out.extend([0, 0, 3, piece / 64]),
            2 => out.extend([0, piece / 16]),
            _ => out.extend([*piece, index as u8 | 1, piece.wrapping_mul(index as u8 | 1)]),
        }
    }
    out.truncate(end);
    if script.byte() > 20 {
        out.push(0x80);
    }
}

fn information(script: &mut Script<'_>, format: u32) -> Vec<u8> {
    let flags = script.byte();
    let mut body = vec![flags];
    if flags & 0x80 != 0 {
        body.extend(KEYS[usize::from(script.byte() % 4)].0);
    }
    if flags & 0x40 != 0 {
        body.extend(script.array::<16>());
    }
    let iv_length = match script.byte() {
        byte @ 0..=20 => byte,
        byte if byte % 2 == 0 => 8,
        _ => 16,
    };
    body.push(iv_length);
    body.extend((0..iv_length).map(|i| i.wrapping_mul(flags)));
    if flags & 0x20 != 0 {
        let length = script.byte() % 6;
        body.extend([0xc0, length]);
        body.extend((0..length).map(|i| if i == 0 { flags % 7 } else { i }));
    }
    if script.byte() < 16 {
        body.truncate(script.below(body.len()));
    }
    if format == 3 {
        return [&[0xb5, 0xd0 | (flags % 16)][..], &escape(&body)].concat();
    }
    let mut messages = Vec::new();
    for _ in 0..script.byte() % 3 {
        let (kind, length) = (script.byte() % 8, script.byte());
        messages.extend([kind, length]);
        messages.extend(script.take(usize::from(length.min(40))));
    }
    let length = (UUID.len() + body.len()) as u8;
    messages.extend([5, if script.byte() < 8 { script.byte() } else { length }]);
    messages.extend(UUID);
    messages.extend(body);
    messages.push(0x80);
    let header: &[u8] = if format == 2 { &[0x4e, 1] } else { &[6] };
    [header, &escape(&messages)].concat()
}

fn escape(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut zeros) = (Vec::new(), 0);
    for byte in bytes {
        if zeros == 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        out.push(*byte);
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
    }
    out
}

fn frame(script: &mut Script<'_>, unit: &mut Vec<u8>) {
    let (kind, length) = (script.byte(), script.below(300));
    let said = if kind < 8 { script.below(8192) } else { length };
    unit.extend([0xff, 0xf0 | kind & 1, 0x50, 0x80 | (said >> 11) as u8, (said >> 3) as u8, (said << 5) as u8, 0xfc]);
    let from = unit.len();
    content(script, unit, length.saturating_sub(7));
    unit.resize(from + length.saturating_sub(7), 1);
}

fn sync_frame(script: &mut Script<'_>, unit: &mut Vec<u8>) {
    let kind = script.byte();
    let words = 3 + script.below(160);
    let (fourth, id, length) = if kind & 1 == 0 {
        (script.byte() % 4, 8, [128, 138, 192, 0][usize::from(kind >> 6)])
    } else {
        (0, 11 + kind / 2 % 6, words * 2)
    };
    let from = unit.len();
    unit.extend([0x0b, 0x77, ((words - 1) >> 8) as u8, (words - 1) as u8, (kind & 0xc0) | fourth, id << 3]);
    content(script, unit, length.saturating_sub(6));
    unit.resize(from + length.max(6), 1);
}
