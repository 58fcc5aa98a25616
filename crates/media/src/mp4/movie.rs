//! `moov`: tracks, and the sample tables of progressive files.

use std::ops::Range;
use std::sync::Arc;

use super::auxiliary::{self, Auxiliary};
use super::boxes::{Boxed, Buffer, Faults, Place};
use super::entry::{SampleEntry, sample_entries};
use super::groups::{self, Descriptions};
use super::samples::{Chunks, Parts, Samples, Sizes};
use super::{MOST, PIFF_PSSH, Patch, add_pssh, only_once, patch};
use crate::FourCc;
use crate::error::{Error, Result};

/// The movie box of a file, with its bytes: tables stay as they are.
#[derive(Clone, Debug)]
pub struct Movie {
    /// The tracks, in the order of the file.
    pub tracks: Vec<Arc<Track>>,
    /// Whether samples are in fragments (`mvex`).
    pub is_fragmented: bool,
    /// The box.
    bytes: Arc<Vec<u8>>,
    offset: u64,
    /// `pssh` boxes.
    pssh: Vec<Patch>,
}

/// A track.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Its id (`tkhd`).
    pub id: u32,
    /// What it is: `vide`, `soun`, `text`, … (`hdlr`).
    pub handler: FourCc,
    /// Its sample entries (`stsd`).
    pub entries: Vec<SampleEntry>,
    /// `trex`: the sample entry, from 1, and size of samples, where fragments state none.
    pub(super) defaults: (u32, u32),
    /// The groups of samples that the movie describes.
    pub(super) groups: Descriptions,
    has_groups: Option<()>,
    /// Where `trak` starts in the file.
    offset: u64,
    tables: Tables,
    /// What decrypting changes outside of the sample entries.
    patches: Vec<Patch>,
}

/// The places of a progressive file's tables in the movie box.
#[derive(Clone, Debug, Default)]
struct Tables {
    /// Number of samples and their sizes.
    sizes: Option<(u32, Sizes)>,
    to_chunk: Range<usize>,
    offsets: Range<usize>,
    wide: bool,
    group_runs: Option<Range<usize>>,
    encryption: Option<Auxiliary>,
    auxiliary_sizes: Option<(u8, Range<usize>, u32)>,
    auxiliary_offsets: Option<(Range<usize>, bool)>,
}

impl Track {
    /// Whether any of its samples may be encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.entries.iter().any(|entry| entry.protection.is_some())
    }

    /// One of which nothing is known but its id.
    pub(super) fn unknown(id: u32) -> Self {
        Self { id, ..Self::default() }
    }

    /// The key ids and groups of samples: those of the sample entries, then those of the movie's `seig` groups.
    pub fn protections(&self) -> impl Iterator<Item = &Arc<crate::Protection>> {
        self.entries.iter().filter_map(|entry| entry.protection.as_ref()).chain(&self.groups.groups)
    }
}

impl Movie {
    /// Reads the movie box `bytes`, which starts at `offset` in the file.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) with the box that is wrong.
    pub fn parse(bytes: Vec<u8>, offset: u64) -> Result<Self> {
        Self::read(bytes, offset, None)
    }

    /// As [`parse`](Self::parse), but a box that is wrong, or that the end of `bytes` cuts, spoils only itself. Returns what was
    /// passed over, too.
    pub fn parse_leniently(bytes: Vec<u8>, offset: u64) -> (Self, Vec<Error>) {
        let faults = Faults::default();
        match Self::read(bytes, offset, Some(&faults)) {
            Ok(movie) => (movie, faults.into_list()),
            Err(fault) => (Self::empty(Arc::default(), offset), vec![fault]),
        }
    }

    fn empty(bytes: Arc<Vec<u8>>, offset: u64) -> Self {
        Self { tracks: Vec::new(), is_fragmented: false, bytes, offset, pssh: Vec::new() }
    }

