//! Decrypting a transport stream on its way from an input to an output.

use std::collections::{HashMap, HashSet};

use super::section::Sections;
use super::stream::{Decryptor, SampleAes, Stream};
use super::sync::{self, Layout};
use super::table::{self, Kind};
use super::{PACKET, Slot, Window, packet};
use crate::copy::Copier;
use crate::decrypt::{Options, Report};
use crate::error::{Error, Result};
use crate::keys::Keys;

/// Bytes of the file that are held at most, while a PES packet or a table is not complete.
const MOST_HELD: u64 = 32 << 20;

/// Decrypts a whole file.
pub(crate) fn decrypt<'a>(
    mut copier: Copier<'a>,
    layout: Layout,
    keys: &'a Keys,
    options: &'a Options,
) -> Result<Report> {
    if layout.stride > 192 {
        return Err(Error::Unsupported(format!(
            "a transport stream of packets with {} bytes, whose checksums would be wrong afterwards; 188 and 192 are read",
            layout.stride
        )));
    }
    let mut walk = Walk {
        options,
        keys,
        stride: layout.stride as u64,
        next: layout.first as u64,
        is_lost: false,
        has_association: false,
        maps: HashSet::new(),
        has_map: false,
        sections: HashMap::new(),
        streams: HashMap::new(),
        passed: HashSet::new(),
        described: HashSet::new(),
        decryptor: Decryptor { keys, options, report: Report::default() },
    };
    loop {
        let more = copier.fetch()?;
        let position = copier.position;
        let (held, end) = walk.work(Window { bytes: copier.held(), position }, !more)?;
        copier.release((held - position) as usize)?;
        if !more {
            walk.finish(end)?;
            break;
        }
    }
    copier.flush()?;
    Ok(walk.decryptor.report)
}

struct Walk<'a> {
    options: &'a Options,
    keys: &'a Keys,
    stride: u64,
    /// Where the next packet is.
    next: u64,
    /// No packet was where one should have been, and none has been found yet that another one follows.
    is_lost: bool,
    has_association: bool,
    /// PIDs of program maps.
    maps: HashSet<u16>,
    has_map: bool,
    /// Tables that are not complete.
    sections: HashMap<u16, (Sections, u8)>,
    streams: HashMap<u16, Stream>,
    /// PIDs of packets that were passed over.
    passed: HashSet<u16>,
    /// PIDs of streams that a program map has described.
    described: HashSet<u16>,
    decryptor: Decryptor<'a>,
}

