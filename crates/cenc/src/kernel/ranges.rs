//! Iterating over a sample's subsamples.

use crate::job::BLOCK;
use crate::scheme::Subsample;

/// The protected ranges of a sample that are not empty, in order, each as a slice of the sample. Without subsamples, all of it
/// is one range.
///
/// The table may be memory that another thread changes after it was checked. So every number is read once, with a
/// volatile load that the compiler cannot repeat, and cut off at the end of the sample.
pub(super) struct Ranges<'d, 's> {
    rest: &'d mut [u8],
    subsamples: core::slice::Iter<'s, Subsample>,
}

impl<'d, 's> Ranges<'d, 's> {
    /// The ranges, and the first one of them apart, which may be empty: a sample that is a single range takes no walk.
    #[inline(always)]
    pub(super) fn split_first(data: &'d mut [u8], subsamples: &'s [Subsample]) -> (&'d mut [u8], Self) {
        if subsamples.is_empty() {
            return (data, Self { rest: &mut [], subsamples: [].iter() });
        }
        let mut ranges = Self { rest: data, subsamples: subsamples.iter() };
        (ranges.next().unwrap_or_default(), ranges)
    }

    /// All ranges.
    pub(super) fn all(data: &'d mut [u8], subsamples: &'s [Subsample]) -> impl Iterator<Item = &'d mut [u8]> {
        let (first, others) = Self::split_first(data, subsamples);
        core::iter::once(first).chain(others)
    }
}

impl<'d> Iterator for Ranges<'d, '_> {
    type Item = &'d mut [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'d mut [u8]> {
        loop {
            let entry: *const Subsample = self.subsamples.next()?;
            // SAFETY: `entry` comes from a reference, so it is aligned and points to readable memory.
            let (clear, protected) = unsafe {
                ((&raw const (*entry).clear).read_volatile(), (&raw const (*entry).protected).read_volatile())
            };
            let rest = core::mem::take(&mut self.rest);
            let (_, rest) = rest.split_at_mut((clear as usize).min(rest.len()));
            let (range, rest) = rest.split_at_mut((protected as usize).min(rest.len()));
            self.rest = rest;
            if !range.is_empty() {
                return Some(range);
            }
        }
    }
}

/// Does something for each protected range of a sample. It may be asked to do it for an empty one.
///
/// A macro because a closure would not be compiled for more instructions.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! for_each_range {
    ($data:expr, $subsamples:expr, $range:ident => $body:block) => {
        let ($range, mut others) = $crate::kernel::ranges::Ranges::split_first($data, $subsamples);
        let mut present = $range;
        loop {
            let $range = present;
            $body
            match others.next() {
                Some(next) => present = next,
                None => break,
            }
        }
    };
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) use for_each_range;

/// The part of a range that whole blocks fill.
#[inline]
pub(super) fn whole_blocks(range: &mut [u8]) -> &mut [u8] {
    let length = range.len() & !(BLOCK - 1);
    &mut range[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(length: u8, table: &[(u32, u32)]) -> Vec<Vec<u8>> {
        let mut data: Vec<u8> = (0..length).collect();
        let table: Vec<_> = table.iter().map(|&(clear, protected)| Subsample { clear, protected }).collect();
        Ranges::all(&mut data, &table).filter(|range| !range.is_empty()).map(|range| range.to_vec()).collect()
    }

    #[test]
    fn empty_ranges_are_left_out() {
        assert_eq!(ranges(9, &[(0, 2), (3, 0), (0, 0), (1, 1), (2, 0)]), [vec![0, 1], vec![6]]);
    }

    #[test]
    fn a_table_that_lies_is_cut_off() {
        assert_eq!(ranges(5, &[(2, u32::MAX), (u32::MAX, 7), (0, 1)]), [[2, 3, 4]]);
        assert!(ranges(5, &[(u32::MAX, 1), (0, 4)]).is_empty());
    }

    #[test]
    fn no_table_means_all_of_it() {
        assert_eq!(ranges(3, &[]), [[0, 1, 2]]);
        assert!(ranges(0, &[]).is_empty());
        assert!(ranges(3, &[(3, 0)]).is_empty());
    }
}
