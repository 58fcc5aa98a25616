//! Licences with a policy: the template that describes one, the engine that decides what it allows and when.

pub mod policy;
pub mod template;
