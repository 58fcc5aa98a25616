//! What the block modes need from a vector register. Each x86 level implements it for its widest register.

use core::arch::asm;
use core::arch::x86_64::__m128i;

/// A vector register that holds one or more cipher blocks.
///
/// # Safety
///
/// All methods are `unsafe` for the same reason: they use instructions that the caller must know this CPU to have. The
/// implementing file says which. Methods with pointers also say which memory they touch; no alignment is needed.
///
/// They are `inline(always)` because they are not compiled for those instructions themselves: they become part of a
/// function that is (`#[target_feature]`), together with the generic code in `modes` between it and them.
pub(super) trait Vector: Copy {
    /// Blocks in one register.
    const BLOCKS: usize;
    /// Bytes in one register.
    const BYTES: usize;
    /// Some of a register's bytes.
    type Part: Copy;

    /// All bits zero.
    unsafe fn zero() -> Self;

    /// The same block in every place.
    unsafe fn broadcast(block: __m128i) -> Self;

    unsafe fn xor(self, other: Self) -> Self;

    /// The same value, which the compiler has to have computed here and not later.
    unsafe fn by_now(self) -> Self;

    /// Reads `BYTES` bytes.
    unsafe fn load(from: *const u8) -> Self;

    /// Writes `BYTES` bytes.
    unsafe fn store(self, to: *mut u8);

    /// The bytes `start..end`; `start <= end <= BYTES`.
    unsafe fn part(start: usize, end: usize) -> Self::Part;

    /// Reads the bytes of `part` from their places after `from`, and no others. The rest is zero.
    unsafe fn load_part(from: *const u8, part: Self::Part) -> Self;

    /// Writes the bytes of `part` to their places after `to`, and no others.
    unsafe fn store_part(self, to: *mut u8, part: Self::Part);

    /// Reads the blocks at `from`, `from + stride` … into their places; all but the first `count` from `spare` instead.
    unsafe fn gather(from: *const u8, stride: usize, count: usize, spare: *const u8) -> Self;

    /// Writes the blocks to the places that [`Vector::gather`] read them from.
    unsafe fn scatter(self, to: *mut u8, stride: usize, count: usize, spare: *mut u8);

    /// This register's blocks moved on by one place; the first place gets the last block of `previous`.
    unsafe fn chained_to(self, previous: Self) -> Self;

    /// Consecutive counters from a first counter block on: both halves of each block as native integers, the low one counting
    /// up by one from block to block and wrapping without a carry.
    unsafe fn counters(first: __m128i) -> Self;

    /// The counters of the next register.
    unsafe fn next_counters(self) -> Self;

    /// Adds 64-bit integers, which wrap.
    unsafe fn add(self, other: Self) -> Self;

    /// The counter blocks for counters: both halves big-endian.
    unsafe fn counter_blocks(self) -> Self;
}

/// The AES round instructions on every block of a register.
///
/// # Safety
///
/// As for [`Vector`].
pub(super) trait AesVector: Vector {
    unsafe fn encrypt_round(self, key: Self) -> Self;
    unsafe fn encrypt_last_round(self, key: Self) -> Self;
    unsafe fn decrypt_round(self, key: Self) -> Self;
    unsafe fn decrypt_last_round(self, key: Self) -> Self;
}

/// One direction of a block cipher with its key, on several registers at a time.
///
/// # Safety
///
/// As for [`Vector`].
pub(super) trait BlockTransform<V: Vector> {
    /// Encrypts (or decrypts) every block.
    unsafe fn apply<const N: usize>(&self, blocks: &mut [V; N]);
}

/// The same number or address, which the compiler takes for an unknown one. What is read from there is then read where it is
/// used, instead of being known in advance or kept from before.
#[inline(always)]
pub(super) fn hidden<T: Scalar>(value: T) -> T {
    value.hidden()
}

/// What a general register holds.
pub(super) trait Scalar {
    /// See [`hidden`].
    fn hidden(self) -> Self;
}

impl Scalar for u64 {
    #[inline(always)]
    fn hidden(mut self) -> Self {
        // SAFETY: no instruction at all.
        unsafe { asm!("/* {0} */", inout(reg) self, options(nomem, nostack, preserves_flags)) };
        self
    }
}

impl<T> Scalar for *const T {
    #[inline(always)]
    #[allow(clippy::pointers_in_nomem_asm_block, reason = "the pointer is copied, not followed")]
    fn hidden(mut self) -> Self {
        // SAFETY: no instruction at all.
        unsafe { asm!("/* {0} */", inout(reg) self, options(nomem, nostack, preserves_flags)) };
        self
    }
}
