//! Systems and sessions as C uses them: create, license, decrypt, callback, clear and destroy across each other.
//!
//! A key is wiped when it is dropped, and what a test gave a callback when the library promises that no callback runs any
//! more; loom fails the run if anybody uses either meanwhile. Three preemptions at most, two where three take minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use base::call::Call;
use base::sync::model::{finish, thread as source_thread, values_alive};
use drm::events::{Event, Listener};
use loom::thread;
use native_drm_model::capi::{self, Handle};
use native_drm_model::check::{Object, check, preemptions};

const ID: [u8; 16] = [1; 16];

/// A callback and what the program gave it.
struct Callback<F> {
    user_data: Arc<Object>,
    action: Arc<F>,
    running: Arc<AtomicBool>,
}

impl<F: Fn() + Send + Sync + 'static> Listener for Callback<F> {
    fn call(&self, _: &Event) -> Option<Call> {
        let (user_data, action, running) =
            (Arc::clone(&self.user_data), Arc::clone(&self.action), Arc::clone(&self.running));
        Some(Call::of(move || {
            assert!(!running.swap(true, Relaxed), "one call at a time");
            user_data.use_it();
            action();
            user_data.use_it();
            running.store(false, Relaxed);
            true
        }))
    }
}

/// What the program has, and a callback that uses it around an action.
fn callback(action: impl Fn() + Send + Sync + 'static) -> (Arc<Object>, Option<Arc<dyn Listener>>) {
    let user_data = Object::new(5);
    let listener: Arc<dyn Listener> =
        Arc::new(Callback { user_data: Arc::clone(&user_data), action: Arc::new(action), running: Arc::default() });
    (user_data, Some(listener))
}

fn system_and_session() -> (Handle, Handle) {
    let system = capi::create_system().unwrap();
    (system, capi::create_session(system).unwrap())
}

#[test]
fn decrypt_and_clear() {
    check("decrypt and clear", 3, || {
        let (_, session) = system_and_session();
        capi::license(session, ID, 7).unwrap();
        let reader = thread::spawn(move || [capi::decrypt(session, &ID), capi::decrypt(session, &ID)]);
        capi::clear_media_keys(session).unwrap();
        assert_eq!(values_alive(), 0);
        assert_eq!(capi::decrypt(session, &ID), None);
        let read = reader.join().unwrap();
        assert!([[Some(7), Some(7)], [Some(7), None], [None, None]].contains(&read), "{read:?}");
    });
}

#[test]
fn decrypt_and_another_license() {
    check("decrypt and another license", 3, || {
        let (_, session) = system_and_session();
        capi::license(session, ID, 7).unwrap();
        let reader = thread::spawn(move || [capi::decrypt(session, &ID), capi::decrypt(session, &ID)]);
        capi::license(session, ID, 8).unwrap();
        assert_eq!(capi::decrypt(session, &ID), Some(8));
        let read = reader.join().unwrap();
        assert!([[Some(7), Some(7)], [Some(7), Some(8)], [Some(8), Some(8)]].contains(&read), "{read:?}");
    });
}

#[test]
fn decrypt_destroy_and_the_next_session_in_the_slot() {
    check("decrypt, destroy and create", 3, || {
        let (system, session) = system_and_session();
        capi::license(session, ID, 7).unwrap();
        let reader = thread::spawn(move || capi::decrypt(session, &ID));
        capi::destroy_session(session).unwrap();
        assert_eq!(values_alive(), 0);
        let next = capi::create_session(system).unwrap();
        capi::license(next, ID, 8).unwrap();
        let read = reader.join().unwrap();
        assert!(matches!(read, None | Some(7)), "{read:?}");
        assert_eq!((capi::decrypt(session, &ID), capi::decrypt(next, &ID)), (None, Some(8)));
        let samples = capi::samples_decrypted(system).unwrap();
        assert_eq!(samples, 1 + u64::from(read.is_some()), "every sample is counted, once");
    });
}

#[test]
fn license_clear_and_destroy() {
    check("license, clear and destroy", 2, || {
        let (system, session) = system_and_session();
        let licenser = thread::spawn(move || capi::license(session, ID, 7));
        let clearer = thread::spawn(move || capi::clear_media_keys(session));
        capi::destroy_session(session).unwrap();
        assert_eq!(capi::decrypt(session, &ID), None);
        let _ = licenser.join().unwrap();
        let _ = clearer.join().unwrap();
        assert!(capi::license(session, ID, 8).is_err());
        assert_eq!(values_alive(), 0);
        capi::destroy_system(system).unwrap();
    });
}

#[test]
fn a_callback_that_was_replaced_or_removed_does_not_run() {
    check("callback replaced and removed", 3, || {
        let (_, session) = system_and_session();
        let (first, listener) = callback(|| ());
        capi::set_session_callback(session, listener).unwrap();
        let licenser = thread::spawn(move || capi::license(session, ID, 7).unwrap());
        let (second, listener) = callback(|| ());
        capi::set_session_callback(session, listener).unwrap();
        first.wipe();
        capi::set_session_callback(session, None).unwrap();
        second.wipe();
        licenser.join().unwrap();
        assert!(source_thread::started() <= 1);
    });
}

#[test]
fn after_destroying_a_session_no_callback_of_it_runs() {
    check("callback and destroy", 3, || {
        let (_, session) = system_and_session();
        let (user_data, listener) = callback(|| ());
        capi::set_session_callback(session, listener).unwrap();
        let licenser = thread::spawn(move || capi::license(session, ID, 7).is_ok());
        capi::destroy_session(session).unwrap();
        user_data.wipe();
        licenser.join().unwrap();
    });
}

