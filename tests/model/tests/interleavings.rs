//! Every interleaving (with at most three preemptions) of two or three threads, and every value that a read may see under
//! C11's memory model. An object is a cell that loom watches: reading it while, or after, it is wiped fails the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize as LoomUsize, Ordering};
use loom::thread;
use native_drm_model::cenc::kernel::rcu::{RcuCell, RcuSlot, pin};
use native_drm_model::gate::Gate;
use native_drm_model::shim::dispatcher;

/// Something with a content key in it.
struct Object {
    key: UnsafeCell<u32>,
}

// SAFETY: `use_key` and `wipe` must not happen at the same time; loom fails the run when they do.
unsafe impl Sync for Object {}

impl Object {
    fn new(key: u32) -> Arc<Self> {
        Arc::new(Self { key: UnsafeCell::new(key) })
    }

    fn use_key(&self) -> u32 {
        // SAFETY: loom checks that nobody writes.
        self.key.with(|key| unsafe { *key })
    }

    fn wipe(&self) {
        // SAFETY: loom checks that nobody reads.
        self.key.with_mut(|key| unsafe { *key = 0 });
    }
}

fn check(name: &str, model: impl Fn() + Sync + Send + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let runs = Arc::clone(&count);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        runs.fetch_add(1, Relaxed);
        model();
    });
    println!("{name}: {} executions", count.load(Relaxed));
    assert!(count.load(Relaxed) > 1);
}

#[test]
fn decrypt_and_clear() {
    check("decrypt and clear", || {
        let table = loom::sync::Arc::new(RcuSlot::new());
        drop(table.replace(Some(Object::new(7))));
        let reader = {
            let table = table.clone();
            thread::spawn(move || {
                let pin = pin();
                table.read(&pin).map(Object::use_key)
            })
        };
        let old = table.replace(None).expect("the object");
        old.wipe();
        assert!(matches!(reader.join().unwrap(), None | Some(7)), "a key that was wiped");
    });
}

#[test]
fn two_decrypts_and_two_replacements() {
    check("two decrypts and two replacements", || {
        let table = loom::sync::Arc::new(RcuCell::new(Object::new(7)));
        let reader = |nested: bool| {
            let table = table.clone();
            thread::spawn(move || {
                let outer = pin();
                let inner = nested.then(pin);
                let key = table.read(&outer).use_key();
                drop(inner);
                assert!([7, 8, 9].contains(&key) && [7, 8, 9].contains(&table.read(&outer).use_key()));
            })
        };
        let readers = [reader(false), reader(true)];
        table.replace(Object::new(8)).wipe();
        table.replace(Object::new(9)).wipe();
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// A slot of the handle table, used as `capi/handle.rs` does.
struct Slot {
    object: RcuSlot<Object>,
    handle: LoomUsize,
}

impl Slot {
    fn insert(&self, object: Arc<Object>) -> usize {
        drop(self.object.replace(Some(object)));
        let handle = (!self.handle.load(Ordering::Relaxed)).wrapping_add(1);
        self.handle.store(handle, Ordering::Release);
        handle
    }

    fn use_key(&self, handle: usize) -> Option<u32> {
        let pin = pin();
        let object = self.object.read(&pin)?;
        (self.handle.load(Ordering::Acquire) == handle).then(|| object.use_key())
    }

    fn get(&self, handle: usize) -> Option<Arc<Object>> {
        let object = self.object.get()?;
        (self.handle.load(Ordering::Acquire) == handle).then_some(object)
    }

    fn remove(&self, handle: usize) -> Option<Arc<Object>> {
        self.handle.compare_exchange(handle, !handle, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        self.object.replace(None)
    }
}

fn slot() -> loom::sync::Arc<Slot> {
    loom::sync::Arc::new(Slot { object: RcuSlot::new(), handle: LoomUsize::new(!41) })
}

#[test]
fn a_stale_handle_never_finds_the_next_object() {
    check("stale handles", || {
        let slot = slot();
        let first = slot.insert(Object::new(7));
        let reader = {
            let slot = slot.clone();
            thread::spawn(move || slot.use_key(first))
        };
        slot.remove(first).expect("the object").wipe();
        let second = slot.insert(Object::new(8));
        assert!(matches!(reader.join().unwrap(), None | Some(7)), "another object's key");
        assert_eq!((slot.use_key(first), slot.use_key(second)), (None, Some(8)));
    });
}

#[test]
fn of_two_destroys_one_succeeds() {
    check("two destroys", || {
        let slot = slot();
        let handle = slot.insert(Object::new(7));
        let other = {
            let slot = slot.clone();
            thread::spawn(move || slot.remove(handle).is_some())
        };
        let kept = slot.get(handle).map(|object| object.use_key());
        assert!(matches!(kept, None | Some(7)));
        let mine = slot.remove(handle).is_some();
        assert!(mine != other.join().unwrap());
        assert!(slot.get(handle).is_none());
    });
}

#[test]
fn a_callback_that_was_taken_out_does_not_run() {
    check("callback and change", || {
        let gate = loom::sync::Arc::new(Gate::<Vec<Arc<Object>>>::default());
        let object = Object::new(7);
        gate.change(|table| table.push(Arc::clone(&object))).unwrap();
        let dispatcher = {
            let gate = gate.clone();
            thread::spawn(move || {
                dispatcher::become_it();
                for _ in 0..2 {
                    gate.call(|table| table.first().cloned(), |callback| assert_eq!(callback.use_key(), 7));
                }
            })
        };
        gate.change(std::mem::take).unwrap();
        object.wipe();
        dispatcher.join().unwrap();
    });
}

#[test]
fn after_close_nothing_runs_even_if_a_callback_closes_too() {
    check("callback and two closes", || {
        let gate = loom::sync::Arc::new(Gate::<Vec<Arc<Object>>>::default());
        let object = Object::new(7);
        gate.change(|table| table.push(Arc::clone(&object))).unwrap();
        let dispatcher = {
            let gate = gate.clone();
            thread::spawn(move || {
                dispatcher::become_it();
                let again = gate.clone();
                gate.call(
                    |table| table.first().cloned(),
                    |callback| {
                        assert_eq!(callback.use_key(), 7);
                        again.close();
                        assert_eq!(callback.use_key(), 7, "what calls stays alive");
                    },
                );
                gate.call(|table| table.first().cloned(), |_| panic!("it was closed"));
            })
        };
        gate.close();
        object.wipe();
        dispatcher.join().unwrap();
        assert!(gate.change(|table| table.len()).is_none());
    });
}
