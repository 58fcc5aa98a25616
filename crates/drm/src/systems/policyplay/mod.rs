//! com.policyplay.drm: licenses that carry a policy, for provisioned devices. The messages are those of
//! [`license::protocol`].

mod device;
mod keeping;
mod revocation;
mod session;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::key_system::{
    CertificateStatus, Descriptor, KeySystem, ProtectionLevel, Request, SessionHost, SessionModule, SystemHost,
    SystemModule,
};
use crate::storage::{StoredKey, StoredStatus};
use crate::terms::StoredLicense;
use device::DeviceIdentity;
use init_data;
use license::policy::{Device, Engine, State};
use once_cell::sync::Lazy;
use session::PolicySession;

/// The key system.
pub struct PolicyPlay;

static DESCRIPTOR: Lazy<Arc<Descriptor>> = Lazy::new(|| {
    Arc::new(super::descriptor(
        "com.policyplay.drm",
        &[init_data::POLICYPLAY_SYSTEM_ID],
        "Licenses with a policy for provisioned devices",
    ))
});

impl KeySystem for PolicyPlay {
    fn descriptor(&self) -> Arc<Descriptor> {
        Arc::clone(&DESCRIPTOR)
    }

    fn open(&self, host: Arc<dyn SystemHost>) -> Result<Box<dyn SystemModule>> {
        Ok(Box::new(PolicySystem { device: Arc::new(DeviceIdentity::new(host)) }))
    }
}

struct PolicySystem {
    device: Arc<DeviceIdentity>,
}

/// The configuration string with the default URL of provisioning requests.
const PROVISIONING_URL: &str = "provisioningUrl";
/// The configuration string with the default URL of license requests, and of renewals whose license names none.
const LICENSE_URL: &str = "licenseUrl";
/// Bytes of a default URL at most, as there is room for in a C program's request.
const MAX_URL: usize = 2047;

impl SystemModule for PolicySystem {
    fn set_configuration_string(&self, name: &str, value: &str) -> Result<()> {
        if [PROVISIONING_URL, LICENSE_URL].contains(&name) && value.len() > MAX_URL {
            return Err(Error::Refused(format!("a URL of {} bytes is too long", value.len()).into()));
        }
        Ok(())
    }

    fn key_system_request(&self) -> Result<Request> {
        let data = self.device.provision_request()?;
        let default_url = self.device.host().configuration_string(PROVISIONING_URL).unwrap_or_default();
        Ok(Request { default_url, ..Request::initial(data) })
    }

    fn process_key_system_response(&self, response: &[u8]) -> Result<()> {
        self.device.process_provision_response(response)
    }

    fn certificate_status(&self) -> Result<CertificateStatus> {
        self.device.status()
    }

    fn stored_status(&self, stored: &StoredKey) -> Result<StoredStatus> {
        let (StoredLicense { state, .. }, license) = self.device.open_stored(stored)?;
        // What it would be if it were restored now.
        let now = self.device.host().reading().wall_millis.div_euclid(1000);
        let engine = Engine::restore(license.policy, state, Vec::new(), Device::default(), now)
            .map_err(|denial| Error::Refused(denial.to_string().into()))?;
        Ok(match engine.state() {
            State::None | State::Expired | State::Blocked => StoredStatus::Inactive,
            State::Ready | State::Playing | State::Renewing | State::ClockLocked => stored.status,
        })
    }

    fn open_session(&self, _: ProtectionLevel, host: Arc<dyn SessionHost>) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(PolicySession::new(Arc::clone(&DESCRIPTOR), Arc::clone(&self.device), host)?))
    }
}
