//! Licences with a policy: the template that describes one, the engine that decides what it allows and when, what device
//! and service say to each other, and the service.

pub mod policy;
pub mod protocol;
#[cfg(feature = "license-service")]
pub mod service;
pub mod template;
