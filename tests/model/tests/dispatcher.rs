//! The dispatcher's queues and threads, and the gate that its callbacks pass through.
//!
//! Time passes where a test says so, and at the end, until all threads are gone: whatever is still there to do by then hangs
//! the execution or is missing in what it did.

use std::sync::Arc;
use std::time::Duration;

use base::call::Call;
use base::dispatcher::{self, Error, IDLE_TIME, Job, Next, Queue};
use base::gate::Gate;
use base::sync::model::time::pass;
use base::sync::model::{finish, panic, process, thread as source_thread};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use native_drm_model::check::{Object, check};

type Objects = Gate<Vec<Arc<Object>>>;

/// What the jobs did, in order.
type Trace = Arc<std::sync::Mutex<Vec<u32>>>;

fn note(trace: &Trace, number: u32) -> Job {
    let trace = Arc::clone(trace);
    Box::new(move || {
        assert!(dispatcher::is_current_thread());
        trace.lock().unwrap().push(number);
        Next::Done
    })
}

fn post(queue: &Queue, job: Job) {
    queue.post(1, 100, job).unwrap();
}

fn gate_with(object: &Arc<Object>) -> Arc<Objects> {
    let gate = Arc::new(Objects::default());
    gate.change(|table| table.push(Arc::clone(object))).unwrap();
    gate
}

/// Posts a call of the gate's first callback, which uses its object.
fn post_call(queue: &Queue, gate: &Arc<Objects>) {
    let gate = Arc::clone(gate);
    post(queue, calling(gate, |callback| assert_eq!(callback.use_it(), 7)));
}

/// A job that calls the gate's first callback as the program's are called.
fn calling(gate: Arc<Objects>, call: impl FnOnce(&Object) + Send + 'static) -> Job {
    Box::new(move || match gate.enter(|table| table.first().cloned()) {
        Some(inside) => {
            let object = Arc::clone(&inside.callback);
            let call = Call::of(move || {
                call(&object);
                true
            });
            let then = move |_| {
                drop(inside);
                Next::Done
            };
            Next::Call(call, Box::new(then))
        }
        None => Next::Done,
    })
}

/// What a job waits for that another job does.
#[derive(Default)]
struct Flag {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    fn raise(&self) {
        *self.raised.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let mut raised = self.raised.lock().unwrap();
        while !*raised {
            raised = self.changed.wait(raised).unwrap();
        }
    }
}

#[test]
fn jobs_of_a_queue_run_once_in_order() {
    check("two threads post", 3, || {
        let trace = Trace::default();
        let queue = Arc::new(Queue::default());
        let other = {
            let (trace, queue) = (Arc::clone(&trace), Arc::clone(&queue));
            thread::spawn(move || post(&queue, note(&trace, 10)))
        };
        dispatcher::start().unwrap();
        post(&queue, note(&trace, 1));
        post(&queue, note(&trace, 2));
        assert!(!dispatcher::is_current_thread());
        other.join().unwrap();
        finish();
        let trace = trace.lock().unwrap();
        assert!([[1, 2, 10], [1, 10, 2], [10, 1, 2]].contains(&trace[..].try_into().unwrap()), "{trace:?}");
        assert_eq!(source_thread::started(), 1, "one queue keeps one thread busy");
        assert_eq!(queue.waiting(), 0);
    });
}

#[test]
fn queues_keep_their_order_and_lose_nothing() {
    check("two queues, two threads that post", 2, || {
        let trace = Trace::default();
        let other = {
            let trace = Arc::clone(&trace);
            thread::spawn(move || {
                let queue = Queue::default();
                post(&queue, note(&trace, 11));
                post(&queue, note(&trace, 12));
            })
        };
        let queue = Queue::default();
        post(&queue, note(&trace, 1));
        post(&queue, note(&trace, 2));
        other.join().unwrap();
        finish();
        let trace = trace.lock().unwrap();
        assert_eq!(trace.iter().filter(|&&number| number < 10).collect::<Vec<_>>(), [&1, &2]);
        assert_eq!(trace.iter().filter(|&&number| number > 10).collect::<Vec<_>>(), [&11, &12]);
        assert_eq!(source_thread::running(), 0);
    });
}

