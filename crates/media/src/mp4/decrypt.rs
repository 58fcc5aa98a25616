//! Decrypting a file on its way from an input to an output.

use super::fragment::Fragment;
use super::group::Group;
use super::movie::Movie;
use super::top_level::{TopLevelBox, read_box, read_header};
use super::{PIFF_PSSH, Track};
use crate::copy::Copier;
use crate::decrypt::{Options, Report};
use crate::decryptor::WithKeys;
use crate::error::{Error, Result};
use crate::input::Ahead;
use crate::keys::Keys;

/// Decrypts a whole file.
pub(crate) fn decrypt<'a>(copier: Copier<'a>, keys: &'a Keys, options: &'a Options) -> Result<Report> {
    decrypt_part(copier, keys, options, &mut None)
}

/// Decrypts a file, or the part of one that is `begun`: `moov` has been read then, and fragments follow.
pub(crate) fn decrypt_part<'a>(
    copier: Copier<'a>,
    keys: &'a Keys,
    options: &'a Options,
    begun: &mut Option<Begun>,
) -> Result<Report> {
    let is_part = begun.is_some();
    let decryptor = WithKeys::new(keys);
    let mut work = Work { copier, keys, decryptor, options, begun: begun.take(), is_part, samples: Group::default() };
    let mut report = work.run()?;
    work.copier.flush()?;
    if let Some(Begun { movie, clear, .. }) = &work.begun {
        let left = movie.tracks.iter().filter(|track| track.is_encrypted() && !clear.contains(&track.id));
        report.left = left.map(|track| u64::from(track.id)).collect();
    }
    *begun = work.begun;
    Ok(report)
}

/// A file whose movie box has been read.
pub(crate) struct Begun {
    movie: Movie,
    /// Ids of the tracks to decrypt.
    clear: Vec<u32>,
    /// No track stays encrypted.
    all: bool,
}

struct Work<'a> {
    copier: Copier<'a>,
    keys: &'a Keys,
    decryptor: WithKeys<'a>,
    options: &'a Options,
    begun: Option<Begun>,
    /// It had begun before this input.
    is_part: bool,
    samples: Group,
}

