//! The device's identity and certificate, kept in the device store: all sessions, instances and processes that use the same
//! directory and trust the same authority are one device.
//!
//! What is kept is bound to the machine. What another machine has kept does not count, nor, where an authority is configured, what
//! another one has certified, whoever put it into the store: it stays there, and the device begins anew beside it.

use std::sync::Arc;

use super::keeping::{Found, find, keep, under};
use super::revocation::Remembered;
use crate::error::{Error, Result};
use crate::key_system::SystemHost;
use crate::machine::Machine;
use crate::storage::{OfflineStore, StoredKey};
use crate::terms::StoredLicense;
use base::log;
use base::sync::Mutex;
use license::protocol::{CertificateStatus, Client, License};

/// The configuration byte array with the certificate of the authority to trust, X.509 in DER.
const LICENSE_AUTHORITY: &str = "licenseAuthority";

/// Where in the device store the keys and certificates are.
const IDENTITY: &[u8] = b"identity";
/// Where in the device store the provider's token is.
const CLIENT_TOKEN: &[u8] = b"client token";

/// The device that an instance is.
pub struct DeviceIdentity {
    host: Arc<dyn SystemHost>,
    loaded: Mutex<Option<Loaded>>,
    revoked: Remembered,
}

struct Loaded {
    client: Client,
    store: Arc<dyn OfflineStore>,
    trusted: Option<Vec<u8>>,
    machine: Option<Machine>,
}

impl DeviceIdentity {
    /// Loaded when it is needed.
    pub fn new(host: Arc<dyn SystemHost>) -> Self {
        Self { host, loaded: Mutex::default(), revoked: Remembered::default() }
    }

    /// The instance.
    pub fn host(&self) -> &dyn SystemHost {
        &*self.host
    }

    /// Licenses that the service has revoked.
    pub fn revoked(&self) -> &Remembered {
        &self.revoked
    }

    /// Uses the identity, however old its certificate is: what was issued to it stays its own.
    ///
    /// # Errors
    /// [`Error::NotProvisioned`] without a certificate.
    pub fn with<T>(&self, action: impl FnOnce(&Client) -> Result<T>) -> Result<T> {
        self.with_status(|status| status != CertificateStatus::NotProvisioned, action)
    }

    /// A stored license, as it is stored and unsealed.
    ///
    /// # Errors
    /// [`Error::NotProvisioned`] without a certificate; [`Error::Malformed`] or [`Error::Refused`] if it is none of this
    /// device's licenses.
    pub fn open_stored(&self, stored: &StoredKey) -> Result<(StoredLicense, License)> {
        let stored = StoredLicense::from_stored(stored)?;
        let license = self.with(|client| Ok(client.restore(&stored.sealed.0)?))?;
        Ok((stored, license))
    }

    /// Uses the identity to ask for something. A certificate that is not valid yet, by a clock that may be wrong, is the
    /// service's to judge.
    ///
    /// # Errors
    /// [`Error::NotProvisioned`] without a certificate, or with one that has expired.
    pub fn with_certificate<T>(&self, action: impl FnOnce(&Client) -> Result<T>) -> Result<T> {
        let good = [CertificateStatus::Provisioned, CertificateStatus::Invalid];
        self.with_status(|status| good.contains(&status), action)
    }

    fn with_status<T>(
        &self,
        is_enough: impl FnOnce(CertificateStatus) -> bool,
        action: impl FnOnce(&Client) -> Result<T>,
    ) -> Result<T> {
        let now = self.now();
        let mut loaded = self.loaded.lock();
        match self.load(&mut loaded, now)? {
            Some(loaded) if is_enough(loaded.client.certificate_status(now)) => action(&loaded.client),
            _ => Err(Error::NotProvisioned),
        }
    }

    /// The state of the certificate.
    pub fn status(&self) -> Result<CertificateStatus> {
        let now = self.now();
        let mut loaded = self.loaded.lock();
        let status = self.load(&mut loaded, now)?.map(|loaded| loaded.client.certificate_status(now));
        Ok(status.unwrap_or(CertificateStatus::NotProvisioned))
    }

    /// A request for a certificate.
    pub fn provision_request(&self) -> Result<Vec<u8>> {
        let mut loaded = self.loaded.lock();
        if let Some(loaded) = self.load(&mut loaded, self.now())? {
            return Ok(loaded.client.provision_request()?);
        }
        // Nothing is stored before the service has agreed.
        let (store, trusted) = (self.host.device_store()?, self.trusted());
        let (client, machine) = (Client::new(trusted.clone())?, self.host.machine()?);
        Ok(loaded.insert(Loaded { client, store, trusted, machine }).client.provision_request()?)
    }

