//! Finding pairs of zero bytes, with which start codes and emulation prevention begin.
//!
//! Every byte of a unit is looked at once, where decryption with a pattern touches one in ten: hence the vector instructions.
//! A chunk of 64 bytes becomes a mask of its zero bytes; what follows a pair is the caller's to look at, as pairs are rare.

use crate::kernel::Level;

/// Bytes of a chunk, one bit each in a mask.
const CHUNK: usize = 64;
/// Chunks that are searched together.
const GROUP: usize = 8;

/// Goes through bytes from pair to pair. It does not borrow them: what lies behind it may change meanwhile.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    /// Finds the next chunk with a pair.
    find: Find,
    /// The chunk after the one that `ends` is about.
    next: usize,
    /// Places in the chunk before where a pair ends, those that were returned left out.
    ends: u64,
    /// Whether the last byte of that chunk is zero, in the lowest bit.
    carry: u64,
}

impl Pairs {
    /// From `at` on; a zero byte before it does not count.
    pub(super) fn from(at: usize) -> Self {
        Self::with_level(at, Level::current())
    }

    fn with_level(at: usize, level: Level) -> Self {
        Self { find: Find::new(level), next: at, ends: 0, carry: 0 }
    }

    /// The place after the next pair, which is the end of `data` or before. Of three zeros, the first two are a pair and the
    /// last two.
    #[inline]
    pub(super) fn next_in(&mut self, data: &[u8]) -> Option<usize> {
        if self.ends == 0 {
            self.find.run(data, self)?;
        }
        let end = self.ends.trailing_zeros() as usize;
        self.ends &= self.ends - 1;
        Some(self.next - CHUNK + end + 1)
    }

    /// Looks for the next chunk with a pair; `zeros` makes the mask of one.
    #[inline(always)]
    fn advance(&mut self, data: &[u8], zeros: impl Fn(&[u8; CHUNK]) -> u64) -> Option<()> {
        // Most chunks have no pair: of several at a time only that is found out, with one branch.
        while let Some(group) = data.get(self.next..).and_then(|rest| rest.first_chunk::<{ GROUP * CHUNK }>()) {
            let (mut any, mut carry) = (0, self.carry);
            for chunk in group.as_chunks::<CHUNK>().0 {
                let zeros = zeros(chunk);
                any |= zeros & (zeros << 1 | carry);
                carry = zeros >> (CHUNK - 1);
            }
            if any != 0 {
                break;
            }
            self.carry = carry;
            self.next += GROUP * CHUNK;
        }
        let rest = data.get(self.next..)?;
        let (chunks, tail) = rest.as_chunks::<CHUNK>();
        for chunk in chunks {
            self.next += CHUNK;
            if self.enter(zeros(chunk)) {
                return Some(());
            }
        }
        if tail.is_empty() {
            return None;
        }
        let mut last = [u8::MAX; CHUNK];
        last[..tail.len()].copy_from_slice(tail);
        self.next += CHUNK;
        self.enter(zeros(&last)).then_some(())
    }

    #[inline(always)]
    fn enter(&mut self, zeros: u64) -> bool {
        self.ends = zeros & (zeros << 1 | self.carry);
        self.carry = zeros >> (CHUNK - 1);
        self.ends != 0
    }
}

/// How chunks are searched: with instructions that this CPU is known to have.
#[derive(Clone, Copy)]
struct Find(unsafe fn(&[u8], &mut Pairs) -> Option<()>);

