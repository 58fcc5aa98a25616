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
use base::error::{Error, Result};
use base::log;
use base::rcu::Pin;
use base::sync::Mutex;
use base::sync::OnceCell;

crate::source!("session.rs");

impl MediaKeySession {
    /// A license with one key.
    pub fn license(&self, id: [u8; 16], key: u8) -> Result<()> {
        self.events.prepare()?;
        self.add_keys(vec![Key::new(id.to_vec(), &Zeroizing::new(vec![key; 16]))?], false)
    }
}
