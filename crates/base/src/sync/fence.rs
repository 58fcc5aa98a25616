//! The fences of [`crate::rcu`].
//!
//! The pair is asymmetric: [`light_fence`] and [`heavy_fence`] order each other's threads like two `fence(SeqCst)` do, but
//! the light one only stops the compiler, and the heavy one makes the kernel run a full fence on every CPU that runs a thread
//! of this process (membarrier(2), `PRIVATE_EXPEDITED`). Where the system call is missing (old kernel, sandbox, valgrind),
//! and under a model checker, both are `fence(SeqCst)`.

use core::sync::atomic::{AtomicBool, Ordering, compiler_fence, fence};
use std::time::Duration;

/// Whether light fences have to be real ones. Starts as the case that is always right.
static REAL_FENCES: AtomicBool = AtomicBool::new(true);

/// Chooses the kind of fence. Call before the first fence of any thread, and again in the child after a fork.
///
/// A thread that still runs real fences beside another that has just switched is no problem: a real fence is never
/// weaker than a light one, and a heavy fence always is a real one too.
pub(crate) fn choose_fences() {
    let registered = membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED as libc::c_int);
    REAL_FENCES.store(!registered, Ordering::Relaxed);
}

/// The frequent side's fence.
#[inline]
pub(crate) fn light_fence() {
    if REAL_FENCES.load(Ordering::Relaxed) {
        fence(Ordering::SeqCst);
    } else {
        compiler_fence(Ordering::SeqCst);
    }
}

/// The rare side's fence.
pub(crate) fn heavy_fence() {
    fence(Ordering::SeqCst);
    if REAL_FENCES.load(Ordering::Relaxed) || membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED as libc::c_int) {
        return;
    }
    // A call that was registered fails only if a sandbox forbids it from some time on. Readers use real fences from
    // now on; those that saw the old value did so within the time that a CPU keeps a store to itself, which is far
    // below this pause.
    REAL_FENCES.store(true, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(20));
    fence(Ordering::SeqCst);
}

fn membarrier(command: libc::c_int) -> bool {
    let (flags, cpu): (libc::c_uint, libc::c_int) = (0, 0);
    // SAFETY: membarrier takes three integers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_membarrier, command, flags, cpu) == 0 }
}
