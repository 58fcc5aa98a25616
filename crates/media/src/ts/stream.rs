//! An elementary stream and what is decrypted of it.

use std::sync::Arc;

use cenc::ContentKey;
use cenc::access_unit::{self, AccessUnit, Algorithm, Cei, VideoCodec};

use super::pes::Unit;
use super::table::Kind;
use super::{PACKET, Slot, Window, packet};
use crate::copy::LARGEST_SAMPLE;
use crate::decrypt::{Options, Report};
use crate::error::{Error, Result};
use crate::keys::Keys;

/// Key and IV of SAMPLE-AES, which are not in the stream.
#[derive(Clone)]
pub(crate) struct SampleAes {
    key: Arc<ContentKey>,
    pub key_id: [u8; 16],
    pub iv: [u8; 16],
}

impl SampleAes {
    /// From what the user said.
    ///
    /// # Errors
    /// What is missing, for the stream that is called `name`.
    pub fn new(keys: &Keys, options: &Options, name: &str) -> Result<Self> {
        let iv = options.iv.ok_or_else(|| Error::NoIv(name.to_owned()))?;
        let found = match options.key_id {
            Some(id) => keys.get(&id).map(|key| (id, key)),
            None => keys.only(),
        };
        let (key_id, key) = found.ok_or_else(|| {
            Error::Unsupported(match options.key_id {
                Some(id) => format!("{name}: the key for key id {} was not given", hex::encode(id)),
                None => format!(
                    "{name}: it is encrypted with SAMPLE-AES and names no key id: a single key must be given, or the key id with the IV"
                ),
            })
        })?;
        Ok(Self { key: Arc::clone(key), key_id, iv })
    }

    pub fn key(&self) -> &ContentKey {
        &self.key
    }
}

/// What decrypts units.
pub(super) struct Decryptor<'a> {
    pub keys: &'a Keys,
    pub options: &'a Options,
    pub report: Report,
}

impl Decryptor<'_> {
    /// A stream stays encrypted.
    pub fn leave(&mut self, pid: u16) {
        let track = u64::from(pid);
        if !self.report.left.contains(&track) {
            self.report.left.push(track);
        }
    }
}

/// A stream that is, or may be, encrypted.
pub(super) struct Stream {
    kind: Option<Kind>,
    sample_aes: Option<SampleAes>,
    state: Option<Cei>,
    counter: Option<u8>,
    units: u64,
    open: Option<Unit>,
    buffer: Vec<u8>,
    /// The last packet of the last unit, as it was and as it is now: it may come again.
    last: Option<Box<([u8; PACKET], [u8; PACKET])>>,
    /// What has been wrong in a stream that does not seem to be encrypted: where and what.
    fault: Option<(u64, String)>,
}

impl Stream {
    /// `late` is where it was described after packets of it had come.
    pub fn new(late: Option<u64>) -> Self {
        let reason = "packets of this stream stand before the program map table that describes it";
        Self {
            kind: None,
            sample_aes: None,
            state: None,
            counter: None,
            units: 0,
            open: None,
            buffer: Vec::new(),
            last: None,
            fault: late.map(|offset| (offset, reason.to_owned())),
        }
    }

    /// The program map says so, for PES packets that begin from here on; no kind if they are to stay as they are.
    pub fn describe(&mut self, pid: u16, kind: Option<Kind>, sample_aes: Option<SampleAes>) -> Result<()> {
        let former = std::mem::replace(&mut self.kind, kind);
        if sample_aes.is_some() {
            self.sample_aes = sample_aes;
        }
        if matches!(kind, Some(Kind::SampleAes(_)))
            && let Some((offset, reason)) = self.fault.take()
            && former.is_none()
        {
            return self.fault(pid, offset, reason);
        }
        Ok(())
    }

    /// Where what it holds starts.
    pub fn start(&self) -> Option<u64> {
        self.open.as_ref().map(|unit| unit.start)
    }

    /// Something is wrong, which counts if the stream is encrypted.
    fn fault(&mut self, pid: u16, offset: u64, reason: impl Into<String>) -> Result<()> {
        self.open = None;
        let encrypted =
            matches!(self.kind, Some(Kind::SampleAes(_))) || self.state.is_some_and(|state| state.encrypted);
        let reason = reason.into();
        if encrypted {
            return Err(Error::Malformed { place: format!("PID {pid}"), offset, reason });
        }
        self.fault.get_or_insert((offset, reason));
        Ok(())
    }

