//! The dispatcher's queue and thread, and the gate that its callbacks pass through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use base::dispatcher;
use base::gate::Gate;
use base::sync::model::{finish, panic, process, thread as source_thread};
use loom::thread;
use native_drm_model::check::{Object, check};

type Objects = Gate<Vec<Arc<Object>>>;

/// What the jobs did, in order.
type Trace = Arc<std::sync::Mutex<Vec<u32>>>;

fn note(trace: &Trace, number: u32) -> Box<dyn FnOnce() + Send> {
    let trace = Arc::clone(trace);
    Box::new(move || {
        assert!(dispatcher::is_current_thread());
        trace.lock().unwrap().push(number);
    })
}

fn gate_with(object: &Arc<Object>) -> Arc<Objects> {
    let gate = Arc::new(Objects::default());
    gate.change(|table| table.push(Arc::clone(object))).unwrap();
    gate
}

/// Posts a call of the gate's first callback, which uses its object.
fn post_call(gate: &Arc<Objects>) {
    let gate = Arc::clone(gate);
    let call = move || gate.call(|table| table.first().cloned(), |callback| assert_eq!(callback.use_it(), 7));
    dispatcher::post(Box::new(call)).unwrap();
}

#[test]
fn jobs_run_once_in_order_on_one_thread() {
    check("two threads post", 3, || {
        let trace = Trace::default();
        let other = {
            let trace = Arc::clone(&trace);
            thread::spawn(move || dispatcher::post(note(&trace, 10)).unwrap())
        };
        dispatcher::start().unwrap();
        dispatcher::post(note(&trace, 1)).unwrap();
        dispatcher::post(note(&trace, 2)).unwrap();
        assert!(!dispatcher::is_current_thread());
        other.join().unwrap();
        finish();
        let trace = trace.lock().unwrap();
        assert!([[1, 2, 10], [1, 10, 2], [10, 1, 2]].contains(&trace[..].try_into().unwrap()), "{trace:?}");
        assert_eq!(source_thread::started(), 1);
    });
}

#[test]
fn a_thread_that_cannot_start_costs_one_job() {
    check("no thread at first", 3, || {
        source_thread::fail_once();
        let trace = Trace::default();
        let other = {
            let trace = Arc::clone(&trace);
            thread::spawn(move || dispatcher::post(note(&trace, 1)).is_ok())
        };
        let mine = dispatcher::post(note(&trace, 2)).is_ok();
        let other = other.join().unwrap();
        finish();
        assert!(mine != other, "one of them was told");
        assert_eq!(trace.lock().unwrap()[..], [if mine { 2 } else { 1 }]);
    });
}

#[test]
fn jobs_may_post_and_panic() {
    check("a job posts and panics", 3, || {
        let trace = Trace::default();
        let (first, second) = (note(&trace, 1), note(&trace, 2));
        dispatcher::post(Box::new(move || {
            first();
            dispatcher::post(second).unwrap();
            panic::panic_in_test();
        }))
        .unwrap();
        dispatcher::post(note(&trace, 3)).unwrap();
        finish();
        let trace = trace.lock().unwrap();
        assert!([[1, 2, 3], [1, 3, 2]].contains(&trace[..].try_into().unwrap()), "{trace:?}");
    });
}

#[test]
fn a_child_after_fork_gets_a_thread_of_its_own() {
    check("fork", 3, || {
        let trace = Trace::default();
        dispatcher::post(note(&trace, 1)).unwrap();
        process::fork();
        let threads = Arc::new(AtomicUsize::new(0));
        let child_job = || {
            let threads = Arc::clone(&threads);
            Box::new(move || {
                threads.fetch_add(source_thread::number(), Relaxed);
            })
        };
        let (mine, others) = (child_job(), child_job());
        let other = thread::spawn(move || dispatcher::post(others).unwrap());
        dispatcher::post(mine).unwrap();
        other.join().unwrap();
        finish();
        assert_eq!(source_thread::started(), 2, "one for each process");
        assert_eq!(threads.load(Relaxed), 2 + 2, "both on the second one");
    });
}

#[test]
fn a_callback_that_was_taken_out_does_not_run() {
    check("callback and change", 3, || {
        let object = Object::new(7);
        let gate = gate_with(&object);
        let poster = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                post_call(&gate);
                post_call(&gate);
            })
        };
        drop(gate.change(std::mem::take).unwrap());
        object.wipe();
        poster.join().unwrap();
    });
}

#[test]
fn after_close_nothing_runs_even_if_a_callback_closes_too() {
    check("callback and two closes", 3, || {
        let object = Object::new(7);
        let gate = gate_with(&object);
        let again = Arc::clone(&gate);
        let job = move || {
            again.call(
                |table| table.first().cloned(),
                |callback| {
                    assert_eq!(callback.use_it(), 7);
                    again.close();
                    post_call(&again);
                    assert_eq!(callback.use_it(), 7, "what calls stays alive");
                },
            );
            again.call(|table| table.first().cloned(), |_| panic!("it was closed"));
        };
        dispatcher::post(Box::new(job)).unwrap();
        gate.close();
        object.wipe();
        assert!(gate.change(|table| table.len()).is_none());
        post_call(&gate);
    });
}

/// Uses its object when it is dropped.
#[derive(Clone)]
struct Guarded(Arc<Object>);

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.use_it();
    }
}

#[test]
fn a_callback_that_was_taken_out_is_gone() {
    check("callback and its end", 3, || {
        let object = Object::new(7);
        let gate = Arc::new(Gate::<Option<Guarded>>::default());
        drop(gate.change(|table| table.replace(Guarded(Arc::clone(&object)))));
        let own = Arc::clone(&gate);
        dispatcher::post(Box::new(move || own.call(Option::clone, |_| ()))).unwrap();
        drop(gate.change(Option::take));
        object.wipe();
    });
}

#[test]
fn a_callback_that_panics_holds_nobody_up() {
    check("a callback panics", 3, || {
        let object = Object::new(7);
        let gate = gate_with(&object);
        let again = Arc::clone(&gate);
        let job = move || again.call(|table| table.first().cloned(), |_| panic::panic_in_test());
        dispatcher::post(Box::new(job)).unwrap();
        gate.close();
        object.wipe();
    });
}