impl Find {
    #[cfg(target_arch = "x86_64")]
    fn new(level: Level) -> Self {
        // `Level::current` and the tests give none that this CPU does not have.
        match level {
            Level::Vaes512 => Self(x86::find_avx512),
            Level::Vaes256 | Level::Avx2 => Self(x86::find_avx2),
            Level::AesNi | Level::Soft => Self(x86::find_sse2),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn new(_level: Level) -> Self {
        Self(find_anywhere)
    }

    #[inline(always)]
    fn run(self, data: &[u8], pairs: &mut Pairs) -> Option<()> {
        // SAFETY: `new` took a function whose instructions the level has, and a level is only given where the CPU has it.
        unsafe { (self.0)(data, pairs) }
    }
}

/// For CPUs without instructions of their own here: eight bytes at a time.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn find_anywhere(data: &[u8], pairs: &mut Pairs) -> Option<()> {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    pairs.advance(data, |chunk| {
        let mut mask = 0;
        for (index, bytes) in chunk.as_chunks::<8>().0.iter().enumerate() {
            let bytes = u64::from_le_bytes(*bytes);
            // The top bit of each byte that is zero, and no other bit: no carry leaves a byte.
            let tops = !(((bytes & LOW) + LOW) | bytes | LOW);
            // Gathers the top bits: product terms never meet.
            let bits = (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            mask |= bits << (index * 8);
        }
        mask
    })
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(clippy::wildcard_imports, reason = "intrinsics whose names cannot be mistaken")]

    use core::arch::x86_64::*;

    use super::{CHUNK, Pairs};

    #[target_feature(enable = "sse2")]
    pub(super) fn find_sse2(data: &[u8], pairs: &mut Pairs) -> Option<()> {
        pairs.advance(data, |chunk| {
            let mut mask = 0;
            for (index, bytes) in chunk.as_chunks::<16>().0.iter().enumerate() {
                // SAFETY: all x86-64 CPUs have SSE2; the load reads the 16 bytes of the array.
                let bits = unsafe {
                    let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
                    _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()))
                };
                mask |= u64::from(bits.cast_unsigned()) << (index * 16);
            }
            mask
        })
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn find_avx2(data: &[u8], pairs: &mut Pairs) -> Option<()> {
        pairs.advance(data, |chunk| {
            let mut mask = 0;
            for (index, bytes) in chunk.as_chunks::<32>().0.iter().enumerate() {
                // SAFETY: this function is compiled for AVX2; the load reads the 32 bytes of the array.
                let bits = unsafe {
                    let bytes = _mm256_loadu_si256(bytes.as_ptr().cast());
                    _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()))
                };
                mask |= u64::from(bits.cast_unsigned()) << (index * 32);
            }
            mask
        })
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn find_avx512(data: &[u8], pairs: &mut Pairs) -> Option<()> {
        pairs.advance(data, |chunk: &[u8; CHUNK]| {
            // SAFETY: this function is compiled for AVX-512BW; the load reads the 64 bytes of the array.
            unsafe {
                let bytes = _mm512_loadu_si512(chunk.as_ptr().cast());
                _mm512_testn_epi8_mask(bytes, bytes)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way of searching that this CPU has.
    fn ways() -> Vec<Find> {
        let mut ways = vec![Find(find_anywhere)];
        ways.extend(Level::available().map(Find::new));
        ways
    }

    fn found(find: Find, data: &[u8], at: usize) -> Vec<usize> {
        let mut pairs = Pairs { find, ..Pairs::from(at) };
        core::iter::from_fn(|| pairs.next_in(data)).collect()
    }

    #[test]
    fn the_pairs_are_those_of_a_loop() {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).unwrap();
        let mut random = u64::from_le_bytes(seed);
        println!("seed {random}");
        for length in (0..300).chain([4096, 5000]) {
            // Few values, so that pairs are many; then none but at the edges of chunks.
            let mut data: Vec<u8> = (0..length)
                .map(|_| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    [0, 0, 1, 0x80, 0xff, 3, 0x7f, 2][(random >> 61) as usize]
                })
                .collect();
            for sparse in [false, true] {
                if sparse {
                    data.iter_mut().enumerate().for_each(|(i, byte)| *byte = u8::from((1..63).contains(&(i % 64))));
                }
                for at in [0, 1, 63, 64, 65].into_iter().filter(|at| *at <= length) {
                    let expected: Vec<usize> = (at + 2..=length).filter(|end| data[end - 2..*end] == [0, 0]).collect();
                    for find in ways() {
                        assert_eq!(found(find, &data, at), expected, "{length} {at} {sparse}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_after_the_end() {
        for find in ways() {
            assert!(found(find, &[0, 0], 2).is_empty() && found(find, &[0, 0], 3).is_empty());
            assert_eq!(found(find, &[0; 3], 0), [2, 3]);
        }
    }
}
