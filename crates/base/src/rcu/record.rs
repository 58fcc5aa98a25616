//! The per-thread records of [`super`].

use core::cell::Cell;
use core::ptr;
use std::sync::Once;

use super::current;
use crate::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{UNDER_MODEL_CHECKER, choose_fences, light_fence, statics, thread_local};

statics! {
    /// The global epoch. 0 is no epoch: it stands for "not pinned" in a record.
    pub(super) static EPOCH: AtomicU64 = AtomicU64::new(1);

    /// The newest block; each points to the one before it.
    static BLOCKS: AtomicPtr<Block> = AtomicPtr::new(ptr::null_mut());
}

/// Records of a block. A model checker's are few, as its threads are.
const BLOCK: usize = if UNDER_MODEL_CHECKER { 2 } else { 64 };

/// Records that share a word in which it stands who is claimed: a writer passes by those that threads of the past have left
/// behind at the cost of a bit.
struct Block {
    /// Bit i is set while some thread owns record i.
    claimed: AtomicU64,
    records: [Record; BLOCK],
    next: *const Self,
}

// SAFETY: all fields but `next` are Sync by themselves; `next` is never written to after the block was published, and
// points to a block that is never freed.
unsafe impl Sync for Block {}

/// A thread's record. Two cache lines, because CPUs fetch them in pairs: no thread's pins slow down another's.
#[repr(align(128))]
pub(super) struct Record {
    /// The epoch of the outermost pin, 0 without one, plus [`CALL`]. Written by the owner only (and after a fork).
    pinned: AtomicU64,
    /// What the last pin's end has to look at: 0 as a rule, else twice the number of pins beside the outermost one, plus
    /// [`TRANSIENT`]. Used by the owner only (and after a fork); atomic because the record is shared.
    extra: AtomicUsize,
    index: usize,
    /// The block that this is in. Not written to after that was published.
    block: *const Block,
}

/// The outermost pin is one of a call that the program makes, and lives no longer than that. No epoch gets there.
const CALL: u64 = 1 << 63;

/// Release the record when the last pin is gone: the owner's thread is ending.
const TRANSIENT: usize = 1;
/// One pin beside the outermost one.
const NESTED: usize = 2;

// SAFETY: all fields but `block` are Sync by themselves; `block` is never written to after the record was published, and
// points to a block that is never freed.
unsafe impl Sync for Record {}
// SAFETY: as above; only its block makes a record.
unsafe impl Send for Record {}

thread_local! {
    /// Releases the record when the thread ends.
    static AT_THREAD_END: ReleaseRecord = const { ReleaseRecord(Cell::new(ptr::null())) };
}

/// The thread's record, in a place of its own: by then, [`current`] may be gone already.
struct ReleaseRecord(Cell<*const Record>);

impl Drop for ReleaseRecord {
    fn drop(&mut self) {
        // SAFETY: it is null or points to a record from BLOCKS; those are never freed.
        if let Some(record) = unsafe { self.0.get().as_ref() } {
            if record.pinned.load(Ordering::Relaxed) & CALL != 0 {
                // The call was left by a jump: none lasts until here.
                record.abandon();
            }
            if record.is_pinned() {
                // Pinned by a destructor that is still running, or for good.
                record.extra.store(record.extra.load(Ordering::Relaxed) | TRANSIENT, Ordering::Relaxed);
            } else {
                current::set(ptr::null());
                record.release();
            }
        }
    }
}

#[inline]
fn own() -> Option<&'static Record> {
    // SAFETY: it is null or points to a record from BLOCKS; those are never freed.
    unsafe { current::get().as_ref() }
}

/// The calling thread's record.
#[inline]
pub(super) fn of_this_thread() -> &'static Record {
    own().unwrap_or_else(claim_for_this_thread)
}

/// Gives up what calls of this thread have left behind that did not return. Whether there was something.
pub(super) fn abandon_calls_of_this_thread() -> bool {
    match own() {
        Some(record) if record.is_pinned() => {
            record.abandon();
            true
        }
        _ => false,
    }
}

pub(super) fn this_thread_is_pinned() -> bool {
    own().is_some_and(Record::is_pinned)
}

/// The newest block, null or one that was read from BLOCKS with acquire ordering, and all before it.
fn from(newest: *const Block) -> impl Iterator<Item = &'static Block> {
    // SAFETY: null or a block that was published with release ordering; blocks are never freed.
    let newest = unsafe { newest.as_ref() };
    // SAFETY: as above.
    core::iter::successors(newest, |block| unsafe { block.next.as_ref() })
}

/// All records that threads own.
///
/// A thread claims its record before R2 of the protocol and releases it after R5, so that for a writer a record that is not
/// claimed is as good as one whose P is 0: the argument of the protocol holds for this word as it does for P.
pub(super) fn all() -> impl Iterator<Item = &'static Record> {
    from(BLOCKS.load(Ordering::Acquire)).flat_map(|block| {
        let claimed = block.claimed.load(Ordering::Acquire);
        block.records.iter().enumerate().filter(move |(bit, _)| claimed & (1 << bit) != 0).map(|(_, record)| record)
    })
}

#[cold]
fn claim_for_this_thread() -> &'static Record {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        choose_fences();
        // SAFETY: the handler only uses atomics and system calls, which is all that a forked child may do. An error
        // (no memory) leaves children of a process that pins in several threads while forking without writers.
        unsafe { libc::pthread_atfork(None, None, Some(release_others_after_fork)) };
    });
    let record = Block::claim();
    current::set(record);
    // Fails when this thread's destructors have already run: then the record goes with the last pin.
    let transient = AT_THREAD_END.try_with(|end| end.0.set(record)).is_err();
    record.extra.store(if transient { TRANSIENT } else { 0 }, Ordering::Relaxed);
    record
}

