//! Handle slots: two of them, and objects with nothing around them.

use loom::thread;
use native_drm_model::capi::objects::{get, insert, remove, use_pinned};
use native_drm_model::check::{Object, check};

#[test]
fn a_stale_handle_never_finds_the_next_object() {
    check("stale handles", 3, || {
        let first = insert(Object::new(7)).unwrap();
        let reader = thread::spawn(move || use_pinned(first));
        remove(first).expect("the object").wipe();
        let second = insert(Object::new(8)).unwrap();
        assert!(matches!(reader.join().unwrap(), None | Some(7)), "another object's key");
        assert_eq!((use_pinned(first), use_pinned(second)), (None, Some(8)));
        assert!(get(first).is_none() && get(second).is_some_and(|object| object.use_it() == 8));
    });
}

#[test]
fn an_object_that_is_kept_is_the_handles_own() {
    check("kept objects", 3, || {
        let first = insert(Object::new(7)).unwrap();
        let keeper = thread::spawn(move || get(first).map(|object| object.use_it()));
        drop(remove(first).expect("the object"));
        insert(Object::new(8)).unwrap();
        assert!(matches!(keeper.join().unwrap(), None | Some(7)), "another object");
    });
}

#[test]
fn of_two_removals_one_succeeds() {
    check("two removals", 3, || {
        let handle = insert(Object::new(7)).unwrap();
        let other = thread::spawn(move || remove(handle).is_some());
        let kept = get(handle).map(|object| object.use_it());
        assert!(matches!(kept, None | Some(7)));
        let mine = remove(handle).is_some();
        assert!(mine != other.join().unwrap());
        assert!(get(handle).is_none());
    });
}

#[test]
fn a_slot_is_free_when_nothing_of_the_old_object_is_left() {
    check("a removal and an insertion", 3, || {
        let first = insert(Object::new(7)).unwrap();
        let kept = insert(Object::new(9)).unwrap();
        let remover = thread::spawn(move || remove(first).expect("the object").wipe());
        // There are two slots: it takes the first one's or none.
        let second = insert(Object::new(8));
        if let Ok(second) = second {
            assert_eq!(use_pinned(second), Some(8));
        }
        remover.join().unwrap();
        assert_eq!(use_pinned(kept), Some(9));
        assert_eq!(use_pinned(first), None);
        let second = second.or_else(|_| insert(Object::new(8))).expect("there is room again");
        assert_eq!(use_pinned(second), Some(8));
        assert!(insert(Object::new(6)).is_err(), "both are taken");
    });
}

#[test]
fn two_insertions_get_a_slot_each() {
    check("two insertions", 3, || {
        let used = insert(Object::new(6)).unwrap();
        remove(used).expect("the object");
        let other = thread::spawn(|| insert(Object::new(7)).unwrap());
        let mine = insert(Object::new(8)).unwrap();
        let other = other.join().unwrap();
        assert!(mine != other && mine != used && other != used);
        assert_eq!((use_pinned(other), use_pinned(mine), use_pinned(used)), (Some(7), Some(8), None));
    });
}

#[test]
fn a_removal_of_a_stale_handle_spares_the_next_object() {
    check("a removal that is late", 3, || {
        let first = insert(Object::new(7)).unwrap();
        let late = thread::spawn(move || remove(first).is_some());
        let mine = remove(first).is_some();
        let second = insert(Object::new(8)).unwrap();
        assert!(mine != late.join().unwrap());
        assert_eq!(use_pinned(second), Some(8), "it is gone");
    });
}
