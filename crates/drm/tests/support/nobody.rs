//! A host that is neither an instance nor a session, for key systems that are looked at alone. The fuzz targets use it, too.
#![allow(dead_code, reason = "each user needs some of it")]

use std::sync::{Arc, Mutex};

use drm::error::{Error, Result};
use drm::events::EventKind;
use drm::key_info::KeyStatus;
use drm::key_system::{License, SessionHost, SystemHost};
use drm::machine::Machine;
use drm::storage::{MemoryStore, OfflineStore};
use license::policy::Reading;

/// It has no keys, no configuration, and no store unless it is given one.
#[derive(Default)]
pub struct Nobody {
    pub store: Option<Arc<MemoryStore>>,
    /// What its clock shows, always.
    pub wall_millis: i64,
    pub monotonic_millis: u64,
    /// What was posted.
    pub posted: Mutex<Vec<EventKind>>,
}

impl SystemHost for Nobody {
    fn offline_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.store.clone().map(|store| store as _).ok_or(Error::SystemDestroyed)
    }

    fn device_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.offline_store()
    }

    fn configuration_string(&self, _: &str) -> Option<String> {
        None
    }

    fn configuration_bytes(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn machine(&self) -> Result<Option<Machine>> {
        Ok(None)
    }

    fn reading(&self) -> Reading {
        Reading { wall_millis: self.wall_millis, monotonic_millis: self.monotonic_millis }
    }

    fn post(&self, kind: EventKind, _: Vec<u8>, _: i64) -> Result<()> {
        self.posted.lock().unwrap().push(kind);
        Ok(())
    }
}

impl SessionHost for Nobody {
    fn licenses_revoked(&self, _: &[Vec<u8>]) -> Result<()> {
        Ok(())
    }

    fn install_keys(&self, _: &License) -> Result<()> {
        Err(Error::SessionDestroyed)
    }

    fn remove_keys(&self, _: &[Vec<u8>]) -> Result<()> {
        Err(Error::SessionDestroyed)
    }

    fn set_key_status(&self, _: &[u8], _: KeyStatus) -> Result<()> {
        Err(Error::SessionDestroyed)
    }

    fn keys_changed(&self, _: bool) -> Result<()> {
        Err(Error::SessionDestroyed)
    }

    fn post(&self, kind: EventKind, _: Vec<u8>, _: i64) -> Result<()> {
        self.posted.lock().unwrap().push(kind);
        Ok(())
    }
}