    /// Takes the answer to the last request.
    pub fn process_provision_response(&self, response: &[u8]) -> Result<()> {
        let mut guard = self.loaded.lock();
        let Some(loaded) = guard.as_mut().filter(|loaded| self.is_current(loaded)) else {
            return Err(Error::Refused("no provisioning request waits for an answer".into()));
        };
        // The client changes only once what it has become is stored.
        let before = loaded.client.to_secret();
        loaded.client.process_provision_response(response)?;
        let result = loaded.keep();
        if result.is_err() {
            *guard = Client::from_secret(&before, self.trusted()).ok().map(|client| Loaded {
                client,
                store: Arc::clone(&loaded.store),
                trusted: loaded.trusted.clone(),
                machine: loaded.machine,
            });
        }
        result
    }

    /// The provider's token, to go with the next request.
    pub fn client_token(&self) -> Result<Option<Vec<u8>>> {
        let found = self.find_token(&*self.host.device_store()?)?;
        if let Some(damage) = &found.damage {
            log::warn!("the provider's token cannot be read: {damage}");
        }
        Ok(found.kept.map(|(_, token)| token))
    }

    /// Keeps the provider's token.
    pub fn set_client_token(&self, token: &[u8]) -> Result<()> {
        let store = self.host.device_store()?;
        let found = self.find_token(&*store)?;
        // A damaged one is of no use to anybody.
        let place = found.kept.map(|(place, _)| place).or(found.damaged).unwrap_or(found.vacant);
        keep(&*store, &place, self.host.machine()?, token)
    }

    fn find_token(&self, store: &dyn OfflineStore) -> Result<Found<Vec<u8>>> {
        // No provider gets another authority's token.
        let trusted = self.trusted();
        let usual =
            trusted.as_deref().map_or_else(|| CLIENT_TOKEN.to_vec(), |authority| under(CLIENT_TOKEN, authority));
        let machine = self.host.machine()?;
        let places = vec![usual, beside(CLIENT_TOKEN, trusted.as_deref(), machine)];
        find(store, places, machine, |token| Ok(Some(token.to_vec())))
    }

    /// The identity, read again from the store if another process may have changed it.
    fn load<'a>(&self, loaded: &'a mut Option<Loaded>, now: i64) -> Result<Option<&'a mut Loaded>> {
        let waits = |loaded: &Loaded| loaded.client.is_provisioning();
        let good = |loaded: &Loaded| loaded.client.certificate_status(now) == CertificateStatus::Provisioned;
        let usable = loaded.as_ref().is_some_and(|loaded| self.is_current(loaded) && (waits(loaded) || good(loaded)));
        if !usable {
            let (store, trusted) = (self.host.device_store()?, self.trusted());
            let machine = self.host.machine()?;
            let found = find_identity(&*store, trusted.as_deref(), machine)?;
            *loaded = found.kept.map(|(_, client)| Loaded { client, store, trusted, machine });
        }
        Ok(loaded.as_mut())
    }

    /// Whether directory and authority are still those that are configured.
    fn is_current(&self, loaded: &Loaded) -> bool {
        loaded.trusted == self.trusted()
            && self.host.device_store().is_ok_and(|store| Arc::ptr_eq(&store, &loaded.store))
    }

    fn trusted(&self) -> Option<Vec<u8>> {
        self.host.configuration_bytes(LICENSE_AUTHORITY)
    }

    fn now(&self) -> i64 {
        self.host.reading().wall_millis
    }
}

impl Loaded {
    /// Stores the identity, unless there is one already.
    fn keep(&mut self) -> Result<()> {
        let found = find_identity(&*self.store, self.trusted.as_deref(), self.machine)?;
        let place = match found.kept {
            Some((_, other)) if other.device_id() != self.client.device_id() => {
                // Another process was faster. Licenses may be stored for its keys already.
                self.client = other;
                return Ok(());
            }
            Some((place, _)) => place,
            None => found.vacant,
        };
        keep(&*self.store, &place, self.machine, &self.client.to_secret())
    }
}

/// Where things are beside those of another machine.
fn beside(name: &[u8], trusted: Option<&[u8]>, machine: Option<Machine>) -> Vec<u8> {
    let machine = machine.as_ref().map_or(&[][..], |machine| machine.bytes());
    under(name, &[trusted.unwrap_or_default(), b"@", machine].concat())
}

/// The identity of this machine that the configured authority has certified, if one is configured. The first one of a store is everybody's
/// for whom it is good enough.
fn find_identity(store: &dyn OfflineStore, trusted: Option<&[u8]>, machine: Option<Machine>) -> Result<Found<Client>> {
    let mut places = vec![IDENTITY.to_vec()];
    places.extend(trusted.map(|authority| under(IDENTITY, authority)));
    places.push(beside(IDENTITY, trusted, machine));
    let found = find(store, places, machine, |secret| {
        let client = Client::from_secret(secret, trusted.map(<[u8]>::to_vec))?;
        Ok(Some(client).filter(|client| trusted.is_none_or(|trusted| client.authority() == Some(trusted))))
    })?;
    match found {
        // It may be what this machine has: nothing takes its place unasked.
        Found { kept: None, damage: Some(damage), .. } if trusted.is_none() => Err(damage),
        Found { kept: None, damage: Some(damage), is_full: true, .. } => Err(damage),
        found => Ok(found),
    }
}

#[cfg(test)]
#[path = "device_tests.rs"]
mod tests;
