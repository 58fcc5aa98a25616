//! MP4 files.

use std::sync::Arc;

use media::mp4::{Fragment, Movie, Samples, TopLevelBox, read_box_leniently, read_header};
use media::{Error, Input, Protection};

use super::report::{Container, Encryption, Entry, MOST, Mp4, Report, Track};

/// `pssh` boxes and their like above this are not read.
const LARGEST_SMALL: u64 = 1 << 20;
/// Samples that are looked at in all: a table can state any number in a few bytes.
const MOST_SAMPLES: u64 = 100_000_000;

/// Reads a file from its beginning.
pub fn read(input: &mut dyn Input, name: String) -> Result<Report, Error> {
    let report = Report::new(name, input.length(), Container::Mp4);
    let mut work = Work { report, mp4: Mp4::default(), movie: None, lone: Vec::new(), samples: 0 };
    work.run(input)?;
    let Work { mut report, mp4, .. } = work;
    report.mp4 = Some(mp4);
    report.finish();
    Ok(report)
}

struct Work {
    report: Report,
    mp4: Mp4,
    movie: Option<Movie>,
    /// Tracks that no movie box describes.
    lone: Vec<u64>,
    samples: u64,
}

impl Work {
    fn run(&mut self, input: &mut dyn Input) -> Result<(), Error> {
        let mut at = 0;
        loop {
            // The length is hidden: what there is of a box that the file's end cuts is read.
            let found = match read_header(&mut Unmeasured(input), at) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(()),
                Err(fault @ Error::Read { .. }) => return Err(fault),
                Err(fault) => {
                    self.report.fault(&fault);
                    return Ok(());
                }
            };
            let is_small = found.content_size().is_some_and(|size| size <= LARGEST_SMALL);
            let whole = match &found.kind.0 {
                b"moov" | b"moof" => true,
                b"ftyp" | b"styp" | b"pssh" | b"uuid" => is_small,
                _ => false,
            };
            if whole {
                let (bytes, cut) = match read_box_leniently(&mut Unmeasured(input), &found) {
                    Ok(read) => read,
                    Err(fault @ Error::Read { .. }) => return Err(fault),
                    Err(fault) => {
                        self.report.fault(&fault);
                        return Ok(());
                    }
                };
                let end = cut.is_some();
                if let Some(fault) = cut {
                    self.report.fault(&fault);
                }
                self.whole(input, &found, bytes);
                if end {
                    return Ok(());
                }
            } else if !self.pass(input, &found)? {
                return Ok(());
            }
            match found.end() {
                Some(end) => at = end,
                None => return Ok(()),
            }
        }
    }

    /// Passes over a box; whether the file goes on behind it.
    fn pass(&mut self, input: &mut dyn Input, found: &TopLevelBox) -> Result<bool, Error> {
        let Some(size) = found.content_size() else { return Ok(false) };
        let start = found.offset + u64::from(found.header);
        let passed = match input.length() {
            Some(length) => size.min(length.saturating_sub(start)),
            None => read_away(input, size).map_err(|fault| Error::Read { offset: start, fault })?,
        };
        if passed < size {
            let fault =
                Error::Ends { end: start + passed, what: format!("box '{}'", found.kind), offset: found.offset };
            self.report.fault(&fault);
            return Ok(false);
        }
        if input.length().is_some() {
            input.skip(size).map_err(|fault| Error::Read { offset: start, fault })?;
        }
        Ok(true)
    }

    fn whole(&mut self, input: &mut dyn Input, found: &TopLevelBox, bytes: Vec<u8>) {
        let place = match &found.kind.0 {
            b"ftyp" | b"styp" => {
                let brand = bytes.get(usize::from(found.header)..).and_then(<[u8]>::first_chunk::<4>);
                let brand = brand.map(|brand| brand.escape_ascii().to_string());
                self.mp4.brand = self.mp4.brand.take().or(brand);
                return;
            }
            b"moov" => "moov",
            b"moof" => "moof",
            _ => "file",
        };
        self.boxes(place, found.offset, &bytes);
        match place {
            "moov" if self.movie.is_some() => {
                self.report.pass_over(Some(found.offset), format!("a second moov at byte {}", found.offset));
            }
            "moov" => self.movie(input, bytes, found.offset),
            "moof" => self.fragment(input, bytes, found.offset),
            _ => {}
        }
    }

    /// The boxes and key ids in `moov`, `moof`, or at the top level, as `OH_Drm_ParseMediaKeySystemInfo` finds them.
    fn boxes(&mut self, place: &'static str, offset: u64, bytes: &[u8]) {
        let found = match init_data::mp4::parse(bytes) {
            Ok(found) => found,
            Err(fault) => return self.report.init_data_faults(offset, &[fault]),
        };
        self.report.init_data_faults(offset, &found.faults);
        let mut from = 0;
        for complete in &found.pssh {
            let Ok(parsed) = init_data::pssh::parse(complete) else { continue };
            // PIFF's were made into ordinary ones: what follows the header is the same.
            let (header, content) = complete.split_at(8);
            let start = memchr::memmem::find(&bytes[from..], content).map_or(from, |found| from + found);
            from = (start + content.len()).min(bytes.len());
            let is_piff = !bytes[..start].ends_with(header);
            let start = start.saturating_sub(if is_piff { 24 } else { 8 });
            self.report.add_pssh(place, Some(offset + start as u64), &parsed);
        }
        for id in &found.key_ids {
            self.report.add_key_id(&hex::encode(id));
        }
    }

    fn movie(&mut self, input: &mut dyn Input, bytes: Vec<u8>, offset: u64) {
        let (movie, faults) = Movie::parse_leniently(bytes, offset);
        faults.iter().for_each(|fault| self.report.fault(fault));
        self.mp4.is_fragmented = movie.is_fragmented;
        for described in &movie.tracks {
            let entries = described.entries.iter().map(|entry| Entry {
                format: entry.format.to_string(),
                codec: entry.codec().to_string(),
                name: codec_name(entry.codec().0),
                encryption: entry.protection.as_deref().map(Encryption::of),
            });
            let mut track = Track {
                id: described.id.into(),
                kind: kind(&described.handler.0),
                entries: entries.collect(),
                ..Track::default()
            };
            let of_entries = described.entries.iter().filter(|entry| entry.protection.is_some()).count();
            described.protections().skip(of_entries).for_each(|group| add_group(&mut track, group));
            match movie.samples(described) {
                Ok(Some(samples)) => self.samples(input, samples, &mut track),
                Ok(None) => {}
                Err(fault) => self.report.fault(&fault),
            }
            self.report.tracks.push(track);
        }
        self.movie = Some(movie);
    }

    fn fragment(&mut self, input: &mut dyn Input, bytes: Vec<u8>, offset: u64) {
        self.mp4.fragments += 1;
        let (fragment, faults) = Fragment::parse_leniently(bytes, offset, self.movie.as_ref());
        faults.iter().for_each(|fault| self.report.fault(fault));
        for part in &fragment.tracks {
            let id = u64::from(part.track.id);
            let index = self.report.tracks.iter().position(|track| track.id == id).unwrap_or_else(|| {
                self.lone.push(id);
                self.report.tracks.push(Track { id, ..Track::default() });
                self.report.tracks.len() - 1
            });
            let mut track = std::mem::take(&mut self.report.tracks[index]);
            part.protections().for_each(|group| add_group(&mut track, group));
            if self.lone.contains(&id) {
                // Which of them are encrypted would stand in `moov`.
                track.samples = track.samples.saturating_add(part.sample_count());
                self.report.encrypted |= part.has_sample_encryption();
                if self.report.passed_over.is_empty() {
                    let reason = "there is no moov that describes the tracks: a media segment without its initialisation segment";
                    self.report.pass_over(Some(offset), reason);
                }
            } else {
                match fragment.samples(part) {
                    Ok(samples) => self.samples(input, samples, &mut track),
                    Err(fault) => self.report.fault(&fault),
                }
            }
            self.report.tracks[index] = track;
        }
    }

    fn samples(&mut self, input: &mut dyn Input, mut samples: Samples, track: &mut Track) {
        let mut subsamples = Vec::new();
        let length = input.length();
        loop {
            if self.samples >= MOST_SAMPLES {
                self.report.pass_over(None, format!("samples after the first {MOST_SAMPLES}"));
                return;
            }
            if let (Some((offset, size)), Some(length)) = (samples.peek(), length)
                && offset.saturating_add(size.into()) > length
            {
                let (id, number) = (samples.track_id(), samples.number());
                let reason = format!(
                    "track {id}, sample {number} at byte {offset}: the file ends before it does, at byte {length}"
                );
                self.report.pass_over(Some(offset), reason);
                return;
            }
            subsamples.clear();
            match samples.next(input, &mut subsamples) {
                Ok(Some(sample)) => {
                    self.samples += 1;
                    track.add_sample(sample.protection.as_deref().map(|protection| &protection.key_id[..]));
                }
                Ok(None) => return,
                Err(fault) => return self.report.fault(&fault),
            }
        }
    }
}

