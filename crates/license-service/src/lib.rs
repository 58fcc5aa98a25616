//! The license service: takes messages, answers with licenses or refusals.
//!
//! It is the same in process and behind HTTP. Its state is in a [`Store`], with secrets sealed under a master key that the store
//! does not have. All decisions are made inside transactions, so that several services may share a store.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::pedantic)]
#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::module_name_repetitions, clippy::must_use_candidate)]

mod admin;
mod catalog;
mod catalog_check;
mod clear_key;
mod derive;
mod error;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod identity;
mod incoming;
mod issue;
mod jitter;
mod key_groups;
mod key_ids;
mod master_key;
mod message;
mod operate;
mod provision;
mod quota;
mod records;
mod renew;
mod reply;
mod retention;
mod revocation;
mod rotate;
mod select;
mod store;
mod time;
mod tokens;
mod vault;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use base::clock::{Clock, SystemClock};
use license::protocol::service_side::{Engine, Portable, random_secret};
use license::template::{Profile, Refusal, Rule};

pub use catalog::Catalog;
pub use error::{Error, Input, Result};
pub use identity::later_form;
pub use jitter::RenewalJitter;
pub use operate::Listed;
pub use records::{Content, KeyGroup, Track};
pub use reply::{Form, Reply, Summary};
use store::Expected;
pub use store::{Entry, LocalStore, Store, StoreError, Table, Transaction};
pub use time::SettableClock;
pub use vault::MasterKey;

/// Bytes in the longest message that is looked at.
pub const MAX_BODY: usize = 1 << 18;
/// Milliseconds that a device's certificate is valid for, if nobody says otherwise: a year.
const CERTIFICATE_LIFETIME: i64 = 365 * 24 * 3600 * 1000;

/// Licenses that are kept for a device, if nobody says otherwise: as many as a program can have sessions.
const LICENSES_PER_DEVICE: u32 = 65_536;

/// What a message may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Whatever the message is.
    Any,
    /// New licenses.
    License,
    /// Device certificates.
    Provision,
    /// Renewals.
    Renew,
    /// Releases.
    Release,
}

/// Who sends a message around a device's request: it decides over policies and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The program that the service is part of.
    Trusted,
    /// A provider that has authenticated.
    Provider(String),
    /// Anybody. May pass on a device's request and nothing else.
    Anyone,
}

/// How a service behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The rules for messages.
    pub profile: Profile,
    /// Milliseconds that a device's certificate is valid for.
    pub certificate_lifetime: i64,
    /// Licenses that are kept for a device, of those that it stores and of the others; one more makes the oldest forgotten.
    pub licenses_per_device: u32,
    /// How far renewals are spread, where the message that a license answers does not say itself when it is renewed.
    pub renewal_jitter: RenewalJitter,
    /// What signs, checks signatures and seals.
    pub engine: &'static dyn Engine,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::Strict,
            certificate_lifetime: CERTIFICATE_LIFETIME,
            licenses_per_device: LICENSES_PER_DEVICE,
            renewal_jitter: RenewalJitter::default(),
            engine: &Portable,
        }
    }
}

/// A license service.
pub struct Service {
    store: Box<dyn Store>,
    vault: vault::Vault,
    identity: identity::Identity,
    clock: Arc<dyn Clock>,
    settings: Settings,
    certificates: Mutex<incoming::CertificateCache>,
}

impl Service {
    /// A service on a store.
    ///
    /// # Errors
    /// [`Error::Store`] if the store does not answer or has another master key; [`Error::Malformed`] if what it keeps of the
    /// service is not understood; [`Error::Internal`] where the system has no random numbers.
    pub fn new(store: Box<dyn Store>, master: &MasterKey, clock: Arc<dyn Clock>, settings: Settings) -> Result<Self> {
        Self::with_other_keys(store, master, &[], clock, settings)
    }

