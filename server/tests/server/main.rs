//! The program native-drm-license-server, over loopback: HTTP, both stores, faults. Needs the cargo feature `server`.
//!
//! The tests with PostgreSQL start one of their own; where Debian's package is missing and cannot be installed they say
//! that they were skipped.

#[path = "../../../crates/license-service/tests/license_common/ask.rs"]
mod ask;
mod client;
mod database;
mod faults;
mod http;
mod kill;
mod limits;
mod load;
mod players;
mod postgres;
mod process;
mod statuses;
