//! Licenses with a policy: the template that describes one, the policy engine that decides what it allows and when, and the
//! protocol between device and license service.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

pub mod policy;
pub mod protocol;
pub mod template;