    /// As [`Service::new`], while the master key is being changed: what is sealed under one of `others` can be read, too. See
    /// [`Service::reseal`].
    ///
    /// # Errors
    /// As [`Service::new`].
    pub fn with_other_keys(
        store: Box<dyn Store>,
        master: &MasterKey,
        others: &[MasterKey],
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self> {
        identity::migrate(&*store)?;
        let vault = vault::Vault::new(master, others);
        let identity = identity::Identity::load(&*store, &vault, clock.unix_millis(), settings.engine)?;
        tokens::replace_hashes(&*store, &identity.root)?;
        Ok(Self { store, vault, identity, clock, settings, certificates: Mutex::default() })
    }

    /// A service that forgets everything in the end.
    ///
    /// # Errors
    /// As [`Service::new`].
    pub fn in_memory(clock: Arc<dyn Clock>, settings: Settings) -> Result<Self> {
        Self::new(Box::new(LocalStore::in_memory()?), &random_secret()?, clock, settings)
    }

    /// A service whose state is in a directory, which is created where it is missing. The master key is in the file
    /// `master.key` beside it, readable for its owner only.
    ///
    /// # Errors
    /// [`Error::File`] if the directory cannot be used, [`Error::MasterKey`] for a damaged `master.key`, [`Error::Store`] if
    /// another process uses the directory or the store in it is damaged, and those of [`Service::new`].
    pub fn in_directory(directory: &Path, clock: Arc<dyn Clock>, settings: Settings) -> Result<Self> {
        Self::in_directory_with_other_keys(directory, &[], clock, settings)
    }

    /// As [`Service::in_directory`], with `others` as in [`Service::with_other_keys`].
    ///
    /// # Errors
    /// As [`Service::in_directory`].
    pub fn in_directory_with_other_keys(
        directory: &Path,
        others: &[MasterKey],
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self> {
        let master = master_key::in_directory(directory)?;
        Self::with_other_keys(Box::new(LocalStore::in_directory(directory)?), &master, others, clock, settings)
    }

    /// The master key in a file of 32 bytes, for stores that are not in a directory.
    ///
    /// # Errors
    /// [`Error::File`] if there is no such file, [`Error::MasterKey`] if it has another length.
    pub fn master_key(path: &Path) -> Result<MasterKey> {
        master_key::read(path)?.ok_or_else(|| Error::File {
            action: "read",
            path: path.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        })
    }

    /// As [`Service::in_memory`] with the machine's clock and the usual settings.
    ///
    /// # Errors
    /// As [`Service::new`].
    pub fn for_tests() -> Result<Self> {
        Self::in_memory(Arc::new(SystemClock::new()), Settings::default())
    }

    /// Answers a message: a device's own (see [`protocol`](license::protocol)), or a license template in JSON around
    /// one.
    ///
    /// # Errors
    /// The reason to refuse. Nothing is changed then.
    pub fn handle(&self, body: &[u8], endpoint: Endpoint, sender: &Sender) -> Result<Reply, Refusal> {
        if body.len() > MAX_BODY {
            return Err(Refusal::new(Rule::BodyTooLarge, "", format!("{} bytes; {MAX_BODY} are possible", body.len())));
        }
        let _expected = Expected::at(&*self.store);
        if license::protocol::is_message(body) {
            self.handle_device_message(body, endpoint, sender)
        } else {
            self.handle_template(body, endpoint, sender)
        }
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// [`StoreError`] with the reason if it does not.
    pub fn check(&self) -> Result<(), StoreError> {
        self.store.check()
    }

    /// As [`later_form`] for the service's own store: another server of it may have been upgraded.
    ///
    /// # Errors
    /// As there.
    pub fn later_form(&self) -> Result<Option<String>, StoreError> {
        later_form(&*self.store)
    }

    /// Forgets what nobody needs any more, nonces of requests whose certificates are over and licenses that ended thirty
    /// days ago; how many of both. To be called now and then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tidy(&self) -> Result<u64, StoreError> {
        let now = self.clock.unix_millis();
        Ok(self.store.forget_nonces(now)? + self.forget_licenses(now)?)
    }
}
