//! Read-copy-update: data that is read on every sample and replaced once in a while.
//!
//! A reader [`pin`]s its thread, reads any number of [`RcuCell`]s, and unpins. Nothing of that is shared with other
//! threads but loads: no lock, no atomic read-modify-write, no allocation after a thread's first pin. A writer swaps a
//! cell's value and then waits in [`synchronize`] until nobody can have the old one any more.
//!
//! # Protocol
//!
//! There is a global epoch E, which only grows, and one record per thread with a number P: 0 = not pinned, else the
//! epoch that the thread saw when it pinned.
//!
//! | reader | | writer | |
//! |---|---|---|---|
//! | R1 | e = E (acquire) | W1 | swap the cell's pointer (acquire, release) |
//! | R2 | P = e (release) | W2 | n = E + 1; E = n (one acquire, release addition) |
//! | R3 | light fence | W3 | heavy fence |
//! | R4 | load the cell's pointer (acquire), use the value | W4 | for each record: wait until P (acquire) is 0 or ≥ n |
//! | R5 | P = 0 (release) | W5 | free the old value |
//!
//! Why W5 is safe for a reader that uses the old value (it has loaded the pointer before W1 in the pointer's
//! modification order):
//! - The fences R3 and W3 are ordered one way or the other. If W3 comes first, R4 sees W1, against the assumption. So R3 comes
//!   first, and W4 sees R2 or something later in that record.
//! - If W4 sees R2's own value e: e ≥ n would mean that R1 has read W2 or a later addition to E, which acquires W1,
//!   and R4 would see the new pointer, against the assumption. So e < n, and the writer goes on waiting.
//! - If W4 sees 0 from R5 or a later pin's number, it acquires that release, and all uses of the value happen before W5.
//!
//! Every writer has an n of its own, so writers need no lock among themselves, and a thread that pins again
//! and again cannot hold up a writer: its new pins carry newer epochs.
//!
//! # Threads and forks
//!
//! A thread's record is claimed at its first pin and released when the thread ends, to be claimed by another thread
//! later. Records are never freed; there are as many as threads have been pinning at the same time. A writer looks at those that
//! threads own: 64 of them share a word that says which. A pin in a
//! thread-local destructor that runs after the record's release claims a record for as long as it lasts. A thread that ends
//! while pinned (its [`Pin`] was leaked, so a reference into a cell may have been leaked with it) keeps its record, and every
//! later [`synchronize`] waits forever: that is the price of safety here.
//!
//! A call that the program makes may end without returning: a signal handler jumps out of it (`siglongjmp`). Its pin stays. The
//! thread's next call gives it up, and its end does; until then, writers wait. That is sound because a thread is in one call at a
//! time: the library is not for signal handlers that interrupt it. The pins of such calls carry a bit that says so.
//!
//! After a fork, the child has one thread. A handler releases the records of all others in the child.

mod cell;
mod current;
mod record;
mod slot;

#[cfg(test)]
mod tests;

use core::marker::PhantomData;
use std::time::Duration;

pub use cell::{RcuCell, Retired};
use record::{EPOCH, Record};
pub use slot::RcuSlot;

use crate::sync::atomic::Ordering;
use crate::sync::{heavy_fence, hint, thread};

/// Proof that this thread is pinned: what it reads from an [`RcuCell`] stays alive. Unpins when dropped.
///
/// Pins nest. Hold one briefly: every writer waits for it.
#[must_use = "the thread is unpinned when this is dropped"]
pub struct Pin {
    record: &'static Record,
    /// A pin belongs to its thread.
    _not_send: PhantomData<*mut ()>,
}

/// Pins the calling thread.
///
/// The first call of a thread claims or allocates its record.
#[inline(always)]
pub fn pin() -> Pin {
    let record = record::of_this_thread();
    record.enter();
    Pin { record, _not_send: PhantomData }
}

/// Pins the calling thread for a call of the program, at the same cost. What an earlier call has left behind that did not return,
/// because a signal handler jumped out of it, is given up.
///
/// # Safety
/// The calling thread uses no other pin, and this one is dropped in the call, or never used again: the call was left by a jump.
#[inline(always)]
pub unsafe fn pin_call() -> Pin {
    let record = record::of_this_thread();
    record.enter_call();
    Pin { record, _not_send: PhantomData }
}

/// Gives up the pins of earlier calls that did not return (see [`pin_call`]), for a call that does not pin at once. Whether
/// there were any.
///
/// # Safety
/// The calling thread uses no pin.
#[inline]
pub unsafe fn give_up_calls() -> bool {
    record::abandon_calls_of_this_thread()
}

impl Pin {
    /// A small number that no other thread alive has: 0, 1, 2 … in the order in which threads first pinned, reused
    /// when a thread has ended. For statistics that only their own thread writes.
    ///
    /// What the number's last owner has written happens before the new owner's first pin.
    #[inline]
    pub fn thread_index(&self) -> usize {
        self.record.index()
    }
}

impl Drop for Pin {
    #[inline]
    fn drop(&mut self) {
        self.record.leave();
    }
}

/// Waits until every pin that existed when this was called is gone.
///
/// # Panics
/// If the calling thread is pinned: it would wait for itself.
pub fn synchronize() {
    refuse_if_pinned();
    let epoch = EPOCH.fetch_add(1, Ordering::AcqRel) + 1;
    heavy_fence();
    for record in record::all() {
        let mut attempts = 0;
        while record.is_pinned_before(epoch) {
            pause(attempts);
            attempts += 1;
        }
    }
}

fn refuse_if_pinned() {
    assert!(!record::this_thread_is_pinned(), "rcu: a pinned thread cannot wait for readers: it is one itself");
}

/// Waits for a reader: spinning first (a small sample takes less than a microsecond), then yielding, then asleep (a
/// reader was preempted).
fn pause(attempts: u32) {
    match attempts {
        0..64 => hint::spin_loop(),
        64..128 => thread::yield_now(),
        _ => thread::sleep(Duration::from_micros(50)),
    }
}
