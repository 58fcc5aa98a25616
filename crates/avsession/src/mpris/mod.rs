//! Shows a session on the session bus: MPRIS 2.2 for media controls, and `org.ohos.AVSession1` for what MPRIS lacks.
//!
//! One thread per session talks to the bus, from the first activation on. It alone waits for the bus: whoever changes the
//! session only wakes it. It sees the session as it is when it looks, so that what changes faster than the bus can be told
//! takes no memory.

mod address;
mod bus;
mod extension;
mod failure;
mod interface;
mod link;
mod metadata;
mod model;
mod names;
mod player;
mod progress;
mod root;
mod service;

use std::sync::{Arc, Weak};

use super::controller::{Controller, Factory};
use super::session::Session;
use base::log;
use link::Link;

/// The object that the interfaces are on.
const OBJECT: &str = "/org/mpris/MediaPlayer2";

/// Makes the controller that shows a session at the bus of that address; if there is none, at the session bus that the
/// environment names when a session is activated.
pub fn factory(address: Option<String>) -> Factory {
    Box::new(|session| start(session, address))
}

fn start(session: Weak<Session>, address: Option<String>) -> Option<Arc<dyn Controller>> {
    let link = Arc::new(Link::default());
    let own = Arc::clone(&link);
    let thread = std::thread::Builder::new().name("native_drm_bus".to_owned()).spawn(move || bus::run(&own, &session));
    match thread {
        Ok(_) => Some(Arc::new(Mpris { link, address })),
        Err(error) => {
            log::warn!("media controls do not show the session: no thread: {error}");
            None
        }
    }
}

struct Mpris {
    link: Arc<Link>,
    address: Option<String>,
}

impl Controller for Mpris {
    fn connect(&self) {
        self.link.connect(self.address.clone().unwrap_or_else(address::session_bus));
    }

    fn changed(&self) {
        self.link.changed();
    }

    fn close(&self) {
        self.link.close();
    }
}
