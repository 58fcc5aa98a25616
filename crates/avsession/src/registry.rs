//! The one session that a process may have.

use parking_lot::Mutex;
use std::sync::{Arc, Weak};

use super::controller;
use super::session::{Identity, Session};
use base::clock::SystemClock;
use base::error::{Error, Result};

static CURRENT: Mutex<Weak<Session>> = Mutex::new(Weak::new());

/// Creates the session of this process.
pub fn create(identity: Identity) -> Result<Arc<Session>> {
    let mut current = CURRENT.lock();
    if current.upgrade().is_some_and(|session| !session.is_closed()) {
        return Err(Error::Refused("this process has a session already".into()));
    }
    let session = Session::new(identity, Arc::new(SystemClock::new()), controller::of_this_system())?;
    *current = Arc::downgrade(&session);
    Ok(session)
}

/// The session of this process, if it was created with these names.
pub fn find(tag: &str, bundle: &str, ability: &str) -> Result<Arc<Session>> {
    CURRENT
        .lock()
        .upgrade()
        .filter(|session| {
            let identity = session.identity();
            !session.is_closed() && identity.tag == tag && identity.bundle == bundle && identity.ability == ability
        })
        .ok_or_else(|| Error::NotFound { what: "session", name: format!("{bundle}/{ability}/{tag}") })
}