    fn read(bytes: Vec<u8>, offset: u64, faults: Option<&Faults>) -> Result<Self> {
        let bytes = Arc::new(bytes);
        let mut movie = Self::empty(Arc::clone(&bytes), offset);
        let buffer = Buffer { bytes: &bytes, base: offset, faults };
        let place = Place { parent: None, kind: *b"moov", offset };
        let mut tracks: Vec<Track> = Vec::new();
        let mut defaults = Vec::new();
        buffer.each(content(&bytes)..bytes.len(), &place, |found, place| {
            match &found.kind {
                b"pssh" => add_pssh(&mut movie.pssh, found, place)?,
                b"uuid" if found.uuid == Some(PIFF_PSSH) => add_pssh(&mut movie.pssh, found, place)?,
                b"trak" => {
                    let track = read_track(buffer, found, place)?;
                    if tracks.len() == MOST {
                        return Err(place.error(format!("there are more than {MOST} tracks")));
                    }
                    if tracks.iter().any(|other| other.id == track.id) {
                        return Err(place.error(format!("there is another track with id {}", track.id)));
                    }
                    tracks.push(track);
                }
                b"mvex" => {
                    movie.is_fragmented = true;
                    buffer.each(found.content.clone(), place, |found, place| {
                        if &found.kind == b"trex" {
                            let mut fields = buffer.fields(found, place);
                            fields.version_and_flags()?;
                            let id = fields.u32()?;
                            let description = fields.u32()?;
                            fields.u32()?;
                            if defaults.len() == MOST {
                                return Err(place.error(format!("there are more than {MOST} of them")));
                            }
                            defaults.push((id, description, fields.u32()?));
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })?;
        for (id, description, size) in defaults {
            if let Some(track) = tracks.iter_mut().find(|track| track.id == id) {
                track.defaults = (description, size);
            }
        }
        movie.tracks = tracks.into_iter().map(Arc::new).collect();
        Ok(movie)
    }

    /// The track of this id.
    pub fn track(&self, id: u32) -> Option<&Arc<Track>> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// Its `pssh` boxes, one after another, as long as [`clear`](Self::clear) has not taken them out. PIFF's are given in the form of
    /// `pssh`.
    pub fn init_data(&self) -> Vec<u8> {
        super::init_data(&self.bytes, &self.pssh)
    }

    /// The box as it was read, or as [`clear`](Self::clear) left it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the box starts in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes out what tells that these tracks are encrypted, and `pssh` boxes if all encrypted tracks are among them. Nothing
    /// changes its size. The bytes are copied if [`Samples`] of this movie are in use.
    pub fn clear(&mut self, tracks: &[u32]) {
        let bytes = Arc::make_mut(&mut self.bytes);
        let mut all = true;
        for track in &self.tracks {
            if tracks.contains(&track.id) {
                patch(bytes, &track.patches);
                for entry in &track.entries {
                    patch(bytes, &entry.patches);
                }
            } else {
                all &= !track.is_encrypted();
            }
        }
        if all {
            patch(bytes, &self.pssh);
        }
    }

    /// The samples of a track that the movie box places; none if that has no tables of them, as in fragmented files.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) if tables are missing or contradict each other.
    pub fn samples(&self, track: &Arc<Track>) -> Result<Option<Samples>> {
        let tables = &track.tables;
        let path = Place { parent: None, kind: *b"moov", offset: self.offset };
        let place = Place { parent: Some(&path), kind: *b"trak", offset: track.offset };
        let Some((total, sizes)) = &tables.sizes else {
            if tables.offsets.is_empty() {
                return Ok(None);
            }
            return Err(place.error("it has chunks, but no stsz"));
        };
        if *total == 0 && tables.offsets.is_empty() {
            return Ok(None);
        }
        let auxiliary = match (&tables.encryption, &tables.auxiliary_sizes, &tables.auxiliary_offsets) {
            (Some(encryption), _, _) => encryption.clone(),
            (None, Some(sizes), Some(offsets)) => Auxiliary::outside(sizes.clone(), offsets.clone(), 0, self.offset),
            _ => Auxiliary::None,
        };
        let parts = Parts {
            track: Arc::clone(track),
            place: place.to_string(),
            place_offset: track.offset,
            bytes: Arc::clone(&self.bytes),
            chunks: Chunks::Table {
                offsets: tables.offsets.clone(),
                wide: tables.wide,
                number: 0,
                to_chunk: tables.to_chunk.clone(),
                samples: 0,
                description: 0,
            },
            sizes: sizes.clone(),
            total: Some(u64::from(*total)),
            groups: tables.group_runs.clone(),
            descriptions: Descriptions::default(),
            auxiliary,
            overridden: None,
        };
        Samples::new(parts).map(Some)
    }
}

/// Where the content of a box starts that was read whole.
pub(super) fn content(bytes: &[u8]) -> usize {
    let large = bytes.first_chunk::<4>() == Some(&[0, 0, 0, 1]);
    if large { 16 } else { 8 }.min(bytes.len())
}

fn read_track(buffer: Buffer<'_>, whole: &Boxed, place: &Place<'_>) -> Result<Track> {
    let mut track = Track { offset: place.offset, ..Track::default() };
    let mut has_id = false;
    buffer.each(whole.content.clone(), place, |found, place| {
        let mut fields = buffer.fields(found, place);
        match &found.kind {
            b"tkhd" => {
                let (version, _) = fields.version_and_flags()?;
                fields.take(if version == 1 { 16 } else { 8 })?;
                track.id = fields.u32()?;
                has_id = true;
            }
            b"mdia" => buffer.each(found.content.clone(), place, |found, place| {
                match &found.kind {
                    b"hdlr" => {
                        let mut fields = buffer.fields(found, place);
                        fields.take(8)?;
                        track.handler = FourCc(fields.array()?);
                    }
                    b"minf" => buffer.each(found.content.clone(), place, |found, place| {
                        if &found.kind == b"stbl" {
                            buffer.each(found.content.clone(), place, |found, place| {
                                table(buffer, found, place, &mut track)
                            })?;
                        }
                        Ok(())
                    })?,
                    _ => {}
                }
                Ok(())
            })?,
            b"senc" => table(buffer, found, place, &mut track)?,
            _ => {}
        }
        Ok(())
    })?;
    if !has_id {
        return Err(place.error("it has no tkhd"));
    }
    Ok(track)
}

/// A box of `stbl`.
fn table(buffer: Buffer<'_>, found: &Boxed, place: &Place<'_>, track: &mut Track) -> Result<()> {
    let mut fields = buffer.fields(found, place);
    let tables = &mut track.tables;
    match &found.kind {
        b"stsd" if track.entries.is_empty() => track.entries = sample_entries(buffer, found, place)?,
        b"stsd" => return Err(place.error("there is another one")),
        b"stsz" => {
            fields.version_and_flags()?;
            let size = fields.u32()?;
            let count = fields.u32()?;
            let sizes = match size {
                0 => Sizes::Wide { at: fields.table(count, 4)?.start, stride: 4 },
                size => Sizes::Uniform(size),
            };
            tables.sizes = Some((count, sizes));
        }
        b"stz2" => {
            fields.version_and_flags()?;
            let bits = (fields.u32()? & 0xff) as u8;
            let count = fields.u32()?;
            let bytes = match bits {
                4 => count.div_ceil(2),
                8 => count,
                16 => count.saturating_mul(2),
                _ => return Err(place.error(format!("sizes of {bits} bits; 4, 8 and 16 are allowed"))),
            };
            tables.sizes = Some((count, Sizes::Narrow { at: fields.table(bytes, 1)?.start, bits, index: 0 }));
        }
        b"stsc" => {
            fields.version_and_flags()?;
            let count = fields.u32()?;
            tables.to_chunk = fields.table(count, 12)?;
        }
        b"stco" | b"co64" => {
            fields.version_and_flags()?;
            let count = fields.u32()?;
            tables.wide = &found.kind == b"co64";
            tables.offsets = fields.table(count, if tables.wide { 8 } else { 4 })?;
        }
        b"sgpd" => {
            if let Some(descriptions) = groups::descriptions(buffer, found, place)? {
                only_once(track.has_groups.as_ref(), place)?;
                track.has_groups = Some(());
                track.groups = descriptions;
                track.patches.push(Patch::free(found.start));
            }
        }
        b"sbgp" => {
            if let Some(runs) = groups::runs(buffer, found, place)? {
                only_once(tables.group_runs.as_ref(), place)?;
                tables.group_runs = Some(runs);
                track.patches.push(Patch::free(found.start));
            }
        }
        b"csgp" => groups::refuse_compact(fields, place)?,
        b"senc" => {
            let (_, flags) = fields.version_and_flags()?;
            only_once(tables.encryption.as_ref(), place)?;
            tables.encryption = Some(auxiliary::sample_encryption(buffer, found, fields.at(), flags, place)?);
            track.patches.push(Patch::free(found.start));
        }
        b"saiz" => {
            if let Some(sizes) = auxiliary::sizes(buffer, found, place)? {
                only_once(tables.auxiliary_sizes.as_ref(), place)?;
                tables.auxiliary_sizes = Some(sizes);
                track.patches.push(Patch::free(found.start));
            }
        }
        b"saio" => {
            if let Some(offsets) = auxiliary::offsets(buffer, found, place)? {
                only_once(tables.auxiliary_offsets.as_ref(), place)?;
                tables.auxiliary_offsets = Some(offsets);
                track.patches.push(Patch::free(found.start));
            }
        }
        _ => {}
    }
    Ok(())
}
