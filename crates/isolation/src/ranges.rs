//! Which parts of the shared memory are in use.

use std::collections::BTreeMap;

/// Free and used parts of a memory area.
#[derive(Debug)]
pub struct Ranges {
    /// Offsets and lengths, no two of which touch.
    free: BTreeMap<usize, usize>,
    used: BTreeMap<usize, usize>,
}

impl Ranges {
    /// All of `length` bytes is free.
    pub fn new(length: usize) -> Self {
        Self { free: BTreeMap::from([(0, length)]), used: BTreeMap::new() }
    }

    /// Takes `length` bytes (at least one) at a multiple of `alignment`, a power of two. None if there are not so many together.
    pub fn take(&mut self, length: usize, alignment: usize) -> Option<usize> {
        let length = length.max(1).checked_next_multiple_of(alignment)?;
        let fits = |(&start, &size): (&usize, &usize)| {
            let aligned = start.checked_next_multiple_of(alignment)?;
            let end = aligned.checked_add(length)?;
            (end <= start + size).then_some((start, size, aligned))
        };
        let (start, size, aligned) = self.free.iter().find_map(fits)?;
        self.free.remove(&start);
        if aligned > start {
            self.free.insert(start, aligned - start);
        }
        let rest = start + size - (aligned + length);
        if rest > 0 {
            self.free.insert(aligned + length, rest);
        }
        self.used.insert(aligned, length);
        Some(aligned)
    }

    /// Gives back what [`Ranges::take`] gave, and returns how much it was; none if it is not in use.
    pub fn give_back(&mut self, offset: usize) -> Option<usize> {
        let length = self.used.remove(&offset)?;
        let (mut start, mut size) = (offset, length);
        if let Some(after) = self.free.remove(&(start + size)) {
            size += after;
        }
        if let Some((&before, &before_size)) = self.free.range(..start).next_back()
            && before + before_size == start
        {
            start = before;
            size += before_size;
        }
        self.free.insert(start, size);
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_becomes_one_again() {
        let mut ranges = Ranges::new(4096);
        let taken: Vec<_> = (0..4).map(|_| ranges.take(1000, 64).unwrap()).collect();
        assert_eq!(taken, [0, 1024, 2048, 3072]);
        assert_eq!(ranges.take(1, 64), None);
        for offset in [1024, 3072, 0, 2048] {
            assert_eq!(ranges.give_back(offset), Some(1024));
        }
        assert_eq!(ranges.give_back(0), None);
        assert_eq!(ranges.take(4096, 4096), Some(0));
    }

    #[test]
    fn no_length_is_too_large_to_be_refused() {
        let mut ranges = Ranges::new(4096);
        for length in [4097, usize::MAX - 1, usize::MAX] {
            assert_eq!(ranges.take(length, 64), None);
        }
        assert_eq!(ranges.take(1, 64), Some(0));
        assert_eq!(ranges.take(4096 - 4095, 4096), None);
    }

    /// Whatever is taken and given back in any order, nothing overlaps and nothing gets lost.
    #[test]
    fn nothing_overlaps() {
        let mut ranges = Ranges::new(1 << 16);
        let mut held: Vec<(usize, usize)> = Vec::new();
        let mut state = 20_261_130_u64;
        let mut random = move |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % limit
        };
        for _ in 0..20_000 {
            if !held.is_empty() && random(2) == 0 {
                let (offset, _) = held.swap_remove(random(held.len()));
                assert!(ranges.give_back(offset).is_some());
            } else {
                let length = 1 + random(5000);
                if let Some(offset) = ranges.take(length, 64) {
                    assert!(offset % 64 == 0 && offset + length <= 1 << 16);
                    assert!(held.iter().all(|&(other, size)| offset + length <= other || other + size <= offset));
                    held.push((offset, length));
                }
            }
        }
        for (offset, _) in held {
            ranges.give_back(offset);
        }
        assert_eq!(ranges.take(1 << 16, 64), Some(0));
    }
}
