//! What a session does for its key system by itself.

use std::sync::{Arc, Weak};

use super::MediaKeySession;
use crate::error::{Error, Result};
use crate::events::{Event, EventKind};
use crate::key_info::{KeyState, KeyStatus};
use crate::key_system::{License, SessionHost};
use base::log;
use base::sync::OnceCell;

/// The way from a key system's part of a session back to the session, which does not keep the session alive.
#[derive(Default)]
pub(crate) struct SessionLink(OnceCell<Weak<MediaKeySession>>);

impl SessionLink {
    /// The session exists now.
    pub(crate) fn lead_to(&self, session: &Arc<MediaKeySession>) {
        let _ = self.0.set(Arc::downgrade(session));
    }

    fn session(&self) -> Result<Arc<MediaKeySession>> {
        self.0.get().and_then(Weak::upgrade).ok_or(Error::SessionDestroyed)
    }
}

impl SessionHost for SessionLink {
    fn install_keys(&self, license: &License) -> Result<()> {
        self.session()?.apply_license(license)
    }

    fn remove_keys(&self, ids: &[Vec<u8>]) -> Result<()> {
        self.session()?.remove_keys(ids)
    }

    fn set_key_status(&self, id: &[u8], status: KeyStatus) -> Result<()> {
        self.session()?.set_key_status(id, status)
    }

    fn keys_changed(&self, new_keys_available: bool) -> Result<()> {
        let session = self.session()?;
        session.events.admit()?;
        session.events.post(Event::KeysChanged { keys: session.keys.list(), new_keys_available });
        Ok(())
    }

    fn licenses_revoked(&self, ids: &[Vec<u8>]) -> Result<()> {
        self.session()?.owner()?.licenses_revoked(ids);
        Ok(())
    }

    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> Result<()> {
        let session = self.session()?;
        session.events.admit()?;
        session.events.post(Event::Occurred { kind, info, extra });
        Ok(())
    }
}

impl MediaKeySession {
    fn remove_keys(&self, ids: &[Vec<u8>]) -> Result<()> {
        self.events.admit()?;
        self.enforcement.disown(ids.iter().map(Vec::as_slice));
        let gone = self.keys.remove(ids);
        self.keys.reap();
        if gone {
            log::info!("{}: keys removed", self.name());
            self.post_keys_changed(false);
        }
        Ok(())
    }

    fn set_key_status(&self, id: &[u8], status: KeyStatus) -> Result<()> {
        if !self.keys.list().iter().any(|key| key.id == id) {
            return Err(Error::NotFound { what: "key", name: hex::encode(id) });
        }
        if self.enforcement.held().iter().any(|held| held.key_ids.iter().any(|held| held == id)) {
            return Err(Error::Refused("the key's license decides about its status".into()));
        }
        self.keys.set_states([(id, KeyState::Settled(status))].into_iter());
        if status == KeyStatus::Usable {
            self.keys_arrived([id].into_iter());
        }
        Ok(())
    }
}
