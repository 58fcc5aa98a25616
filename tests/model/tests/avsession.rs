//! An `OH_AVSession`: commands, their callbacks, and the controller that shows the session outside.

use std::sync::{Arc, Mutex, Weak};

use base::sync::model::finish;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use native_drm_model::avsession::callbacks::Receiver;
use native_drm_model::avsession::commands::{Command, CommandKind};
use native_drm_model::avsession::{Controller, Factory, Session};
use native_drm_model::check::{Object, check};

/// Nothing outside.
fn nowhere() -> Factory {
    Box::new(|_| None)
}

/// A callback and what the program gave it.
fn receiver(action: impl Fn() + Send + Sync + 'static) -> (Arc<Object>, Receiver) {
    let user_data = Object::new(5);
    let own = Arc::clone(&user_data);
    let receiver = move |_: &Command| {
        own.use_it();
        action();
        own.use_it();
        true
    };
    (user_data, Arc::new(receiver))
}

fn active_session() -> Arc<Session> {
    let session = Session::new(nowhere());
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
            own.lock().unwrap().push(command.clone());
            true
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

/// Says whether it was closed.
struct Shown(Arc<AtomicBool>);

impl Controller for Shown {
    fn connect(&self) {}

    fn changed(&self) {}

    fn close(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[test]
fn a_session_that_is_closed_while_it_is_activated_is_shown_no_longer() {
    check("activate, activate and close", 3, || {
        let shown = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&shown);
        let factory = move |_: Weak<Session>| {
            own.store(true, Ordering::SeqCst);
            Some(Arc::new(Shown(own)) as Arc<dyn Controller>)
        };
        let session = Session::new(Box::new(factory));
        let activate = || {
            let session = Arc::clone(&session);
            thread::spawn(move || session.activate())
        };
        let activators = [activate(), activate()];
        session.close();
        for activator in activators {
            activator.join().unwrap();
        }
        assert!(!shown.load(Ordering::SeqCst));
        assert!(session.send(Command::Play).is_err());
    });
}
