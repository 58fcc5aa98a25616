//! What plugins call instances and sessions by. A handle is stale once the plugin's part is destroyed.

use std::ptr;
use std::sync::Arc;

use super::tables::{DRM_PluginSession, DRM_PluginSystem};
use crate::glue::error::Result;
use crate::glue::handle::{Kind, kind};
use drm::events::EventKind;
use drm::key_system::{Descriptor, SessionHost, SystemHost};

/// An instance as its plugin reaches it.
pub(crate) struct HostSystem {
    pub(super) descriptor: Arc<Descriptor>,
    pub(super) host: Arc<dyn SystemHost>,
}

/// A session as its plugin reaches it.
pub(crate) struct HostSession {
    pub(super) host: Arc<dyn SessionHost>,
    /// The instance's, whose clock expiries go by.
    pub(super) system: Arc<dyn SystemHost>,
}

/// Whose listeners a plugin can tell something.
pub(super) trait EventTarget {
    /// The parameter that it is passed in.
    const NAME: &'static str;

    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> drm::error::Result<()>;
}

impl EventTarget for HostSystem {
    const NAME: &'static str = "system";

    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> drm::error::Result<()> {
        self.host.post(kind, info, extra)
    }
}

impl EventTarget for HostSession {
    const NAME: &'static str = "session";

    fn post(&self, kind: EventKind, info: Vec<u8>, extra: i64) -> drm::error::Result<()> {
        self.host.post(kind, info, extra)
    }
}

kind!(
    /// DRM_PluginSystem handles.
    PluginSystems: DRM_PluginSystem => HostSystem, 10, "DRM_PluginSystem"
);
kind!(
    /// DRM_PluginSession handles.
    PluginSessions: DRM_PluginSession => HostSession, 11, "DRM_PluginSession"
);

/// A handle that becomes stale when this is dropped.
pub(super) struct Owned<K: Kind>(usize, std::marker::PhantomData<K>);

impl<K: Kind> Owned<K> {
    pub(super) fn new(object: K::Object) -> Result<Self> {
        Ok(Self(K::insert(Arc::new(object))?.addr(), std::marker::PhantomData))
    }

    pub(super) fn pointer(&self) -> *mut K::Opaque {
        ptr::without_provenance_mut(self.0)
    }
}

impl<K: Kind> Drop for Owned<K> {
    fn drop(&mut self) {
        drop(K::remove(self.pointer()));
    }
}
