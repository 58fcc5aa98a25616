//! The key systems that exist: those that are built in, and those that are registered by others. Here alone are they known by
//! name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::error::{Error, Result};
use crate::host::Place;
use crate::key_system::{Descriptor, KeySystem};
use crate::system::MediaKeySystem;
use crate::systems::{clearkey::ClearKey, clearplay::ClearPlay, policyplay::PolicyPlay};
use base::log;
use once_cell::sync::Lazy;
use parking_lot::{Mutex, RwLock};

/// Key systems that there may be at the same time.
pub const MAX_KEY_SYSTEMS: usize = 64;

struct Entry {
    descriptor: Arc<Descriptor>,
    key_system: Arc<dyn KeySystem>,
    instances: Arc<AtomicUsize>,
}

impl Entry {
    fn new(key_system: Arc<dyn KeySystem>) -> Self {
        Self { descriptor: key_system.descriptor(), key_system, instances: Arc::default() }
    }
}

/// The built-in ones first.
static KEY_SYSTEMS: Lazy<RwLock<Vec<Entry>>> = Lazy::new(|| {
    let built_in: [Arc<dyn KeySystem>; 3] = [Arc::new(ClearPlay), Arc::new(ClearKey), Arc::new(PolicyPlay)];
    RwLock::new(built_in.into_iter().map(Entry::new).collect())
});

/// The facts about all key systems: the built-in ones, then the others in the order of their registration.
pub fn descriptors() -> Vec<Arc<Descriptor>> {
    KEY_SYSTEMS.read().iter().map(|entry| Arc::clone(&entry.descriptor)).collect()
}

/// The facts about the key system of that name.
pub fn find(name: &str) -> Option<Arc<Descriptor>> {
    KEY_SYSTEMS.read().iter().find(|entry| entry.descriptor.name == name).map(|entry| Arc::clone(&entry.descriptor))
}

/// Adds a key system, for as long as the process lives.
///
/// # Errors
/// [`Error::Refused`] for a name that is taken, one key system more than there may be, and as [`Descriptor::check`].
pub fn register(key_system: Arc<dyn KeySystem>) -> Result<()> {
    let new = Entry::new(key_system);
    new.descriptor.check()?;
    let mut entries = KEY_SYSTEMS.write();
    if entries.iter().any(|entry| entry.descriptor.name == new.descriptor.name) {
        return Err(Error::Refused(format!("there is a key system {} already", new.descriptor.name).into()));
    }
    if entries.len() >= MAX_KEY_SYSTEMS {
        return Err(Error::Refused(format!("there are {MAX_KEY_SYSTEMS} key systems already").into()));
    }
    let name = new.descriptor.name.clone();
    entries.push(new);
    drop(entries);
    log::info!("{name}: registered");
    Ok(())
}

/// Places of key systems that are not registered here, because another process runs them.
static PLACES_ELSEWHERE: Lazy<Mutex<BTreeMap<String, Arc<AtomicUsize>>>> = Lazy::new(Mutex::default);

/// A place for an instance that another process runs; `limit` is how many there may be of a key system that is not registered
/// here.
///
/// # Errors
/// [`Error::TooManySystems`].
pub fn place(name: &str, limit: usize) -> Result<Place> {
    let registered = {
        let entries = KEY_SYSTEMS.read();
        let entry = entries.iter().find(|entry| entry.descriptor.name == name);
        entry.map(|entry| (Arc::clone(&entry.instances), entry.descriptor.limits.systems))
    };
    let (taken, limit) =
        registered.unwrap_or_else(|| (Arc::clone(PLACES_ELSEWHERE.lock().entry(name.to_owned()).or_default()), limit));
    Place::take(&taken, limit)
}

/// A new instance of the key system of that name.
///
/// # Errors
/// [`Error::NotFound`] if there is no such key system; [`Error::TooManySystems`] if it has as many instances as it may; the
/// key system's own.
pub fn create_system(name: &str) -> Result<Arc<MediaKeySystem>> {
    let (key_system, place) = {
        let entries = KEY_SYSTEMS.read();
        let entry = entries.iter().find(|entry| entry.descriptor.name == name);
        let entry = entry.ok_or_else(|| Error::NotFound { what: "key system", name: name.to_owned() })?;
        (Arc::clone(&entry.key_system), Place::take(&entry.instances, entry.descriptor.limits.systems)?)
    };
    Ok(Arc::new(MediaKeySystem::new(&*key_system, Some(place))?))
}
