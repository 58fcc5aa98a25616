//! What shows a session to the outside, such as the desktop's media controls.

use std::sync::{Arc, Weak};

use super::session::Session;

/// Shows one session. No method may wait for anything outside of the process.
pub trait Controller: Send + Sync {
    /// The session was activated: tries to reach the outside if that is not reached yet.
    fn connect(&self);

    /// Something about the session changed: what [`Session::snapshot`] returns.
    fn changed(&self);

    /// The session ends.
    fn close(&self);
}

/// Makes the controller of a session when that is activated for the first time.
pub type Factory = Box<dyn FnOnce(Weak<Session>) -> Option<Arc<dyn Controller>> + Send>;

/// The controller of this system: MPRIS on Linux with the feature `mpris`, none otherwise.
pub fn of_this_system() -> Factory {
    #[cfg(all(feature = "mpris", target_os = "linux"))]
    return super::mpris::factory(None);
    #[cfg(not(all(feature = "mpris", target_os = "linux")))]
    return Box::new(|_| None);
}