#[test]
fn a_job_may_wait_for_a_job_of_another_queue() {
    check("a job waits for another", 2, || {
        let trace = Trace::default();
        let flag = Arc::new(Flag::default());
        let (waiting, raising) = (Arc::clone(&flag), Arc::clone(&flag));
        let (first, second, third) = (note(&trace, 1), note(&trace, 2), note(&trace, 3));
        let (blocked, free) = (Queue::default(), Queue::default());
        post(
            &blocked,
            Box::new(move || {
                waiting.wait();
                first()
            }),
        );
        post(&blocked, third);
        post(
            &free,
            Box::new(move || {
                let next = second();
                raising.raise();
                next
            }),
        );
        // In the job before it: nobody outside has to do anything for this.
        finish();
        assert_eq!(trace.lock().unwrap()[..], [2, 1, 3]);
        assert!(source_thread::started() <= 3);
    });
}

#[test]
fn a_worker_that_ends_forgets_no_job() {
    check("a worker ends while a job is posted", 3, || {
        let trace = Trace::default();
        let queue = Arc::new(Queue::default());
        dispatcher::start().unwrap();
        let other = {
            let (trace, queue) = (Arc::clone(&trace), Arc::clone(&queue));
            thread::spawn(move || post(&queue, note(&trace, 1)))
        };
        pass(IDLE_TIME);
        thread::yield_now();
        pass(IDLE_TIME);
        other.join().unwrap();
        finish();
        assert_eq!(trace.lock().unwrap()[..], [1]);
        assert!(source_thread::started() <= 2 && source_thread::running() == 0);
    });
}

#[test]
fn time_that_passes_lets_further_jobs_run_and_breaks_no_order() {
    check("time passes", 2, || {
        let trace = Trace::default();
        let (first, second) = (Queue::default(), Queue::default());
        post(&first, note(&trace, 1));
        post(&second, note(&trace, 11));
        pass(Duration::from_millis(2));
        post(&first, note(&trace, 2));
        finish();
        let trace = trace.lock().unwrap();
        assert!([[1, 2, 11], [1, 11, 2], [11, 1, 2]].contains(&trace[..].try_into().unwrap()), "{trace:?}");
        assert_eq!(source_thread::running(), 0);
    });
}

#[test]
fn a_thread_that_cannot_start_costs_one_job() {
    check("no thread at first", 3, || {
        source_thread::fail(1);
        let trace = Trace::default();
        let other = {
            let trace = Arc::clone(&trace);
            thread::spawn(move || Queue::default().post(1, 1, note(&trace, 1)).is_ok())
        };
        let mine = Queue::default().post(1, 1, note(&trace, 2)).is_ok();
        let other = other.join().unwrap();
        finish();
        assert!(mine != other, "one of them was told");
        assert_eq!(trace.lock().unwrap()[..], [if mine { 2 } else { 1 }]);
    });
}

#[test]
fn without_further_threads_the_one_there_is_does_it_all() {
    check("one thread and no more", 3, || {
        dispatcher::start().unwrap();
        source_thread::fail(100);
        let trace = Trace::default();
        let (first, second) = (Queue::default(), Queue::default());
        post(&first, note(&trace, 1));
        post(&second, note(&trace, 11));
        post(&first, note(&trace, 2));
        finish();
        assert_eq!(trace.lock().unwrap()[..], [1, 11, 2], "by turns");
        assert_eq!(source_thread::started(), 1);
    });
}

#[test]
fn what_waits_is_limited() {
    check("a full queue", 3, || {
        let trace = Trace::default();
        let queue = Arc::new(Queue::default());
        let posted = Arc::clone(&queue);
        let others = [note(&trace, 1), note(&trace, 2), note(&trace, 3)];
        post(
            &queue,
            Box::new(move || {
                // The first may be large; then it is full.
                let [one, two, three] = others;
                posted.post(101, 100, one).unwrap();
                assert!(matches!(posted.post(1, 100, two), Err(Error::Full(101))));
                posted.post(1, 101, three).unwrap();
                assert_eq!(posted.waiting(), 102);
                Next::Done
            }),
        );
        finish();
        assert_eq!(trace.lock().unwrap()[..], [1, 3]);
        assert_eq!(queue.waiting(), 0);
    });
}

#[test]
fn jobs_may_post_and_panic() {
    check("a job posts and panics", 3, || {
        let trace = Trace::default();
        let queue = Arc::new(Queue::default());
        let own = Arc::clone(&queue);
        let (first, second) = (note(&trace, 1), note(&trace, 2));
        post(
            &queue,
            Box::new(move || {
                first();
                post(&own, second);
                panic::panic_in_test();
            }),
        );
        post(&queue, note(&trace, 3));
        finish();
        let trace = trace.lock().unwrap();
        assert!([[1, 2, 3], [1, 3, 2]].contains(&trace[..].try_into().unwrap()), "{trace:?}");
    });
}

