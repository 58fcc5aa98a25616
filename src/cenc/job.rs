//! What a kernel needs to know about a sample, reduced to what differs between the schemes for it.

use super::scheme::{Pattern, Scheme, Subsample};

/// Bytes of one cipher block (AES and SM4 alike).
pub(super) const BLOCK: usize = 16;

/// One sample's work for a kernel.
///
/// All fields are plain numbers, so that the compiler keeps a job in registers instead of moving it about in memory, which
/// would cost more than decrypting a small sample.
pub(super) struct Job<'a> {
    /// First counter block, or what CBC's first block is chained to; big-endian.
    pub(super) iv: u128,
    /// How blocks are found and chained.
    pub(super) mode: Mode,
    /// The pattern of the modes that have one.
    pub(super) stripes: Stripes,
    /// The sample's layout; empty means that all of it is one protected range.
    ///
    /// The memory may belong to a caller that changes it meanwhile: `kernel::ranges` alone reads it, once per entry,
    /// and trusts nothing that it finds there.
    pub(super) subsamples: &'a [Subsample],
}

/// How blocks are found in the protected ranges and chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Counter mode over whole ranges; the key stream runs on from range to range (`cenc`).
    Ctr,
    /// The same, but each range's trailing partial block stays clear (`cens` without a pattern).
    CtrBlocks,
    /// Counter mode over the stripes of each range (`cens`).
    CtrStripes,
    /// CBC over the whole blocks of each range, chained through all of them (`cbc1`).
    CbcChained,
    /// CBC over the whole blocks of each range, each starting at the IV (`cbcs` without a pattern).
    Cbc,
    /// CBC over the stripes of each range, each range starting at the IV (`cbcs`).
    CbcStripes,
}

/// A pattern in bytes. In the modes that have one, `0 < crypt < stride` unless both have reached the largest number, and
/// both are multiples of [`BLOCK`] below it.
///
/// Any `u32` is a legal block count; a length that `usize` cannot hold is longer than every sample, and the largest
/// number does as well in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stripes {
    /// Encrypted bytes at the start of each stripe.
    pub(super) crypt: usize,
    /// Bytes from one stripe's start to the next one's.
    pub(super) stride: usize,
}

impl Stripes {
    #[inline]
    pub(super) fn new(pattern: Pattern) -> Self {
        let bytes = |blocks: u64| usize::try_from(blocks * BLOCK as u64).unwrap_or(usize::MAX);
        let (crypt, skip) = (u64::from(pattern.crypt), u64::from(pattern.skip));
        Self { crypt: bytes(crypt), stride: bytes(crypt + skip) }
    }
}

impl Mode {
    /// The mode of a scheme with a pattern that [`super::Sample::new`] has accepted.
    #[inline]
    pub(super) fn new(scheme: Scheme, pattern: Pattern) -> Self {
        let striped = pattern.skip > 0;
        match scheme {
            Scheme::Cenc => Self::Ctr,
            Scheme::Cens if striped => Self::CtrStripes,
            Scheme::Cens => Self::CtrBlocks,
            Scheme::Cbc1 => Self::CbcChained,
            Scheme::Cbcs if striped => Self::CbcStripes,
            Scheme::Cbcs => Self::Cbc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_without_skipped_blocks_is_no_pattern() {
        for crypt in [0, 1, 10, u32::MAX] {
            let pattern = Pattern { crypt, skip: 0 };
            assert_eq!(Mode::new(Scheme::Cens, pattern), Mode::CtrBlocks);
            assert_eq!(Mode::new(Scheme::Cbcs, pattern), Mode::Cbc);
        }
    }

    #[test]
    fn stripes_hold_any_block_count() {
        let stripes = Stripes::new(Pattern { crypt: u32::MAX, skip: u32::MAX });
        if usize::BITS == 64 {
            assert_eq!(stripes, Stripes { crypt: 0xf_ffff_fff0, stride: 0x1f_ffff_ffe0 });
        } else {
            assert_eq!(stripes, Stripes { crypt: usize::MAX, stride: usize::MAX });
        }
        assert_eq!(Stripes::new(Pattern { crypt: 1, skip: 9 }), Stripes { crypt: 16, stride: 160 });
    }
}
