//! What the block modes need from a vector register. Each level implements it for its widest register.

use core::arch::asm;

use super::block;

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

    /// All bits zero.
    unsafe fn zero() -> Self;

    /// The same block in every place.
    unsafe fn broadcast(block: block::Register) -> Self;

    unsafe fn xor(self, other: Self) -> Self;

    /// The same value, which the compiler has to have computed here and not later.
    #[cfg(target_arch = "x86_64")]
    unsafe fn by_now(self) -> Self;

    /// Reads `BYTES` bytes.
    unsafe fn load(from: *const u8) -> Self;

    /// Writes `BYTES` bytes.
    unsafe fn store(self, to: *mut u8);

    /// Reads the first `bytes` bytes, which are one or more whole blocks. The rest is anything.
    ///
    /// As for the methods below that have one, what is here is for registers of one block, which is all of it.
    #[inline(always)]
    unsafe fn load_start(from: *const u8, _bytes: usize) -> Self {
        const { assert!(Self::BLOCKS == 1) };
        // SAFETY: passed on to the caller.
        unsafe { Self::load(from) }
    }

    /// Writes the first `bytes` bytes, which are one or more whole blocks, and no others.
    #[inline(always)]
    unsafe fn store_start(self, to: *mut u8, _bytes: usize) {
        const { assert!(Self::BLOCKS == 1) };
        // SAFETY: passed on to the caller.
        unsafe { self.store(to) }
    }

    /// Adds (exclusive or) the bytes `start..end` of this register to those in the same places after `at`, and touches no
    /// others; `start <= end <= BYTES`.
    unsafe fn xor_into(self, at: *mut u8, start: usize, end: usize);

    /// Reads the blocks at `from`, `from + stride` … into their places; all but the first `count` from `spare` instead.
    ///
    /// A register of one block has a first block only.
    #[inline(always)]
    unsafe fn gather(from: *const u8, _stride: usize, _count: usize, _spare: *const u8) -> Self {
        const { assert!(Self::BLOCKS == 1) };
        // SAFETY: passed on to the caller.
        unsafe { Self::load(from) }
    }

    /// Writes the blocks to the places that [`Vector::gather`] read them from.
    #[inline(always)]
    unsafe fn scatter(self, to: *mut u8, _stride: usize, _count: usize, _spare: *mut u8) {
        const { assert!(Self::BLOCKS == 1) };
        // SAFETY: passed on to the caller.
        unsafe { self.store(to) }
    }

    /// This register's blocks moved on by one place; the first place gets the last block of `previous`.
    #[inline(always)]
    unsafe fn chained_to(self, previous: Self) -> Self {
        const { assert!(Self::BLOCKS == 1) };
        previous
    }

    /// Consecutive counters from a first counter block on: both halves of each block as native integers, the low one counting
    /// up by one from block to block and wrapping without a carry.
    unsafe fn counters(first: block::Register) -> Self;

    /// The counters of the next register.
    unsafe fn next_counters(self) -> Self;

    /// Adds 64-bit integers, which wrap.
    unsafe fn add(self, other: Self) -> Self;

    /// The counter blocks for counters: both halves big-endian.
    unsafe fn counter_blocks(self) -> Self;

    /// Whether there are general registers for seven multiples of a stride.
    const MULTIPLES: bool = false;

    /// Whether [`Vector::with_next_blocks`] is cheaper than making counter blocks of counters.
    const COUNTS_BLOCKS: bool = false;

    /// How many registers of counter blocks from these counters on can be made by [`Vector::with_next_blocks`].
    unsafe fn registers_before_carry(self) -> usize {
        0
    }

    /// What [`Vector::with_next_blocks`] adds, in a register.
    unsafe fn block_step() -> Self {
        // SAFETY: passed on to the caller.
        unsafe { Self::zero() }
    }

    /// The same counter blocks, and those of the next register. The latter are wrong where a carry leaves the lowest byte.
    unsafe fn with_next_blocks(self, _step: Self) -> [Self; 2] {
        [self; 2]
    }
}

/// The AES round instructions on every block of a register.
///
/// # Safety
///
/// As for [`Vector`].
#[cfg(target_arch = "x86_64")]
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
pub(super) trait BlockTransform<V: Vector>: Copy {
    /// The same cipher, whose keys may be read once for all batches that this one transforms.
    #[inline(always)]
    fn for_batches(self) -> Self {
        self
    }

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

impl<T> Scalar for *mut T {
    #[inline(always)]
    fn hidden(self) -> Self {
        self.cast_const().hidden().cast_mut()
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
