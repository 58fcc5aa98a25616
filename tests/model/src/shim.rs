//! What the source uses of other crates and modules, over loom.

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

/// Whether this is the thread that calls callbacks: the model says so.
pub mod dispatcher {
    use std::cell::Cell;

    loom::thread_local! {
        static IS_DISPATCHER: Cell<bool> = Cell::new(false);
    }

    pub fn become_it() {
        IS_DISPATCHER.with(|is| is.set(true));
    }

    pub fn is_current_thread() -> bool {
        IS_DISPATCHER.with(|is| is.get())
    }
}

/// The part of parking_lot that the gate uses.
pub mod parking_lot {
    use std::ops::{Deref, DerefMut};

    #[derive(Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    /// Empty only while its thread waits.
    pub struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    #[derive(Default)]
    pub struct Condvar(loom::sync::Condvar);

    impl<T> Mutex<T> {
        pub fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap()))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().unwrap()
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().unwrap()
        }
    }

    impl Condvar {
        pub fn wait_while<T>(&self, guard: &mut MutexGuard<'_, T>, mut condition: impl FnMut(&mut T) -> bool) {
            while condition(&mut *guard) {
                guard.0 = Some(self.0.wait(guard.0.take().unwrap()).unwrap());
            }
        }

        pub fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}
