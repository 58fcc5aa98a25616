//! Systems and sessions without what key systems, policies and storage do.

pub mod events {
    crate::source!("events.rs");
}

pub mod key_table {
    crate::source!("key_table.rs");
}

pub mod statistics {
    crate::source!("statistics.rs");
}

pub mod session;
pub mod stand_ins;
pub mod system;
