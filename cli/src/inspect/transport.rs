//! MPEG transport streams.

use std::collections::HashMap;

use init_data::mpeg_ts::{self, DRM_DESCRIPTOR, Loop, Tables};
use init_data::pssh;
use media::{Error, Input};

use super::cei::{Reader, algorithm};
use super::cursor::Cursor;
use super::report::{Container, Descriptor, MOST, Program, Report, Stream};

/// Bytes that are looked at together.
const PIECE: usize = 256 << 10;

/// Reads a stream to its end.
pub fn read(input: &mut dyn Input, name: String) -> Result<Report, Error> {
    let mut report = Report::new(name, input.length(), Container::MpegTs);
    let mut tables = Tables::default();
    let mut readers: HashMap<u16, Reader> = HashMap::new();
    let mut scrambled: HashMap<u16, u64> = HashMap::new();
    let mut common = None;
    let mut cursor = Cursor::new(input);
    loop {
        let base = cursor.position();
        let (held, is_end) = cursor.held(PIECE)?;
        let used = mpeg_ts::each_packet(held, is_end, |at, packet| {
            let pid = mpeg_ts::pid(packet);
            if packet[3] & 0xc0 != 0 {
                *scrambled.entry(pid).or_default() += 1;
            }
            tables
                .packet(packet, |found| program_map(&mut report, &found, base + at as u64, &mut readers, &mut common));
            if let Some(reader) = readers.get_mut(&pid)
                && let Some(payload) = mpeg_ts::payload(packet)
            {
                reader.add(payload, packet[1] & 0x40 != 0, base + at as u64);
            }
        });
        if is_end {
            break;
        }
        // A stream without any packet in so many bytes has lost its way; what is held back is less than a packet.
        cursor.skip(used.max(1) as u64)?;
    }
    if report.programs.is_empty() {
        report.pass_over(None, "there is no program map table");
    }
    let mut faults = Vec::new();
    for program in &mut report.programs {
        for stream in &mut program.streams {
            stream.scrambled_packets = scrambled.get(&stream.pid).copied().unwrap_or(0);
            if let Some(reader) = readers.remove(&stream.pid) {
                let (found, unreadable) = reader.finish();
                stream.cei = found;
                faults.extend(unreadable.into_iter().map(|(offset, problem)| (stream.pid, offset, problem)));
            }
        }
    }
    for (pid, offset, problem) in faults {
        report.pass_over(Some(offset), format!("PID {pid}, PES packet at byte {offset}: {problem}"));
    }
    let streams = || report.programs.iter().flat_map(|program| &program.streams);
    let in_streams: Vec<_> = streams()
        .filter_map(|stream| stream.cei.as_ref())
        .flat_map(|cei| cei.key_ids.iter().chain(&cei.next_key_ids).cloned())
        .collect();
    report.encrypted = streams().any(|stream| {
        stream.is_sample_aes
            || stream.scrambled_packets > 0
            || stream.cei.as_ref().is_some_and(|cei| cei.encrypted_units > 0)
    });
    report.finish();
    in_streams.iter().for_each(|id| report.add_key_id(id));
    Ok(report)
}

/// A descriptor loop of a program map table. Tables come again and again.
///
/// `common` is the number of the program's algorithm.
fn program_map(
    report: &mut Report,
    found: &Loop<'_>,
    offset: u64,
    readers: &mut HashMap<u16, Reader>,
    common: &mut Option<u8>,
) {
    let index = report.programs.iter().position(|program| program.number == found.program);
    let index = index.unwrap_or_else(|| {
        report.programs.push(Program { number: found.program, drm: Vec::new(), streams: Vec::new() });
        report.programs.len() - 1
    });
    let mut descriptors = Vec::new();
    let mut video_algorithm = None;
    let mut boxes = Vec::new();
    mpeg_ts::each_descriptor(found.descriptors, |tag, content| {
        if tag != DRM_DESCRIPTOR {
            return;
        }
        let Some((&[video, audio], data)) = content.split_first_chunk::<2>() else {
            report.pass_over(
                Some(offset),
                format!("descriptor 0xC0 of less than 2 bytes in the table that ends at byte {offset}"),
            );
            return;
        };
        video_algorithm.get_or_insert(video);
        descriptors.push(Descriptor { video: algorithm(video), audio: algorithm(audio), data_bytes: data.len() });
        match pssh::parse_all(data) {
            Ok(found) => boxes.extend(found.iter().map(|one| one.raw.to_vec())),
            Err(fault) => report.init_data_faults(offset, &[fault]),
        }
    });
    for complete in boxes {
        let Ok(parsed) = pssh::parse(&complete) else { continue };
        let text = init_data::describe::BoxText::of(&parsed);
        if !report.pssh.iter().any(|known| known.text == text) {
            report.add_pssh("PMT", Some(offset), &parsed);
        }
    }
    let program = &mut report.programs[index];
    let known = match found.stream {
        None => &mut program.drm,
        Some((stream_type, pid)) => {
            let at = program.streams.iter().position(|stream| stream.pid == pid).unwrap_or_else(|| {
                let (codec, is_sample_aes) = stream_name(stream_type);
                program.streams.push(Stream {
                    pid,
                    stream_type,
                    codec,
                    is_sample_aes,
                    drm: Vec::new(),
                    scrambled_packets: 0,
                    cei: None,
                });
                if let Some(reader) = Reader::new(stream_type) {
                    readers.entry(pid).or_insert(reader);
                }
                program.streams.len() - 1
            });
            &mut program.streams[at].drm
        }
    };
    // The program's descriptors come first; its streams' own ones count more.
    match found.stream {
        None => *common = video_algorithm,
        Some((_, pid)) => {
            if let (Some(reader), Some(algorithm)) = (readers.get_mut(&pid), video_algorithm.or(*common)) {
                reader.set_algorithm(algorithm);
            }
        }
    }
    for descriptor in descriptors {
        if known.len() < MOST && !known.contains(&descriptor) {
            known.push(descriptor);
        }
    }
}

/// The codec of a stream type, and whether it is one of Apple's SAMPLE-AES.
fn stream_name(stream_type: u8) -> (Option<&'static str>, bool) {
    let name = match stream_type {
        0x01 => "MPEG-1 Video",
        0x02 => "MPEG-2 Video",
        0x03 | 0x04 => "MPEG Audio",
        0x0f | 0x11 | 0xcf => "AAC",
        0x10 => "MPEG-4 Visual",
        0x15 => "metadata",
        0x1b | 0xdb => "H.264",
        0x24 => "H.265",
        0x33 => "H.266",
        0x42 => "AVS",
        0x81 | 0xc1 => "AC-3",
        0x86 => "SCTE-35",
        0x87 | 0xc2 => "E-AC-3",
        0xd2 => "AVS2",
        0xd4 => "AVS3",
        _ => return (None, false),
    };
    (Some(name), matches!(stream_type, 0xdb | 0xcf | 0xc1 | 0xc2))
}
