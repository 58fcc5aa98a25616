//! What every offline store promises, tried with each of them.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use drm::error::{Error, Result};
use drm::storage::{FileStore, MemoryStore, OfflineStore, StoredKey, StoredStatus};

fn key(payload: &[u8]) -> StoredKey {
    StoredKey { status: StoredStatus::Usable, payload: payload.to_vec().into() }
}

fn with_each(test: impl Fn(Arc<dyn OfflineStore>)) {
    test(Arc::new(MemoryStore::new().unwrap()));
    let directory = tempfile::tempdir().unwrap();
    test(Arc::new(FileStore::open(directory.path(), "com.example.drm").unwrap()));
}

#[test]
fn entries_come_back_and_can_be_replaced_and_removed() {
    with_each(|store| {
        assert_eq!(store.get(b"a").unwrap(), None);
        assert!(store.list().unwrap().is_empty());
        store.put_all(&[]).unwrap();
        store.put_all(&[(b"b", key(b"two")), (b"a", key(b"one")), (b"\xff\0", key(b""))]).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(key(b"one")));
        assert_eq!(store.get(b"\xff\0").unwrap(), Some(key(b"")));
        assert_eq!(store.list().unwrap(), [&b"a"[..], b"b", b"\xff\0"]);

        store.put_all(&[(b"a", key(b"new")), (b"b", key(b"x")), (b"b", key(b"last"))]).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(key(b"new")));
        assert_eq!(store.get(b"b").unwrap(), Some(key(b"last")), "the last of two");

        assert!(store.remove(b"a").unwrap());
        assert!(!store.remove(b"a").unwrap());
        assert_eq!(store.get(b"a").unwrap(), None);
        assert_eq!(store.list().unwrap(), [&b"b"[..], b"\xff\0"]);
    });
}

#[test]
fn the_status_is_kept_with_the_payload() {
    with_each(|store| {
        assert!(!store.set_status(b"a", StoredStatus::Inactive).unwrap());
        store.put_all(&[(b"a", key(b"one"))]).unwrap();
        for status in [StoredStatus::Inactive, StoredStatus::Inactive, StoredStatus::Usable] {
            assert!(store.set_status(b"a", status).unwrap());
            assert_eq!(store.get(b"a").unwrap(), Some(StoredKey { status, ..key(b"one") }));
        }
    });
}

#[test]
fn an_entry_is_changed_only_where_there_is_one_and_the_change_says_so() {
    with_each(|store| {
        let mut never = |_: &StoredKey| -> Result<Option<StoredKey>> { panic!("there is nothing to change") };
        assert!(!store.update(b"a", &mut never).unwrap());
        assert!(store.list().unwrap().is_empty());

        store.put_all(&[(b"a", key(b"one")), (b"b", key(b"other"))]).unwrap();
        let mut shown = None;
        assert!(
            store
                .update(b"a", &mut |stored| {
                    shown = Some(stored.clone());
                    Ok(None)
                })
                .unwrap()
        );
        assert_eq!(shown, Some(key(b"one")));
        assert_eq!(store.get(b"a").unwrap(), Some(key(b"one")));

        let inactive = StoredKey { status: StoredStatus::Inactive, ..key(b"two") };
        assert!(store.update(b"a", &mut |_| Ok(Some(inactive.clone()))).unwrap());
        assert_eq!(store.get(b"a").unwrap(), Some(inactive.clone()));

        assert!(matches!(store.update(b"a", &mut |_| Err(Error::Refused("not now".into()))), Err(Error::Refused(_))));
        let large = key(&vec![1; (1 << 20) + 1]);
        let refused = store.update(b"a", &mut |_| Ok(Some(large.clone())));
        assert!(matches!(refused, Err(Error::OfflineKeyTooLarge { .. })));
        assert_eq!(store.get(b"a").unwrap(), Some(inactive));
        assert_eq!(store.get(b"b").unwrap(), Some(key(b"other")));
    });
}

