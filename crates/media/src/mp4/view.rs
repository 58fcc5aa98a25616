//! An encrypted file as a clear one, read at any place.

use cenc::Subsample;

use super::PIFF_PSSH;
use super::cursor::Cursor;
use super::fragment::Fragment;
use super::group::{check_size, decrypt_sample};
use super::plan::Plan;
use super::top_level::{TopLevelBox, read_box, read_header, read_up_to};
use crate::decryptor::Decryptor;
use crate::error::{Error, Result};
use crate::input::{Ahead, Input};

/// Fragments that are kept in memory: demuxers read tracks in turns, which may each have fragments of their own.
const KEPT: usize = 8;
/// Boxes about encryption that a file may have at its top level: a day and a half of one fragment for each picture.
const MOST: usize = 1 << 22;

/// Makes what is read of an encrypted file clear, wherever it is read. Every byte stays at its place: boxes about encryption become
/// `free`. Tracks whose scheme is not known stay as they are.
///
/// What stands in the file is looked at when it is needed: boxes at the top level up to where something is read, and the movie
/// box, wherever it is.
#[derive(Default, Debug)]
pub struct View {
    plan: Option<Plan>,
    marks: Vec<Mark>,
    /// Where the first box is that was not looked at.
    scanned: u64,
    has_ended: bool,
    /// The samples that the movie box places.
    cursors: Vec<Cursor>,
    /// Fragments that were read last.
    fragments: Vec<Open>,
    /// The last sample of which only a part was asked for: where it starts, and its clear bytes.
    part: Option<(u64, Vec<u8>)>,
    subsamples: Vec<Subsample>,
}

/// A box at the top level that changes.
#[derive(Clone, Copy, Debug)]
struct Mark {
    kind: Kind,
    found: TopLevelBox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Movie,
    Fragment,
    InitData,
}

#[derive(Debug)]
struct Open {
    mark: usize,
    fragment: Fragment,
    cursors: Vec<Cursor>,
}

impl View {
    /// Of a file of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `data` clear, the bytes of the file from `offset` on. `input` is asked with [`Input::read_at`] and [`Input::length`]
    /// only, and must know its length.
    ///
    /// # Errors
    /// Whatever is wrong with the file up to there, or what `decryptor` says. `data` is of no use then; what is read afterwards
    /// does not depend on it.
    pub fn clear(
        &mut self,
        input: &mut dyn Input,
        offset: u64,
        data: &mut [u8],
        decryptor: &mut dyn Decryptor,
    ) -> Result<()> {
        let end = offset.saturating_add(data.len() as u64);
        while !self.has_ended && (self.scanned < end || self.plan.is_none()) {
            self.scan(input, decryptor)?;
        }
        if self.plan.is_none() {
            return Err(Error::Unsupported(format!("the file of {} bytes has no moov box", self.scanned)));
        }
        let first = self.marks.partition_point(|mark| mark.found.offset <= offset);
        let first = first.saturating_sub(1);
        for index in first..self.marks.len() {
            let Mark { kind, found } = self.marks[index];
            if found.offset >= end {
                break;
            }
            let Some(plan) = &self.plan else { break };
            match kind {
                Kind::Movie => overlay(offset, data, found.offset, plan.movie.bytes()),
                Kind::InitData if plan.all => overlay(offset, data, found.offset + 4, b"free"),
                Kind::InitData => {}
                Kind::Fragment => {
                    let at = self.open(input, index, decryptor)?;
                    overlay(offset, data, found.offset, self.fragments[at].fragment.bytes());
                }
            }
        }
        let Self { cursors, part, subsamples, .. } = self;
        for cursor in cursors {
            decrypt_range(cursor, input, offset, data, part, subsamples, decryptor)?;
        }
        // The fragment whose data reaches to here, and all that start here.
        let before = self.marks[..(first + 1).min(self.marks.len())].iter();
        let first = before.enumerate().rev().find(|(_, mark)| mark.kind == Kind::Fragment).map_or(first, |(at, _)| at);
        for index in first..self.marks.len() {
            let Mark { kind, found } = self.marks[index];
            if found.offset >= end {
                break;
            }
            if kind == Kind::Fragment {
                let at = self.open(input, index, decryptor)?;
                let Self { fragments, part, subsamples, .. } = self;
                for cursor in &mut fragments[at].cursors {
                    decrypt_range(cursor, input, offset, data, part, subsamples, decryptor)?;
                }
            }
        }
        Ok(())
    }

