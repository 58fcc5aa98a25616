//! Threads of the library. They run no signal handlers of the program.

use std::io;
use std::mem::MaybeUninit;
use std::thread::{Thread, current, park_timeout};
use std::time::Instant;

pub use std::thread::{sleep, yield_now};

/// What a thread does to itself: its handlers have to run on it, and a fault while its signal is blocked would end the process
/// without them. Crash reporters and sanitizers rely on that.
const FAULTS: [libc::c_int; 6] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// Starts a thread for which all signals are blocked but those of faults.
///
/// # Errors
/// As [`std::thread::Builder::spawn`].
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    // Threads begin with the mask of the thread that starts them, so that there is no moment without it.
    let mask = Masked::new();
    let spawned = builder.spawn(run);
    drop(mask);
    spawned.map(drop)
}

/// Wakes a thread that sleeps, or keeps it from falling asleep the next time.
///
/// Threads of the library that sleep for long do it so and not at a `Condvar`: `parking_lot` keeps its sleepers in a table of the
/// process, in which they stay in a child after fork(), where their stacks soon belong to other threads.
#[derive(Clone)]
pub struct Bell(Thread);

impl Bell {
    /// For the calling thread to sleep at.
    pub fn of_current_thread() -> Self {
        Self(current())
    }

    /// Wakes the thread.
    pub fn ring(&self) {
        self.0.unpark();
    }

    /// Sleeps until it rings or has rung, or until a time, or less. Only for its own thread.
    pub fn sleep_until(&self, until: Instant) {
        park_timeout(until.saturating_duration_since(Instant::now()));
    }
}

/// The calling thread's former mask, which comes back at the end.
struct Masked(libc::sigset_t);

impl Masked {
    fn new() -> Self {
        let (mut blocked, mut former) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: both sets are ours; sigfillset and pthread_sigmask write them before they are read, and fail for bad signal
        // numbers and a bad first argument only, which these are not.
        unsafe {
            libc::sigfillset(blocked.as_mut_ptr());
            for fault in FAULTS {
                libc::sigdelset(blocked.as_mut_ptr(), fault);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, blocked.as_ptr(), former.as_mut_ptr());
            Self(former.assume_init())
        }
    }
}

impl Drop for Masked {
    fn drop(&mut self) {
        // SAFETY: the set was written by pthread_sigmask in `new`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// The signals that are blocked on the calling thread.
    fn mask() -> Vec<libc::c_int> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: without a new set, pthread_sigmask only writes the set that it is given.
        let set = unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), set.as_mut_ptr());
            set.assume_init()
        };
        // SAFETY: the set is initialised and the numbers are signals.
        (1..32).filter(|signal| unsafe { libc::sigismember(&raw const set, *signal) } == 1).collect()
    }

    #[test]
    fn a_thread_blocks_signals_and_its_starter_does_not() {
        let before = mask();
        let (sender, receiver) = mpsc::channel();
        spawn("masked", move || sender.send(mask()).unwrap()).unwrap();
        let inside = receiver.recv().unwrap();
        for signal in 1..32 {
            let is_free = FAULTS.contains(&signal) || [libc::SIGKILL, libc::SIGSTOP].contains(&signal);
            assert_eq!(inside.contains(&signal), !is_free, "signal {signal}");
        }
        assert_eq!(mask(), before);
    }
}
