//! Keys from a license server: W3C Clear Key by POST, each request on a thread of its own, so that whoever waits for it can be
//! stopped at any time.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use crate::drm::{ClearKey, DrmError, System};
use crate::keys::init_data::InitData;
use crate::keys::source::SERVER_TIMEOUT;
use crate::keys::wake::Wake;

/// The most that is read of an answer.
const MAX_ANSWER: u64 = 1 << 20;

/// One license server, and the session that its keys are in.
#[derive(Debug)]
pub struct License {
    url: String,
    clear_key: ClearKey,
    /// Requests under way, by the init data.
    pending: Mutex<HashMap<Vec<u8>, Weak<Ticket>>>,
    listeners: Mutex<Vec<Weak<Wake>>>,
}

/// One request.
#[derive(Debug, Default)]
pub struct Ticket {
    outcome: Mutex<Option<Result<(), String>>>,
}

impl Ticket {
    /// `None` while the request is under way.
    pub fn outcome(&self) -> Option<Result<(), String>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl License {
    pub fn new(url: &str) -> Result<Self, DrmError> {
        let clear_key = ClearKey::new()?;
        Ok(Self { url: url.into(), clear_key, pending: Mutex::default(), listeners: Mutex::default() })
    }

    pub fn system(&self) -> System {
        self.clear_key.system()
    }

    /// Whom to tell when a request is over.
    pub fn add_listener(&self, wake: &Arc<Wake>) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        if !listeners.iter().any(|listener| std::ptr::eq(listener.as_ptr(), Arc::as_ptr(wake))) {
            listeners.push(Arc::downgrade(wake));
        }
    }

    /// Asks for the keys of some init data; if that is under way, waits with whoever asked.
    pub fn ask(self: &Arc<Self>, init_data: &InitData) -> Arc<Ticket> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = pending.get(&init_data.data).and_then(Weak::upgrade);
        if let Some(ticket) = under_way.filter(|ticket| ticket.outcome().is_none()) {
            return ticket;
        }
        let ticket = Arc::new(Ticket::default());
        pending.retain(|_, ticket| ticket.strong_count() > 0);
        pending.insert(init_data.data.clone(), Arc::downgrade(&ticket));
        drop(pending);

        let (this, asked, init_data) = (Arc::clone(self), Arc::clone(&ticket), init_data.clone());
        let run = move || this.finish(&asked, this.fetch(&init_data));
        if let Err(error) = thread::Builder::new().name("native_drm_get".into()).spawn(run) {
            self.finish(&ticket, Err(format!("no thread for the request: {error}")));
        }
        ticket
    }

    fn finish(&self, ticket: &Ticket, outcome: Result<(), String>) {
        *ticket.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        for listener in self.listeners.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(wake) = listener.upgrade() {
                wake.announce();
            }
        }
    }

    fn fetch(&self, init_data: &InitData) -> Result<(), String> {
        let request = self
            .clear_key
            .request(init_data.mime_type, &init_data.data)
            .map_err(|error| format!("no request can be made of the init data: {error}"))?;
        let failed =
            |error: &dyn std::fmt::Display| format!("the license server {}: {error}", without_query(&self.url));
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(SERVER_TIMEOUT))
            .timeout_connect(Some(SERVER_TIMEOUT.min(Duration::from_secs(10))))
            .tls_config(ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build())
            .build()
            .into();
        let answer = agent.post(&self.url).header("Content-Type", "application/json").send(&request[..]);
        let mut answer = answer.map_err(|error| failed(&error))?;
        let mut keys = Vec::new();
        answer.body_mut().as_reader().take(MAX_ANSWER).read_to_end(&mut keys).map_err(|error| failed(&error))?;
        let taken = self.clear_key.add_keys(&keys);
        keys.fill(0);
        taken.map_err(|error| failed(&format!("its answer is not a license: {error}")))
    }
}

/// What may stand in a message: queries have tokens in them.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
