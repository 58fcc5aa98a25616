//! Keys and samples that loom can watch.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::check::Object;
use base::error::Result;

loom::lazy_static! {
    static ref ALIVE: Arc<AtomicUsize> = Arc::default();
}

/// The number of keys that are not wiped yet.
pub fn keys_alive() -> usize {
    ALIVE.load(Ordering::Relaxed)
}

/// A key: its first byte, in a cell that loom watches, wiped when it is dropped.
pub struct ContentKey {
    object: Object,
    /// Its own, because keys may be dropped at the end of a run, with whatever is static.
    alive: Arc<AtomicUsize>,
}

impl ContentKey {
    pub fn new(key: &[u8; 16]) -> Result<Self> {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Ok(Self { object: Object::plain(u32::from(key[0])), alive: Arc::clone(&ALIVE) })
    }
}

impl Drop for ContentKey {
    fn drop(&mut self) {
        // While a failed run is cleared up there is no loom.
        if !std::thread::panicking() {
            self.object.wipe();
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A sample that was found good.
#[derive(Default)]
pub struct Sample<'a>(PhantomData<&'a ()>);

impl Sample<'_> {
    /// Writes the key into the data: the test sees which one was used.
    pub fn decrypt(&self, key: &ContentKey, data: &mut [u8]) {
        data[0] = u8::try_from(key.object.use_it()).expect("a byte");
    }
}
