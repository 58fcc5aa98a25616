//! Transport streams of the tests: a demultiplexer and a multiplexer that have nothing in common with the program's, and the
//! streams of `tests/streams/cei.json`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::support::data;

/// A PES packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Pes {
    /// Its header from behind `PES_packet_length` on.
    pub header: Vec<u8>,
    pub content: Vec<u8>,
}

/// The PES packets of each PID. Counters run on without a gap.
pub fn demultiplex(file: &[u8]) -> BTreeMap<u16, Vec<Pes>> {
    let mut packets: BTreeMap<u16, Vec<Vec<u8>>> = BTreeMap::new();
    let mut counters = BTreeMap::new();
    assert_eq!(file.len() % 188, 0);
    for packet in file.chunks(188) {
        assert_eq!(packet[0], 0x47);
        let pid = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
        let start = match packet[3] >> 4 {
            1 => 4,
            3 => 5 + packet[4] as usize,
            other => panic!("{other}"),
        };
        let counter = packet[3] & 15;
        assert!(counters.insert(pid, counter).is_none_or(|former| counter == (former + 1) & 15), "PID {pid}");
        let list = packets.entry(pid).or_default();
        if packet[1] & 0x40 != 0 {
            list.push(Vec::new());
        }
        list.last_mut().unwrap().extend_from_slice(&packet[start..]);
    }
    packets.retain(|_, list| list[0].starts_with(&[0, 0, 1]));
    let split = |pes: Vec<u8>| {
        let length = usize::from(pes[4]) << 8 | usize::from(pes[5]);
        assert!(length == 0 || length + 6 == pes.len(), "{length} {}", pes.len());
        let start = 9 + usize::from(pes[8]);
        Pes { header: pes[6..start].to_vec(), content: pes[start..].to_vec() }
    };
    packets.into_iter().map(|(pid, list)| (pid, list.into_iter().map(split).collect())).collect()
}

/// Types of the streams in the program map, and tags of their descriptors; its checksum is right.
pub fn program_map(file: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let packet = file.chunks(188).find(|packet| packet[1] & 0x1f == 0 && packet[2] == 0x20).unwrap();
    let start = 5 + if packet[3] & 0x20 == 0 { 0 } else { 1 + packet[4] as usize };
    let end = start + 3 + (usize::from(packet[start + 1] & 15) << 8 | usize::from(packet[start + 2]));
    let section = &packet[start..end];
    assert_eq!(section[0], 2);
    let mut sum = u32::MAX;
    for bit in section.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1))) {
        let out = sum >> 31 ^ bit;
        sum = (sum << 1) ^ (out * 0x04c1_1db7);
    }
    assert_eq!(sum, 0, "the checksum");
    let mut at = 12 + usize::from(section[11]);
    let mut streams = Vec::new();
    while at < section.len() - 4 {
        let end = at + 5 + usize::from(section[at + 4]);
        let (kind, mut tags) = (section[at], Vec::new());
        at += 5;
        while at < end {
            tags.push(section[at]);
            at += 2 + usize::from(section[at + 1]);
        }
        streams.push((kind, tags));
    }
    streams
}

/// Bytes of the ID3 tag at the start.
pub fn tag(file: &[u8]) -> usize {
    10 + file[6..10].iter().fold(0, |size, byte| size << 7 | usize::from(*byte))
}

/// A program with one stream, a unit in each PES packet. With descriptor 0xC0 if there is an algorithm.
pub fn multiplex(stream_type: u8, algorithm: u8, units: &[&[u8]], with_length: bool) -> Vec<u8> {
    fn section(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes[2] = u8::try_from(bytes.len() + 1).unwrap();
        let mut sum = u32::MAX;
        for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1))) {
            let out = sum >> 31 ^ bit;
            sum = (sum << 1) ^ (out * 0x04c1_1db7);
        }
        [&[0][..], &bytes, &sum.to_be_bytes()].concat()
    }
    fn packets(file: &mut Vec<u8>, pid: u8, counter: &mut u8, mut rest: &[u8]) {
        let mut begins = 0x40;
        while !rest.is_empty() {
            let (payload, others) = rest.split_at(rest.len().min(184));
            let stuffing = 184 - payload.len();
            file.extend([0x47, begins, pid, if stuffing > 0 { 0x30 } else { 0x10 } | *counter]);
            if stuffing > 0 {
                file.push(u8::try_from(stuffing - 1).unwrap());
                file.extend((1..stuffing).map(|at| if at == 1 { 0 } else { 0xff }));
            }
            file.extend_from_slice(payload);
            (begins, *counter, rest) = (0, (*counter + 1) & 15, others);
        }
    }
    let mut file = Vec::new();
    packets(&mut file, 0, &mut 0, &section(vec![0, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0, 0x20]));
    let mut map = vec![2, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0xe0, 0x50, 0xf0, 0, stream_type, 0xe0, 0x50, 0xf0, 0];
    if algorithm != 0 {
        let drm = [&[0xc0, 34, algorithm, 0, 0, 0, 0, 32][..], b"pssh", &[0; 24]].concat();
        *map.last_mut().unwrap() = u8::try_from(drm.len()).unwrap();
        map.extend(drm);
    }
    packets(&mut file, 0x20, &mut 0, &section(map));
    let mut counter = 0;
    for unit in units {
        let length = if with_length { u16::try_from(unit.len() + 3).unwrap() } else { 0 }.to_be_bytes();
        let pes = [&[0, 0, 1, 0xe0, length[0], length[1], 0x80, 0, 0], *unit].concat();
        packets(&mut file, 0x50, &mut counter, &pes);
    }
    file
}