#[test]
fn a_removal_waits_for_a_change_and_is_not_undone_by_it() {
    with_each(|store| {
        store.put_all(&[(b"a", key(b"one"))]).unwrap();
        let (store, (changing, changed)) = (&store, mpsc::channel());
        thread::scope(|scope| {
            let remover = scope.spawn(move || {
                changed.recv().unwrap();
                store.remove(b"a").unwrap()
            });
            let updated = store.update(b"a", &mut |_| {
                changing.send(()).unwrap();
                // Time for the removal, should it not wait.
                for _ in 0..1_000 {
                    thread::yield_now();
                }
                Ok(Some(key(b"two")))
            });
            assert!(updated.unwrap());
            assert!(remover.join().unwrap());
        });
        assert_eq!(store.get(b"a").unwrap(), None);
    });
}

#[test]
fn impossible_ids_and_payloads_are_refused_and_change_nothing() {
    with_each(|store| {
        let long = [7; 65];
        store.put_all(&[(&long[..64], key(b"longest"))]).unwrap();
        for id in [&b""[..], &long] {
            assert!(matches!(store.put_all(&[(b"a", key(b"1")), (id, key(b"2"))]), Err(Error::OfflineKeyId { .. })));
            assert!(matches!(store.get(id), Err(Error::OfflineKeyId { .. })));
            assert!(matches!(store.set_status(id, StoredStatus::Usable), Err(Error::OfflineKeyId { .. })));
            assert!(matches!(store.update(id, &mut |_| Ok(None)), Err(Error::OfflineKeyId { .. })));
            assert!(matches!(store.remove(id), Err(Error::OfflineKeyId { .. })));
        }
        let large = key(&vec![1; (1 << 20) + 1]);
        assert!(matches!(store.put_all(&[(b"a", key(b"1")), (b"b", large)]), Err(Error::OfflineKeyTooLarge { .. })));
        assert_eq!(store.list().unwrap(), [&long[..64]]);

        let largest = key(&vec![1; 1 << 20]);
        store.put_all(&[(b"a", largest.clone())]).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(largest));
    });
}

#[test]
fn there_is_room_for_512_ids() {
    with_each(|store| {
        let ids: Vec<_> = (0..513_u32).map(u32::to_be_bytes).collect();
        let entries: Vec<_> = ids.iter().map(|id| (&id[..], key(id))).collect();
        assert!(matches!(store.put_all(&entries), Err(Error::Refused(_))));
        assert!(store.list().unwrap().is_empty());
        store.put_all(&entries[..512]).unwrap();
        assert_eq!(store.list().unwrap(), ids[..512]);
        // Full: an old id can be replaced, a new one only after a removal.
        assert!(matches!(store.put_all(&[entries[0].clone(), entries[512].clone()]), Err(Error::Refused(_))));
        store.put_all(&[(&ids[3], key(b"new"))]).unwrap();
        assert!(store.remove(&ids[4]).unwrap());
        store.put_all(&entries[512..]).unwrap();
        assert_eq!(store.list().unwrap().len(), 512);
        assert_eq!(store.get(&ids[3]).unwrap(), Some(key(b"new")));
        assert_eq!(store.get(&ids[512]).unwrap(), Some(key(&ids[512])));
    });
}

#[test]
fn the_device_id_stays() {
    with_each(|store| {
        let id = store.device_id().unwrap();
        store.put_all(&[(b"a", key(b"one"))]).unwrap();
        store.remove(b"a").unwrap();
        assert_eq!(store.device_id().unwrap(), id);
        assert_ne!(id, [0; 16]);
    });
}

#[test]
fn threads_do_not_lose_each_others_entries() {
    with_each(|store| {
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for thread in 0..4_u8 {
                let (store, start) = (&store, &start);
                scope.spawn(move || {
                    start.wait();
                    for number in 0..12_u8 {
                        let (own, shared) = ([thread, number], [0xff, number]);
                        store.put_all(&[(&own, key(&own)), (&shared, key(&own))]).unwrap();
                        assert_eq!(store.get(&own).unwrap(), Some(key(&own)));
                        assert!(store.set_status(&own, StoredStatus::Inactive).unwrap());
                        // Somebody's, and whole.
                        assert_eq!(store.get(&shared).unwrap().unwrap().payload[1], number);
                    }
                });
            }
        });
        assert_eq!(store.list().unwrap().len(), 5 * 12);
        for thread in 0..4 {
            for number in 0..12 {
                let stored = store.get(&[thread, number]).unwrap().unwrap();
                assert_eq!((stored.status, &stored.payload[..]), (StoredStatus::Inactive, &[thread, number][..]));
            }
        }
    });
}
