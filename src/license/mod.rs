//! Licences with a policy: the template that describes one.

pub mod template;
