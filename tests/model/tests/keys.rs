//! The table of a session's keys: what is added, cleared, removed and closed at the same time.

use std::sync::Arc;

use base::rcu::pin;
use base::sync::model::values_alive;
use drm::key_table::{Key, KeyTable};
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use native_drm_model::check::check;
use native_drm_model::keys::key_used;

const ONE: [u8; 16] = [1; 16];
const TWO: [u8; 16] = [2; 16];

fn key(id: [u8; 16], key: u8) -> Vec<Key> {
    vec![Key::new(id.to_vec(), &[key; 16]).unwrap()]
}

fn ids(table: &KeyTable) -> Vec<Vec<u8>> {
    table.list().into_iter().map(|key| key.id).collect()
}

fn decrypt(table: &KeyTable, id: &[u8; 16]) -> Option<u8> {
    let (pin, hint) = (pin(), AtomicUsize::new(0));
    Some(key_used(table.find(&pin, id, &hint)?.usable()?))
}

#[test]
fn two_licenses_add_up() {
    check("two licenses", 3, || {
        let table = Arc::new(KeyTable::default());
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || assert!(table.insert(key(ONE, 7)).unwrap()))
        };
        assert!(table.insert(key(TWO, 8)).unwrap());
        other.join().unwrap();
        let ids = ids(&table);
        assert!(ids.len() == 2 && ids.contains(&ONE.to_vec()) && ids.contains(&TWO.to_vec()));
        assert_eq!((decrypt(&table, &ONE), decrypt(&table, &TWO)), (Some(7), Some(8)));
    });
}

#[test]
fn clear_returns_what_it_takes() {
    check("license and clear", 3, || {
        let table = Arc::new(KeyTable::default());
        table.insert(key(ONE, 7)).unwrap();
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.insert(key(TWO, 8)).unwrap())
        };
        let taken = table.clear();
        table.reap();
        other.join().unwrap();
        let left = ids(&table);
        assert_eq!(taken.len() + left.len(), 2, "each key is in one of the two");
        assert_eq!(values_alive(), left.len());
    });
}

#[test]
fn a_closed_table_stays_empty() {
    check("license, clear and close", 2, || {
        let table = Arc::new(KeyTable::default());
        table.insert(key(ONE, 7)).unwrap();
        let licenser = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.insert(key(TWO, 8)).is_ok())
        };
        let clearer = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let taken = table.clear();
                table.reap();
                taken
            })
        };
        table.close();
        table.reap();
        assert!(table.list().is_empty() && table.is_closed(&pin()));
        licenser.join().unwrap();
        clearer.join().unwrap();
        assert!(table.list().is_empty() && table.is_closed(&pin()));
        assert_eq!(values_alive(), 0);
    });
}

#[test]
fn a_key_is_wiped_when_its_removal_returns() {
    check("decrypt and remove", 3, || {
        let table = Arc::new(KeyTable::default());
        table.insert(key(ONE, 7)).unwrap();
        let reader = {
            let table = Arc::clone(&table);
            thread::spawn(move || decrypt(&table, &ONE))
        };
        assert!(table.remove(&[ONE.to_vec()]));
        table.reap();
        assert_eq!(values_alive(), 0);
        assert!(matches!(reader.join().unwrap(), None | Some(7)));
    });
}
