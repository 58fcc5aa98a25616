//! What a session has announced as missing.

use std::collections::{HashMap, VecDeque};

/// Needs that are remembered. Beyond that, the oldest is forgotten, and announced again if it is felt again.
const MAX_ANNOUNCED: usize = 4096;

/// Key ids and init data that were announced, until the keys arrive.
#[derive(Default)]
pub(super) struct Announced {
    /// With their numbers.
    needs: HashMap<Vec<u8>, u64>,
    /// Numbers and needs, oldest first; some of them are met.
    order: VecDeque<(u64, Vec<u8>)>,
    next: u64,
}

impl Announced {
    /// Adds a need; whether it was not there.
    pub(super) fn add(&mut self, need: &[u8]) -> bool {
        if self.needs.contains_key(need) {
            return false;
        }
        while self.order.len() >= MAX_ANNOUNCED {
            self.forget_oldest();
        }
        self.needs.insert(need.to_vec(), self.next);
        self.order.push_back((self.next, need.to_vec()));
        self.next += 1;
        true
    }

    /// These keys have arrived.
    pub(super) fn met<'a>(&mut self, ids: impl Iterator<Item = &'a [u8]>) {
        for id in ids {
            self.needs.remove(id);
        }
        if self.needs.is_empty() {
            *self = Self { next: self.next, ..Self::default() };
        }
    }

    fn forget_oldest(&mut self) {
        let Some((number, need)) = self.order.pop_front() else { return };
        // One that was met and came back is younger.
        if self.needs.get(&need) == Some(&number) {
            self.needs.remove(&need);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_new_until_it_is_met_or_forgotten() {
        let mut announced = Announced::default();
        let need = |number: usize| number.to_be_bytes();
        for number in 0..MAX_ANNOUNCED {
            assert!(announced.add(&need(number)) && !announced.add(&need(number)), "{number}");
        }
        // The first one is met and comes back: it is the youngest now.
        announced.met([&need(0)[..]].into_iter());
        assert!(announced.add(&need(0)) && !announced.add(&need(0)));
        assert!(announced.add(&need(MAX_ANNOUNCED)), "one too many");
        assert!(!announced.add(&need(0)), "the younger entry stays");
        assert!(announced.add(&need(1)), "the oldest is forgotten");
        assert!(announced.order.len() <= MAX_ANNOUNCED && announced.needs.len() <= MAX_ANNOUNCED);
        let all: Vec<_> = (0..=MAX_ANNOUNCED).map(need).collect();
        announced.met(all.iter().map(|need| &need[..]));
        assert!(announced.needs.is_empty() && announced.order.is_empty());
    }
}
