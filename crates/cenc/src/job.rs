//! What a kernel needs to know about a sample, reduced to what differs between the schemes for it.

use super::scheme::{Pattern, Scheme, Subsample};

/// Bytes of one cipher block (AES and SM4 alike).
pub(super) const BLOCK: usize = 16;

/// One sample's work for a kernel.
///
/// It is made anew for each sample, so it only refers to what the caller has, and what not every mode needs is computed where
/// it is needed: moving more about in memory would cost as much as decrypting a small sample.
pub(super) struct Job<'a> {
    /// First counter block, or what CBC's first block is chained to.
    pub(super) iv: Iv<'a>,
    /// How blocks are found and chained.
    pub(super) mode: Mode,
    /// The pattern of the modes that have one.
    pub(super) pattern: Pattern,
    /// The sample's layout; nothing if all of it is protected. Its lengths may go beyond the sample's end.
    ///
    /// The memory may belong to a caller that changes it meanwhile: `kernel::ranges` alone reads it, once per entry,
    /// and trusts nothing that it finds there.
    pub(super) subsamples: &'a [Subsample],
}

/// An initialisation vector.
#[derive(Clone, Copy)]
pub(super) enum Iv<'a> {
    /// A whole block.
    Block(&'a [u8; BLOCK]),
    /// The first half of a block. The second half is zero.
    Half(&'a [u8; BLOCK / 2]),
}

impl Iv<'_> {
    /// All of the block.
    pub(super) fn block(self) -> [u8; BLOCK] {
        match self {
            Self::Block(bytes) => *bytes,
            Self::Half(bytes) => (u128::from(u64::from_be_bytes(*bytes)) << 64).to_be_bytes(),
        }
    }
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
    /// Number of modes.
    #[cfg(any(test, target_arch = "x86_64", target_arch = "aarch64"))]
    pub(super) const COUNT: usize = 6;

    /// The mode of a scheme with a pattern; none if `cenc` or `cbc1` has one, or if it encrypts nothing.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a part of `Sample::checked`")]
    pub(super) fn new(scheme: Scheme, pattern: Pattern) -> Option<Self> {
        let no_pattern = pattern.crypt | pattern.skip == 0;
        match scheme {
            Scheme::Cenc if no_pattern => Some(Self::Ctr),
            Scheme::Cens if pattern.skip == 0 => Some(Self::CtrBlocks),
            Scheme::Cens if pattern.crypt > 0 => Some(Self::CtrStripes),
            Scheme::Cbc1 if no_pattern => Some(Self::CbcChained),
            Scheme::Cbcs if pattern.skip == 0 => Some(Self::Cbc),
            Scheme::Cbcs if pattern.crypt > 0 => Some(Self::CbcStripes),
            _ => None,
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
            assert_eq!(Mode::new(Scheme::Cens, pattern), Some(Mode::CtrBlocks));
            assert_eq!(Mode::new(Scheme::Cbcs, pattern), Some(Mode::Cbc));
        }
    }

    #[test]
    fn every_scheme_has_its_modes() {
        let striped = Pattern { crypt: 1, skip: 9 };
        assert_eq!(Mode::new(Scheme::Cenc, Pattern::NONE), Some(Mode::Ctr));
        assert_eq!(Mode::new(Scheme::Cens, striped), Some(Mode::CtrStripes));
        assert_eq!(Mode::new(Scheme::Cbc1, Pattern::NONE), Some(Mode::CbcChained));
        assert_eq!(Mode::new(Scheme::Cbcs, striped), Some(Mode::CbcStripes));
        assert_eq!(Mode::CbcStripes as usize + 1, Mode::COUNT);
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
