//! An `OH_AVSession`: commands, their callbacks, and the controller that shows the session outside.

use std::sync::{Arc, Mutex, Weak};

use avsession::callbacks::Receiver;
use avsession::commands::{Command, CommandKind};
use avsession::error::Error;
use avsession::identity::{Identity, SessionType};
use avsession::metadata::Metadata;
use avsession::session::{Controller, Session};
use base::call::Call;
use base::clock::VirtualClock;
use base::sync::model::finish;
use loom::thread;
use native_drm_model::check::{Object, check};

/// A callback and what the program gave it.
fn receiver(action: impl Fn() + Send + Sync + 'static) -> (Arc<Object>, Receiver) {
    let user_data = Object::new(5);
    let (own, action) = (Arc::clone(&user_data), Arc::new(action));
    let receiver = move |_: &Command| {
        let (own, action) = (Arc::clone(&own), Arc::clone(&action));
        Call::of(move || {
            own.use_it();
            action();
            own.use_it();
            true
        })
    };
    (user_data, Arc::new(receiver))
}

/// With metadata, so that it takes commands once it is active.
fn session(controller: impl FnOnce(Weak<Session>) -> Option<Arc<dyn Controller>>) -> Arc<Session> {
    let identity =
        Identity { kind: SessionType::Audio, tag: String::new(), bundle: String::new(), ability: String::new() };
    let session = Session::new(identity, Arc::new(VirtualClock::new(0)), controller).unwrap();
    session.set_metadata(&Arc::new(Metadata { asset_id: "1".to_owned(), ..Metadata::default() })).unwrap();
    session
}

/// Nothing outside shows it.
fn active_session() -> Arc<Session> {
    let session = session(|_| None);
    session.activate();
    session
}

#[test]
fn a_receiver_that_was_unregistered_or_replaced_does_not_run() {
    check("command, replacement and unregistering", 3, || {
        let session = active_session();
        let (first, receiver_one) = receiver(|| ());
        session.register(CommandKind::Play, 1, receiver_one);
        let sender = {
            let session = Arc::clone(&session);
            thread::spawn(move || session.send(Command::Play).is_ok())
        };
        let (second, receiver_two) = receiver(|| ());
        session.register(CommandKind::Play, 1, receiver_two);
        first.wipe();
        session.unregister(CommandKind::Play, 1);
        second.wipe();
        sender.join().unwrap();
        finish();
        assert_eq!(session.pending(), 0, "what waits is counted");
    });
}

#[test]
fn a_receiver_may_close_its_session_and_the_next_receiver_is_not_called() {
    check("a receiver closes its session", 3, || {
        let session = active_session();
        let own = Arc::downgrade(&session);
        let (first, receiver_one) = receiver(move || own.upgrade().unwrap().close());
        let (second, receiver_two) = receiver(|| panic!("the session is closed"));
        session.register(CommandKind::Play, 1, receiver_one);
        session.register(CommandKind::Play, 2, receiver_two);
        session.send(Command::Play).unwrap();
        let other = {
            let session = Arc::clone(&session);
            thread::spawn(move || session.send(Command::Play).is_ok())
        };
        other.join().unwrap();
        finish();
        first.wipe();
        second.wipe();
        assert!(session.send(Command::Play).is_err());
    });
}

#[test]
fn a_receiver_may_deactivate_its_session_and_the_next_receiver_is_not_called() {
    check("a receiver deactivates its session", 3, || {
        let session = active_session();
        let own = Arc::downgrade(&session);
        let (_, receiver_one) = receiver(move || own.upgrade().unwrap().deactivate());
        let (_, receiver_two) = receiver(|| panic!("the session is not active"));
        session.register(CommandKind::Play, 1, receiver_one);
        session.send(Command::Play).unwrap();
        // Too late for the command, or there before it arrives.
        session.register(CommandKind::Play, 2, receiver_two);
        finish();
    });
}

#[test]
fn after_close_no_command_arrives() {
    check("command and close", 3, || {
        let session = active_session();
        let (user_data, receiver_one) = receiver(|| ());
        session.register(CommandKind::Play, 1, receiver_one);
        let sender = {
            let session = Arc::clone(&session);
            thread::spawn(move || {
                let _ = session.send(Command::Play);
                let _ = session.send(Command::Play);
            })
        };
        session.close();
        user_data.wipe();
        sender.join().unwrap();
        assert!(session.send(Command::Play).is_err());
    });
}

#[test]
fn commands_arrive_in_order() {
    check("order of commands", 3, || {
        let session = active_session();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&seen);
        let receiver = move |command: &Command| {
            let (own, command) = (Arc::clone(&own), command.clone());
            Call::of(move || {
                own.lock().unwrap().push(command);
                true
            })
        };
        session.register(CommandKind::Seek, 1, Arc::new(receiver));
        let sender = {
            let session = Arc::clone(&session);
            thread::spawn(move || session.send(Command::Seek { millis: 3 }).unwrap())
        };
        session.send(Command::Seek { millis: 1 }).unwrap();
        session.send(Command::Seek { millis: 2 }).unwrap();
        sender.join().unwrap();
        finish();
        let seen = seen.lock().unwrap();
        let millis = seen.iter().map(|command| match command {
            Command::Seek { millis } => *millis,
            _ => panic!("{command:?}"),
        });
        let millis: Vec<_> = millis.collect();
        assert!([[1, 2, 3], [1, 3, 2], [3, 1, 2]].contains(&millis[..].try_into().unwrap()), "{millis:?}");
        assert_eq!(session.pending(), 0);
    });
}

/// Says whether the session is shown, which it is no longer once that is closed.
#[derive(Default)]
struct Shown(base::sync::Mutex<ShownState>);

#[derive(Default)]
struct ShownState {
    shown: bool,
    closed: bool,
}

impl Controller for Shown {
    fn connect(&self) {
        let mut state = self.0.lock();
        state.shown = !state.closed;
    }

    fn changed(&self) {}

    fn close(&self) {
        *self.0.lock() = ShownState { shown: false, closed: true };
    }
}

#[test]
fn a_session_that_is_closed_while_it_is_activated_is_shown_no_longer() {
    check("activate, activate and close", 3, || {
        let shown = Arc::new(Shown::default());
        let controller = Arc::clone(&shown);
        let session = session(|_| Some(controller));
        let activate = || {
            let session = Arc::clone(&session);
            thread::spawn(move || session.activate())
        };
        let activators = [activate(), activate()];
        session.close();
        for activator in activators {
            activator.join().unwrap();
        }
        assert!(!shown.0.lock().shown);
        assert_eq!(session.send(Command::Play), Err(Error::SessionInactive));
    });
}