    /// Looks at the next box.
    fn scan(&mut self, input: &mut dyn Input, decryptor: &mut dyn Decryptor) -> Result<()> {
        let offset = self.scanned;
        let length =
            input.length().ok_or_else(|| Error::NeedsFile("the length of the file is not known".to_owned()))?;
        let mut ahead = Ahead::new(input, offset);
        let found = match read_header(&mut ahead, offset) {
            Ok(Some(found)) => found,
            // What is left is no box: a file that was cut.
            Ok(None) | Err(Error::Ends { .. }) => {
                self.scanned = length;
                self.has_ended = true;
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        if offset == 0 && !crate::decrypt::may_start_with(found.kind.0) {
            return Err(Error::Unsupported(format!("this is no MP4 file: it starts with a box '{}'", found.kind)));
        }
        let kind = match &found.kind.0 {
            b"moov" => {
                if self.plan.is_some() {
                    return Err(Error::Malformed {
                        place: "moov".to_owned(),
                        offset,
                        reason: "the file has a second one".to_owned(),
                    });
                }
                let plan = Plan::new(read_box(&mut ahead, &found)?, offset, decryptor)?;
                self.cursors = plan.samples()?.into_iter().map(Cursor::new).collect();
                self.plan = Some(plan);
                Some(Kind::Movie)
            }
            b"moof" => Some(Kind::Fragment),
            b"pssh" => Some(Kind::InitData),
            b"uuid" => {
                let mut uuid = [0; 16];
                read_up_to(&mut ahead, &mut uuid, offset + u64::from(found.header))?;
                (uuid == PIFF_PSSH).then_some(Kind::InitData)
            }
            _ => None,
        };
        if let Some(kind) = kind {
            if self.marks.len() == MOST {
                return Err(Error::Unsupported(format!("there are more than {MOST} fragments up to byte {offset}")));
            }
            self.marks.push(Mark { kind, found });
        }
        self.scanned = found.end().unwrap_or(length).min(length);
        self.has_ended = self.scanned == length;
        Ok(())
    }

    /// The fragment of a mark, read if it is not at hand; its place among those that are.
    fn open(&mut self, input: &mut dyn Input, mark: usize, decryptor: &mut dyn Decryptor) -> Result<usize> {
        if let Some(at) = self.fragments.iter().position(|open| open.mark == mark) {
            let open = self.fragments.remove(at);
            self.fragments.push(open);
            return Ok(self.fragments.len() - 1);
        }
        // Its data ends where the next one starts.
        let is_fragment = |mark: &&Mark| mark.kind == Kind::Fragment;
        while !self.has_ended && !self.marks[mark + 1..].iter().any(|mark| is_fragment(&mark)) {
            self.scan(input, decryptor)?;
        }
        let end = self.marks[mark + 1..].iter().find(is_fragment).map_or(self.scanned, |mark| mark.found.offset);
        let found = self.marks[mark].found;
        let Some(plan) = &self.plan else { return Err(Error::Unsupported("there is no moov box".to_owned())) };
        let bytes = read_box(&mut Ahead::new(input, found.offset + u64::from(found.header)), &found)?;
        let start = found.offset + bytes.len() as u64;
        let (fragment, samples) = plan.fragment(bytes, found.offset, decryptor)?;
        let mut cursors = Vec::new();
        for samples in samples {
            // What would stand elsewhere would not be found when that is read.
            let mut walk = Cursor::new(samples);
            while let Some((at, size)) = walk.peek() {
                let number = walk.samples().number();
                let is_behind = at + u64::from(size) > end && end < input.length().unwrap_or(end);
                if size > 0 && (at < start || is_behind) {
                    return Err(Error::Malformed {
                        place: format!("track {}, sample {number}", walk.samples().track_id()),
                        offset: at,
                        reason: format!("it is not in the data of its fragment, bytes {start} to {end}"),
                    });
                }
                self.subsamples.clear();
                walk.next(input, &mut self.subsamples)?;
            }
            cursors.push(walk);
        }
        if self.fragments.len() == KEPT {
            self.fragments.remove(0);
        }
        self.fragments.push(Open { mark, fragment, cursors });
        Ok(self.fragments.len() - 1)
    }
}

/// Decrypts what is in `data`, the bytes of the file from `offset` on, of a track's samples.
fn decrypt_range(
    cursor: &mut Cursor,
    input: &mut dyn Input,
    offset: u64,
    data: &mut [u8],
    part: &mut Option<(u64, Vec<u8>)>,
    subsamples: &mut Vec<Subsample>,
    decryptor: &mut dyn Decryptor,
) -> Result<()> {
    let end = offset + data.len() as u64;
    cursor.seek(input, offset)?;
    while let Some((at, size)) = cursor.peek() {
        if size > 0 && at >= end {
            break;
        }
        check_size(cursor.samples(), at, size)?;
        let track = cursor.samples().track_id();
        subsamples.clear();
        let Some(sample) = cursor.next(input, subsamples)? else { break };
        if size == 0 || sample.protection.is_none() {
            continue;
        }
        let after = at + u64::from(size);
        if at >= offset && after <= end {
            let start = (at - offset) as usize;
            decrypt_sample(track, &sample, subsamples, &mut data[start..][..size as usize], decryptor)?;
            continue;
        }
        if part.as_ref().is_none_or(|(of, whole)| (*of, whole.len()) != (at, size as usize)) {
            *part = None;
            // A file that was cut has no more of it.
            let there = input.length().unwrap_or(after).min(after).saturating_sub(at) as usize;
            if there < size as usize {
                let from = at.max(offset);
                data[(from - offset) as usize..].fill(0);
                continue;
            }
            let mut whole = vec![0; size as usize];
            input.read_at(at, &mut whole).map_err(|fault| Error::Read { offset: at, fault })?;
            decrypt_sample(track, &sample, subsamples, &mut whole, decryptor)?;
            *part = Some((at, whole));
        }
        if let Some((_, whole)) = part {
            overlay(offset, data, at, whole);
        }
    }
    Ok(())
}

/// Puts what stands at `at` in the file over `data`, which stands at `offset`, as far as both have it.
fn overlay(offset: u64, data: &mut [u8], at: u64, over: &[u8]) {
    let from = at.max(offset);
    let end = (at + over.len() as u64).min(offset + data.len() as u64);
    if from < end {
        let length = (end - from) as usize;
        data[(from - offset) as usize..][..length].copy_from_slice(&over[(from - at) as usize..][..length]);
    }
}
