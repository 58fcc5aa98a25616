//! An encrypted file as a clear one, as its bytes come.

use std::io::{self, ErrorKind};

use super::PIFF_PSSH;
use super::cursor::Cursor;
use super::group::Group;
use super::plan::Plan;
use super::samples::Samples;
use super::top_level::{LARGEST, LARGEST_FRAGMENT, TopLevelBox, read_header};
use crate::copy::Step;
use crate::decrypt::Report;
use crate::decryptor::Decryptor;
use crate::error::{Error, Result};
use crate::input::Input;

/// Makes a file clear whose bytes are pushed. As many bytes come out as went in, each at its place; only what is not complete
/// is held back: a sample, or a movie or fragment box.
///
/// A file whose movie box stands behind its data needs [`View`](super::View), or a [`seek`](Self::seek) to the movie box first.
#[derive(Default)]
pub struct Stream {
    plan: Option<Plan>,
    /// The samples that the movie box places, from any place.
    cursors: Vec<Cursor>,
    /// Samples whose IVs have not come yet, and where the last of those ends.
    coming: Option<(Vec<Samples>, u64)>,
    group: Group,
    /// Where `held` starts in the file.
    position: u64,
    held: Vec<u8>,
    within: Within,
    /// Nothing was recognised since the beginning or a seek.
    is_lost: bool,
}

#[derive(Clone, Copy, Default)]
enum Within {
    /// A box starts at the position.
    #[default]
    Boxes,
    /// Data up to there, or to the end of the file.
    Data(Option<u64>),
}

/// Where nothing can be read.
struct Nothing;

impl Input for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn skip(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&mut self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn length(&self) -> Option<u64> {
        None
    }
}

/// What is held.
struct Held<'a> {
    bytes: &'a [u8],
    position: u64,
    read: usize,
}

impl Input for Held<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.read..];
        let bytes = rest.len().min(into.len());
        into[..bytes].copy_from_slice(&rest[..bytes]);
        self.read += bytes;
        Ok(bytes)
    }

    fn skip(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let from = offset.checked_sub(self.position).and_then(|from| usize::try_from(from).ok());
        let found = from.and_then(|from| self.bytes.get(from..)?.get(..into.len()));
        into.copy_from_slice(found.ok_or(ErrorKind::Unsupported)?);
        Ok(())
    }

    fn length(&self) -> Option<u64> {
        None
    }
}

impl Stream {
    /// At the beginning of a file.
    pub fn new() -> Self {
        Self { is_lost: true, ..Self::default() }
    }

    /// Where the next byte that [`pull`](Self::pull) gives stands in the file.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// What comes next stands at `offset`: the beginning of the file, the start of a box, or, in a file without fragments, of a
    /// sample. What was held back is dropped; the movie stays.
    ///
    /// # Errors
    /// If the tables in between are wrong.
    pub fn seek(&mut self, offset: u64) -> Result<()> {
        self.held.clear();
        self.coming = None;
        self.position = offset;
        self.is_lost = true;
        self.within = Within::Boxes;
        self.group.sources.clear();
        let is_inside = self.plan.as_ref().is_some_and(|plan| !plan.movie.is_fragmented);
        let behind = self.plan.as_ref().map_or(0, |plan| plan.movie.offset());
        if is_inside && offset > 0 && offset != behind {
            self.within = Within::Data(Some(behind).filter(|&behind| behind > offset));
            self.is_lost = false;
            for cursor in &mut self.cursors {
                cursor.seek(&mut Nothing, offset)?;
                self.group.sources.push(cursor.samples().clone());
            }
        }
        Ok(())
    }

    /// Where the movie box is to be looked for: behind the data that stands here, if that is what [`pull`](Self::pull) failed with.
    pub fn behind_data(&self) -> Option<u64> {
        let mut held = Held { bytes: &self.held, position: self.position, read: 0 };
        let found = read_header(&mut held, self.position).ok().flatten()?;
        found.end().filter(|_| self.plan.is_none() && &found.kind.0 == b"mdat" && matches!(self.within, Within::Boxes))
    }

    /// The movie box: `bytes`, which stand at `offset`, read by somebody else because they stand behind the data.
    ///
    /// # Errors
    /// If it is wrong.
    pub fn movie(&mut self, bytes: Vec<u8>, offset: u64, decryptor: &mut dyn Decryptor) -> Result<()> {
        let plan = Plan::new(bytes, offset, decryptor)?;
        let samples = plan.samples()?;
        self.plan = Some(plan);
        self.expect(samples, true);
        Ok(())
    }

    /// The next clear bytes. None if more is needed first.
    ///
    /// # Errors
    /// Whatever is wrong with the file, or what `decryptor` says; [`Error::NeedsFile`] if data stands before the movie box. Only a
    /// [`seek`](Self::seek) leads on from there.
    pub fn pull(&mut self, decryptor: &mut dyn Decryptor) -> Result<Option<Vec<u8>>> {
        if let Some((_, end)) = &self.coming {
            if self.position + (self.held.len() as u64) < *end {
                return Ok(None);
            }
            self.come();
        }
        match self.within {
            _ if self.held.is_empty() => Ok(None),
            Within::Boxes => self.next_box(decryptor),
            Within::Data(end) => self.data(end, decryptor),
        }
    }

