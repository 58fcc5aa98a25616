//! Counter mode: `cenc` and `cens`.

use super::pattern::{Lattice, next_place, runs_of};
use super::{first_block, whole_blocks};
use crate::job::{BLOCK, Job, Mode, Stripes};
use crate::kernel::block;
use crate::kernel::ranges::{Ranges, for_each_range};
use crate::kernel::vector::{BlockTransform, Vector, hidden};

/// The counters of the register that starts `position` bytes into the key stream, a multiple of the block size or rounded
/// down to one.
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
unsafe fn counters_at<V: Vector>(start: V, position: u64) -> V {
    if position < BLOCK as u64 {
        return start;
    }
    // As a number: as a vector, it would be shifted by the execution unit that does the AES rounds, after all rounds that wait
    // there already, and the first rounds of this run would come too late to keep that unit busy.
    let blocks = hidden(position / BLOCK as u64);
    // SAFETY: passed on to the caller.
    unsafe { start.add(V::broadcast(block::counter(blocks))) }
}

/// Counter blocks for all registers of a batch.
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
unsafe fn counter_blocks<V: Vector, const N: usize>(counters: &mut V) -> [V; N] {
    // SAFETY: passed on to the caller.
    unsafe {
        let mut blocks = [V::zero(); N];
        for register in &mut blocks {
            *register = counters.counter_blocks();
            *counters = counters.next_counters();
        }
        blocks
    }
}

/// Counter mode over whole ranges, byte by byte (`cenc`), or over the whole blocks of each (`cens` without a pattern).
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
pub(in crate::kernel) unsafe fn ctr<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    job: &Job<'_>,
    data: &mut [u8],
) {
    // SAFETY: `length` bytes of each range are ours; the rest is passed on to the caller.
    unsafe {
        let start = V::counters(first_block(job.iv));
        // Bytes of key stream used up.
        let mut position = 0u64;
        for_each_range!(data, job.subsamples, range => {
            let length = if job.mode == Mode::CtrBlocks { range.len() & !(BLOCK - 1) } else { range.len() };
            ctr_run::<V, C, BATCH>(cipher, start, position, range.as_mut_ptr(), length);
            position += length as u64;
        });
    }
}

/// Counter mode over the stripes of each range (`cens`).
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
pub(in crate::kernel) unsafe fn ctr_stripes<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    job: &Job<'_>,
    data: &mut [u8],
) {
    let stripes = Stripes::new(job.pattern);
    let mut position = 0u64;
    // SAFETY: `length` bytes from `run` on belong to the run; the rest is passed on to the caller.
    unsafe {
        let start = V::counters(first_block(job.iv));
        if let Some(lattice) = Lattice::new(stripes) {
            for_each_range!(data, job.subsamples, range => {
                position += ctr_lattice::<V, C, BATCH>(cipher, start, position, &lattice, range) as u64;
            });
        } else {
            for run in Ranges::all(data, job.subsamples).flat_map(|range| runs_of(stripes, range)) {
                let (run, length) = whole_blocks(run);
                ctr_run::<V, C, BATCH>(cipher, start, position, run, length);
                position += length as u64;
            }
        }
    }
}

/// Counter mode over `length` bytes, `position` bytes into the key stream.
///
/// # Safety
/// See [`Vector`]. The bytes are readable and writable.
#[inline(always)]
unsafe fn ctr_run<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    first: V,
    position: u64,
    start: *mut u8,
    length: usize,
) {
    if length == 0 {
        return;
    }
    let batch_bytes = BATCH * V::BYTES;
    // As if the run started with its first counter block: no key stream is carried from run to run. The bytes before it
    // are never touched.
    let mut offset = (position % BLOCK as u64) as usize;
    let mut at = start.wrapping_sub(offset);
    let mut left = offset + length;
    // SAFETY: `at + offset .. at + left` is what is left of the run. Batches without edges lie within it; edges leave out
    // what does not. The rest is passed on to the caller.
    unsafe {
        let mut counters = counters_at(first, position);
        if left > batch_bytes {
            if offset > 0 {
                ctr_batch::<V, C, BATCH, true>(&cipher.for_batches(), &mut counters, at, offset, batch_bytes);
                (at, left, offset) = (at.wrapping_add(batch_bytes), left - batch_bytes, 0);
            }
            let cipher = cipher.for_batches();
            while left >= batch_bytes {
                if V::COUNTS_BLOCKS {
                    (at, left) = ctr_without_carry::<V, C, BATCH>(&cipher, &mut counters, at, left);
                    if left < batch_bytes {
                        break;
                    }
                }
                ctr_batch::<V, C, BATCH, false>(&cipher, &mut counters, at, 0, batch_bytes);
                (at, left) = (at.wrapping_add(batch_bytes), left - batch_bytes);
            }
        }
        if left > 0 {
            let cipher = cipher.for_batches();
            for_count!((left - 1) / V::BYTES + 1, BATCH, N => {
                ctr_batch::<V, C, N, true>(&cipher, &mut counters, at, offset, left);
            });
        }
    }
}

