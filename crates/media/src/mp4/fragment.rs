//! `moof`: the samples of a fragment.

use std::ops::Range;
use std::sync::Arc;

use super::auxiliary::{self, Auxiliary, OVERRIDES};
use super::boxes::{Boxed, Buffer, Faults, Fields, Place};
use super::entry::piff_protection;
use super::groups::{self, Descriptions};
use super::movie::{Movie, Track, content};
use super::samples::{Chunk, Chunks, Parts, Samples, Sizes};
use super::{MOST, PIFF_PSSH, PIFF_SENC, Patch, add_pssh, only_once, patch};
use crate::error::{Error, Result};
use crate::protection::Protection;

/// A movie fragment box, with its bytes.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// What it has of each track.
    pub tracks: Vec<TrackFragment>,
    bytes: Arc<Vec<u8>>,
    offset: u64,
    pssh: Vec<Patch>,
}

/// A track's part of a fragment.
#[derive(Clone, Debug)]
pub struct TrackFragment {
    /// The track.
    pub track: Arc<Track>,
    /// Where `traf` starts in the file.
    offset: u64,
    runs: Vec<Chunk>,
    group_runs: Option<Range<usize>>,
    descriptions: Option<Descriptions>,
    encryption: Option<Auxiliary>,
    overridden: Option<Arc<Protection>>,
    auxiliary_sizes: Option<(u8, Range<usize>, u32)>,
    auxiliary_offsets: Option<(Range<usize>, bool)>,
    /// What offsets count from.
    origin: u64,
    patches: Vec<Patch>,
}

impl Fragment {
    /// Reads the movie fragment box `bytes`, which starts at `offset` in the file, of a movie.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) with the box that is wrong.
    pub fn parse(bytes: Vec<u8>, offset: u64, movie: &Movie) -> Result<Self> {
        Self::read(bytes, offset, Some(movie), None)
    }

    /// As [`parse`](Self::parse), but a box that is wrong, or that the end of `bytes` cuts, spoils only itself. Returns what was
    /// passed over, too. Without a movie, or a track in it, nothing is known of the samples but what is here.
    pub fn parse_leniently(bytes: Vec<u8>, offset: u64, movie: Option<&Movie>) -> (Self, Vec<Error>) {
        let faults = Faults::default();
        match Self::read(bytes, offset, movie, Some(&faults)) {
            Ok(fragment) => (fragment, faults.into_list()),
            Err(fault) => (Self::empty(Arc::default(), offset), vec![fault]),
        }
    }

    fn empty(bytes: Arc<Vec<u8>>, offset: u64) -> Self {
        Self { tracks: Vec::new(), bytes, offset, pssh: Vec::new() }
    }