/// Where a part of a unit ends that has so many bytes without emulation prevention, and with what comes behind it of that.
fn end_of(unit: &[u8], start: usize, bytes: usize) -> usize {
    let (mut at, mut zeros) = (start, 0);
    for _ in 0..bytes {
        if zeros >= 2 && unit[at] == 3 {
            (at, zeros) = (at + 1, 0);
        }
        zeros = if unit[at] == 0 { zeros + 1 } else { 0 };
        at += 1;
    }
    if zeros >= 2 && unit.get(at) == Some(&3) { at + 1 } else { at }
}

/// A unit as the writer of the vectors had it: where its information was made clear, it is as it was.
pub fn with_information(found: &[u8], encrypted: &[u8]) -> Vec<u8> {
    let mut restored = Vec::new();
    let (mut at, mut of) = (0, 0);
    while at < found.len() && of < encrypted.len() {
        if found[at] == encrypted[of] {
            restored.push(found[at]);
            (at, of) = (at + 1, of + 1);
            continue;
        }
        let made = &found[at..];
        let is_made = made.len() > 26
            && made[0] & 0xdf == 0x10
            && made[1] == 8
            && made[2..10].iter().all(|byte| *byte == 0xff)
            && (made[0] & 0x20 == 0 || made[10..12] == [0xc0, 1] && made[12] > 0xef);
        if !is_made || encrypted[of] & 0x80 == 0 {
            break;
        }
        // Flags, key ids, IV, descriptor.
        let clean: Vec<u8> = {
            let mut zeros = 0;
            let mut keep = |byte: &u8| {
                let is_content = zeros < 2 || *byte != 3;
                zeros = if *byte == 0 { zeros + 1 } else { 0 };
                is_content
            };
            encrypted[of..].iter().filter(|byte| keep(byte)).copied().collect()
        };
        let ids = if clean[0] & 0x40 == 0 { 16 } else { 32 };
        let mut length = 1 + ids + 1 + usize::from(clean[1 + ids]);
        if clean[0] & 0x20 != 0 {
            length += 2 + usize::from(clean[length + 1]);
        }
        assert!(made[13..length].iter().all(|byte| *byte == 0xff));
        assert_eq!(clean[0] & 0x20, made[0] & 0x20);
        let end = end_of(encrypted, of, length);
        restored.extend_from_slice(&encrypted[of..end]);
        (at, of) = (at + length, end);
    }
    restored.extend_from_slice(&found[at..]);
    restored
}

/// A stream of cei.json with start codes.
pub struct CeiStream {
    pub name: String,
    pub stream_type: u8,
    pub algorithm: u8,
    pub units: Vec<Vec<u8>>,
    /// The beginnings of the SHA-256 of each unit when it is clear.
    pub clear: Vec<String>,
}

impl CeiStream {
    /// A transport stream of it.
    pub fn multiplex(&self, with_length: bool) -> Vec<u8> {
        let units: Vec<&[u8]> = self.units.iter().map(Vec::as_slice).collect();
        multiplex(self.stream_type, self.algorithm, &units, with_length)
    }
}

/// The streams of cei.json, and their keys as options.
pub fn cei_streams() -> (Vec<CeiStream>, Vec<String>) {
    let facts: Value = serde_json::from_slice(&fs::read(data().join("streams/cei.json")).unwrap()).unwrap();
    let bytes = fs::read(data().join("streams/cei.bin")).unwrap();
    let keys = facts["keys"].as_object().unwrap().iter();
    let keys = keys.flat_map(|(id, key)| ["--key".to_owned(), format!("{id}:{}", key.as_str().unwrap())]).collect();
    let (mut rest, mut streams) = (&bytes[..], Vec::new());
    for stream in facts["streams"].as_array().unwrap() {
        let (mut units, mut clear) = (Vec::new(), Vec::new());
        for unit in stream["units"].as_array().unwrap() {
            let (one, others) = rest.split_at(usize::try_from(unit[0].as_u64().unwrap()).unwrap());
            units.push(one.to_vec());
            clear.push(unit[2].as_str().unwrap().to_owned());
            rest = others;
        }
        let stream_type = match stream["codec"].as_str().unwrap() {
            "h264" => 0x1b,
            "h265" => 0x24,
            _ => 0xd4,
        };
        if stream["nal_length_size"] == 0 {
            let name = stream["name"].as_str().unwrap().to_owned();
            let algorithm = u8::try_from(stream["algorithm"].as_u64().unwrap()).unwrap();
            streams.push(CeiStream { name, stream_type, algorithm, units, clear });
        }
    }
    (streams, keys)
}
