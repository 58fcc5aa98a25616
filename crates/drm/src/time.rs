//! Which clock an instance goes by: the machine's, or one that its program moves.

use once_cell::sync::OnceCell;
use std::sync::Arc;

use base::clock::{SystemClock, VirtualClock};
use license::policy::Reading;

/// The clock of an instance.
#[derive(Clone, Default)]
pub enum TimeSource {
    /// The machine's.
    #[default]
    Machine,
    /// One that stands still until it is moved.
    Virtual(Arc<VirtualClock>),
}

impl TimeSource {
    /// Reads it.
    pub fn reading(&self) -> Reading {
        match self {
            Self::Machine => Reading::of(machine()),
            Self::Virtual(clock) => Reading::of(&**clock),
        }
    }
}

/// The machine's clock; the same for all, so that their monotonic times compare.
pub fn machine() -> &'static SystemClock {
    static CLOCK: OnceCell<SystemClock> = OnceCell::new();
    CLOCK.get_or_init(SystemClock::new)
}
