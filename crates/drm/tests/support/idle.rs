//! A key system that does nothing but what a test gives it.
#![allow(dead_code, reason = "each user needs some of it")]

use std::sync::Arc;

use drm::error::{Error, Result};
use drm::key_system::{
    Descriptor, KeySystem, License, MediaKeyRequestInfo, ProtectionLevel, Release, Request, RequestContext,
    SessionHost, SessionModule, SystemHost, SystemModule,
};
use drm::storage::StoredKey;

/// What is done for a license; it is given its instance.
pub type Parse = Arc<dyn Fn(&dyn SystemHost) -> Result<License> + Send + Sync>;

/// The key system.
#[derive(Clone)]
pub struct Idle {
    pub descriptor: Descriptor,
    /// Whether instances can be made.
    pub opens: bool,
    pub media_key_request: fn() -> Result<Request>,
    pub parse_license: Parse,
}

impl Idle {
    pub fn new(descriptor: Descriptor) -> Self {
        Self {
            descriptor,
            opens: true,
            media_key_request: || Ok(Request::initial(b"ask".to_vec())),
            parse_license: Arc::new(|_| Err(Error::Refused("no licenses".into()))),
        }
    }
}

/// Its instances and sessions.
#[derive(Clone)]
struct Module(Idle, Arc<dyn SystemHost>);

impl KeySystem for Idle {
    fn descriptor(&self) -> Arc<Descriptor> {
        Arc::new(self.descriptor.clone())
    }

    fn open(&self, host: Arc<dyn SystemHost>) -> Result<Box<dyn SystemModule>> {
        if !self.opens {
            return Err(Error::Refused("it does not open".into()));
        }
        Ok(Box::new(Module(self.clone(), host)))
    }
}

impl SystemModule for Module {
    fn key_system_request(&self) -> Result<Request> {
        Ok(Request::initial(b"who am I".to_vec()))
    }

    fn process_key_system_response(&self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn open_session(&self, _: ProtectionLevel, _: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(self.clone()))
    }
}

impl SessionModule for Module {
    fn media_key_request(&self, _: &MediaKeyRequestInfo, _: &RequestContext) -> Result<Request> {
        (self.0.media_key_request)()
    }

    fn parse_license(&self, _: &[u8]) -> Result<License> {
        (self.0.parse_license)(&*self.1)
    }

    fn release_request(&self, _: &[u8], _: Option<&StoredKey>) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn process_release_response(&self, _: &[u8], _: &[u8]) -> Result<Release> {
        Ok(Release::Delete)
    }
}
