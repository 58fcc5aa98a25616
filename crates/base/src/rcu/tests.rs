//! Tests of the read lock. Other tests of this process may pin at any time too.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use super::{Pin, RcuCell, give_up_calls, pin, pin_call, synchronize};

/// Says when it is dropped.
struct Witness(Arc<AtomicBool>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_replaced_value_outlives_every_older_pin() {
    let dropped = Arc::new(AtomicBool::new(false));
    let cell = RcuCell::new(Some(Witness(dropped.clone())));
    thread::scope(|scope| {
        let (outer, inner) = (pin(), pin());
        let old = cell.read(&inner);
        scope.spawn(|| drop(cell.replace(None)));
        while cell.read(&outer).is_some() {
            thread::yield_now();
        }
        // The new value is there; the writer waits for this thread. Give it time to get that wrong.
        (0..2000).for_each(|_| thread::yield_now());
        assert!(!old.as_ref().expect("the first value").0.load(Ordering::SeqCst));
        drop(inner);
        (0..2000).for_each(|_| thread::yield_now());
        assert!(!dropped.load(Ordering::SeqCst), "the outer pin still counts");
        drop(outer);
    });
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn dropping_the_cell_drops_the_value_once() {
    let dropped = Arc::new(AtomicBool::new(false));
    drop(RcuCell::new(Witness(dropped.clone())));
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn readers_never_see_a_freed_value() {
    const ROUNDS: u64 = 150;
    /// Two equal numbers until it is freed.
    struct Twins(u64, u64);
    impl Drop for Twins {
        fn drop(&mut self) {
            // Volatile, or the compiler leaves it out.
            // SAFETY: a plain field of our own.
            unsafe { (&raw mut self.1).write_volatile(u64::MAX) };
        }
    }
    let cell = RcuCell::new(Twins(0, 0));
    let done = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let pin = pin();
                    for _ in 0..20 {
                        let twins = cell.read(&pin);
                        // SAFETY: a field of a value that the pin keeps alive.
                        let second = unsafe { (&raw const twins.1).read_volatile() };
                        assert_eq!(twins.0, second);
                    }
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let writers = [1, 2].map(|step| {
            let (cell, reads) = (&cell, &reads);
            scope.spawn(move || {
                let mut round = 0;
                // On a busy machine the writers could be through before the first read.
                while round < ROUNDS || reads.load(Ordering::Relaxed) == 0 {
                    drop(cell.replace(Twins(round * step, round * step)));
                    round += 1;
                }
            })
        });
        for writer in writers {
            writer.join().expect("a writer");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_pinned_thread_may_not_wait() {
    let cell = RcuCell::new(1);
    let held = pin();
    let waits = [
        std::panic::catch_unwind(synchronize),
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| assert_eq!(cell.replace(2), 1))),
    ];
    assert!(waits.iter().all(Result::is_err));
    assert_eq!(*cell.read(&held), 1, "refused before anything changed");
    drop(held);
    synchronize();
}

#[test]
fn a_panic_unpins() {
    let panicked = std::panic::catch_unwind(|| {
        let _outer = pin();
        let _inner = pin();
        panic!("while pinned");
    });
    assert!(panicked.is_err());
    synchronize();
}

/// What a jump out of a call leaves behind.
fn jump_out_of_a_call() {
    // SAFETY: this thread has no other pin, and uses this one no more.
    let outer = unsafe { pin_call() };
    std::mem::forget((pin(), outer));
}

#[test]
fn the_next_call_gives_up_the_pins_of_one_that_did_not_return() {
    jump_out_of_a_call();
    assert!(std::panic::catch_unwind(synchronize).is_err(), "it would wait for itself");
    // SAFETY: this thread uses no pin.
    assert!(unsafe { give_up_calls() });
    // SAFETY: as above.
    assert!(unsafe { !give_up_calls() });
    synchronize();
    jump_out_of_a_call();
    // SAFETY: as above.
    drop(unsafe { pin_call() });
    synchronize();
}

#[test]
fn a_thread_that_ends_after_a_jump_holds_nobody_up() {
    let (jumped, end) = (Barrier::new(2), Barrier::new(2));
    let dropped = Arc::new(AtomicBool::new(false));
    let cell = RcuCell::new(Some(Witness(dropped.clone())));
    thread::scope(|scope| {
        scope.spawn(|| {
            jump_out_of_a_call();
            jumped.wait();
            end.wait();
        });
        jumped.wait();
        scope.spawn(|| drop(cell.replace(None)));
        (0..2000).for_each(|_| thread::yield_now());
        assert!(!dropped.load(Ordering::SeqCst), "it may be in its call still");
        end.wait();
    });
    assert!(dropped.load(Ordering::SeqCst));
}

/// For tests that count threads.
static MANY_THREADS: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

#[test]
fn thread_numbers_are_unique_and_used_again() {
    const THREADS: usize = 20;
    let _alone = MANY_THREADS.lock();
    let mut seen = Vec::new();
    for _ in 0..10 {
        let all_pinned = Barrier::new(THREADS);
        let numbers = thread::scope(|scope| {
            let threads = [(); THREADS].map(|()| {
                scope.spawn(|| {
                    let first = pin().thread_index();
                    all_pinned.wait();
                    assert_eq!(pin().thread_index(), first, "a thread keeps its number");
                    all_pinned.wait();
                    first
                })
            });
            threads.map(|thread| thread.join().expect("a thread"))
        });
        for (at, number) in numbers.iter().enumerate() {
            assert!(!numbers[..at].contains(number));
        }
        seen.extend(numbers);
    }
    seen.sort_unstable();
    seen.dedup();
    // Other tests run beside this one and own a few numbers too, but nowhere near as many as there were threads.
    assert!(seen.len() < THREADS * 10);
}

#[test]
fn destructors_of_thread_locals_can_pin() {
    struct PinsAtTheEnd(mpsc::Sender<usize>);
    impl Drop for PinsAtTheEnd {
        fn drop(&mut self) {
            let outer = pin();
            let inner: Pin = pin();
            drop(outer);
            self.0.send(inner.thread_index()).expect("the test is waiting");
        }
    }
    thread_local! {
        static BEFORE: std::cell::OnceCell<PinsAtTheEnd> = const { std::cell::OnceCell::new() };
        static AFTER: std::cell::OnceCell<PinsAtTheEnd> = const { std::cell::OnceCell::new() };
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // One is destroyed before this thread's record is released and one after, in whatever order that is.
        BEFORE.with(|cell| drop(cell.set(PinsAtTheEnd(sender.clone()))));
        drop(pin());
        AFTER.with(|cell| drop(cell.set(PinsAtTheEnd(sender))));
    })
    .join()
    .expect("a thread");
    assert_eq!(receiver.iter().count(), 2);
    synchronize();
}

#[test]
fn a_forked_child_does_not_wait_for_threads_that_it_has_not() {
    let (pinned, stop) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _held = pin();
            pinned.wait();
            stop.wait();
        });
        pinned.wait();
        // SAFETY: the child calls nothing but system calls and code that is free of locks and allocation.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: both may be called after a fork. The alarm ends a child that waits forever.
            unsafe { libc::alarm(20) };
            drop(pin());
            synchronize();
            // SAFETY: ends the child without running the parent's destructors.
            unsafe { libc::_exit(7) };
        }
        assert!(child > 0);
        let mut status = 0;
        // SAFETY: `status` is a writable integer.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "status {status:#x}");
        stop.wait();
    });
}

#[test]
fn a_writer_looks_at_the_threads_that_are_there_only() {
    const THREADS: usize = 300;
    let _alone = MANY_THREADS.lock();
    let all_pinned = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        let visit = || {
            drop(pin());
            all_pinned.wait();
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(visit)).collect();
        all_pinned.wait();
        assert!(super::record::all().count() <= THREADS * 2);
        // The scope's end would wait for less: not for what threads do when they end.
        for thread in threads {
            thread.join().expect("a thread");
        }
    });
    // Other tests run beside this one, with threads of their own.
    assert!(super::record::all().count() < THREADS / 2);
}