fn add_group(track: &mut Track, group: &Arc<Protection>) {
    let mut group = Encryption::of(group);
    // Groups have the scheme of the sample entry.
    if let Some(own) = track.entries.iter().find_map(|entry| entry.encryption.as_ref())
        && group.cipher.is_none()
    {
        (group.scheme, group.cipher) = (own.scheme.clone(), own.cipher);
    }
    if track.groups.len() < MOST && !track.groups.contains(&group) {
        track.groups.push(group);
    }
}

/// Reads up to `bytes`; how many there were.
fn read_away(input: &mut dyn Input, bytes: u64) -> std::io::Result<u64> {
    let mut waste = [0; 16 << 10];
    let mut passed = 0;
    while passed < bytes {
        let most = waste.len().min(usize::try_from(bytes - passed).unwrap_or(usize::MAX));
        match input.read(&mut waste[..most])? {
            0 => break,
            read => passed += read as u64,
        }
    }
    Ok(passed)
}

/// An input whose length is not told.
struct Unmeasured<'a>(&'a mut dyn Input);

impl Input for Unmeasured<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }

    fn skip(&mut self, bytes: u64) -> std::io::Result<()> {
        self.0.skip(bytes)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(offset, into)
    }

    fn length(&self) -> Option<u64> {
        None
    }
}

