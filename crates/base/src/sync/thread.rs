//! Threads of the library. They run no signal handlers of the program and are not cancelled.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::thread::{Thread, current, park_timeout};
use std::time::Instant;

use super::cancellation;
use crate::call::RawCall;

pub use std::thread::{sleep, yield_now};

/// What a thread does to itself: its handlers have to run on it, and a fault while its signal is blocked would end the process
/// without them. Crash reporters and sanitizers rely on that.
const FAULTS: [c_int; 6] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// Starts a thread for which all signals are blocked but those of faults.
///
/// # Errors
/// As [`std::thread::Builder::spawn`].
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    // Threads begin with the mask of the thread that starts them, so that there is no moment without it.
    let mask = Masked::new();
    let spawned = builder.spawn(move || {
        cancellation::refuse();
        run();
    });
    drop(mask);
    spawned.map(drop)
}

/// What a thread does that calls the program's functions: it says one after the other. It is dropped at the thread's end, which
/// may be inside of a call.
pub(crate) trait Caller: Send {
    /// The next call; none to end the thread. Is told what the one before has returned.
    fn next(&mut self, returned: bool) -> Option<RawCall>;
}

/// What a thread needs to start.
struct Start {
    name: &'static CStr,
    caller: Cell<Option<Box<dyn Caller>>>,
}

thread_local! {
    /// What this thread does. Dropped at its end, however it ends.
    static CALLER: Cell<Option<Box<dyn Caller>>> = const { Cell::new(None) };
}

/// Bytes of stack, the standard library's choice for its threads.
const STACK: usize = 2 << 20;

/// As [`spawn`], for a thread that calls the program. Such a thread may be ended by a call: `pthread_exit` unwinds it to its start,
/// which is allowed through plain frames alone, that is, such as have nothing to drop and catch nothing. The frames of
/// [`std::thread`] are others.
///
/// # Errors
/// As `pthread_create`.
pub(crate) fn spawn_caller(name: &'static CStr, caller: Box<dyn Caller>) -> io::Result<()> {
    let start = Box::into_raw(Box::new(Start { name, caller: Cell::new(Some(caller)) }));
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    let mask = Masked::new();
    // SAFETY: the attributes are initialised before they are used and destroyed once. The start routine takes what it is given, and
    // unwinds at most into the C code that calls it, for which its type says `C`.
    let error = unsafe {
        let routine = std::mem::transmute::<
            extern "C-unwind" fn(*mut c_void) -> *mut c_void,
            extern "C" fn(*mut c_void) -> *mut c_void,
        >(run_calls);
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK);
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
        let error = libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), routine, start.cast());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        error
    };
    drop(mask);
    if error == 0 {
        return Ok(());
    }
    // SAFETY: from the box above; no thread has started that would take it.
    drop(unsafe { Box::from_raw(start) });
    Err(io::Error::from_raw_os_error(error))
}

/// The start of a thread that calls the program: a plain frame.
extern "C-unwind" fn run_calls(start: *mut c_void) -> *mut c_void {
    begin(start);
    let mut returned = false;
    while let Some(call) = next(returned) {
        // SAFETY: `next` keeps the call that it returns until it is called again or the thread has ended.
        returned = unsafe { call.make() };
        // The program may have changed that for itself.
        cancellation::refuse();
    }
    std::ptr::null_mut()
}

#[inline(never)]
fn begin(start: *mut c_void) {
    cancellation::refuse();
    // SAFETY: from the box in `spawn_caller`, which gave it to this thread.
    let start = unsafe { Box::from_raw(start.cast::<Start>()) };
    // SAFETY: the calling thread, and a NUL-terminated name.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), start.name.as_ptr()) };
    CALLER.set(start.caller.take());
}

#[inline(never)]
fn next(returned: bool) -> Option<RawCall> {
    let mut caller = CALLER.take()?;
    let call = caller.next(returned);
    // Without a further call, it goes here: this thread's other variables are still there.
    if call.is_some() {
        CALLER.set(Some(caller));
    }
    call
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
