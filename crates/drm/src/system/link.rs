//! What an instance does for its key system.

use std::sync::Arc;

use crate::error::Result;
use crate::events::{Event, EventKind, EventSource};
use crate::key_system::SystemHost;
use crate::machine::Machine;
use crate::platform::Platform;
use crate::storage::OfflineStore;
use license::policy::Reading;

/// The way from a key system's part of an instance back to what the instance has.
pub(crate) struct SystemLink {
    pub(crate) platform: Arc<Platform>,
    pub(crate) events: Arc<EventSource>,
}

impl SystemHost for SystemLink {
    fn offline_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.platform.offline_store()
    }

    fn device_store(&self) -> Result<Arc<dyn OfflineStore>> {
        self.platform.device_store()
    }

    fn configuration_string(&self, name: &str) -> Option<String> {
        self.platform.strings.get(name).ok()
    }

    fn configuration_bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.platform.byte_arrays.get(name).ok()
    }

    fn machine(&self) -> Result<Option<Machine>> {
        self.platform.machine()
    }

    fn reading(&self) -> Reading {
        self.platform.reading()
    }

    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> Result<()> {
        self.events.admit()?;
        self.events.post(Event::Occurred { kind, info, extra });
        Ok(())
    }
}
