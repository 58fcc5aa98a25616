//! No kernel touches a byte beside the sample or beside its IV, not even with a read: pages that nobody may touch lie before and behind.
//!
//! A kernel that does ends this program with SIGSEGV.

#![allow(unsafe_code)]

mod cenc_common;

use cenc::kernel::Level;
use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};
use cenc_common::{CIPHERS, Case, Random, reference};

/// More than the longest sample here, and a multiple of every page's size.
const ROOM: usize = 1 << 16;

/// Memory between two parts that cannot be touched.
struct Fenced(*mut u8);

impl Fenced {
    fn new() -> Self {
        // SAFETY: new memory; the middle part of it is made accessible.
        unsafe {
            let all = libc::mmap(
                core::ptr::null_mut(),
                3 * ROOM,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(all, libc::MAP_FAILED);
            let middle = all.cast::<u8>().add(ROOM);
            assert_eq!(libc::mprotect(middle.cast(), ROOM, libc::PROT_READ | libc::PROT_WRITE), 0);
            Self(middle)
        }
    }

    fn first(&mut self, length: usize) -> &mut [u8] {
        assert!(length <= ROOM);
        // SAFETY: the first bytes of memory that is ours, borrowed as long as the part.
        unsafe { core::slice::from_raw_parts_mut(self.0, length) }
    }

    fn last(&mut self, length: usize) -> &mut [u8] {
        assert!(length <= ROOM);
        // SAFETY: as above, the last ones.
        unsafe { core::slice::from_raw_parts_mut(self.0.add(ROOM - length), length) }
    }
}

impl Drop for Fenced {
    fn drop(&mut self) {
        // SAFETY: what `new` mapped, of which nothing is borrowed any more.
        unsafe { libc::munmap(self.0.sub(ROOM).cast(), 3 * ROOM) };
    }
}

/// A cipher's schemes and patterns, one after the other.
fn variants() -> impl Iterator<Item = (Cipher, Scheme, Pattern)> {
    let schemes = [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs];
    CIPHERS.into_iter().flat_map(move |cipher| schemes.into_iter().map(move |scheme| (cipher, scheme))).flat_map(
        |(cipher, scheme)| {
            let patterns: &[(u32, u32)] = match scheme {
                Scheme::Cenc | Scheme::Cbc1 => &[(0, 0)],
                Scheme::Cens | Scheme::Cbcs => &[(0, 0), (1, 9), (1, 1), (5, 5)],
            };
            patterns.iter().map(move |&(crypt, skip)| (cipher, scheme, Pattern { crypt, skip }))
        },
    )
}

#[test]
fn nothing_beside_the_sample_and_the_iv_is_touched() {
    let mut random = Random::from_environment();
    let (mut memory, mut iv_memory) = (Fenced::new(), Fenced::new());
    let lengths = (0..=300).chain(500..530).chain(1015..1035).chain(2040..2056).chain([4096, 20_000, ROOM]);
    let lengths: Vec<usize> = lengths.collect();
    for (cipher, scheme, pattern) in variants() {
        let key = random.bytes();
        let keys: Vec<_> = Level::available()
            .map(|level| (level, ContentKey::with_level(&key, level).expect("memory for a key")))
            .collect();
        for &length in &lengths {
            // Every other sample starts within a block of the key stream, and its IV has half of a block.
            let (before, iv) = if random.below(2) == 0 {
                (0, random.bytes::<16>().to_vec())
            } else {
                (random.below(20).min(length), random.bytes::<8>().to_vec())
            };
            let entry = |protected: usize| Subsample { clear: 0, protected: u32::try_from(protected).unwrap() };
            let subsamples = if before == 0 { vec![] } else { vec![entry(before), entry(length - before)] };
            let case = Case { cipher, scheme, pattern, key, iv, subsamples };
            let mut encrypted = vec![0; length];
            random.fill(&mut encrypted);
            let mut clear = encrypted.clone();
            reference::decrypt(&case, &mut clear);
            for (level, key) in &keys {
                for at_end in [false, true] {
                    let iv = if at_end { iv_memory.last(case.iv.len()) } else { iv_memory.first(case.iv.len()) };
                    iv.copy_from_slice(&case.iv);
                    let data = if at_end { memory.last(length) } else { memory.first(length) };
                    data.copy_from_slice(&encrypted);
                    let sample =
                        Sample::new(cipher, scheme, iv, pattern, &case.subsamples, length).expect("a legal sample");
                    sample.decrypt(key, data);
                    assert!(
                        *data == clear,
                        "{cipher:?} {scheme:?} {pattern:?}, {length} bytes, level {}",
                        level.name()
                    );
                }
            }
        }
    }
}

/// A counter that wraps at each block of a sample in turn, with a carry out of each of its bytes, and no carry beyond 64 bits.
#[test]
fn counters_wrap_in_every_place() {
    let mut random = Random::from_environment();
    for cipher in CIPHERS {
        for blocks in [1, 7, 8, 9, 15, 17, 33, 64, 70, 300] {
            for bytes in [1u32, 2, 3, 5, 7, 8] {
                for wrap in (0..blocks).step_by(1 + blocks / 40) {
                    let mut iv = random.bytes::<16>();
                    let mask = if bytes == 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 };
                    let upper = u64::from_be_bytes(iv[8..].try_into().unwrap()) & !mask;
                    let low = upper | (mask.wrapping_sub(wrap as u64) & mask);
                    iv[8..].copy_from_slice(&low.to_be_bytes());
                    let case = Case {
                        cipher,
                        scheme: Scheme::Cenc,
                        pattern: Pattern::NONE,
                        key: random.bytes(),
                        iv: iv.to_vec(),
                        subsamples: vec![],
                    };
                    let mut encrypted = vec![0; 16 * blocks - random.below(16)];
                    random.fill(&mut encrypted);
                    let mut clear = encrypted.clone();
                    reference::decrypt(&case, &mut clear);
                    for level in Level::available() {
                        let mut data = encrypted.clone();
                        case.decrypt(level, &mut data);
                        assert!(
                            data == clear,
                            "{cipher:?}, {blocks} blocks, {bytes} bytes wrap after {wrap}, {}",
                            level.name()
                        );
                    }
                }
            }
        }
    }
}
