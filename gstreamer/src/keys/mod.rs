//! Keys for an element: where they come from, asking for those that are missing, and waiting for them.
//!
//! One [`Keys`] per element. The streaming thread calls [`Keys::decrypt`], and waits there; whoever
//! changes the state of the element or flushes it ends that with [`Keys::set_stopped`] and [`Keys::set_flushing`].

pub mod init_data;
mod license;
mod properties;
mod source;
mod wake;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gst::glib;
use gst::prelude::*;

use crate::drm::{DrmError, KeyId, SampleInfo, Session, System, hex};
use crate::ffi;
use init_data::{InitData, InitDataList};
use source::{Source, Watch};
use wake::{Wake, Woken};

/// The GstContext in which a program hands its `MediaKeySystem` over.
pub const CONTEXT: &str = "native-drm";
/// The field of its structure, a pointer.
pub const CONTEXT_FIELD: &str = "media-key-system";
/// The element message about a missing key.
pub const KEY_NEEDED: &str = "drm-key-needed";
/// The variable with a JWK Set or the path of one.
pub const ENVIRONMENT: &str = "NATIVE_DRM_KEYS";
/// The variable with a license server's URL, where that is not set: what gst-launch-1.0 plugs has no properties to set.
pub const ENVIRONMENT_URL: &str = "NATIVE_DRM_LICENSE_URL";

/// `wait-timeout`: without limit where keys can still come, not at all where all of them are there.
const WAIT_AUTOMATIC: i32 = -1;
/// `wait-timeout`: without limit.
const WAIT_WITHOUT_LIMIT: i32 = i32::MAX;

/// Keys whose sessions an element remembers.
const MOST_KNOWN: usize = 16;

/// How often a key may go between being found and being used; a program that does this all the time must not keep the thread.
const MOST_TRIES: u32 = 100;

/// Why a sample was not decrypted.
#[derive(Debug)]
pub enum Failure {
    /// The pipeline flushes or stops; the sample is of no interest.
    Flushing,
    /// No key came, or the key may not be used; in words.
    NoKey(String),
    /// The sample cannot be decrypted; in words.
    Sample(String),
}

/// The sources that were named, in the order in which they count.
#[derive(Debug)]
struct Sources {
    context: Option<System>,
    /// Beyond READY, as GStreamer keeps contexts.
    context_persists: bool,
    property: Option<System>,
    set: Option<Result<Source, String>>,
    server: Option<(String, Result<Source, String>)>,
    environment: Option<Result<Source, String>>,
    wait_timeout: i32,
}

impl Sources {
    fn chosen(&self) -> Option<Result<Source, String>> {
        let program = self.context.or(self.property).map(|system| Ok(Source::Program(system)));
        program
            .or_else(|| self.set.clone())
            .or_else(|| self.server.as_ref().map(|(_, server)| server.clone()))
            .or_else(|| self.environment.clone())
    }
}

#[derive(Debug)]
struct State {
    sources: Sources,
    init_data: InitDataList,
    /// The sessions that had the last keys, the newest last: streams take turns, and a session says why a key is of no use any more.
    known: Vec<(KeyId, Session)>,
}

/// Keys for one element.
#[derive(Debug)]
pub struct Keys {
    state: Mutex<State>,
    wake: Arc<Wake>,
}

impl Default for Keys {
    fn default() -> Self {
        let sources = Sources {
            context: None,
            context_persists: true,
            property: None,
            set: None,
            server: None,
            environment: None,
            wait_timeout: WAIT_AUTOMATIC,
        };
        let state = State { sources, init_data: InitDataList::default(), known: Vec::new() };
        Self { state: Mutex::new(state), wake: Arc::default() }
    }
}

impl Keys {
    /// Takes a context; false if it is about something else.
    pub fn set_context(&self, element: &gst::Element, context: &gst::Context) -> bool {
        if context.context_type() != CONTEXT {
            return false;
        }
        let handle = context.structure().get::<glib::Pointer>(CONTEXT_FIELD).unwrap_or(std::ptr::null_mut());
        self.change(element, |sources| {
            sources.context = System::from_handle(handle);
            sources.context_persists = context.is_persistent();
        });
        true
    }

