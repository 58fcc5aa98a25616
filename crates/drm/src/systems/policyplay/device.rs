//! The device's identity and certificate, kept in the device store: all sessions, instances and processes that use the same
//! directory and trust the same authority are one device.
//!
//! Where an authority is configured, nothing that another one has certified counts, whoever put it into the store: it stays there,
//! and the device begins anew beside it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::platform::{LICENSE_AUTHORITY, Platform};
use crate::storage::{OfflineStore, StoredKey, StoredStatus};
use crate::terms::StoredLicense;
use base::secret::SecretBytes;
use base::sync::Mutex;
use license::protocol::{CertificateStatus, Client, License};

/// Where in the device store the keys and certificates are.
const IDENTITY: &[u8] = b"identity";
/// Where in the device store the provider's token is.
const CLIENT_TOKEN: &[u8] = b"client token";

/// Where things are that one authority has certified or given beside those of the first one.
fn under(name: &[u8], authority: &[u8]) -> Vec<u8> {
    [name, b" ", &Sha256::digest(authority)[..16]].concat()
}

/// The device that an instance is.
pub struct DeviceIdentity {
    platform: Arc<Platform>,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    client: Client,
    store: Arc<dyn OfflineStore>,
    trusted: Option<Vec<u8>>,
}

impl DeviceIdentity {
    /// Loaded when it is needed.
    pub fn new(platform: Arc<Platform>) -> Self {
        Self { platform, loaded: Mutex::default() }
    }

    /// The instance's environment.
    pub fn platform(&self) -> &Platform {
        &self.platform
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
        let (store, trusted) = (self.platform.device_store()?, self.trusted());
        let client = Client::new(trusted.clone())?;
        Ok(loaded.insert(Loaded { client, store, trusted }).client.provision_request()?)
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
        let result = Self::keep(loaded);
        if result.is_err() {
            *guard = Client::from_secret(&before, self.trusted()).ok().map(|client| Loaded {
                client,
                store: Arc::clone(&loaded.store),
                trusted: loaded.trusted.clone(),
            });
        }
        result
    }

    fn keep(loaded: &mut Loaded) -> Result<()> {
        if let Some(other) = Self::read(&loaded.store, loaded.trusted.clone())?
            && other.device_id() != loaded.client.device_id()
        {
            // Another process was faster. Licenses may be stored for its keys already.
            loaded.client = other;
            return Ok(());
        }
        // The first identity of a store is everybody's who trusts its authority, or the first one.
        let first = match Self::read_entry(&loaded.store, IDENTITY, None)? {
            Some(first) => first.device_id() == loaded.client.device_id(),
            None => true,
        };
        let id = match &loaded.trusted {
            Some(authority) if !first => under(IDENTITY, authority),
            _ => IDENTITY.to_vec(),
        };
        put(&*loaded.store, &id, loaded.client.to_secret())
    }

    /// The provider's token, to go with the next request.
    pub fn client_token(&self) -> Result<Option<Vec<u8>>> {
        let stored = self.platform.device_store()?.get(&self.client_token_id())?;
        Ok(stored.map(|stored| stored.payload.to_vec()))
    }

    /// Keeps the provider's token.
    pub fn set_client_token(&self, token: &[u8]) -> Result<()> {
        put(&*self.platform.device_store()?, &self.client_token_id(), token.into())
    }

    /// No provider gets another authority's token.
    fn client_token_id(&self) -> Vec<u8> {
        self.trusted().map_or_else(|| CLIENT_TOKEN.to_vec(), |authority| under(CLIENT_TOKEN, &authority))
    }

    /// The identity, read again from the store if another process may have changed it.
    fn load<'a>(&self, loaded: &'a mut Option<Loaded>, now: i64) -> Result<Option<&'a mut Loaded>> {
        let waits = |loaded: &Loaded| loaded.client.is_provisioning();
        let good = |loaded: &Loaded| loaded.client.certificate_status(now) == CertificateStatus::Provisioned;
        let usable = loaded.as_ref().is_some_and(|loaded| self.is_current(loaded) && (waits(loaded) || good(loaded)));
        if !usable {
            let (store, trusted) = (self.platform.device_store()?, self.trusted());
            *loaded = Self::read(&store, trusted.clone())?.map(|client| Loaded { client, store, trusted });
        }
        Ok(loaded.as_mut())
    }

    /// Whether directory and authority are still those that are configured.
    fn is_current(&self, loaded: &Loaded) -> bool {
        loaded.trusted == self.trusted()
            && self.platform.device_store().is_ok_and(|store| Arc::ptr_eq(&store, &loaded.store))
    }

    fn read(store: &Arc<dyn OfflineStore>, trusted: Option<Vec<u8>>) -> Result<Option<Client>> {
        let first = Self::read_entry(store, IDENTITY, trusted.clone())?;
        match trusted {
            Some(authority) if first.as_ref().is_none_or(|first| first.authority() != Some(&*authority)) => {
                let own = Self::read_entry(store, &under(IDENTITY, &authority), Some(authority.clone()))?;
                Ok(own.filter(|own| own.authority() == Some(&*authority)))
            }
            _ => Ok(first),
        }
    }

    fn read_entry(store: &Arc<dyn OfflineStore>, id: &[u8], trusted: Option<Vec<u8>>) -> Result<Option<Client>> {
        let stored = store.get(id)?;
        Ok(stored.map(|stored| Client::from_secret(&stored.payload, trusted)).transpose()?)
    }

    fn trusted(&self) -> Option<Vec<u8>> {
        self.platform.byte_arrays.get(LICENSE_AUTHORITY).ok()
    }

    fn now(&self) -> i64 {
        self.platform.reading().wall_millis
    }
}

fn put(store: &dyn OfflineStore, id: &[u8], secret: SecretBytes) -> Result<()> {
    store.put_all(&[(id, StoredKey { status: StoredStatus::Usable, payload: secret })])
}
