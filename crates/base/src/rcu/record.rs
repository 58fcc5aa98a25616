//! The per-thread records of [`super`].

use core::cell::Cell;
use core::ptr;
use std::sync::Once;

use super::current;
use crate::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{choose_fences, light_fence, statics, thread_local};

statics! {
    /// The global epoch. 0 is no epoch: it stands for "not pinned" in a record.
    pub(super) static EPOCH: AtomicU64 = AtomicU64::new(1);

    /// The newest record; each points to the one before it.
    static RECORDS: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());
}

/// A thread's record. Two cache lines, because CPUs fetch them in pairs: no thread's pins slow down another's.
#[repr(align(128))]
pub(super) struct Record {
    /// The epoch of the outermost pin, 0 without one. Written by the owner only (and after a fork).
    pinned: AtomicU64,
    /// What the last pin's end has to look at: 0 as a rule, else twice the number of pins beside the outermost one, plus
    /// [`TRANSIENT`]. Used by the owner only (and after a fork); atomic because the record is shared.
    extra: AtomicUsize,
    /// Whether some thread owns this record.
    claimed: AtomicBool,
    index: usize,
    next: *const Record,
}

/// Release the record when the last pin is gone: the owner's thread is ending.
const TRANSIENT: usize = 1;
/// One pin beside the outermost one.
const NESTED: usize = 2;

// SAFETY: all fields but `next` are Sync by themselves; `next` is never written to after the record was published, and
// points to a record that is never freed.
unsafe impl Sync for Record {}

thread_local! {
    /// Releases the record when the thread ends.
    static AT_THREAD_END: ReleaseRecord = const { ReleaseRecord(Cell::new(ptr::null())) };
}

/// The thread's record, in a place of its own: by then, [`current`] may be gone already.
struct ReleaseRecord(Cell<*const Record>);

impl Drop for ReleaseRecord {
    fn drop(&mut self) {
        // SAFETY: it is null or points to a record from RECORDS; those are never freed.
        if let Some(record) = unsafe { self.0.get().as_ref() } {
            if record.is_pinned() {
                // Pinned by a destructor that is still running, or for good.
                record.extra.store(record.extra.load(Ordering::Relaxed) | TRANSIENT, Ordering::Relaxed);
            } else {
                current::set(ptr::null());
                record.claimed.store(false, Ordering::Release);
            }
        }
    }
}

#[inline]
fn own() -> Option<&'static Record> {
    // SAFETY: it is null or points to a record from RECORDS; those are never freed.
    unsafe { current::get().as_ref() }
}

/// The calling thread's record.
#[inline]
pub(super) fn of_this_thread() -> &'static Record {
    own().unwrap_or_else(claim_for_this_thread)
}

pub(super) fn this_thread_is_pinned() -> bool {
    own().is_some_and(Record::is_pinned)
}

/// All records there are, whether owned or not.
pub(super) fn all() -> impl Iterator<Item = &'static Record> {
    // SAFETY: null or a record that was published with release ordering; records are never freed.
    let newest = unsafe { RECORDS.load(Ordering::Acquire).as_ref() };
    // SAFETY: as above.
    core::iter::successors(newest, |record| unsafe { record.next.as_ref() })
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
    let record = all().find(|record| record.try_claim()).unwrap_or_else(Record::publish_new);
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
            record.claimed.store(false, Ordering::Release);
        }
    }
}

impl Record {
    fn try_claim(&self) -> bool {
        !self.claimed.load(Ordering::Relaxed)
            && self.claimed.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// A new record, claimed, at the head of the list.
    fn publish_new() -> &'static Self {
        // Numbers are given out under the list's exchange below: the head's number plus one.
        let record = Box::leak(Box::new(Self {
            pinned: AtomicU64::new(0),
            extra: AtomicUsize::new(0),
            claimed: AtomicBool::new(true),
            index: 0,
            next: ptr::null(),
        }));
        let mut head = RECORDS.load(Ordering::Acquire);
        loop {
            record.next = head;
            // SAFETY: null or a record that was published; records are never freed.
            record.index = unsafe { head.as_ref() }.map_or(0, |head| head.index + 1);
            match RECORDS.compare_exchange_weak(head, record, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return record,
                Err(other) => head = other,
            }
        }
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
            self.claimed.store(false, Ordering::Release);
        }
    }

    /// W4 of the protocol.
    #[inline]
    pub(super) fn is_pinned_before(&self, epoch: u64) -> bool {
        let pinned = self.pinned.load(Ordering::Acquire);
        pinned != 0 && pinned < epoch
    }
}