    /// From NULL to READY: asks neighbours and program for a context, and looks at the environment.
    ///
    /// # Errors
    ///
    /// In words: what was named as the source of keys is of no use.
    pub fn prepare(&self, element: &gst::Element) -> Result<(), String> {
        if self.lock().sources.context.is_none() {
            self.request_context(element);
        }
        let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let (text, url) = (variable(ENVIRONMENT), variable(ENVIRONMENT_URL));
        let mut state = self.lock();
        if state.sources.chosen().is_none() {
            state.sources.environment =
                text.map(|text| source::jwk_set(&text)).or_else(|| url.map(|url| source::server(&url)));
        }
        self.listen(&state.sources);
        let prepared = state.sources.chosen().map_or(Ok(()), |chosen| chosen.map(|_| ()));
        if prepared.is_err() {
            // The element stays in NULL: the next time it looks again.
            state.sources.environment = None;
        }
        prepared
    }

    /// From READY to NULL: lets go of what the environment named, and of a context that does not persist.
    pub fn release(&self) {
        let mut state = self.lock();
        state.sources.environment = None;
        if !state.sources.context_persists {
            state.sources.context = None;
        }
        state.known.clear();
    }

    fn request_context(&self, element: &gst::Element) {
        let mut query = gst::query::Context::new(CONTEXT);
        let answered = element.src_pads().iter().any(|pad| pad.peer_query(&mut query))
            || element.sink_pads().iter().any(|pad| pad.peer_query(&mut query));
        if answered && let Some(context) = query.context_owned() {
            element.set_context(&context);
            return;
        }
        // A program or a bin answers this before it returns, or not at all.
        drop(element.post_message(gst::message::NeedContext::builder(CONTEXT).src(element).build()));
    }

    /// What a protection event says; gives what is new in it.
    pub fn add_init_data(&self, system_id: &str, data: &[u8], origin: &str) -> Vec<InitData> {
        self.lock().init_data.add(system_id, data, origin)
    }

    /// Another stream begins.
    pub fn clear_init_data(&self) {
        self.lock().init_data.clear();
    }

    pub fn set_flushing(&self, flushing: bool) {
        self.wake.set_flushing(flushing);
    }

    pub fn set_stopped(&self, stopped: bool) {
        self.wake.set_stopped(stopped);
    }

    /// Decrypts a sample in place; waits for the key if need be.
    ///
    /// # Errors
    ///
    /// The sample is as it was.
    pub fn decrypt(&self, element: &gst::Element, info: &SampleInfo<'_>, data: &mut [u8]) -> Result<(), Failure> {
        let known = self.lock().known.iter().find(|(key_id, _)| *key_id == info.key_id).copied();
        if let Some((_, session)) = known {
            match session.decrypt(info, data) {
                Ok(()) => return Ok(()),
                // The key may have gone, or the session with it: another one may have it.
                Err(error) if error.code == ffi::NO_KEY || error.code == ffi::INVALID_VAL => (),
                Err(error) => return Err(sample_failure(&error)),
            }
        }
        let mut tries = 0;
        loop {
            // The source, too: the program may name another one meanwhile, and the session goes with the last one who has it.
            let (session, _source) = self.session(element, &info.key_id)?;
            match session.decrypt(info, data) {
                Ok(()) => return Ok(()),
                // Cleared since it was found.
                Err(error) if error.code == ffi::NO_KEY && tries < MOST_TRIES => tries += 1,
                Err(error) => return Err(sample_failure(&error)),
            }
        }
    }

