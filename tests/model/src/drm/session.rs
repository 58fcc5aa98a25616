//! A session: its keys, its events.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use zeroize::Zeroizing;

use super::events::{Event, EventKind, EventSource};
use super::key_table::{Key, KeyTable};
use super::stand_ins::{Alarm, DeviceLevel, Enforcement, Platform, ProtectionLevel, SessionModule};
use super::statistics::{DecryptCounters, DecryptTotals};
use super::system::{Host, MediaKeySystem};
use crate::cenc::Sample;
use crate::rcu::Pin;
use crate::error::{Error, Result};
use crate::shim::OnceCell;
use crate::shim::parking_lot::Mutex;
use crate::log;

crate::source!("session.rs");

impl MediaKeySession {
    /// A license with one key.
    pub fn license(&self, id: [u8; 16], key: u8) -> Result<()> {
        self.events.prepare()?;
        self.add_keys(vec![Key::new(id.to_vec(), &Zeroizing::new(vec![key; 16]))?], false)
    }
}
