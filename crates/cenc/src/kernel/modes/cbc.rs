//! CBC: `cbc1` and `cbcs`.

use super::pattern::{Lattice, next_place, runs_of};
use super::{first_block, whole_blocks};
use crate::job::{BLOCK, Job, Mode, Stripes};
use crate::kernel::block;
use crate::kernel::ranges::{Ranges, for_each_range};
use crate::kernel::vector::{BlockTransform, Vector};

/// CBC over the whole blocks of each range, chained through all of them (`cbc1`) or starting each at the IV (`cbcs`
/// without a pattern).
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
pub(in crate::kernel) unsafe fn cbc<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    job: &Job<'_>,
    data: &mut [u8],
) {
    // SAFETY: `whole_blocks` returns a part of the range; the rest is passed on to the caller.
    unsafe {
        let iv = V::broadcast(first_block(job.iv));
        let mut previous = iv;
        for_each_range!(data, job.subsamples, range => {
            let (start, length) = whole_blocks(range);
            let last = cbc_run::<V, C, BATCH>(cipher, previous, start, length);
            previous = if job.mode == Mode::CbcChained { last } else { iv };
        });
    }
}

/// CBC over the stripes of each range, each range starting at the IV (`cbcs`).
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
pub(in crate::kernel) unsafe fn cbc_stripes<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    job: &Job<'_>,
    data: &mut [u8],
) {
    let stripes = Stripes::new(job.pattern);
    // SAFETY: `whole_blocks` returns a part of the run; the rest is passed on to the caller.
    unsafe {
        let iv = V::broadcast(first_block(job.iv));
        if let Some(lattice) = Lattice::new(stripes) {
            for_each_range!(data, job.subsamples, range => {
                cbc_lattice::<V, C, BATCH>(cipher, iv, &lattice, range);
            });
        } else {
            for range in Ranges::all(data, job.subsamples) {
                let mut previous = iv;
                for run in runs_of(stripes, range) {
                    let (start, length) = whole_blocks(run);
                    previous = cbc_run::<V, C, BATCH>(cipher, previous, start, length);
                }
            }
        }
    }
}

/// CBC over `length` bytes, a multiple of the block size. The first block is chained to the last one of `previous`; returns
/// a register whose last block is the run's last encrypted one.
///
/// # Safety
/// See [`Vector`]. The bytes are readable and writable.
#[inline(always)]
unsafe fn cbc_run<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    mut previous: V,
    mut at: *mut u8,
    mut left: usize,
) -> V {
    let batch_bytes = BATCH * V::BYTES;
    // SAFETY: `left` bytes from `at` on are what is left of the run. The rest is passed on to the caller.
    unsafe {
        let batches = cipher.for_batches();
        while left >= batch_bytes {
            cbc_batch::<V, C, BATCH, false>(&batches, &mut previous, at, batch_bytes);
            (at, left) = (at.add(batch_bytes), left - batch_bytes);
        }
        if left > 0 {
            let cipher = cipher.for_batches();
            // There is at least one block, and its last 16 bytes are still encrypted.
            let last = V::broadcast(block::load(at.add(left - BLOCK)));
            for_count!((left - 1) / V::BYTES + 1, BATCH, N => {
                cbc_batch::<V, C, N, true>(&cipher, &mut previous, at, left);
            });
            previous = last;
        }
    }
    previous
}

/// One batch of CBC: `length` bytes that fill `N` registers, but the last one only in part if `EDGE`.
///
/// # Safety
/// See [`Vector`]. The bytes are readable and writable.
#[inline(always)]
unsafe fn cbc_batch<V: Vector, C: BlockTransform<V>, const N: usize, const EDGE: bool>(
    cipher: &C,
    previous: &mut V,
    at: *mut u8,
    length: usize,
) {
    // SAFETY: each register is at its own place in the batch, of which the last leaves out what is after `length`. The
    // rest is passed on to the caller.
    unsafe {
        let last = length - (N - 1) * V::BYTES;
        let mut encrypted = [V::zero(); N];
        for (i, blocks) in encrypted.iter_mut().enumerate() {
            let place = at.wrapping_add(i * V::BYTES);
            *blocks = if EDGE && i == N - 1 { V::load_start(place, last) } else { V::load(place) };
        }
        let mut clear = encrypted;
        cipher.apply(&mut clear);
        for (i, (blocks, encrypted)) in clear.into_iter().zip(encrypted).enumerate() {
            let place = at.wrapping_add(i * V::BYTES);
            let blocks = blocks.xor(encrypted.chained_to(*previous));
            *previous = encrypted;
            if EDGE && i == N - 1 {
                blocks.store_start(place, last);
            } else {
                blocks.store(place);
            }
        }
    }
}

/// CBC over the blocks of a lattice.
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
unsafe fn cbc_lattice<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    iv: V,
    lattice: &Lattice,
    range: &mut [u8],
) {
    let stride = lattice.stride;
    let batch_blocks = BATCH * V::BLOCKS;
    let mut previous = iv;
    let (mut at, mut left) = (range.as_mut_ptr(), range.len());
    // SAFETY: `left` bytes from `at` on are what is left of the range. Its blocks are counted so that the last one ends
    // within it. The rest is passed on to the caller.
    unsafe {
        let batches = cipher.for_batches();
        while left >= (batch_blocks - 1) * stride + BLOCK {
            cbc_lattice_batch::<V, C, BATCH, false>(&batches, &mut previous, at, stride, batch_blocks);
            // The last stripe may be cut short.
            let step = (batch_blocks * stride).min(left);
            (at, left) = (at.add(step), left - step);
        }
        let blocks = lattice.blocks_in(left);
        if blocks > 0 {
            let cipher = cipher.for_batches();
            for_count!((blocks - 1) / V::BLOCKS + 1, BATCH, N => {
                cbc_lattice_batch::<V, C, N, true>(&cipher, &mut previous, at, stride, blocks);
            });
        }
    }
}

/// One batch of CBC over `blocks` blocks of a lattice, which fill `N` registers, but the last one only in part if `EDGE`.
///
/// # Safety
/// See [`Vector`]. The blocks are readable and writable.
#[inline(always)]
unsafe fn cbc_lattice_batch<V: Vector, C: BlockTransform<V>, const N: usize, const EDGE: bool>(
    cipher: &C,
    previous: &mut V,
    at: *mut u8,
    stride: usize,
    blocks: usize,
) {
    let count = |i: usize| if EDGE && i == N - 1 { blocks - (N - 1) * V::BLOCKS } else { V::BLOCKS };
    let mut spare = [0u8; BLOCK];
    let spare = spare.as_mut_ptr();
    // SAFETY: each register has its own blocks, and the last one the spare block in place of those that there are not. The
    // rest is passed on to the caller.
    unsafe {
        let mut encrypted = [V::zero(); N];
        let mut place = at;
        for (i, register) in encrypted.iter_mut().enumerate() {
            *register = V::gather(place, stride, count(i), spare);
            place = next_place::<V>(at, i, place, stride);
        }
        let mut clear = encrypted;
        cipher.apply(&mut clear);
        let mut place = at;
        for (i, (register, encrypted)) in clear.into_iter().zip(encrypted).enumerate() {
            let register = register.xor(encrypted.chained_to(*previous));
            *previous = encrypted;
            register.scatter(place, stride, count(i), spare);
            place = next_place::<V>(at, i, place, stride);
        }
    }
}
