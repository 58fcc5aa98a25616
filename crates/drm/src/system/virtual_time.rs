//! Virtual time of an instance, for tests of licenses.

use super::MediaKeySystem;
use crate::error::{Error, Result};
use crate::session::MediaKeySession;
use base::clock::{Clock, VirtualClock};

impl MediaKeySystem {
    /// Puts the instance on a clock that stands still until it is moved, or sets the wall clock of the one it is on.
    ///
    /// # Errors
    /// [`Error::Refused`] if there are sessions that go by the machine's clock.
    pub fn set_virtual_clock(&self, unix_millis: i64) -> Result<()> {
        self.host.check()?;
        let sessions = self.sessions.lock();
        match self.platform.virtual_clock() {
            Some(clock) => clock.set_unix_millis(unix_millis),
            None if sessions.open.is_empty() => self.platform.use_virtual_clock(unix_millis),
            None => return Err(Error::Refused("there are sessions that go by the machine's clock".into())),
        }
        drop(sessions);
        self.for_each_session(MediaKeySession::tick);
        self.platform.linger_at_store();
        Ok(())
    }

    /// Lets time pass on the virtual clock. Whatever is due meanwhile happens, at its own time, before this returns; what
    /// would happen while the machine is `asleep` happens in the end.
    ///
    /// # Errors
    /// [`Error::Refused`] if the instance goes by the machine's clock.
    pub fn advance_virtual_clock(&self, millis: u64, asleep: bool) -> Result<()> {
        self.host.check()?;
        let Some(clock) = self.platform.virtual_clock() else {
            return Err(Error::Refused("the instance goes by the machine's clock".into()));
        };
        let target = clock.monotonic_millis().saturating_add(millis);
        if !asleep {
            self.pass_changes_until(target, &clock);
        }
        clock.advance(target.saturating_sub(clock.monotonic_millis()));
        self.for_each_session(MediaKeySession::tick);
        self.platform.linger_at_store();
        Ok(())
    }

    /// Moves the virtual clock from change to change.
    fn pass_changes_until(&self, target: u64, clock: &VirtualClock) {
        let mut last = None;
        loop {
            let open = self.sessions.lock().open.clone();
            let next = open.iter().filter_map(|session| session.next_wake()).min();
            // A change that does not come when it is due must not hold up time.
            let Some(next) = next.filter(|&next| next <= target && last != Some(next)) else { return };
            last = Some(next);
            clock.advance(next.saturating_sub(clock.monotonic_millis()));
            for session in &open {
                session.tick();
            }
        }
    }
}
