//! The key systems that exist and the limit of instances of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::key_system::KeySystem;
use super::system::MediaKeySystem;
use super::systems::{clearkey::ClearKey, clearplay::ClearPlay, policyplay::PolicyPlay};
use base::error::{Error, Result};

/// Instances of one key system that may exist at the same time.
pub const MAX_SYSTEMS: usize = 64;

static KEY_SYSTEMS: [&dyn KeySystem; 3] = [&ClearPlay, &ClearKey, &PolicyPlay];
static INSTANCES: [AtomicUsize; KEY_SYSTEMS.len()] = [const { AtomicUsize::new(0) }; KEY_SYSTEMS.len()];

/// All key systems.
pub fn key_systems() -> &'static [&'static dyn KeySystem] {
    &KEY_SYSTEMS
}

/// The key system of that name.
pub fn find(name: &str) -> Option<&'static dyn KeySystem> {
    KEY_SYSTEMS.iter().copied().find(|key_system| key_system.descriptor().name == name)
}

/// A new instance of the key system of that name.
pub fn create_system(name: &str) -> Result<Arc<MediaKeySystem>> {
    let index = KEY_SYSTEMS
        .iter()
        .position(|key_system| key_system.descriptor().name == name)
        .ok_or_else(|| Error::NotFound { what: "key system", name: name.to_owned() })?;
    let place = Place::take(&INSTANCES[index])?;
    Ok(Arc::new(MediaKeySystem::new(KEY_SYSTEMS[index], Some(place))))
}

/// One of the places that a key system has for instances; free again when dropped.
#[derive(Debug)]
pub struct Place(&'static AtomicUsize);

impl Place {
    fn take(count: &'static AtomicUsize) -> Result<Self> {
        count
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < MAX_SYSTEMS).then_some(taken + 1))
            .map(|_| Self(count))
            .map_err(|_| Error::TooManySystems { limit: MAX_SYSTEMS })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
