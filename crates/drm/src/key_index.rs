//! Finds keys by their ids of 16 bytes, among any number of them in the same time.
//!
//! Key ids come from outside, and whoever packages content chooses them: no choice may make the search long. So the hash
//! depends on random numbers that are drawn for each index anew.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::key_table::Key;
use base::sync::atomic::{AtomicUsize, Ordering};

/// No entry.
const NONE: u32 = u32::MAX;

/// The keys whose id has 16 bytes.
#[derive(Clone, Default)]
pub struct KeyIndex {
    entries: Vec<Entry>,
    /// The first entry of each chain; a power of two, at least as many as there are entries. None at all without keys.
    chains: Vec<u32>,
    hash: Hash,
}

#[derive(Clone)]
struct Entry {
    id: [u8; 16],
    key: Arc<Key>,
    /// The next one in the chain.
    next: u32,
}

impl KeyIndex {
    /// Of keys with different ids.
    pub fn new(keys: &[Arc<Key>]) -> Self {
        let with_id = |key: &Arc<Key>| Some(Entry { id: key.id().try_into().ok()?, key: Arc::clone(key), next: NONE });
        let mut entries: Vec<_> = keys.iter().filter_map(with_id).collect();
        // Two at least: for a single one, the hash would have to be shifted by all of its bits.
        let mut chains = vec![NONE; entries.len().next_power_of_two().max(2)];
        let hash = Hash::random(chains.len().trailing_zeros());
        for (entry, number) in entries.iter_mut().zip(0..NONE) {
            if let Some(first) = chains.get_mut(hash.of(&entry.id)) {
                entry.next = std::mem::replace(first, number);
            }
        }
        Self { entries, chains, hash }
    }

    /// Finds a key. `hint` is where this thread found its last one.
    #[inline(always)]
    pub fn find(&self, id: &[u8; 16], hint: &AtomicUsize) -> Option<&Key> {
        if let Some(entry) = self.entries.get(hint.load(Ordering::Relaxed))
            && same_id(&entry.id, id)
        {
            return Some(&entry.key);
        }
        self.search_with_hint(id, hint)
    }

    /// Out of line: a session's next sample nearly always has the key of the last one.
    #[inline(never)]
    fn search_with_hint(&self, id: &[u8; 16], hint: &AtomicUsize) -> Option<&Key> {
        let number = self.search(id, |_| ())?;
        hint.store(number, Ordering::Relaxed);
        self.entries.get(number).map(|entry| &*entry.key)
    }

    /// Finds a key.
    pub fn get(&self, id: &[u8; 16]) -> Option<&Key> {
        self.entries.get(self.search(id, |_| ())?).map(|entry| &*entry.key)
    }

    /// The entry's number. `look` is told of every entry that is looked at.
    #[inline(always)]
    fn search(&self, id: &[u8; 16], mut look: impl FnMut(u32)) -> Option<usize> {
        let mut number = *self.chains.get(self.hash.of(id))?;
        while let Some(entry) = self.entries.get(number as usize) {
            look(number);
            if same_id(&entry.id, id) {
                return Some(number as usize);
            }
            number = entry.next;
        }
        None
    }
}

/// A hash of 16 bytes: both halves, masked with random numbers, are multiplied, and the halves of the product added without
/// carries; that again with two more random numbers, and the top bits of it. (As fast hash maps do, foldhash and wyhash for
/// example. `SipHash`, which the standard library's have, takes longer than a small sample may.)
#[derive(Clone, Copy, Default)]
struct Hash {
    secrets: [u64; 4],
    shift: u32,
}

impl Hash {
    /// With random numbers that nobody outside of the process knows: those of the standard library's hash maps.
    fn random(bits: u32) -> Self {
        let random = RandomState::new();
        let [first, second, third, fourth] = [0u8, 1, 2, 3].map(|number| random.hash_one(number));
        // Odd, so that a factor never takes anything away.
        Self { secrets: [first, second, third, fourth | 1], shift: u64::BITS - bits }
    }