/// As many whole batches of counter mode as there are in `left` bytes and before a carry leaves the lowest byte of the counter.
/// Returns what is left.
///
/// # Safety
/// See [`Vector`]. The bytes are readable and writable.
#[inline(always)]
unsafe fn ctr_without_carry<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    counters: &mut V,
    mut at: *mut u8,
    mut left: usize,
) -> (*mut u8, usize) {
    let batch_bytes = BATCH * V::BYTES;
    // SAFETY: `left` bytes from `at` on are what is left of the run. The rest is passed on to the caller.
    unsafe {
        let batches = (counters.registers_before_carry() / BATCH).min(left / batch_bytes);
        let mut blocks = counters.counter_blocks();
        *counters = counters.add(V::broadcast(block::counter((batches * BATCH * V::BLOCKS) as u64)));
        let step = V::block_step();
        for _ in 0..batches {
            let mut stream = [blocks; BATCH];
            for register in &mut stream {
                [*register, blocks] = blocks.with_next_blocks(step);
            }
            cipher.apply(&mut stream);
            xor_batch::<V, BATCH>(stream, at);
            (at, left) = (at.wrapping_add(batch_bytes), left - batch_bytes);
        }
    }
    (at, left)
}

/// Adds key stream to whole registers.
///
/// # Safety
/// See [`Vector`]. The bytes are readable and writable.
#[inline(always)]
unsafe fn xor_batch<V: Vector, const N: usize>(stream: [V; N], at: *mut u8) {
    for (i, blocks) in stream.into_iter().enumerate() {
        let place = at.wrapping_add(i * V::BYTES);
        // SAFETY: each register is at its own place in the batch. The rest is passed on to the caller.
        unsafe { V::load(place).xor(blocks).store(place) };
    }
}

/// One batch of counter mode: the bytes `offset..end` of `N` registers. Without `EDGES`, that is all of them; else `offset`
/// lies in the first and `end` in the last register.
///
/// # Safety
/// See [`Vector`]. The bytes `at + offset .. at + end` are readable and writable.
#[inline(always)]
unsafe fn ctr_batch<V: Vector, C: BlockTransform<V>, const N: usize, const EDGES: bool>(
    cipher: &C,
    counters: &mut V,
    at: *mut u8,
    offset: usize,
    end: usize,
) {
    // SAFETY: each register is at its own place in the batch, of which the first and the last leave out what is before
    // `offset` and after `end`. The rest is passed on to the caller.
    unsafe {
        let mut stream = counter_blocks::<V, N>(counters);
        cipher.apply(&mut stream);
        let last = end - (N - 1) * V::BYTES;
        for (i, blocks) in stream.into_iter().enumerate() {
            let place = at.wrapping_add(i * V::BYTES);
            if EDGES && (i == 0 || i == N - 1) {
                let start = if i == 0 { offset } else { 0 };
                blocks.xor_into(place, start, if i == N - 1 { last } else { V::BYTES });
            } else {
                V::load(place).xor(blocks).store(place);
            }
        }
    }
}

/// Counter mode over the blocks of a lattice, `position` bytes into the key stream. Returns the bytes of key stream used.
///
/// # Safety
/// See [`Vector`].
#[inline(always)]
unsafe fn ctr_lattice<V: Vector, C: BlockTransform<V>, const BATCH: usize>(
    cipher: &C,
    first: V,
    position: u64,
    lattice: &Lattice,
    range: &mut [u8],
) -> usize {
    let stride = lattice.stride;
    let batch_blocks = BATCH * V::BLOCKS;
    let (mut at, mut left) = (range.as_mut_ptr(), range.len());
    let mut used = 0;
    // SAFETY: as for `cbc_lattice`.
    unsafe {
        let mut counters = counters_at(first, position);
        let batches = cipher.for_batches();
        while left >= (batch_blocks - 1) * stride + BLOCK {
            ctr_lattice_batch::<V, C, BATCH, false>(&batches, &mut counters, at, stride, batch_blocks);
            used += batch_blocks * BLOCK;
            let step = (batch_blocks * stride).min(left);
            (at, left) = (at.add(step), left - step);
        }
        let blocks = lattice.blocks_in(left);
        if blocks > 0 {
            used += blocks * BLOCK;
            let cipher = cipher.for_batches();
            for_count!((blocks - 1) / V::BLOCKS + 1, BATCH, N => {
                ctr_lattice_batch::<V, C, N, true>(&cipher, &mut counters, at, stride, blocks);
            });
        }
    }
    used
}

/// One batch of counter mode over `blocks` blocks of a lattice, as [`cbc_lattice_batch`].
///
/// # Safety
/// See [`Vector`]. The blocks are readable and writable.
#[inline(always)]
unsafe fn ctr_lattice_batch<V: Vector, C: BlockTransform<V>, const N: usize, const EDGE: bool>(
    cipher: &C,
    counters: &mut V,
    at: *mut u8,
    stride: usize,
    blocks: usize,
) {
    let mut spare = [0u8; BLOCK];
    let spare = spare.as_mut_ptr();
    // SAFETY: as for `cbc_lattice_batch`.
    unsafe {
        let mut stream = counter_blocks::<V, N>(counters);
        cipher.apply(&mut stream);
        let mut place = at;
        for (i, register) in stream.into_iter().enumerate() {
            let count = if EDGE && i == N - 1 { blocks - (N - 1) * V::BLOCKS } else { V::BLOCKS };
            V::gather(place, stride, count, spare).xor(register).scatter(place, stride, count, spare);
            place = next_place::<V>(at, i, place, stride);
        }
    }
}
