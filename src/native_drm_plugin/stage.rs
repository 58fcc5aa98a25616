//! Keys that a plugin installs: at once, or when the function that it is in has succeeded.

use std::cell::RefCell;

use super::handles::HostSession;
use drm::error::Result;
use drm::key_system::{License, LicenseKey, SystemHost};

/// Keys that expire at the same time.
pub(super) struct Batch {
    pub(super) keys: Vec<LicenseKey>,
    /// Milliseconds since 1970; none = never.
    pub(super) expiry: Option<i64>,
}

thread_local! {
    /// What this thread is in: the session's handle, and the keys that it has been given meanwhile.
    static STAGES: RefCell<Vec<(usize, Vec<Batch>)>> = const { RefCell::new(Vec::new()) };
}

/// Keys of a session wait as long as this exists, if they are installed on this thread.
pub(super) struct Stage(());

impl Stage {
    /// Begins to collect.
    pub(super) fn begin(session: usize) -> Self {
        STAGES.with_borrow_mut(|stages| stages.push((session, Vec::new())));
        Self(())
    }

    /// What was collected.
    pub(super) fn end(self) -> Vec<Batch> {
        let top = STAGES.with_borrow_mut(Vec::pop);
        std::mem::forget(self);
        top.map(|(_, batches)| batches).unwrap_or_default()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        STAGES.with_borrow_mut(|stages| drop(stages.pop()));
    }
}

/// Keeps keys for the function of that session which this thread is in; gives them back if it is in none.
pub(super) fn keep(session: usize, batch: Batch) -> Option<Batch> {
    STAGES.with_borrow_mut(|stages| {
        let Some((_, batches)) = stages.iter_mut().rev().find(|(own, _)| *own == session) else { return Some(batch) };
        match batches.iter_mut().find(|other| other.expiry == batch.expiry) {
            Some(same) => same.keys.extend(batch.keys),
            None => batches.push(batch),
        }
        None
    })
}

impl Batch {
    /// A license for the keys.
    pub(super) fn into_license(self, system: &dyn SystemHost) -> Result<License> {
        match self.expiry {
            Some(expiry) => License::until(expiry, self.keys, system.reading()),
            None => Ok(License::unlimited(self.keys)),
        }
    }

    /// Installs the keys at once.
    pub(super) fn install(self, session: &HostSession) -> Result<()> {
        session.host.install_keys(&self.into_license(&*session.system)?)
    }
}
