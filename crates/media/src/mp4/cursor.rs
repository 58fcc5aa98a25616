//! Any place among the samples of a track.

use cenc::Subsample;

use super::group::misplaced;
use super::samples::{Sample, Samples};
use crate::error::Result;
use crate::input::Input;

/// Samples from one remembered place to the next.
const STRIDE: u64 = 512;

/// Walks through samples, and remembers places on the way to come back to.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    places: Vec<Samples>,
    at: Samples,
    /// Where the sample before it ends.
    before: u64,
    unused: Vec<Subsample>,
}

impl Cursor {
    pub fn new(samples: Samples) -> Self {
        Self { at: samples.clone(), places: vec![samples], before: 0, unused: Vec::new() }
    }

    /// The next sample's place and size.
    pub fn peek(&self) -> Option<(u64, u32)> {
        self.at.peek()
    }

    pub fn samples(&self) -> &Samples {
        &self.at
    }

    /// Goes to the first sample that ends behind `offset`.
    pub fn seek(&mut self, input: &mut dyn Input, offset: u64) -> Result<()> {
        if self.before > offset {
            let places = &self.places[1..];
            let passed = places.partition_point(|place| place.peek().is_some_and(|(at, _)| at <= offset));
            self.at = self.places[passed].clone();
            self.before = 0;
        }
        while let Some((at, size)) = self.at.peek() {
            if size > 0 && at + u64::from(size) > offset {
                break;
            }
            let mut unused = std::mem::take(&mut self.unused);
            unused.clear();
            self.next(input, &mut unused)?;
            self.unused = unused;
        }
        Ok(())
    }

    /// The next sample. After an error the cursor stands at the first sample again.
    pub fn next(&mut self, input: &mut dyn Input, subsamples: &mut Vec<Subsample>) -> Result<Option<Sample>> {
        let next = self.advance(input, subsamples);
        if next.is_err() {
            self.at = self.places[0].clone();
            self.before = 0;
        }
        next
    }

    fn advance(&mut self, input: &mut dyn Input, subsamples: &mut Vec<Subsample>) -> Result<Option<Sample>> {
        let Some((offset, size)) = self.at.peek() else { return Ok(None) };
        if size > 0 {
            if offset < self.before {
                return Err(misplaced(self.at.track_id(), self.at.number(), offset, self.before));
            }
            self.before = offset + u64::from(size);
        }
        let sample = self.at.next(input, subsamples)?;
        if self.at.number() == self.places.len() as u64 * STRIDE + 1 && self.at.peek().is_some() {
            let mut place = self.at.clone();
            if input.length().is_some() {
                place.forget_window();
            }
            self.places.push(place);
        }
        Ok(sample)
    }
}
