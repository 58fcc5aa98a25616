//! The one session that a process may have.

use std::sync::{Arc, Weak};

use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::session::{Controller, Session};
use base::clock::SystemClock;
use base::sync::{Mutex, process, statics};

statics! {
    static CURRENT: Mutex<Current> = Mutex::new(Current { process: 0, session: Weak::new() });
}

struct Current {
    /// Whose it is: a child after fork() has none until it makes its own, and does not touch its parent's, whose thread at the bus
    /// may have had its locks.
    process: u32,
    session: Weak<Session>,
}

impl Current {
    fn get(&self) -> Option<Arc<Session>> {
        if self.process == process::id() { self.session.upgrade().filter(|session| !session.is_closed()) } else { None }
    }
}

/// Creates the session of this process; see [`Session::new`].
///
/// Fails with [`Error::SessionExists`] if there is one that was not closed, and as [`Session::new`] does.
pub fn create(
    identity: Identity,
    controller: impl FnOnce(Weak<Session>) -> Option<Arc<dyn Controller>>,
) -> Result<Arc<Session>> {
    let mut current = CURRENT.lock();
    if current.get().is_some() {
        return Err(Error::SessionExists);
    }
    let session = Session::new(identity, Arc::new(SystemClock::new()), controller)?;
    *current = Current { process: process::id(), session: Arc::downgrade(&session) };
    Ok(session)
}

/// The session of this process, if it was created with these names; otherwise fails with [`Error::SessionNotFound`].
pub fn find(tag: &str, bundle: &str, ability: &str) -> Result<Arc<Session>> {
    CURRENT
        .lock()
        .get()
        .filter(|session| {
            let identity = session.identity();
            identity.tag == tag && identity.bundle == bundle && identity.ability == ability
        })
        .ok_or_else(|| Error::SessionNotFound { name: format!("{bundle}/{ability}/{tag}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SessionType;

    #[test]
    fn a_process_has_one_session_until_that_is_closed() {
        let identity = |tag: &str| Identity {
            kind: SessionType::Audio,
            tag: tag.to_owned(),
            bundle: "org.example.player".to_owned(),
            ability: "main".to_owned(),
        };
        let first = create(identity("first"), |_| None).unwrap();
        assert_eq!(create(identity("second"), |_| None).err(), Some(Error::SessionExists));
        let found = find("first", "org.example.player", "main").unwrap();
        assert!(Arc::ptr_eq(&found, &first));
        for (tag, bundle, ability) in
            [("second", "org.example.player", "main"), ("first", "", "main"), ("first", "org.example.player", "")]
        {
            let name = format!("{bundle}/{ability}/{tag}");
            assert_eq!(find(tag, bundle, ability).err(), Some(Error::SessionNotFound { name }));
        }
        first.close();
        assert!(find("first", "org.example.player", "main").is_err());
        let second = create(identity("second"), |_| None).unwrap();
        assert_ne!(second.id(), first.id());
    }
}
