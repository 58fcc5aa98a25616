//! What reaches a license service from a million devices, on a virtual clock.
//!
//! Each device has a license of its own in the library's real policy engine, which says when a renewal is due, when the next attempt
//! comes and when the license is over. Only the network, the viewers and the servers' speed are a model: see `docs/scale.md`.

#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::must_use_candidate,
    clippy::missing_panics_doc
)]

mod chart;
mod cluster;
pub mod constants;
mod count;
mod device;
mod random;
mod report;
mod run;
mod scenario;

pub use chart::{Series, draw};
pub use cluster::{Away, Capacity};
pub use count::{Counts, Second};
pub use report::{HEADER, csv, row};
pub use run::{Setup, run};
pub use scenario::Scenario;