    /// The session with a key, and the source that it belongs to; waits for it if need be.
    ///
    /// # Errors
    ///
    /// [`Failure::Flushing`] and [`Failure::NoKey`].
    fn session(&self, element: &gst::Element, key_id: &KeyId) -> Result<(Session, Source), Failure> {
        let mut asking = Asking::default();
        loop {
            // In this order: what comes after the count was taken wakes, what came before is found by looking.
            let seen = self.wake.news();
            asking.hear();
            let chosen = self.lock().sources.chosen();
            let source = match chosen {
                None => None,
                Some(Ok(source)) => Some(source),
                Some(Err(reason)) => return Err(Failure::NoKey(reason)),
            };
            let found = source.as_ref().map(|source| (source, source.system().session_with_key(key_id, 0)));
            let missing = match found {
                Some((source, Ok(session))) => {
                    let known = &mut self.lock().known;
                    known.retain(|(known, _)| known != key_id);
                    if known.len() == MOST_KNOWN {
                        known.remove(0);
                    }
                    known.push((*key_id, session));
                    return Ok((session, source.clone()));
                }
                Some((_, Err(error))) if error.code == ffi::NO_KEY => error.reason,
                Some((_, Err(error))) => return Err(Failure::NoKey(error.to_string())),
                None => "no keys were given: set a MediaKeySystem, keys, license-url or NATIVE_DRM_KEYS".into(),
            };
            let (woken, _watch) = match &source {
                Some(Source::Server(license)) => {
                    if !asking.go_on(license, || self.lock().init_data.for_key(key_id)) {
                        return Err(Failure::NoKey(asking.failed(&missing)));
                    }
                    (self.wake.wait(seen, None), None)
                }
                source => {
                    let watch = match source {
                        Some(Source::Program(system)) => Some(Watch::start(*system, *key_id, &self.wake)),
                        _ => None,
                    };
                    if !asking.announced {
                        asking.announced = true;
                        self.announce(element, key_id);
                    }
                    (self.wake.wait(seen, self.timeout(source.as_ref())), watch)
                }
            };
            match woken {
                Woken::News => (),
                Woken::Flushing => return Err(Failure::Flushing),
                Woken::TimedOut => return Err(Failure::NoKey(missing)),
            }
        }
    }

    fn timeout(&self, source: Option<&Source>) -> Option<Duration> {
        match (self.lock().sources.wait_timeout, source) {
            (WAIT_AUTOMATIC, Some(Source::Set(_))) => Some(Duration::ZERO),
            (WAIT_AUTOMATIC | WAIT_WITHOUT_LIMIT, _) => None,
            (millis, _) => Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
        }
    }

    /// Posts `drm-key-needed`.
    fn announce(&self, element: &gst::Element, key_id: &KeyId) {
        // There is one always: the key id itself.
        let Some(asked) = self.lock().init_data.for_key(key_id).into_iter().next() else { return };
        gst::info!(crate::CATEGORY, obj = element, "no key for the key id {}", hex(key_id));
        let structure = gst::Structure::builder(KEY_NEEDED)
            .field("key-id", gst::Buffer::from_slice(*key_id))
            .field("system-id", &asked.system_id)
            .field("mime-type", asked.mime_type)
            .field("init-data", gst::Buffer::from_slice(asked.data))
            .field("origin", &asked.origin)
            .build();
        // Fails without a bus: then nobody listens.
        drop(element.post_message(gst::message::Element::builder(structure).src(element).build()));
    }

    fn change(&self, element: &gst::Element, change: impl FnOnce(&mut Sources)) {
        let mut state = self.lock();
        change(&mut state.sources);
        state.known.clear();
        self.listen(&state.sources);
        let chosen = state.sources.chosen();
        drop(state);
        if let Some(Err(reason)) = chosen {
            gst::warning!(crate::CATEGORY, obj = element, "{reason}");
        }
        self.wake.announce();
    }

    fn listen(&self, sources: &Sources) {
        if let Some(Ok(Source::Server(license))) = sources.chosen() {
            license.add_listener(&self.wake);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far one wait has come.
#[derive(Default)]
struct Asking {
    announced: bool,
    /// What is left to ask a license server with, the next one last.
    left: Option<Vec<InitData>>,
    ticket: Option<Arc<license::Ticket>>,
    refusal: Option<String>,
}

impl Asking {
    /// Takes the outcome of a request that is over.
    fn hear(&mut self) {
        if let Some(outcome) = self.ticket.as_ref().and_then(|ticket| ticket.outcome()) {
            self.refusal = outcome.err();
            self.ticket = None;
        }
    }

    /// Asks a server with the next init data unless it is being asked; false if there is nothing left to ask with.
    fn go_on(&mut self, license: &Arc<license::License>, init_data: impl FnOnce() -> Vec<InitData>) -> bool {
        if self.ticket.is_none() {
            let left = self.left.get_or_insert_with(|| init_data().into_iter().rev().collect());
            self.ticket = left.pop().map(|next| license.ask(&next));
        }
        self.ticket.is_some()
    }

    fn failed(&mut self, missing: &str) -> String {
        self.refusal.take().unwrap_or_else(|| format!("{missing}: the license server gave other keys"))
    }
}

fn sample_failure(error: &DrmError) -> Failure {
    match error.code {
        ffi::NO_KEY | ffi::NO_LICENSE => Failure::NoKey(error.to_string()),
        _ => Failure::Sample(error.to_string()),
    }
}
