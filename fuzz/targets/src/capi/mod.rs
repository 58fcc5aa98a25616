//! Random sequences of all C functions, with live, stale and made-up handles, from two threads at once.
//!
//! After each call: the code is one that its header allows; a refused call has a message and has written nothing but needed
//! lengths; nothing was written outside of the buffers. After each run everything is destroyed, and can be made again.

mod callbacks;
pub mod calls;
pub mod context;
mod handles;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock};

use context::Context;

use crate::{observe, world};

/// Calls of one thread in one run.
const MAX_CALLS: usize = 40;

/// The other thread: inputs for it, and whether it ended well.
type Other = (SyncSender<Vec<u8>>, Receiver<bool>);

/// Plays one input: its first half here, its second half on another thread.
pub fn run(input: &[u8]) {
    static OTHER: OnceLock<Mutex<Other>> = OnceLock::new();
    let other = OTHER.get_or_init(|| Mutex::new(start()));
    let other = other.lock().expect("one run at a time");
    let (own, rest) = input.split_at(input.len() / 2);
    other.0.send(rest.to_vec()).expect("the other thread is there");
    let result = std::panic::catch_unwind(|| play(own));
    let other_ended_well = other.1.recv().expect("the other thread is there");
    let panicked = result.is_err() || !other_ended_well;
    handles::destroy_all();
    drop(other);
    assert!(!panicked, "one of the threads panicked");
}

fn start() -> Other {
    world::library_store();
    let (to, inputs) = sync_channel::<Vec<u8>>(1);
    let (results, from) = sync_channel(1);
    std::thread::spawn(move || {
        for input in inputs {
            let result = std::panic::catch_unwind(|| play(&input));
            // What this thread reaches depends on the other's pace, and nobody else would take it.
            drop(observe::take());
            if results.send(result.is_ok()).is_err() {
                return;
            }
        }
    });
    (to, from)
}

fn play(input: &[u8]) {
    let mut context = Context::new(input);
    for _ in 0..MAX_CALLS {
        if context.script.is_over() {
            break;
        }
        let call = calls::choose(&mut context);
        (call.run)(&mut context);
        context.end(call.name);
    }
}
