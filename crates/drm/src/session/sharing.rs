//! Keys of an instance's other sessions, where the program has asked for it (`sessionSharing`).

use std::sync::Arc;

use super::MediaKeySession;
use crate::error::{Error, Result};
use crate::key_table::Key;
use base::rcu::{Pin, RcuCell, pin};
use base::sync::Mutex;
use base::sync::atomic::{AtomicBool, Ordering};
use cenc::ContentKey;

/// The open sessions of an instance, as decrypts see them: read without locks.
pub(crate) struct Siblings {
    sharing: AtomicBool,
    sessions: RcuCell<Vec<Arc<MediaKeySession>>>,
    /// Held by changes.
    changing: Mutex<()>,
}

impl Default for Siblings {
    fn default() -> Self {
        Self { sharing: AtomicBool::new(false), sessions: RcuCell::new(Vec::new()), changing: Mutex::default() }
    }
}

impl Siblings {
    /// Lets the sessions decrypt with each other's keys from now on, or no longer.
    pub(crate) fn share(&self, sharing: bool) {
        self.sharing.store(sharing, Ordering::Release);
    }

    /// These sessions are open now. A session that is left out is not used any more when this returns. Not to be called while
    /// pinned.
    pub(crate) fn set(&self, open: impl FnOnce() -> Vec<Arc<MediaKeySession>>) {
        let _changing = self.changing.lock();
        drop(self.sessions.replace(open()));
    }

    /// The session whose key is to be used, and the key: a usable one before one that waits for its first use, and that before
    /// one that a policy refuses. Sessions at a higher level than `for_session` do not count: what their keys demand may be
    /// more than it offers.
    fn find<'g>(
        &'g self,
        pin: &'g Pin,
        for_session: &MediaKeySession,
        id: &[u8; 16],
    ) -> Option<(&'g Arc<MediaKeySession>, &'g Key)> {
        if !self.sharing.load(Ordering::Acquire) {
            return None;
        }
        let rank = |key: &Key| match key.usable_or_reason() {
            Ok(_) | Err(Error::KeyKept) => 0,
            Err(Error::FirstUse) => 1,
            Err(_) => 2,
        };
        let others = self
            .sessions
            .read(pin)
            .iter()
            .filter(|other| !std::ptr::eq(&raw const ***other, for_session) && other.level <= for_session.level);
        let key_of = |other: &'g Arc<MediaKeySession>| {
            let hint = other.counters.of_thread(pin).key_hint();
            other.keys.find(pin, id, hint).map(|key| (other, key))
        };
        others.filter_map(key_of).min_by_key(|(_, key)| rank(key))
    }
}

impl MediaKeySession {
    /// The key of a sibling for a sample whose own key is not there or may not be used, as `reason` says.
    #[cold]
    pub(super) fn shared_key<'g>(&'g self, pin: &'g Pin, id: &[u8; 16], reason: Error) -> Result<&'g ContentKey> {
        // An own license whose use can begin needs nobody else's.
        if matches!(reason, Error::SessionDestroyed | Error::FirstUse | Error::KeyKept) {
            return Err(reason);
        }
        let Some((_, key)) = self.siblings.find(pin, self, id) else { return Err(reason) };
        match (key.usable_or_reason(), reason) {
            (Err(theirs), own @ Error::NoKey { .. }) => {
                Err(if matches!(theirs, Error::NoKey { .. }) { own } else { theirs })
            }
            (Err(theirs), own) => Err(if matches!(theirs, Error::FirstUse | Error::KeyKept) { theirs } else { own }),
            (Ok(key), _) => Ok(key),
        }
    }

    /// The sibling whose key this session uses, if there is one.
    pub(super) fn sharing_session(&self, id: &[u8; 16]) -> Option<Arc<Self>> {
        let pin = pin();
        self.siblings.find(&pin, self, id).map(|(session, _)| Arc::clone(session))
    }
}
