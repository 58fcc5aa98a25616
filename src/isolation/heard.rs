//! Whether anybody listens to a proxy's events.

use std::sync::Arc;

use crate::glue::error::Result;
use base::sync::Mutex;
use drm::events::{CallbackSlot, EventSource, Listener};

/// Which slots have a listener.
#[derive(Default)]
pub(super) struct Heard(Mutex<[bool; 3]>);

impl Heard {
    /// Changes a listener, and tells the host when the first comes and the last goes: what happens in between is no event then,
    /// however long it takes to get here.
    pub(super) fn change(
        &self,
        events: &EventSource,
        slot: CallbackSlot,
        listener: Option<Arc<dyn Listener>>,
        tell: impl Fn(bool) -> Result<()>,
    ) -> Result<()> {
        let comes = listener.is_some();
        if comes {
            self.set(slot, true, &tell)?;
        }
        // With no lock held: this waits for the former listener, which may come here.
        events.set(slot, listener);
        if comes { Ok(()) } else { self.set(slot, false, &tell) }
    }

    fn set(&self, slot: CallbackSlot, is_there: bool, tell: &impl Fn(bool) -> Result<()>) -> Result<()> {
        let mut slots = self.0.lock();
        let before = slots.contains(&true);
        let former = std::mem::replace(&mut slots[slot as usize], is_there);
        let now = slots.contains(&true);
        if before != now {
            tell(now).inspect_err(|_| slots[slot as usize] = former)?;
        }
        Ok(())
    }
}
