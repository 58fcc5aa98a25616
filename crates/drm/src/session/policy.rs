//! The part of a session that licenses with a policy need.

use super::MediaKeySession;
use crate::enforcement::Surroundings;
use crate::error::Result;
use crate::key_system::License;
use crate::key_table::Key;
use crate::terms::{ExplainedLicense, Terms};
use crate::time::{self, Wake};

impl MediaKeySession {
    /// Applies a license with a policy.
    pub(super) fn apply_terms(&self, license: &License, terms: &Terms, keys: Vec<Key>) -> Result<()> {
        if self.platform.is_on_machine_clock() {
            time::start_timer()?;
        }
        self.enforcement.apply(
            terms,
            keys,
            license.is_persistent(),
            &self.surroundings(),
            || self.prepare(license),
            || {
                // At once: from now on the license plays. What the key system has to do may wait for a request that it makes.
                self.schedule();
                self.commit(license);
            },
        )?;
        self.log_license(license);
        self.keys_arrived(license.keys.iter().map(|key| key.id.as_slice()));
        self.keys.reap();
        self.conclude(license);
        Ok(())
    }

    /// Explains the licenses with a policy, newest first.
    ///
    /// # Errors
    /// [`Error::KeySystemFailed`](crate::error::Error::KeySystemFailed).
    pub fn explain(&self) -> Result<Vec<ExplainedLicense>> {
        self.host.check()?;
        Ok(self.enforcement.explain())
    }

    /// Records the first use of the license that a key belongs to, as [`FirstUse`](crate::error::Error::FirstUse) demands.
    /// Not to be called while pinned.
    ///
    /// # Errors
    /// [`NoLicense`](crate::error::Error::NoLicense) and [`DeviceTime`](crate::error::Error::DeviceTime) if the policy does not
    /// allow its use now; [`Storage`](crate::error::Error::Storage) if the first use of a stored license cannot be recorded.
    pub fn begin_use(&self, id: &[u8; 16]) -> Result<()> {
        self.host.check()?;
        self.events.prepare()?;
        // An own license comes first, if its use can begin.
        match self.sharing_session(id) {
            Some(sibling) if !self.keys.waits_for_use(id) => sibling.begin_own_use(id),
            _ => self.begin_own_use(id),
        }
    }

    fn begin_own_use(&self, id: &[u8; 16]) -> Result<()> {
        // A child after fork() has no timer yet, and no license may be without one.
        if self.platform.is_on_machine_clock() {
            time::start_timer()?;
        }
        self.enforcement.begin_use(id, &self.surroundings())?;
        self.schedule();
        Ok(())
    }

    /// Why a policy refuses a key; none if it does not.
    pub fn refusal(&self, id: &[u8; 16]) -> Option<String> {
        let sibling = || self.sharing_session(id).and_then(|sibling| sibling.enforcement.refusal(id));
        self.enforcement.refusal(id).or_else(sibling)
    }

    /// Takes up licenses that the parent of this process had.
    pub(super) fn look_at_inherited_licenses(&self) {
        if self.keys.has_unknown() {
            self.tick();
        }
    }

    /// Whether licenses may decide about their keys: a child after fork() has no timer yet, and no license may go on without one.
    pub(super) fn may_settle(&self) -> bool {
        !self.platform.is_on_machine_clock() || !self.keys.has_unknown() || time::start_timer().is_ok()
    }

    /// Lets the licenses see the time.
    pub(crate) fn tick(&self) {
        if self.host.check().is_ok() && self.may_settle() {
            self.enforcement.tick(&self.surroundings());
            self.schedule();
        }
    }

    /// The output's protection has changed.
    pub(crate) fn output_changed(&self) {
        if self.may_settle() {
            self.enforcement.output_changed(&self.surroundings());
            self.schedule();
        }
    }

    /// The service has revoked licenses.
    pub(crate) fn revoke_licenses(&self, ids: &[Vec<u8>]) {
        if self.may_settle() {
            self.enforcement.revoke(ids, &self.surroundings());
            self.schedule();
        }
    }

    /// When a license changes by itself next, by the monotonic clock in milliseconds.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.enforcement.next_wake()
    }

    /// Asks the timer for the next change; a virtual clock looks for itself.
    fn schedule(&self) {
        if self.platform.is_on_machine_clock() {
            self.alarm.set(|| self.enforcement.next_wake());
        }
    }

    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { keys: &self.keys, events: &self.events, system_id: self.host.descriptor().uuid() }
    }
}

impl Wake for MediaKeySession {
    fn wake(&self) {
        self.tick();
    }
}
