//! Where keys come from: the program's own `MediaKeySystem`, a JWK Set, a license server.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use crate::drm::{ClearKey, DrmError, KeyId, System};
use crate::ffi;
use crate::keys::license::License;
use crate::keys::wake::Wake;

/// How often a search for a key in the program's sessions looks whether its element still waits.
const WATCH_INTERVAL_MS: u32 = 100;

/// Where the keys of an element come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The program's instance: keys are in whichever of its sessions.
    Program(System),
    /// A JWK Set, all of whose keys are there.
    Set(Arc<ClearKey>),
    /// A license server.
    Server(Arc<License>),
}

impl Source {
    pub fn system(&self) -> System {
        match self {
            Self::Program(system) => *system,
            Self::Set(clear_key) => clear_key.system(),
            Self::Server(license) => license.system(),
        }
    }
}

/// Sources that elements share: all streams of a pipeline, and pipelines with the same keys, have one session. They are found by
/// two keyed hashes of what they were made of, which is not kept.
struct Shared<T> {
    hashers: (RandomState, RandomState),
    table: Mutex<HashMap<(u64, u64), Weak<T>>>,
}

impl<T> Shared<T> {
    fn new() -> Self {
        Self { hashers: (RandomState::new(), RandomState::new()), table: Mutex::default() }
    }

    fn get<E>(&self, text: &str, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let key = (self.hashers.0.hash_one(text), self.hashers.1.hash_one(text));
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = table.get(&key).and_then(Weak::upgrade) {
            return Ok(shared);
        }
        let made = Arc::new(make()?);
        table.retain(|_, shared| shared.strong_count() > 0);
        table.insert(key, Arc::downgrade(&made));
        Ok(made)
    }
}

/// The keys of a JWK Set: its text, or the path of a file with it.
///
/// # Errors
///
/// In words: the file cannot be read, or the library does not take the set.
pub fn jwk_set(text_or_path: &str) -> Result<Source, String> {
    static SETS: LazyLock<Shared<ClearKey>> = LazyLock::new(Shared::new);
    let text = if text_or_path.trim_start().starts_with('{') {
        text_or_path.to_owned()
    } else {
        std::fs::read_to_string(Path::new(text_or_path))
            .map_err(|error| format!("the file of keys {text_or_path:?} cannot be read: {error}"))?
    };
    let make = || {
        let clear_key = ClearKey::new()?;
        clear_key.add_keys(text.as_bytes())?;
        Ok::<_, DrmError>(clear_key)
    };
    let set = SETS.get(&text, make).map_err(|error| format!("the keys are no JWK Set: {error}"))?;
    Ok(Source::Set(set))
}

/// The license server at a URL.
///
/// # Errors
///
/// In words: no instance of Clear Key can be made.
pub fn server(url: &str) -> Result<Source, String> {
    static SERVERS: LazyLock<Shared<License>> = LazyLock::new(Shared::new);
    let server = SERVERS.get(url, || License::new(url)).map_err(|error| format!("no session for licenses: {error}"))?;
    Ok(Source::Server(server))
}

/// Announces to an element that a session of the program has a key: searches on a thread of its own until it is found, the
/// instance is destroyed or this value is dropped.
#[derive(Debug)]
pub struct Watch {
    _alive: Arc<()>,
}

impl Watch {
    pub fn start(system: System, key_id: KeyId, wake: &Arc<Wake>) -> Self {
        let alive = Arc::new(());
        let (watched, wake) = (Arc::downgrade(&alive), Arc::downgrade(wake));
        let search = move || {
            while watched.strong_count() > 0 {
                match system.session_with_key(&key_id, WATCH_INTERVAL_MS) {
                    Err(error) if error.code == ffi::NO_KEY => (),
                    // Whatever it is, the element will see it when it looks.
                    _ => break,
                }
            }
            if watched.strong_count() > 0
                && let Some(wake) = wake.upgrade()
            {
                wake.announce();
            }
        };
        // Without a thread the element still hears of what it is told itself, and of the end of its time.
        drop(thread::Builder::new().name("native_drm_key".into()).spawn(search));
        Self { _alive: alive }
    }
}

/// The time that a license server has for all of an answer.
pub const SERVER_TIMEOUT: Duration = Duration::from_secs(30);