    /// Works on a packet, which is at `offset`.
    pub fn packet(
        &mut self,
        pid: u16,
        offset: u64,
        packet: &[u8; PACKET],
        window: &mut Window<'_>,
        decryptor: &mut Decryptor<'_>,
    ) -> Result<()> {
        if self.kind.is_none() && self.open.is_none() {
            return Ok(());
        }
        if packet::is_damaged(packet) || packet::is_scrambled(packet) {
            let reason = if packet::is_damaged(packet) { "a damaged packet" } else { "a packet that is scrambled" };
            return self.fault(pid, offset, reason);
        }
        let Some(start) = packet::payload(packet) else { return Ok(()) };
        let counter = packet::counter(packet);
        let former = self.counter.replace(counter);
        if former == Some(counter) && self.is_duplicate(offset, packet, window) {
            return Ok(());
        }
        let follows = former.is_none_or(|former| counter == (former + 1) & 0x0f);
        if packet::begins(packet) {
            // Counters of streams that were put one behind the other jump here.
            self.end(pid, window, decryptor)?;
            let Some(kind) = self.kind else { return Ok(()) };
            self.units += 1;
            let mut bytes = std::mem::take(&mut self.buffer);
            bytes.clear();
            self.open = Some(Unit::new(offset, self.units, kind, bytes));
        } else if self.open.is_none() {
            return self.fault(pid, offset, "a packet that belongs to no PES packet");
        } else if !follows {
            return self.fault(pid, offset, "a packet is missing before this one");
        }
        let Some(unit) = &mut self.open else { return Ok(()) };
        unit.add(window, Slot { packet: offset, start, end: PACKET });
        let (number, held) = (unit.number, unit.bytes.len());
        match unit.length() {
            Some(length) if held > length => {
                let reason = format!("PES packet {number} says that it has {length} bytes; its packets have {held}");
                self.fault(pid, offset, reason)
            }
            Some(length) if held == length => self.complete(pid, window, decryptor),
            _ if held > LARGEST_SAMPLE as usize => {
                self.fault(pid, offset, format!("PES packet {number} has more than {LARGEST_SAMPLE} bytes"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a packet is the last one again. It becomes what that became.
    fn is_duplicate(&mut self, offset: u64, packet: &[u8; PACKET], window: &mut Window<'_>) -> bool {
        if let Some(unit) = &mut self.open {
            let is_one = unit.last().is_some_and(|last| packet::is_duplicate(window.packet(last), packet));
            if is_one {
                unit.add_duplicate(offset);
            }
            return is_one;
        }
        match &self.last {
            Some(last) if packet::is_duplicate(&last.0, packet) => {
                packet::duplicate(&last.1, window.packet(offset));
                true
            }
            _ => false,
        }
    }

    /// Nothing more comes of the PES packet that is open.
    pub fn end(&mut self, pid: u16, window: &mut Window<'_>, decryptor: &mut Decryptor<'_>) -> Result<()> {
        let Some(unit) = &self.open else { return Ok(()) };
        if let Some(length) = unit.length() {
            let (start, held) = (unit.start, unit.bytes.len());
            let reason = format!("PES packet {} says that it has {length} bytes; {held} are there", unit.number);
            return self.fault(pid, start, reason);
        }
        self.complete(pid, window, decryptor)
    }

    fn complete(&mut self, pid: u16, window: &mut Window<'_>, decryptor: &mut Decryptor<'_>) -> Result<()> {
        let Some(mut unit) = self.open.take() else { return Ok(()) };
        let place = unit.last().unwrap_or(unit.start);
        let before = *window.packet(place);
        let done = match unit.content() {
            Ok(None) => Ok(()),
            Ok(Some(start)) => self.decrypt(pid, start, &mut unit, window, decryptor),
            Err(reason) => self.fault(pid, unit.start, reason),
        };
        self.last = Some(Box::new((before, *window.packet(place))));
        self.buffer = unit.bytes;
        done
    }

    fn decrypt(
        &mut self,
        pid: u16,
        start: usize,
        unit: &mut Unit,
        window: &mut Window<'_>,
        decryptor: &mut Decryptor<'_>,
    ) -> Result<()> {
        let length = unit.bytes.len();
        let (mut read, mut write) = (start, start);
        let mut changed = false;
        while read < length {
            let end = match unit.kind {
                Kind::Cei(codec, _) => read + next_picture(codec, &unit.bytes[read..]),
                Kind::SampleAes(_) => length,
            };
            let piece = &mut unit.bytes[read..end];
            let done = match unit.kind {
                Kind::Cei(codec, algorithm) => {
                    self.cei(pid, codec, algorithm, piece, (unit.start, unit.number), decryptor)
                }
                Kind::SampleAes(codec) => self.sample_aes(codec, piece, decryptor),
            };
            let left = match done {
                Ok(left) => left,
                Err(Fault::Problem(problem)) => {
                    let at = problem.offset + read - start;
                    let reason = format!("PES packet {}, byte {at} of its data: {}", unit.number, problem.problem);
                    return self.fault(pid, unit.start, reason);
                }
                Err(Fault::Error(fault)) => return Err(fault),
            };
            if let Some(left) = left {
                changed = true;
                unit.bytes.copy_within(read..read + left, write);
                write += left;
            } else {
                unit.bytes.copy_within(read..end, write);
                write += end - read;
            }
            read = end;
        }
        if changed {
            unit.bytes.truncate(write);
            let put = unit.put_back(window, length - write);
            return put.or_else(|reason| self.fault(pid, unit.start, format!("PES packet {}: {reason}", unit.number)));
        }
        Ok(())
    }

    /// Decrypts a unit; how many bytes it has then, or none if it is as it was.
    fn sample_aes(
        &self,
        codec: access_unit::Codec,
        piece: &mut [u8],
        decryptor: &mut Decryptor<'_>,
    ) -> std::result::Result<Option<usize>, Fault> {
        let Some(with) = &self.sample_aes else { return Ok(None) };
        let stream = access_unit::Stream::SampleAes { codec, key_id: with.key_id, iv: with.iv };
        let parsed = AccessUnit::parse(&stream, None, piece)?;
        let Some(protection) = parsed.protection() else { return Ok(None) };
        decryptor.report.samples += 1;
        decryptor.report.bytes += piece.len() as u64;
        let sample = protection.sample().map_err(Error::Memory)?;
        Ok(Some(parsed.decrypt(&sample, with.key(), piece)))
    }

    /// As [`sample_aes`](Self::sample_aes); `place` is where the PES packet is, and its number.
    fn cei(
        &mut self,
        pid: u16,
        codec: VideoCodec,
        algorithm: Option<Algorithm>,
        piece: &mut [u8],
        place: (u64, u64),
        decryptor: &mut Decryptor<'_>,
    ) -> std::result::Result<Option<usize>, Fault> {
        let parsed = AccessUnit::parse(&access_unit::Stream::Cei { codec, algorithm }, self.state.as_ref(), piece)?;
        self.state = parsed.state().copied();
        let Some(state) = self.state.filter(|state| state.encrypted) else { return Ok(None) };
        if let Some((offset, reason)) = self.fault.take() {
            return Err(Fault::Error(Error::Malformed { place: format!("PID {pid}"), offset, reason }));
        }
        let key = decryptor.keys.get(&state.key_id);
        if key.is_none() && decryptor.options.skip_missing {
            if parsed.protection().is_some() {
                decryptor.leave(pid);
            }
            return Ok(None);
        }
        let mut left = piece.len();
        if let Some(protection) = parsed.protection() {
            let Some(key) = key else {
                let (offset, sample) = place;
                let key_id = hex::encode(state.key_id);
                return Err(Fault::Error(Error::MissingKey { key_id, track: u64::from(pid), sample, offset }));
            };
            decryptor.report.samples += 1;
            decryptor.report.bytes += piece.len() as u64;
            let sample = protection.sample().map_err(Error::Memory)?;
            left = parsed.decrypt(&sample, key, piece);
        }
        // The information says that slices are encrypted which are not, or not any more. Of those that come after it, each
        // is decrypted, or nothing is written.
        Ok(Some(access_unit::declare_clear(codec, &mut piece[..left])))
    }
}

/// What goes wrong in a unit.
enum Fault {
    Problem(access_unit::Error),
    Error(Error),
}

impl From<access_unit::Error> for Fault {
    fn from(problem: access_unit::Error) -> Self {
        Self::Problem(problem)
    }
}

impl From<Error> for Fault {
    fn from(fault: Error) -> Self {
        Self::Error(fault)
    }
}

/// Where the second picture of a PES packet begins: at its access unit delimiter, which transport streams have for each
/// (ISO/IEC 13818-1 section 2.14.1). The end, if there is none.
fn next_picture(codec: VideoCodec, bytes: &[u8]) -> usize {
    let is_delimiter = |header: &u8| match codec {
        VideoCodec::H264(_) => header & 0x1f == 9,
        VideoCodec::H265(_) => header >> 1 & 0x3f == 35,
        VideoCodec::Avs3 => false,
    };
    let start_codes = memchr::memmem::find_iter(bytes, &[0, 0, 1]);
    let mut delimiters = start_codes.filter(|at| bytes.get(at + 3).is_some_and(is_delimiter));
    let first = delimiters.next().filter(|at| bytes[..*at].iter().any(|byte| *byte != 0));
    match first.or_else(|| delimiters.next()) {
        // A start code of four bytes.
        Some(at) if bytes[at - 1] == 0 => at - 1,
        Some(at) => at,
        None => bytes.len(),
    }
}
