//! Readers and writers of what is read under a pin.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use base::rcu::{RcuCell, RcuSlot, pin};
use loom::sync::Arc;
use loom::thread;
use native_drm_model::check::{Object, check};

#[test]
fn a_read_and_a_removal() {
    check("a read and a removal", 3, || {
        let table = Arc::new(RcuSlot::new());
        drop(table.replace(Some(Object::new(7))));
        let reader = {
            let table = table.clone();
            thread::spawn(move || {
                let pin = pin();
                table.read(&pin).map(Object::use_it)
            })
        };
        let old = table.replace(None).expect("the object");
        old.wipe();
        assert!(matches!(reader.join().unwrap(), None | Some(7)));
    });
}

#[test]
fn two_reads_and_two_replacements() {
    check("two reads and two replacements", 3, || {
        let table = Arc::new(RcuCell::new(Object::new(7)));
        let reader = |nested: bool| {
            let table = table.clone();
            thread::spawn(move || {
                let outer = pin();
                let inner = nested.then(pin);
                let key = table.read(&outer).use_it();
                drop(inner);
                assert!([7, 8, 9].contains(&key) && [7, 8, 9].contains(&table.read(&outer).use_it()));
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

/// Threads count in places of their own, by their numbers. Three begin and end side by side, so that numbers of those that
/// are gone are used again, by one at a time.
#[test]
fn a_thread_number_has_one_owner_at_a_time() {
    static USED_AGAIN: AtomicBool = AtomicBool::new(false);
    check("thread numbers", 3, || {
        let places: Arc<[Object; 4]> = Arc::new(std::array::from_fn(|_| Object::plain(1)));
        let user = || {
            let places = places.clone();
            move || {
                let number = pin().thread_index();
                places[number].add(1);
                places[number].add(1);
                number
            }
        };
        let users = [thread::spawn(user()), thread::spawn(user()), thread::spawn(user())];
        let [first, second, third] = users.map(|user| user.join().unwrap());
        if first == second || second == third || first == third {
            USED_AGAIN.store(true, Relaxed);
        }
    });
    assert!(USED_AGAIN.load(Relaxed), "in no run");
}
