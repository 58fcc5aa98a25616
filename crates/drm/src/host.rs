//! The key system behind an instance and its sessions: whether it still works, and the instance's place among its others.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::error::{Error, Result};
use crate::key_system::Descriptor;
use base::log;
use base::secret::on_clean_stack;
use base::sync::atomic::{AtomicBool, Ordering};
use base::sync::catch_unwind;

/// Whether an instance's key system still works. A panic inside it ends it, not the process.
pub struct Host {
    descriptor: Arc<Descriptor>,
    dead: AtomicBool,
}

impl Host {
    /// The host of a new instance's key system.
    pub fn new(descriptor: Arc<Descriptor>) -> Self {
        Self { descriptor, dead: AtomicBool::new(false) }
    }

    /// The key system's facts.
    pub fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// The key system's name.
    pub fn name(&self) -> &str {
        &self.descriptor.name
    }

    /// Whether the key system has never panicked.
    #[inline(always)]
    pub fn is_alive(&self) -> bool {
        !self.dead.load(Ordering::Relaxed)
    }

    /// Whether the key system can be asked for anything.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`] once it has panicked.
    pub fn check(&self) -> Result<()> {
        if self.is_alive() { Ok(()) } else { Err(self.failure()) }
    }

    /// Lets the key system do something, with secrets among other things.
    ///
    /// # Errors
    /// Those of `action`; [`Error::KeySystemFailed`] if the key system panics, or has panicked before.
    pub fn run<T>(&self, action: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        on_clean_stack(|| catch_unwind(AssertUnwindSafe(action))).unwrap_or_else(|_| {
            self.dead.store(true, Ordering::Relaxed);
            log::error!("{} panicked", self.name());
            Err(self.failure())
        })
    }

    /// Tells the key system something that cannot fail; a panic ends it, but not what is under way.
    pub fn tell(&self, action: impl FnOnce()) {
        // What it fails with is what later calls fail with.
        let _ = self.run(|| {
            action();
            Ok(())
        });
    }

    #[cold]
    fn failure(&self) -> Error {
        Error::KeySystemFailed(self.name().to_owned())
    }
}

/// One of the places that a key system has for instances; free again when dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Place {
    /// Takes one of the places that `taken` counts.
    ///
    /// # Errors
    /// [`Error::TooManySystems`] if `limit` are taken.
    pub fn take(taken: &Arc<AtomicUsize>, limit: usize) -> Result<Self> {
        taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < limit).then_some(taken + 1))
            .map(|_| Self(Arc::clone(taken)))
            .map_err(|_| Error::TooManySystems { limit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