impl Walk<'_> {
    /// Works on the packets that are held. Up to where the file can be written, and where what is held ends.
    fn work(&mut self, mut window: Window<'_>, is_end: bool) -> Result<(u64, u64)> {
        let end = window.position + window.bytes.len() as u64;
        while self.next + PACKET as u64 <= end {
            let at = (self.next - window.position) as usize;
            if window.bytes[at] == packet::SYNC && !self.is_lost {
                self.packet(&mut window)?;
                self.next += self.stride;
                continue;
            }
            match sync::resume(&window.bytes[at..], self.stride as usize, is_end) {
                Ok(passed) => {
                    self.next += passed as u64;
                    self.is_lost = false;
                }
                Err(passed) => {
                    self.next += passed as u64;
                    self.is_lost = true;
                    break;
                }
            }
        }
        if is_end {
            if let Some(packet) = self.next.checked_sub(window.position)
                && !self.is_lost
                && window.bytes.get(packet as usize) == Some(&packet::SYNC)
            {
                return Err(Error::Ends { end, what: "a packet".to_owned(), offset: self.next });
            }
            for (&pid, stream) in &mut self.streams {
                stream.end(pid, &mut window, &mut self.decryptor)?;
            }
            return Ok((end, end));
        }
        // A stream that falls silent must not hold up the others without bound.
        let limit = end.saturating_sub(MOST_HELD);
        self.sections.retain(|_, (sections, _)| sections.start().is_some_and(|start| start >= limit));
        for (&pid, stream) in &mut self.streams {
            if stream.start().is_some_and(|start| start < limit) {
                stream.end(pid, &mut window, &mut self.decryptor)?;
            }
        }
        let open = self.streams.values().filter_map(Stream::start);
        let open = open.chain(self.sections.values().filter_map(|(sections, _)| sections.start()));
        Ok((open.min().unwrap_or(self.next).min(self.next).min(end), end))
    }

    /// Works on the packet that comes next.
    fn packet(&mut self, window: &mut Window<'_>) -> Result<()> {
        let packet = *window.packet(self.next);
        let pid = packet::pid(&packet);
        if pid == 0 || self.maps.contains(&pid) {
            return self.table(pid, &packet, window);
        }
        if let Some(stream) = self.streams.get_mut(&pid) {
            return stream.packet(pid, self.next, &packet, window, &mut self.decryptor);
        }
        if packet::payload(&packet).is_some() {
            self.passed.insert(pid);
        }
        Ok(())
    }

    /// Works on a packet with tables.
    fn table(&mut self, pid: u16, packet: &[u8; PACKET], window: &mut Window<'_>) -> Result<()> {
        let Some(mut start) = packet::payload(packet) else { return Ok(()) };
        if packet::is_damaged(packet) || packet::is_scrambled(packet) {
            self.sections.remove(&pid);
            return Ok(());
        }
        let counter = packet::counter(packet);
        if packet::begins(packet) {
            // Bytes up to the pointer belong to the section before.
            let begin = start + 1 + usize::from(packet[start]);
            start += 1;
            if begin > PACKET {
                self.sections.remove(&pid);
                return Ok(());
            }
            if self.sections.get(&pid).is_some_and(|(_, former)| counter == (former + 1) & 0x0f) {
                self.add(pid, counter, Slot { packet: self.next, start, end: begin }, window)?;
            }
            self.sections.remove(&pid);
            self.sections.insert(pid, (Sections::default(), counter));
            return self.add(pid, counter, Slot { packet: self.next, start: begin, end: PACKET }, window);
        }
        match self.sections.get(&pid) {
            // A duplicate.
            Some((_, former)) if counter == *former => Ok(()),
            Some((_, former)) if counter == (former + 1) & 0x0f => {
                self.add(pid, counter, Slot { packet: self.next, start, end: PACKET }, window)
            }
            _ => {
                self.sections.remove(&pid);
                Ok(())
            }
        }
    }

    fn add(&mut self, pid: u16, counter: u8, slot: Slot, window: &mut Window<'_>) -> Result<()> {
        let Some((mut sections, _)) = self.sections.remove(&pid) else { return Ok(()) };
        sections.add(window, slot);
        let offset = sections.start().unwrap_or(slot.packet);
        if sections.complete(|section| self.section(pid, section, offset))? {
            sections.put_back(window);
        } else {
            self.sections.insert(pid, (sections, counter));
        }
        Ok(())
    }

    /// Reads a section. Whether it was changed.
    fn section(&mut self, pid: u16, section: &mut [u8], offset: u64) -> Result<bool> {
        if pid == 0 {
            if let Some(maps) = table::association(section) {
                self.has_association = true;
                self.maps.extend(maps);
            }
            return Ok(false);
        }
        let map = table::map(section).map_err(|reason| Error::Malformed {
            place: format!("program map table of PID {pid}"),
            offset,
            reason: reason.to_owned(),
        })?;
        let Some(map) = map else { return Ok(false) };
        self.has_map = true;
        let mut decrypted = HashSet::new();
        for entry in &map.streams {
            let is_wanted = self.options.tracks.is_empty() || self.options.tracks.contains(&u64::from(entry.pid));
            let (mut kind, mut with) = (entry.kind.filter(|_| is_wanted), None);
            if let Some(Kind::SampleAes(_)) = entry.kind {
                with = if is_wanted { self.sample_aes(entry.pid)? } else { None };
                if with.is_some() {
                    decrypted.insert(entry.pid);
                } else {
                    kind = None;
                    self.decryptor.leave(entry.pid);
                }
            }
            if entry.pid == 0
                || self.maps.contains(&entry.pid)
                || kind.is_none() && !self.streams.contains_key(&entry.pid)
            {
                continue;
            }
            let is_late = self.passed.contains(&entry.pid) && !self.described.contains(&entry.pid);
            let late = is_late.then_some(offset);
            let stream = self.streams.entry(entry.pid).or_insert_with(|| Stream::new(late));
            stream.describe(entry.pid, kind, with)?;
        }
        self.described.extend(map.streams.iter().map(|entry| entry.pid));
        let all = self.options.tracks.is_empty() && !self.options.skip_missing;
        Ok(table::declare_clear(section, &map, all, |pid| decrypted.contains(&pid)))
    }

    /// Key and IV for SAMPLE-AES; none if the stream is to be left as it is.
    fn sample_aes(&self, pid: u16) -> Result<Option<SampleAes>> {
        match SampleAes::new(self.keys, self.options, &format!("PID {pid}")) {
            Ok(found) => Ok(Some(found)),
            Err(_) if self.options.skip_missing => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// After the last packet.
    fn finish(&self, end: u64) -> Result<()> {
        let missing = match (self.has_association, self.has_map) {
            (false, _) => "program association table",
            (_, false) => "program map table",
            _ => {
                let known = |pid: &u64| {
                    u16::try_from(*pid).is_ok_and(|pid| self.streams.contains_key(&pid) || self.passed.contains(&pid))
                };
                if let Some(pid) = self.options.tracks.iter().find(|pid| !known(pid)) {
                    return Err(Error::Unsupported(format!("there is no track {pid}: no PID of the transport stream")));
                }
                return Ok(());
            }
        };
        Err(Error::Unsupported(format!(
            "the transport stream of {end} bytes has no {missing} that is complete and intact"
        )))
    }
}
