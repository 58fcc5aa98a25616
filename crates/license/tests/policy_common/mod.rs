//! The conformance suite's format and how Rust runs it.

pub mod case;
pub mod template;
pub mod timeline;