    /// At the end of the file: what is left, as [`pull`](Self::pull), until there is nothing.
    ///
    /// # Errors
    /// [`Error::Ends`] if something is not complete; it is dropped.
    pub fn finish(&mut self, decryptor: &mut dyn Decryptor) -> Result<Option<Vec<u8>>> {
        if self.coming.is_some() {
            self.come();
        }
        if let Some(clear) = self.pull(decryptor)? {
            return Ok(Some(clear));
        }
        if self.held.is_empty() {
            return Ok(None);
        }
        let end = self.position + self.held.len() as u64;
        let what = if matches!(self.within, Within::Boxes) { "a box" } else { "a sample" }.to_owned();
        let fault = Error::Ends { end, what, offset: self.position };
        self.held.clear();
        self.position = end;
        Err(fault)
    }

    fn next_box(&mut self, decryptor: &mut dyn Decryptor) -> Result<Option<Vec<u8>>> {
        let is_large = self.held.first_chunk() == Some(&[0, 0, 0, 1]);
        if self.held.len() < if is_large { 16 } else { 8 } {
            return Ok(None);
        }
        let mut held = Held { bytes: &self.held, position: self.position, read: 0 };
        let Some(found) = read_header(&mut held, self.position)? else { return Ok(None) };
        if self.is_lost && !crate::decrypt::may_start_with(found.kind.0) {
            return Err(Error::Unsupported(format!(
                "no box of MP4 that is known here starts at byte {}: '{}'",
                self.position, found.kind
            )));
        }
        self.is_lost = false;
        match &found.kind.0 {
            b"moov" => {
                let Some(bytes) = self.whole(&found, LARGEST)? else { return Ok(None) };
                self.movie(bytes, found.offset, decryptor)?;
                Ok(self.plan.as_ref().map(|plan| plan.movie.bytes().to_vec()))
            }
            b"moof" => {
                self.group.all_seen(found.offset)?;
                let Some(bytes) = self.whole(&found, LARGEST_FRAGMENT)? else { return Ok(None) };
                let Some(plan) = &self.plan else {
                    return Err(Error::Unsupported(format!(
                        "box 'moof' at byte {} stands before any moov: put the initialisation segment before the media segments",
                        found.offset
                    )));
                };
                let (fragment, samples) = plan.fragment(bytes, found.offset, decryptor)?;
                self.expect(samples, false);
                Ok(Some(fragment.bytes().to_vec()))
            }
            b"mdat" if self.plan.is_none() => {
                Err(Error::NeedsFile(format!("box 'mdat' at byte {} stands before moov", found.offset)))
            }
            kind => {
                let mut header = usize::from(found.header);
                if kind == b"uuid" && found.content_size().is_none_or(|size| size >= 16) {
                    header += 16;
                    if self.held.len() < header {
                        return Ok(None);
                    }
                }
                let is_init_data = kind == b"pssh" || self.held[usize::from(found.header)..header] == PIFF_PSSH;
                if is_init_data && self.plan.as_ref().is_some_and(|plan| plan.all) {
                    self.held[4..8].copy_from_slice(b"free");
                }
                self.within = Within::Data(found.end());
                Ok(Some(self.take(header)))
            }
        }
    }

    /// A box as a whole; none as long as it is not complete.
    fn whole(&mut self, found: &TopLevelBox, largest: u64) -> Result<Option<Vec<u8>>> {
        let Some(size) = found.size.filter(|&size| size <= largest) else {
            return Err(Error::Malformed {
                place: found.kind.to_string(),
                offset: found.offset,
                reason: match found.size {
                    Some(size) => format!("{size} bytes, too many to be read into memory"),
                    None => "it does not state its size".to_owned(),
                },
            });
        };
        Ok((self.held.len() as u64 >= size).then(|| self.take(size as usize)))
    }

    fn data(&mut self, end: Option<u64>, decryptor: &mut dyn Decryptor) -> Result<Option<Vec<u8>>> {
        let left = end.map_or(u64::MAX, |end| end - self.position);
        if left == 0 {
            self.within = Within::Boxes;
            return self.next_box(decryptor);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.held.len());
        let data = &mut self.held[..most];
        match self.group.step(&mut Nothing, self.position, data, decryptor, &mut Report::default())? {
            Step::Write(bytes) => Ok(Some(self.take(bytes))),
            Step::Need { bytes, what, offset } => match end {
                Some(end) if self.position + bytes as u64 > end => Err(Error::Malformed {
                    place: what,
                    offset,
                    reason: format!("it goes beyond the end of the data at byte {end}"),
                }),
                _ => Ok(None),
            },
        }
    }

    /// Samples that come next.
    fn expect(&mut self, samples: Vec<Samples>, is_movie: bool) {
        if is_movie {
            self.cursors = samples.iter().cloned().map(Cursor::new).collect();
        }
        let end = samples.iter().filter_map(|samples| samples.ahead(self.position)).max();
        self.coming = Some((samples, end.unwrap_or(self.position)));
    }

    /// Takes IVs that stand before the data out of what is held.
    fn come(&mut self) {
        let Some((mut samples, end)) = self.coming.take() else { return };
        if end > self.position {
            let mut held = Held { bytes: &self.held, position: self.position, read: 0 };
            for samples in &mut samples {
                samples.read_ahead(&mut held);
            }
            if self.plan.as_ref().is_some_and(|plan| !plan.movie.is_fragmented) {
                self.cursors = samples.iter().cloned().map(Cursor::new).collect();
            }
        }
        self.group.sources = samples;
    }

    /// Takes the first bytes of what is held.
    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let rest = self.held.split_off(bytes);
        self.position += bytes as u64;
        std::mem::replace(&mut self.held, rest)
    }
}
