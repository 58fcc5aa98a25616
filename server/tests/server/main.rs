//! The program native-drm-license-server, over loopback: HTTP, both stores, faults. Needs the cargo feature `server`.
//!
//! The tests with PostgreSQL start one of their own; where Debian's package is missing and cannot be installed they say
//! that they were skipped.

mod admin;
#[path = "../../../crates/license-service/tests/license_common/ask.rs"]
mod ask;
mod browsers;
mod client;
mod database;
mod database_faults;
mod faults;
mod forms;
mod http;
mod image;
mod kill;
mod limits;
mod load;
mod measure;
mod nginx;
mod open_loop;
mod output;
mod players;
mod pooler;
mod postgres;
mod process;
mod rotation;
mod statuses;
