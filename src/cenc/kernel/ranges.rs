//! The walk over a sample's subsample table.

use crate::cenc::job::BLOCK;
use crate::cenc::scheme::Subsample;

/// The protected ranges of a sample that are not empty, in order, each as a slice of the sample.
///
/// The table may be memory that another thread changes after it was checked. So every number is read once, with a
/// volatile load that the compiler cannot repeat, and cut off at the end of the sample.
pub(super) struct Ranges<'d, 's> {
    rest: &'d mut [u8],
    subsamples: core::slice::Iter<'s, Subsample>,
    /// The table is empty: all of `rest` is one range, which has not been handed out yet.
    whole: bool,
}

impl<'d, 's> Ranges<'d, 's> {
    #[inline]
    pub(super) fn new(data: &'d mut [u8], subsamples: &'s [Subsample]) -> Self {
        Self { rest: data, subsamples: subsamples.iter(), whole: subsamples.is_empty() }
    }
}

impl<'d> Iterator for Ranges<'d, '_> {
    type Item = &'d mut [u8];

    #[inline]
    fn next(&mut self) -> Option<&'d mut [u8]> {
        if self.whole {
            self.whole = false;
            return Some(core::mem::take(&mut self.rest));
        }
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
        Ranges::new(&mut data, &table).map(|range| range.to_vec()).collect()
    }

    #[test]
    fn no_table_is_one_range() {
        assert_eq!(ranges(3, &[]), [[0, 1, 2]]);
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
}