impl Work<'_> {
    fn run(&mut self) -> Result<Report> {
        let mut report = Report::default();
        while let Some(found) = read_header(self.copier.input, self.copier.position)? {
            match &found.kind.0 {
                b"moov" => self.movie_box(&found)?,
                b"moof" => self.fragment(&found)?,
                b"pssh" if self.all() => {
                    let mut header = found.header_bytes().to_vec();
                    header[4..8].copy_from_slice(b"free");
                    self.copier.write(&header)?;
                    self.pass(&found, &mut report)?;
                }
                b"mdat" if self.begun.is_none() => {
                    self.movie_behind(&found)?;
                    self.copier.write(found.header_bytes())?;
                    self.pass(&found, &mut report)?;
                }
                b"uuid" => self.extended(&found, &mut report)?,
                _ => {
                    self.copier.write(found.header_bytes())?;
                    self.pass(&found, &mut report)?;
                }
            }
        }
        if self.begun.is_none() {
            return Err(Error::Unsupported(format!("the file of {} bytes has no moov box", self.copier.position)));
        }
        self.samples.all_seen(self.copier.position)?;
        Ok(report)
    }

    /// No track stays encrypted, as far as is known.
    fn all(&self) -> bool {
        self.begun.as_ref().is_none_or(|begun| begun.all)
    }

    /// A `uuid` box: PIFF's `pssh` becomes `free`.
    fn extended(&mut self, found: &TopLevelBox, report: &mut Report) -> Result<()> {
        let mut bytes = found.header_bytes().to_vec();
        if self.all() && found.content_size().is_none_or(|size| size >= 16) {
            let mut uuid = [0; 16];
            let read = super::top_level::read_up_to(self.copier.input, &mut uuid, found.offset + bytes.len() as u64)?;
            if read < 16 {
                let end = found.offset + (bytes.len() + read) as u64;
                return Err(Error::Ends { end, what: "box 'uuid'".to_owned(), offset: found.offset });
            }
            if uuid == PIFF_PSSH {
                bytes[4..8].copy_from_slice(b"free");
            }
            bytes.extend(uuid);
        }
        self.copier.write(&bytes)?;
        self.pass(found, report)
    }

    /// The rest of a box.
    fn pass(&mut self, found: &TopLevelBox, report: &mut Report) -> Result<()> {
        let Self { copier, decryptor, samples, .. } = self;
        let what = || (format!("box '{}'", found.kind), found.offset);
        copier.copy(found.end(), &what, |input, position, data| samples.step(input, position, data, decryptor, report))
    }

    fn movie_box(&mut self, found: &TopLevelBox) -> Result<()> {
        if let Some(Begun { movie, .. }) = &self.begun {
            if self.is_part || movie.offset() != found.offset {
                return Err(Error::Malformed {
                    place: "moov".to_owned(),
                    offset: found.offset,
                    reason: "the file has a second one".to_owned(),
                });
            }
            // It was read before the data.
            let length = movie.bytes().len() - usize::from(found.header);
            let skipped = self.copier.input.skip(length as u64);
            skipped.map_err(|fault| Error::Read { offset: found.offset, fault })?;
        } else {
            let bytes = read_box(self.copier.input, found)?;
            self.begin(Movie::parse(bytes, found.offset)?)?;
        }
        let Self { copier, begun: Some(begun), .. } = self else { return Ok(()) };
        copier.write(begun.movie.bytes())
    }

    /// Decides what to decrypt.
    fn begin(&mut self, mut movie: Movie) -> Result<()> {
        let wanted = &self.options.tracks;
        if let Some(missing) = wanted.iter().find(|&&id| !movie.tracks.iter().any(|track| u64::from(track.id) == id)) {
            let ids: Vec<_> = movie.tracks.iter().map(|track| track.id.to_string()).collect();
            return Err(Error::Unsupported(format!("there is no track {missing}; the file has {}", ids.join(", "))));
        }
        let (mut clear, mut all) = (Vec::new(), true);
        for track in &movie.tracks {
            let is_wanted = wanted.is_empty() || wanted.contains(&u64::from(track.id));
            if is_wanted && track.is_encrypted() && !(self.options.skip_missing && self.lacks_keys(track)) {
                clear.push(track.id);
            } else {
                all &= !track.is_encrypted();
            }
        }
        movie.clear(&clear);
        for track in movie.tracks.iter().filter(|track| clear.contains(&track.id)) {
            if let Some(mut samples) = movie.samples(track)? {
                samples.read_ahead(self.copier.input);
                self.samples.sources.push(samples);
            }
        }
        self.begun = Some(Begun { movie, clear, all });
        Ok(())
    }

    /// Whether a key is missing that the track names. Zeros stand for those that the groups of rotating keys name.
    fn lacks_keys(&self, track: &Track) -> bool {
        let mut named = track.protections().filter(|named| named.is_protected && named.key_id != [0; 16]);
        named.any(|named| self.keys.get(&named.key_id).is_none())
    }

    /// Looks for a movie box that stands behind the data.
    fn movie_behind(&mut self, data: &TopLevelBox) -> Result<()> {
        let Some(length) = self.copier.input.length() else {
            return Err(Error::NeedsFile(format!("box 'mdat' at byte {} stands before moov", data.offset)));
        };
        let mut at = data.end().unwrap_or(length);
        while at < length {
            let mut ahead = Ahead::exact(self.copier.input, at);
            let Some(found) = read_header(&mut ahead, at)? else { break };
            if &found.kind.0 == b"moov" {
                let bytes = read_box(&mut ahead, &found)?;
                self.begin(Movie::parse(bytes, at)?)?;
                return Ok(());
            }
            at = found.end().unwrap_or(length);
        }
        Err(Error::Unsupported(format!("the file of {length} bytes has no moov box")))
    }

    fn fragment(&mut self, found: &TopLevelBox) -> Result<()> {
        self.samples.all_seen(found.offset)?;
        let Some(Begun { movie, clear, all }) = &self.begun else {
            return Err(Error::Unsupported(format!(
                "box 'moof' at byte {} stands before any moov: put the initialisation segment before the media segments",
                found.offset
            )));
        };
        self.samples.sources.clear();
        let mut fragment = Fragment::parse(read_box(self.copier.input, found)?, found.offset, movie)?;
        fragment.clear(clear, *all);
        for part in fragment.tracks.iter().filter(|part| clear.contains(&part.track.id)) {
            let mut samples = fragment.samples(part)?;
            samples.read_ahead(self.copier.input);
            self.samples.sources.push(samples);
        }
        self.copier.write(fragment.bytes())
    }
}