/// In a forked child: no other thread has come along.
extern "C" fn release_others_after_fork() {
    choose_fences();
    for record in all() {
        if !ptr::eq(record, current::get()) {
            record.extra.store(0, Ordering::Relaxed);
            record.pinned.store(0, Ordering::Release);
            record.release();
        }
    }
}

impl Block {
    /// A record of this block for the calling thread.
    fn try_claim(&self) -> Option<&Record> {
        let mut claimed = self.claimed.load(Ordering::Relaxed);
        loop {
            let bit = claimed.trailing_ones() as usize;
            let record = self.records.get(bit)?;
            let with_it = claimed | 1 << bit;
            match self.claimed.compare_exchange(claimed, with_it, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(record),
                Err(other) => claimed = other,
            }
        }
    }

    /// A record for the calling thread, of a new block if all others are taken.
    fn claim() -> &'static Record {
        let mut newest = BLOCKS.load(Ordering::Acquire);
        let mut own = None;
        loop {
            if let Some(record) = from(newest).find_map(Self::try_claim) {
                return record;
            }
            let block = own.take().unwrap_or_else(|| Box::new(Self::new()));
            match block.publish(newest) {
                Ok(block) => return &block.records[0],
                // Another thread has been faster: its block has room for this one, too, which keeps the numbers small.
                Err((other, block)) => {
                    newest = other;
                    own = Some(block);
                }
            }
        }
    }

    /// A block whose first record is claimed.
    fn new() -> Self {
        let record = |_| Record { pinned: AtomicU64::new(0), extra: AtomicUsize::new(0), index: 0, block: ptr::null() };
        Self { claimed: AtomicU64::new(1), records: core::array::from_fn(record), next: ptr::null() }
    }

    /// Puts the block in front of `newest`, if that still is the newest one.
    fn publish(mut self: Box<Self>, newest: *mut Self) -> Result<&'static Self, (*mut Self, Box<Self>)> {
        // SAFETY: null or a block that was published; blocks are never freed.
        let first = unsafe { newest.as_ref() }.map_or(0, |newest| newest.records[0].index + BLOCK);
        self.next = newest;
        let block = Box::into_raw(self);
        for offset in 0..BLOCK {
            // SAFETY: from the box; nobody else knows of it before it is published.
            let record = unsafe { &mut (*block).records[offset] };
            record.index = first + offset;
            record.block = block;
        }
        match BLOCKS.compare_exchange(newest, block, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: blocks are never freed.
            Ok(_) => Ok(unsafe { &*block }),
            // SAFETY: from the box above; it was not published.
            Err(other) => Err((other, unsafe { Box::from_raw(block) })),
        }
    }
}

impl Record {
    /// Gives the record back, for another thread to claim.
    fn release(&self) {
        // SAFETY: set before the block was published; blocks are never freed.
        let block = unsafe { &*self.block };
        block.claimed.fetch_and(!(1 << (self.index % BLOCK)), Ordering::Release);
    }

    #[inline]
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Whether the owner is pinned, as the owner sees it.
    #[inline(always)]
    fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::Relaxed) != 0
    }

    /// One pin more, by the owner. R1 to R3 of the protocol if it is the outermost.
    #[inline(always)]
    pub(super) fn enter(&self) {
        if self.is_pinned() {
            self.extra.store(self.extra.load(Ordering::Relaxed) + NESTED, Ordering::Relaxed);
        } else {
            self.pinned.store(EPOCH.load(Ordering::Acquire), Ordering::Release);
            light_fence();
        }
    }

    /// The outermost pin of a call, by the owner, who has no other pin in use.
    #[inline(always)]
    pub(super) fn enter_call(&self) {
        if self.is_pinned() {
            self.abandon();
        }
        self.pinned.store(EPOCH.load(Ordering::Acquire) | CALL, Ordering::Release);
        light_fence();
    }

    /// Gives up all pins, by the owner, who uses none of them any more. R5 of the protocol.
    #[cold]
    pub(super) fn abandon(&self) {
        self.pinned.store(0, Ordering::Release);
        self.extra.store(self.extra.load(Ordering::Relaxed) & TRANSIENT, Ordering::Relaxed);
    }

    /// One pin less, by the owner. R5 of the protocol if it is the last one.
    #[inline(always)]
    pub(super) fn leave(&self) {
        if self.extra.load(Ordering::Relaxed) == 0 {
            self.pinned.store(0, Ordering::Release);
        } else {
            self.leave_unusually();
        }
    }

    #[cold]
    fn leave_unusually(&self) {
        let extra = self.extra.load(Ordering::Relaxed);
        if extra >= NESTED {
            self.extra.store(extra - NESTED, Ordering::Relaxed);
        } else {
            self.pinned.store(0, Ordering::Release);
            self.extra.store(0, Ordering::Relaxed);
            current::set(ptr::null());
            self.release();
        }
    }

    /// W4 of the protocol.
    #[inline]
    pub(super) fn is_pinned_before(&self, epoch: u64) -> bool {
        let pinned = self.pinned.load(Ordering::Acquire) & !CALL;
        pinned != 0 && pinned < epoch
    }
}