#[test]
fn after_destroying_a_system_no_callback_of_its_sessions_runs() {
    check("callback, destroy and destroy", 3, || {
        let (system, session) = system_and_session();
        let (user_data, listener) = callback(|| ());
        capi::set_session_callback(session, listener).unwrap();
        capi::license(session, ID, 7).unwrap();
        let other = thread::spawn(move || capi::destroy_session(session).is_ok());
        capi::destroy_system(system).unwrap();
        user_data.wipe();
        assert_eq!(values_alive(), 0);
        assert_eq!(capi::decrypt(session, &ID), None);
        other.join().unwrap();
    });
}

#[test]
fn a_callback_that_is_set_while_the_session_is_destroyed_does_not_stay() {
    check("destroy and set a callback", 3, || {
        let (system, session) = system_and_session();
        let (user_data, listener) = callback(|| ());
        let setter = thread::spawn(move || {
            let set = capi::set_session_callback(session, listener).is_ok();
            let _ = capi::license(session, ID, 7);
            set
        });
        capi::destroy_system(system).unwrap();
        user_data.wipe();
        setter.join().unwrap();
    });
}

#[test]
fn a_callback_that_causes_events_is_called_again_when_it_is_over() {
    check("a callback clears", 2, || {
        let (system, session) = system_and_session();
        let calls = Arc::new(AtomicUsize::new(0));
        let own = Arc::clone(&calls);
        let (user_data, listener) = callback(move || {
            own.fetch_add(1, Relaxed);
            capi::clear_media_keys(session).unwrap();
            assert_eq!(capi::decrypt(session, &ID), None);
        });
        capi::set_session_callback(session, listener).unwrap();
        let reader = thread::spawn(move || capi::decrypt(session, &ID));
        capi::license(session, ID, 7).unwrap();
        assert!(matches!(reader.join().unwrap(), None | Some(7)));
        finish();
        assert_eq!(calls.load(Relaxed), 1 + 2, "for the license, the keys that are over, and the change");
        capi::destroy_system(system).unwrap();
        user_data.wipe();
    });
}

#[test]
fn a_callback_may_destroy_its_own_session() {
    check("a callback destroys its session", 2, || {
        let (system, session) = system_and_session();
        let (user_data, listener) = callback(move || {
            let _ = capi::destroy_session(session);
            assert_eq!(capi::decrypt(session, &ID), None);
        });
        capi::set_session_callback(session, listener).unwrap();
        let licenser = thread::spawn(move || {
            let _ = capi::license(session, ID, 7);
            let _ = capi::clear_media_keys(session);
        });
        // Waits for the callback, which waits for nobody.
        capi::destroy_system(system).unwrap();
        user_data.wipe();
        licenser.join().unwrap();
    });
}

#[test]
fn a_callback_may_destroy_its_system_and_make_another() {
    check("a callback destroys its system", 3, || {
        let system = capi::create_system().unwrap();
        let (user_data, listener) = callback(move || {
            if capi::destroy_system(system).is_ok() {
                let (next, session) = system_and_session();
                capi::license(session, ID, 8).unwrap();
                assert_eq!(capi::decrypt(session, &ID), Some(8));
                capi::destroy_system(next).unwrap();
            }
        });
        capi::set_system_callback(system, listener).unwrap();
        capi::announce(system).unwrap();
        let _ = capi::announce(system);
        if capi::destroy_system(system).is_ok() {
            user_data.wipe();
        }
        assert!(capi::announce(system).is_err());
    });
}

#[test]
fn a_session_that_is_created_while_its_system_is_destroyed_is_none() {
    check("create and destroy", 3, || {
        let system = capi::create_system().unwrap();
        let creator = thread::spawn(move || capi::create_session(system).ok());
        capi::destroy_system(system).unwrap();
        if let Some(session) = creator.join().unwrap() {
            assert!(capi::license(session, ID, 7).is_err() && capi::destroy_session(session).is_err());
        }
        // Both slots are free again.
        let next = capi::create_system().unwrap();
        capi::create_session(next).unwrap();
        capi::create_session(next).unwrap();
    });
}

#[test]
fn of_two_destroys_of_a_session_one_succeeds() {
    check("two destroys", 3, || {
        let (system, session) = system_and_session();
        let other = thread::spawn(move || capi::destroy_session(session).is_ok());
        let mine = capi::destroy_session(session).is_ok();
        assert!(mine != other.join().unwrap());
        capi::destroy_system(system).unwrap();
    });
}

#[test]
fn a_search_ends_when_the_key_comes_or_the_system_goes() {
    check("search, license and destroy", preemptions(1, 2), || {
        let (system, session) = system_and_session();
        let searcher = thread::spawn(move || capi::find_session(system, &ID).ok());
        let destroyer = thread::spawn(move || capi::destroy_system(system).unwrap());
        let licensed = capi::license(session, ID, 7).is_ok();
        let found = searcher.join().unwrap();
        destroyer.join().unwrap();
        assert!(found.is_none() || licensed && found == Some(session));
    });
}

#[test]
fn a_search_ends_when_the_key_comes() {
    check("search and license", 3, || {
        let (system, session) = system_and_session();
        let searcher = thread::spawn(move || capi::find_session(system, &ID).unwrap());
        capi::license(session, ID, 7).unwrap();
        assert_eq!(searcher.join().unwrap(), session);
    });
}

#[test]
fn threads_count_every_sample() {
    check("counters", 3, || {
        let (system, session) = system_and_session();
        capi::license(session, ID, 7).unwrap();
        let first = thread::spawn(move || capi::decrypt(session, &ID).unwrap());
        // Begins when the first one is gone or not: it takes over its record or not.
        let second = thread::spawn(move || capi::decrypt(session, &ID).unwrap());
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(capi::samples_decrypted(system).unwrap(), 2);
    });
}
