//! The key systems that exist. Here alone are they known by name.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::error::{Error, Result};
use crate::host::Place;
use crate::key_system::KeySystem;
use crate::system::MediaKeySystem;
use crate::systems::{clearkey::ClearKey, clearplay::ClearPlay, policyplay::PolicyPlay};

static KEY_SYSTEMS: [&dyn KeySystem; 3] = [&ClearPlay, &ClearKey, &PolicyPlay];
static INSTANCES: [AtomicUsize; KEY_SYSTEMS.len()] = [const { AtomicUsize::new(0) }; KEY_SYSTEMS.len()];

/// All key systems.
pub fn key_systems() -> &'static [&'static dyn KeySystem] {
    &KEY_SYSTEMS
}

/// The key system of that name.
pub fn find(name: &str) -> Option<&'static dyn KeySystem> {
    position(name).map(|index| KEY_SYSTEMS[index])
}

/// A new instance of the key system of that name.
///
/// # Errors
/// [`Error::NotFound`] if there is no such key system; [`Error::TooManySystems`] if it has as many instances as it may.
pub fn create_system(name: &str) -> Result<Arc<MediaKeySystem>> {
    let index = position(name).ok_or_else(|| Error::NotFound { what: "key system", name: name.to_owned() })?;
    let place = Place::take(&INSTANCES[index])?;
    Ok(Arc::new(MediaKeySystem::new(KEY_SYSTEMS[index], Some(place))))
}

fn position(name: &str) -> Option<usize> {
    KEY_SYSTEMS.iter().position(|key_system| key_system.descriptor().name == name)
}
