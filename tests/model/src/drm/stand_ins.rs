//! What systems and sessions call and the model leaves out.

use std::sync::{Arc, Weak};

use super::session::MediaKeySession;
use base::error::Result;

/// Facts about a key system.
pub struct Descriptor {
    pub name: &'static str,
}

pub static DESCRIPTOR: Descriptor = Descriptor { name: "model" };

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProtectionLevel {
    SwCrypto,
    HwCrypto,
    EnhancedHwCrypto,
}

pub enum DeviceLevel {
    SwCrypto,
    HwCrypto,
    EnhancedHwCrypto,
}

pub fn maximum_level() -> ProtectionLevel {
    ProtectionLevel::SwCrypto
}

pub trait SystemModule: Send + Sync {
    fn open_session(&self) -> Result<Box<dyn SessionModule>>;
}

pub trait SessionModule: Send + Sync {}

/// A key system that does nothing.
pub struct Module;

impl SystemModule for Module {
    fn open_session(&self) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(Module))
    }
}

impl SessionModule for Module {}

pub struct Platform;

/// A place among the instances of a key system.
pub struct Place;

/// No policies.
pub struct Enforcement;

impl Enforcement {
    pub fn new(_: Arc<Platform>, _: DeviceLevel) -> Self {
        Self
    }

    pub fn clear(&self) {}
}

/// No timer.
pub struct Alarm;

impl Alarm {
    pub fn new() -> Self {
        Self
    }

    pub fn set(&self, _: impl FnOnce() -> Option<u64>, _: &Weak<MediaKeySession>) {}
}
