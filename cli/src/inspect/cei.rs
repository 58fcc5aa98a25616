//! Content encryption information inside of elementary streams, as the decryptor reads it.

use cenc::access_unit::{self, Algorithm, Framing, Problem, VideoCodec};

use super::report::{Cei, MOST};

/// Bytes of a PES packet that are looked at: the information stands in front of the first slice.
const LOOKED_AT: usize = 64 << 10;

/// Looks for CEI in the PES packets of one PID.
pub struct Reader {
    codec: VideoCodec,
    /// What holds without a descriptor: the program map's, then that of the stream.
    algorithm: Option<Algorithm>,
    /// Where the PES packet starts, and its bytes as far as they have come.
    open: Option<(u64, Vec<u8>)>,
    found: Cei,
    faults: Vec<(u64, Problem)>,
}

impl Reader {
    /// For a stream type; none if CEI cannot be in such a stream.
    pub fn new(stream_type: u8) -> Option<Self> {
        let codec = match stream_type {
            0x1b => VideoCodec::H264(Framing::StartCodes),
            0x24 => VideoCodec::H265(Framing::StartCodes),
            0xd4 => VideoCodec::Avs3,
            _ => return None,
        };
        Some(Self { codec, algorithm: None, open: None, found: Cei::default(), faults: Vec::new() })
    }

    /// What the program map says of the video.
    pub fn set_algorithm(&mut self, number: u8) {
        self.algorithm = self.algorithm.or(Algorithm::from_number(number & 15));
    }

    /// Takes the payload of the packet at `offset`; `begins` if a PES packet begins there.
    pub fn add(&mut self, payload: &[u8], begins: bool, offset: u64) {
        if begins {
            self.close();
            self.open = Some((offset, Vec::new()));
        }
        if let Some((_, bytes)) = &mut self.open {
            let left = LOOKED_AT - bytes.len();
            bytes.extend_from_slice(&payload[..payload.len().min(left)]);
        }
    }

    /// What was found, if anything, and what could not be read: where and why.
    pub fn finish(mut self) -> (Option<Cei>, Vec<(u64, Problem)>) {
        self.close();
        (Some(self.found).filter(|found| found.units > 0), self.faults)
    }

    fn close(&mut self) {
        let Some((offset, bytes)) = self.open.take() else { return };
        // What is no PES packet of a video stream, and what does not begin with a NAL unit, has none.
        let Some(start) = bytes.get(8).filter(|_| bytes.starts_with(&[0, 0, 1])).map(|length| 9 + usize::from(*length))
        else {
            return;
        };
        match access_unit::Cei::of_unit(self.codec, self.algorithm, bytes.get(start..).unwrap_or_default()) {
            Ok(Some(cei)) => self.note(&cei),
            Ok(None) => {}
            Err(fault) if matches!(fault.problem, Problem::NoStartCode) => {}
            Err(fault) if self.faults.len() < MOST => self.faults.push((offset, fault.problem)),
            Err(_) => {}
        }
    }

    fn note(&mut self, cei: &access_unit::Cei) {
        let found = &mut self.found;
        found.units += 1;
        if cei.encrypted {
            found.encrypted_units += 1;
            found.iv_bytes = Some(cei.iv_length);
            add(&mut found.key_ids, &cei.key_id);
        }
        if let Some(id) = &cei.next_key_id {
            add(&mut found.next_key_ids, id);
        }
        if let Some(named) = cei.algorithm {
            self.algorithm = Some(named);
            found.algorithm = Some(algorithm(named as u8));
        }
    }
}

fn add(ids: &mut Vec<String>, id: &[u8]) {
    let id = hex::encode(id);
    if ids.len() < MOST && !ids.contains(&id) {
        ids.push(id);
    }
}

/// The algorithm in the low nibble of a byte of descriptor 0xC0.
pub fn algorithm(byte: u8) -> &'static str {
    match byte & 15 {
        0 => "none",
        1 => "SM4-CBC 1:9",
        2 => "AES-128-CBC 1:9",
        3 => "SM4-CBC",
        5 => "AES-128-CBC",
        _ => "unknown",
    }
}
