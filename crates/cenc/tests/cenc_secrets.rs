//! Where keys are in memory, and where they are no longer once they are dropped.
//!
//! The test reads its own memory through /proc. It never holds a key in the clear itself, except in a buffer that it wipes.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;

use cenc::kernel::Level;
use cenc::{Batch, Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};
use zeroize::Zeroize;

/// What the test adds to a key to get at a form that may lie about.
const MASK: u8 = 0x5c;

/// Hands the key to `use_it` in a buffer on the heap and wipes that.
fn with_key<T>(masked: &[u8; 16], use_it: impl FnOnce(&[u8; 16]) -> T) -> T {
    let mut key = Box::new([0; 16]);
    for (byte, masked) in key.iter_mut().zip(masked) {
        *byte = std::hint::black_box(masked ^ MASK);
    }
    let result = use_it(&key);
    key.zeroize();
    result
}

/// Start and end of each writable mapping, and its flags as smaps has them.
fn writable_mappings() -> Vec<(u64, u64, String)> {
    let smaps = std::fs::read_to_string("/proc/self/smaps").expect("/proc");
    let mut mappings = Vec::new();
    let mut range = None;
    for line in smaps.lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            mappings.extend(range.take().map(|(start, end)| (start, end, flags.to_owned())));
        } else if let Some((start, rest)) = line.split_once('-')
            && let Ok(start) = u64::from_str_radix(start, 16)
        {
            let (end, rest) = rest.split_once(' ').expect("permissions");
            range = rest.starts_with("rw").then(|| (start, u64::from_str_radix(end, 16).expect("an address")));
        }
    }
    assert!(mappings.len() > 3);
    mappings
}

/// Patterns to look for, masked.
type Patterns = HashSet<[u8; 16]>;

fn mask(bytes: &[u8]) -> [u8; 16] {
    let mut masked: [u8; 16] = bytes.try_into().expect("16 bytes");
    for byte in &mut masked {
        *byte ^= MASK;
    }
    masked
}

/// Addresses, by fours, where one of the patterns lies in memory, with the flags of the mapping.
fn places_of(patterns: &Patterns) -> Vec<(u64, String)> {
    let memory = File::open("/proc/self/mem").expect("/proc");
    let mut chunk = vec![0u8; (1 << 16) + 12];
    let own = chunk.as_ptr() as u64..chunk.as_ptr() as u64 + chunk.len() as u64;
    let mut places = Vec::new();
    for (start, end, flags) in writable_mappings() {
        for at in (start..end).step_by(1 << 16) {
            let wanted = chunk.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            // Guard pages and the like cannot be read.
            let Ok(read) = memory.read_at(&mut chunk[..wanted], at) else { break };
            for (offset, window) in chunk[..read].windows(16).enumerate().step_by(4) {
                let place = at + offset as u64;
                if patterns.contains(&mask(window)) && !own.contains(&place) {
                    places.push((place, flags.clone()));
                }
            }
        }
    }
    chunk.zeroize();
    places
}

/// All that is in the key's slot, given an address in it.
fn slot_contents(place: u64) -> Patterns {
    const SLOT: u64 = 512;
    let mut slot = vec![0u8; 512];
    File::open("/proc/self/mem").expect("/proc").read_exact_at(&mut slot, place / SLOT * SLOT).expect("a slot");
    // Not the numbers that tell the variants apart, nor unused bytes.
    let pieces = slot.chunks(16).filter(|piece| piece.iter().filter(|byte| **byte == 0).count() < 4);
    let patterns: Patterns = pieces.map(mask).collect();
    slot.zeroize();
    patterns
}

/// Decrypts a bit in every way there is.
fn use_up(key: &ContentKey) {
    let mut batch = Batch::new();
    let table = [Subsample { clear: 5, protected: 700 }, Subsample { clear: 9, protected: 5286 }];
    let mut data = vec![7; 6000];
    for cipher in [Cipher::Aes128, Cipher::Sm4] {
        for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
            let patterns =
                if matches!(scheme, Scheme::Cenc | Scheme::Cbc1) { &[(0, 0)][..] } else { &[(0, 0), (1, 9), (3, 2)] };
            for &(crypt, skip) in patterns {
                let sample = Sample::new(cipher, scheme, &[3; 16], Pattern { crypt, skip }, &table, data.len());
                let sample = sample.expect("a legal sample");
                sample.decrypt(key, &mut data);
                batch.decrypt(key, &sample, &mut data);
            }
        }
    }
}

#[test]
fn keys_are_in_their_slots_alone_and_nowhere_when_dropped() {
    let excluded_from_dumps = |flags: &str| flags.split_whitespace().any(|flag| flag == "dd");
    let mut masked = [0; 16];
    getrandom::fill(&mut masked).expect("random bytes");
    for level in Level::available() {
        let name = level.name();
        let key = with_key(&masked, |key| ContentKey::with_level(key, level)).expect("memory for a key");
        use_up(&key);
        // The first round key of AES is the key itself. (Only the portable cipher without AES instructions, which this
        // test does not see through, has another form.)
        let places = places_of(&Patterns::from([masked]));
        if places.is_empty() && level == Level::Soft {
            continue;
        }
        assert!(!places.is_empty(), "level {name}: the key is not found");
        assert!(places.iter().all(|(_, flags)| excluded_from_dumps(flags)), "level {name}: outside: {places:x?}");

        let round_keys = slot_contents(places[0].0);
        // AES in both directions, which share the first and the last one, and SM4, which may begin in the middle of a piece.
        assert!(round_keys.len() >= 20 + 7, "level {name}: {} pieces", round_keys.len());
        let places = places_of(&round_keys);
        assert!(places.len() >= round_keys.len());
        assert!(places.iter().all(|(_, flags)| excluded_from_dumps(flags)), "level {name}: outside: {places:x?}");

        drop(key);
        let places = places_of(&round_keys);
        assert!(places.is_empty(), "level {name}: still there when dropped: {places:x?}");
    }
}

#[test]
fn many_keys_share_a_page() {
    let mapped = || {
        writable_mappings()
            .iter()
            .filter(|(_, _, flags)| flags.contains(" dd"))
            .map(|(start, end, _)| end - start)
            .sum::<u64>()
    };
    let before = mapped();
    let keys: Vec<_> =
        (0..4096u32).map(|number| ContentKey::new(&[number as u8; 16]).expect("memory for a key")).collect();
    let used = mapped() - before;
    assert!((4096 * 352..=4096 * 512 + 65536).contains(&used), "{used} bytes for 4096 keys");
    drop(keys);
    assert!(mapped() <= before + 65536, "given back");
}
