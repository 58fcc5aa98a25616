//! Where the encrypted blocks of a pattern are.

use crate::job::{BLOCK, Stripes};
use crate::kernel::vector::Vector;

/// The encrypted runs of one range.
#[inline(always)]
pub(super) fn runs_of(stripes: Stripes, range: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    range.chunks_mut(stripes.stride).map(move |stripe| {
        let length = stripe.len().min(stripes.crypt);
        &mut stripe[..length]
    })
}

/// A pattern 1:n, as nearly all content has it: single encrypted blocks at equal distances. They are gathered into
/// registers, as many as there are registers, so that they are decrypted side by side.
pub(super) struct Lattice {
    /// Bytes from block to block.
    pub(super) stride: usize,
    /// 2^64 / `stride`, rounded up: multiplying by it replaces a division per range.
    inverse: u64,
}

impl Lattice {
    /// Longer strides would make `inverse` too coarse for the lengths it is used with. Runs do as well for them.
    const LONGEST: usize = 1 << 29;

    #[inline(always)]
    pub(super) fn new(stripes: Stripes) -> Option<Self> {
        let stride = stripes.stride;
        (stripes.crypt == BLOCK && stride > BLOCK && stride < Self::LONGEST)
            .then(|| Self { stride, inverse: u64::MAX / stride as u64 + 1 })
    }

    /// The number of encrypted blocks in `length` bytes, of which there are fewer than 64 strides.
    #[inline(always)]
    pub(super) fn blocks_in(&self, length: usize) -> usize {
        if length < BLOCK {
            return 0;
        }
        // With inverse = 2^64 / stride + e and e < 1, the product is too large by less than `rest / 2^64` of a block. That
        // does not reach the next whole number, 1 / stride away, because rest * stride < 64 * LONGEST^2 <= 2^64.
        let rest = (length - BLOCK) as u64;
        let quotient = (u128::from(rest) * u128::from(self.inverse)) >> 64;
        quotient as usize + 1
    }
}

/// Where the register after number `i` of a batch begins. Going on from place to place needs fewer general registers, multiples of
/// the stride fewer instructions.
#[inline(always)]
pub(super) fn next_place<V: Vector>(batch: *mut u8, i: usize, place: *mut u8, stride: usize) -> *mut u8 {
    if V::MULTIPLES { batch.wrapping_add((i + 1) * V::BLOCKS * stride) } else { place.wrapping_add(V::BLOCKS * stride) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_counted_as_by_division() {
        let strides = (2..400).chain([1 << 10, 12_345, (1 << 20) - 1, 1 << 24, (Lattice::LONGEST >> 4) - 1]);
        for stride in strides.map(|blocks| blocks * BLOCK) {
            let lattice = Lattice::new(Stripes { crypt: BLOCK, stride }).expect("a stride that is short enough");
            for count in 0..64 {
                for length in
                    [count * stride, count * stride + BLOCK - 1, count * stride + BLOCK, (count + 1) * stride - 1]
                {
                    let counted = length / stride + usize::from(length % stride >= BLOCK);
                    assert_eq!(lattice.blocks_in(length), counted, "{length} / {stride}");
                }
            }
        }
    }

    #[test]
    fn only_single_blocks_are_a_lattice() {
        let of = |crypt, stride| Lattice::new(Stripes { crypt, stride }).is_some();
        assert!(of(16, 160) && of(16, 32));
        assert!(!of(32, 160) && !of(16, Lattice::LONGEST) && !of(usize::MAX, usize::MAX));
    }
}
