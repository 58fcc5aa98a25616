//! What the source uses of other crates and of the operating system, over loom; only the parts that it uses.

pub mod crossbeam_channel;
pub mod parking_lot;

/// The calling thread's record.
pub mod current {
    use std::cell::Cell;

    loom::thread_local! {
        static CURRENT: Cell<usize> = Cell::new(0);
    }

    pub fn get<T>() -> *const T {
        CURRENT.try_with(|current| current.get()).unwrap_or(0) as *const T
    }

    pub fn set<T>(record: *const T) {
        let _ = CURRENT.try_with(|current| current.set(record as usize));
    }
}

/// Panics that belong to the model are caught as the source does it. All others, loom's among them, fail the run.
pub mod panic {
    pub use std::panic::AssertUnwindSafe;

    struct OfTheModel;

    pub fn panic_in_model() -> ! {
        std::panic::resume_unwind(Box::new(OfTheModel))
    }

    pub fn catch_unwind<R>(action: impl FnOnce() -> R + std::panic::UnwindSafe) -> std::thread::Result<R> {
        std::panic::catch_unwind(action)
            .or_else(|panic| if panic.is::<OfTheModel>() { Err(panic) } else { std::panic::resume_unwind(panic) })
    }
}

/// The process, of which there may be a child.
pub mod process {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    loom::lazy_static! {
        static ref ID: AtomicU32 = AtomicU32::new(1);
    }

    pub fn id() -> u32 {
        ID.load(Relaxed)
    }

    /// From now on this is the child. Its parent's threads are none of its own; the test has to see to it that they have
    /// nothing to do.
    pub fn fork() {
        ID.fetch_add(1, Relaxed);
    }
}

/// Threads that the source starts.
pub mod thread {
    use std::cell::Cell;
    use std::io;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use loom::thread::JoinHandle;

    loom::lazy_static! {
        static ref STARTED: Mutex<Vec<JoinHandle<()>>> = Mutex::default();
        static ref COUNT: AtomicUsize = AtomicUsize::new(0);
        static ref FAILURES: AtomicUsize = AtomicUsize::new(0);
    }

    loom::thread_local! {
        static NUMBER: Cell<usize> = Cell::new(0);
    }

    pub struct Builder(loom::thread::Builder);

    impl Builder {
        pub fn new() -> Self {
            Self(loom::thread::Builder::new())
        }

        pub fn name(self, name: String) -> Self {
            Self(self.0.name(name))
        }

        pub fn spawn(self, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
            if FAILURES.load(Relaxed) > 0 {
                FAILURES.fetch_sub(1, Relaxed);
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            let number = COUNT.fetch_add(1, Relaxed) + 1;
            let thread = self.0.spawn(move || {
                NUMBER.with(|own| own.set(number));
                run();
            })?;
            STARTED.lock().unwrap().push(thread);
            Ok(())
        }
    }

    /// The number of threads that the source has started.
    pub fn started() -> usize {
        COUNT.load(Relaxed)
    }

    /// Which of them this is: 1 for the first one, 0 if it is none.
    pub fn number() -> usize {
        NUMBER.with(Cell::get)
    }

    /// The next thread cannot be started.
    pub fn fail_once() {
        FAILURES.store(1, Relaxed);
    }

    pub fn join_all() {
        let threads = std::mem::take(&mut *STARTED.lock().unwrap());
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

/// `once_cell::sync::OnceCell` with the orderings that it promises: a value that was set happens before whoever gets it.
pub struct OnceCell<T> {
    is_set: loom::sync::atomic::AtomicBool,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceCell<T> {
    pub fn new() -> Self {
        Self { is_set: loom::sync::atomic::AtomicBool::new(false), value: std::sync::OnceLock::new() }
    }

    pub fn get(&self) -> Option<&T> {
        self.is_set.load(loom::sync::atomic::Ordering::Acquire).then(|| self.value.get().unwrap())
    }

    pub fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, loom::sync::atomic::Ordering::Release);
        Ok(())
    }
}