    fn read(bytes: Vec<u8>, offset: u64, movie: Option<&Movie>, faults: Option<&Faults>) -> Result<Self> {
        let bytes = Arc::new(bytes);
        let mut fragment = Self::empty(Arc::clone(&bytes), offset);
        let buffer = Buffer { bytes: &bytes, base: offset, faults };
        let place = Place { parent: None, kind: *b"moof", offset };
        // Where data without an offset of its own starts: for the first track at the fragment's start, for others behind
        // the data before it.
        let mut data = offset;
        buffer.each(content(&bytes)..bytes.len(), &place, |found, place| {
            match &found.kind {
                b"pssh" => add_pssh(&mut fragment.pssh, found, place)?,
                b"uuid" if found.uuid == Some(PIFF_PSSH) => add_pssh(&mut fragment.pssh, found, place)?,
                b"traf" if fragment.tracks.len() == MOST => {
                    return Err(place.error(format!("there are more than {MOST} of them")));
                }
                b"traf" => fragment.tracks.push(track_fragment(buffer, found, place, movie, offset, &mut data)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(fragment)
    }

    /// Takes out what tells that these tracks are encrypted, and `pssh` boxes if `all` are to be clear. Nothing changes its
    /// size. The bytes are copied if [`Samples`] of this fragment are in use.
    pub fn clear(&mut self, tracks: &[u32], all: bool) {
        let bytes = Arc::make_mut(&mut self.bytes);
        for part in self.tracks.iter().filter(|part| tracks.contains(&part.track.id)) {
            patch(bytes, &part.patches);
        }
        if all {
            patch(bytes, &self.pssh);
        }
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

    /// The samples of a track's part.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) if its tables contradict each other.
    pub fn samples(&self, part: &TrackFragment) -> Result<Samples> {
        let path = Place { parent: None, kind: *b"moof", offset: self.offset };
        let place = Place { parent: Some(&path), kind: *b"traf", offset: part.offset };
        let auxiliary = match (&part.encryption, &part.auxiliary_sizes, &part.auxiliary_offsets) {
            (Some(encryption), _, _) => encryption.clone(),
            (None, Some(sizes), Some(offsets)) => {
                Auxiliary::outside(sizes.clone(), offsets.clone(), part.origin, self.offset)
            }
            _ => Auxiliary::None,
        };
        Samples::new(Parts {
            track: Arc::clone(&part.track),
            place: place.to_string(),
            place_offset: part.offset,
            bytes: Arc::clone(&self.bytes),
            chunks: Chunks::Runs(part.runs.clone().into_iter()),
            sizes: Sizes::Uniform(0),
            total: None,
            groups: part.group_runs.clone(),
            descriptions: part.descriptions.clone().unwrap_or_default(),
            auxiliary,
            overridden: part.overridden.clone(),
        })
    }
}

impl TrackFragment {
    /// The samples that its runs state.
    pub fn sample_count(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.samples)).sum()
    }

    /// Whether IVs or subsamples of samples stand here (`senc`, PIFF's), which samples of a clear track do not have.
    pub fn has_sample_encryption(&self) -> bool {
        matches!(self.encryption, Some(Auxiliary::Inside { samples: 1.., .. }))
    }

    /// How its samples are encrypted as far as that stands here: its `seig` groups, and PIFF's override.
    pub fn protections(&self) -> impl Iterator<Item = &Arc<Protection>> {
        self.descriptions.iter().flat_map(|found| &found.groups).chain(&self.overridden)
    }
}

/// `tfhd` (ISO/IEC 14496-12, section 8.8.7).
struct Header {
    track: Arc<Track>,
    base: u64,
    description: u32,
    size: u32,
}

fn header(
    mut fields: Fields<'_, '_>,
    movie: Option<&Movie>,
    is_lenient: bool,
    offset: u64,
    data: u64,
) -> Result<Header> {
    let (_, flags) = fields.version_and_flags()?;
    let id = fields.u32()?;
    let track = match movie.and_then(|movie| movie.track(id)) {
        Some(track) => Arc::clone(track),
        None if is_lenient => Arc::new(Track::unknown(id)),
        None => return Err(fields.error(format!("there is no track {id} in moov"))),
    };
    let (description, size) = track.defaults;
    let mut header = Header { track, base: data, description, size };
    if flags & 1 != 0 {
        header.base = fields.u64()?;
    } else if flags & 0x02_0000 != 0 {
        header.base = offset;
    }
    if flags & 2 != 0 {
        header.description = fields.u32()?;
    }
    if flags & 8 != 0 {
        fields.u32()?;
    }
    if flags & 16 != 0 {
        header.size = fields.u32()?;
    }
    Ok(header)
}

fn track_fragment(
    buffer: Buffer<'_>,
    traf: &Boxed,
    place: &Place<'_>,
    movie: Option<&Movie>,
    offset: u64,
    data: &mut u64,
) -> Result<TrackFragment> {
    let mut found_header = None;
    buffer.each(traf.content.clone(), place, |found, place| {
        if &found.kind == b"tfhd" {
            found_header = Some(header(buffer.fields(found, place), movie, buffer.faults.is_some(), offset, *data)?);
        }
        Ok(())
    })?;
    let Some(header) = found_header else { return Err(place.error("it has no tfhd")) };
    let mut part = TrackFragment {
        track: header.track,
        offset: place.offset,
        runs: Vec::new(),
        group_runs: None,
        descriptions: None,
        encryption: None,
        overridden: None,
        auxiliary_sizes: None,
        auxiliary_offsets: None,
        origin: header.base,
        patches: Vec::new(),
    };
    let (mut senc, mut piff) = (None, None);
    let mut at = header.base;
    buffer.each(traf.content.clone(), place, |found, place| {
        let mut fields = buffer.fields(found, place);
        match &found.kind {
            b"trun" => {
                let (mut chunk, bytes) = run(&mut fields, header.base, at, header.size, buffer)?;
                chunk.description = header.description;
                at = chunk.offset.saturating_add(bytes);
                if chunk.samples > 0 {
                    part.runs.push(chunk);
                }
            }
            b"sgpd" => {
                if let Some(descriptions) = groups::descriptions(buffer, found, place)? {
                    only_once(part.descriptions.as_ref(), place)?;
                    part.descriptions = Some(descriptions);
                    part.patches.push(Patch::free(found.start));
                }
            }
            b"sbgp" => {
                if let Some(runs) = groups::runs(buffer, found, place)? {
                    only_once(part.group_runs.as_ref(), place)?;
                    part.group_runs = Some(runs);
                    part.patches.push(Patch::free(found.start));
                }
            }
            b"csgp" => groups::refuse_compact(fields, place)?,
            b"senc" => {
                let (_, flags) = fields.version_and_flags()?;
                only_once(senc.as_ref(), place)?;
                senc = Some(());
                part.encryption = Some(auxiliary::sample_encryption(buffer, found, fields.at(), flags, place)?);
                part.patches.push(Patch::free(found.start));
            }
            b"uuid" if found.uuid == Some(PIFF_SENC) => {
                let (_, flags) = fields.version_and_flags()?;
                if flags & OVERRIDES != 0 {
                    part.overridden = Some(Arc::new(piff_protection(&mut fields)?.1));
                }
                only_once(piff.as_ref(), place)?;
                piff = Some(());
                let found_here = auxiliary::sample_encryption(buffer, found, fields.at(), flags, place)?;
                // The same as in `senc`, where both are.
                part.encryption.get_or_insert(found_here);
                part.patches.push(Patch::free(found.start));
            }
            b"saiz" => {
                if let Some(sizes) = auxiliary::sizes(buffer, found, place)? {
                    only_once(part.auxiliary_sizes.as_ref(), place)?;
                    part.auxiliary_sizes = Some(sizes);
                    part.patches.push(Patch::free(found.start));
                }
            }
            b"saio" => {
                if let Some(offsets) = auxiliary::offsets(buffer, found, place)? {
                    only_once(part.auxiliary_offsets.as_ref(), place)?;
                    part.auxiliary_offsets = Some(offsets);
                    part.patches.push(Patch::free(found.start));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    *data = at;
    Ok(part)
}

/// `trun` (ISO/IEC 14496-12, section 8.8.8), and the bytes of its samples. `at` is where the run before it ends.
fn run(fields: &mut Fields<'_, '_>, base: u64, at: u64, size: u32, buffer: Buffer<'_>) -> Result<(Chunk, u64)> {
    let (_, flags) = fields.version_and_flags()?;
    let samples = fields.u32()?;
    let mut offset = at;
    if flags & 1 != 0 {
        let relative = fields.u32()?.cast_signed();
        let absolute = base.checked_add_signed(i64::from(relative));
        offset = absolute.ok_or_else(|| fields.error(format!("a data offset of {relative} leads out of the file")))?;
    }
    if flags & 4 != 0 {
        fields.u32()?;
    }
    let of_entry = |flag: u32| if flags & flag != 0 { 4 } else { 0 };
    let stride = of_entry(0x100) + of_entry(0x200) + of_entry(0x400) + of_entry(0x800);
    let table = fields.table(samples, stride)?;
    let sizes = if flags & 0x200 != 0 {
        Sizes::Wide { at: table.start + of_entry(0x100), stride }
    } else {
        // Nothing but its count would bound the work for samples of no size.
        if size == 0 && stride == 0 && samples > 0 {
            return Err(fields.error(format!("{samples} samples, whose sizes stand nowhere")));
        }
        Sizes::Uniform(size)
    };
    let bytes = if let Sizes::Uniform(size) = sizes {
        u64::from(size) * u64::from(samples)
    } else {
        let mut sizes = sizes.clone();
        (0..samples).map(|_| u64::from(sizes.next(buffer.bytes))).sum()
    };
    Ok((Chunk { offset, samples, description: 0, sizes: Some(sizes) }, bytes))
}