    #[inline(always)]
    fn of(&self, id: &[u8; 16]) -> usize {
        let [first, second, third, fourth] = self.secrets;
        let mixed = folded_product(half(id, 0) ^ first, half(id, 8) ^ second);
        let hash = folded_product(mixed ^ third, fourth);
        usize::try_from(hash >> self.shift).unwrap_or(0)
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "each half of the product is wanted")]
fn folded_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// In halves: comparing vectors would wait for the AES rounds of the sample before.
#[inline(always)]
pub fn same_id(a: &[u8; 16], b: &[u8; 16]) -> bool {
    ((half(a, 0) ^ half(b, 0)) | (half(a, 8) ^ half(b, 8))) == 0
}

#[inline(always)]
fn half(id: &[u8; 16], at: usize) -> u64 {
    id[at..].first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Ids that differ in few places, as somebody may choose them who knows the hash but not its numbers.
    fn sets(count: u32) -> Vec<(&'static str, Vec<[u8; 16]>)> {
        let at = |place: usize| {
            let id = move |number: u32| {
                let mut id = [0x11; 16];
                id[place..place + 4].copy_from_slice(&number.to_be_bytes());
                id
            };
            (0..count).map(id).collect::<Vec<_>>()
        };
        let shifted = |shift: u32| (0..count).map(|number| (u128::from(number) << shift).to_be_bytes()).collect();
        vec![
            ("differ at the start", at(0)),
            ("differ at the end", at(12)),
            ("differ across two words", at(6)),
            ("differ in the lowest bits of a word", shifted(32)),
            ("differ in the highest bits", shifted(112)),
            ("differ in the middle", shifted(57)),
        ]
    }

    fn keys(ids: &[[u8; 16]]) -> Vec<Arc<Key>> {
        // Without a content key: that takes memory of its own.
        ids.iter().map(|id| Arc::new(Key::new(id.to_vec(), b"short").expect("memory for a key"))).collect()
    }

    #[test]
    fn no_choice_of_ids_makes_the_search_long() {
        for (what, ids) in sets(20_000) {
            let index = KeyIndex::new(&keys(&ids));
            let (mut looks, mut longest) = (0usize, 0);
            for (number, id) in ids.iter().enumerate() {
                let before = looks;
                assert_eq!(index.search(id, |_| looks += 1), Some(number), "{what}");
                longest = longest.max(looks - before);
            }
            // One for the key and 0.3 for others on average (20,000 keys in 32,768 chains), give or take 0.01.
            assert!(looks < 3 * ids.len() / 2, "{what}: {looks} looks for {} keys", ids.len());
            assert!(longest < 20, "{what}: {longest} looks for a key");
        }
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        for count in [0, 1, 2, 3, 4, 5, 63, 64, 65, 1000] {
            for (what, mut ids) in sets(2 * count) {
                let others = ids.split_off(count as usize);
                let index = KeyIndex::new(&keys(&ids));
                let hint = AtomicUsize::new(0);
                for id in ids.iter().chain(ids.iter().rev()) {
                    assert_eq!(index.find(id, &hint).map(Key::id), Some(&id[..]), "{what}, {count}");
                    assert_eq!(index.get(id).map(Key::id), Some(&id[..]), "{what}, {count}");
                }
                for id in &others {
                    assert!(index.find(id, &hint).is_none() && index.get(id).is_none(), "{what}, {count}");
                }
            }
        }
    }

    #[test]
    fn ids_of_another_length_are_left_out() {
        let key = |id: &[u8]| Arc::new(Key::new(id.to_vec(), &[7; 16]).expect("memory for a key"));
        let index = KeyIndex::new(&[key(&[1; 15]), key(&[1; 16]), key(&[]), key(&[1; 17])]);
        assert_eq!(index.entries.len(), 1);
        assert_eq!(index.get(&[1; 16]).map(Key::id), Some(&[1; 16][..]));
    }
}