/// What a handler is for.
fn kind(handler: &[u8; 4]) -> Option<String> {
    Some(match handler {
        b"vide" | b"auxv" => "video".to_owned(),
        b"soun" => "audio".to_owned(),
        b"subt" | b"text" | b"sbtl" | b"clcp" => "subtitles".to_owned(),
        b"meta" => "metadata".to_owned(),
        [0, 0, 0, 0] => return None,
        other => other.escape_ascii().to_string(),
    })
}

fn codec_name(codec: [u8; 4]) -> Option<&'static str> {
    Some(match &codec {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" => "H.264",
        b"hvc1" | b"hev1" | b"hvc2" | b"hev2" => "H.265",
        b"dvh1" | b"dvhe" | b"dva1" | b"dvav" => "Dolby Vision",
        b"vvc1" | b"vvi1" => "H.266",
        b"av01" => "AV1",
        b"vp08" => "VP8",
        b"vp09" => "VP9",
        b"avs3" => "AVS3",
        b"mp4a" => "AAC or MPEG audio",
        b"mp4v" => "MPEG-4 Visual",
        b"ac-3" => "AC-3",
        b"ec-3" => "E-AC-3",
        b"ac-4" => "AC-4",
        b"Opus" => "Opus",
        b"fLaC" => "FLAC",
        b"alac" => "ALAC",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" => "DTS",
        b"mha1" | b"mhm1" => "MPEG-H Audio",
        b"av3a" => "Audio Vivid",
        b"wvtt" => "WebVTT",
        b"stpp" => "TTML",
        b"tx3g" => "timed text",
        _ => return None,
    })
}