#[test]
fn a_child_after_fork_gets_threads_of_its_own() {
    check("fork", 2, || {
        let trace = Trace::default();
        let queue = Arc::new(Queue::default());
        post(&queue, note(&trace, 1));
        finish();
        dispatcher::start().unwrap();
        process::fork();
        let parents = source_thread::started();
        let child_job = || -> Job {
            Box::new(move || {
                assert!(source_thread::number() > parents);
                Next::Done
            })
        };
        let other = {
            let queue = Arc::clone(&queue);
            let job = child_job();
            thread::spawn(move || post(&queue, job))
        };
        post(&queue, child_job());
        other.join().unwrap();
        finish();
        assert_eq!(source_thread::started(), parents + 1);
    });
}

#[test]
fn a_job_that_forks_leaves_the_pool_in_the_child() {
    check("a job forks", 3, || {
        let trace = Trace::default();
        let queue = Queue::default();
        let before = note(&trace, 1);
        post(
            &queue,
            Box::new(move || {
                let next = before();
                process::fork();
                next
            }),
        );
        finish();
        post(&queue, note(&trace, 2));
        finish();
        assert_eq!(trace.lock().unwrap()[..], [1, 2]);
        assert_eq!(source_thread::started(), 2);
    });
}

#[test]
fn callbacks_that_close_each_others_gate_wait_for_nobody() {
    check("two callbacks close each other's gate", 2, || {
        let gates = [Arc::new(Objects::default()), Arc::new(Objects::default())];
        let objects = [Object::new(7), Object::new(7)];
        for (gate, object) in gates.iter().zip(&objects) {
            gate.change(|table| table.push(Arc::clone(object))).unwrap();
        }
        for (own, other) in [(0, 1), (1, 0)] {
            let (gate, victim) = (Arc::clone(&gates[own]), Arc::clone(&gates[other]));
            let job = calling(gate, move |callback| {
                victim.close();
                assert_eq!(callback.use_it(), 7, "what calls stays alive");
            });
            post(&Queue::default(), job);
        }
        pass(Duration::from_millis(2));
        // From outside, both are waited for.
        for (gate, object) in gates.iter().zip(&objects) {
            gate.close();
            object.wipe();
        }
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
                let queue = Queue::default();
                post_call(&queue, &gate);
                post_call(&queue, &gate);
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
        let (again, gate_of_job) = (Arc::clone(&gate), Arc::clone(&gate));
        let queue = Arc::new(Queue::default());
        let own = Arc::clone(&queue);
        let job = calling(gate_of_job, move |callback| {
            assert_eq!(callback.use_it(), 7);
            again.close();
            post_call(&own, &again);
            assert_eq!(callback.use_it(), 7, "what calls stays alive");
            assert!(again.enter(|table| table.first().cloned()).is_none(), "it was closed");
        });
        post(&queue, job);
        gate.close();
        object.wipe();
        assert!(gate.change(|table| table.len()).is_none());
        post_call(&queue, &gate);
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
        post(
            &Queue::default(),
            Box::new(move || {
                drop(own.enter(Option::clone));
                Next::Done
            }),
        );
        drop(gate.change(Option::take));
        object.wipe();
    });
}

#[test]
fn a_callback_that_panics_holds_nobody_up() {
    check("a callback panics", 3, || {
        let object = Object::new(7);
        let gate = gate_with(&object);
        post(&Queue::default(), calling(Arc::clone(&gate), |_| panic::panic_in_test()));
        gate.close();
        object.wipe();
    });
}

#[test]
fn a_callback_that_ends_its_thread_holds_nobody_up() {
    check("a callback ends its thread", 3, || {
        let object = Object::new(7);
        let gate = gate_with(&object);
        let queue = Queue::default();
        let trace = Trace::default();
        post(&queue, calling(Arc::clone(&gate), |_| panic::end_thread()));
        post(&queue, note(&trace, 1));
        gate.close();
        object.wipe();
        finish();
        assert_eq!(trace.lock().unwrap()[..], [1]);
        assert_eq!(source_thread::running(), 0);
    });
}

#[test]
fn what_a_thread_has_left_behind_does_not_count_without_further_threads() {
    check("a callback ends the last thread", 3, || {
        let object = Object::new(7);
        let gate = gate_with(&object);
        let queue = Arc::new(Queue::default());
        dispatcher::start().unwrap();
        source_thread::fail(1);
        post(&queue, calling(Arc::clone(&gate), |_| panic::end_thread()));
        gate.close();
        object.wipe();
        finish();
        // Where it had been closed before the call, no thread was ended.
        source_thread::fail(0);
        let trace = Trace::default();
        post(&queue, note(&trace, 1));
        finish();
        assert_eq!(trace.lock().unwrap()[..], [1]);
    });
}
