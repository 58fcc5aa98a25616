//! com.policyplay.drm: licenses that carry a policy, for provisioned devices. The messages are those of
//! [`license::protocol`].

mod device;
mod session;

use std::sync::Arc;

use super::{ALGORITHMS, MIME_TYPES, VENDOR};
use crate::error::{Error, Result};
use crate::key_system::{CertificateStatus, Descriptor, KeySystem, Request, SessionModule, SystemModule};
use crate::platform::{PROVISIONING_URL, Platform};
use crate::storage::{StoredKey, StoredStatus};
use crate::terms::StoredLicense;
use device::DeviceIdentity;
use init_data;
use license::policy::{Device, Engine, State};
use session::PolicySession;

/// The key system.
pub struct PolicyPlay;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "com.policyplay.drm",
    uuid: init_data::POLICYPLAY_SYSTEM_ID,
    system_ids: &[init_data::POLICYPLAY_SYSTEM_ID],
    vendor: VENDOR,
    description: "Licenses with a policy for provisioned devices",
    algorithms: ALGORITHMS,
    mime_types: MIME_TYPES,
    announces_requests: false,
    has_settable_defaults: false,
};

impl KeySystem for PolicyPlay {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, platform: &Arc<Platform>) -> Box<dyn SystemModule> {
        Box::new(PolicySystem { device: Arc::new(DeviceIdentity::new(Arc::clone(platform))) })
    }
}

struct PolicySystem {
    device: Arc<DeviceIdentity>,
}

impl SystemModule for PolicySystem {
    fn key_system_request(&self) -> Result<Request> {
        let data = self.device.provision_request()?;
        Ok(Request { default_url: self.device.platform().default_url(PROVISIONING_URL), ..Request::initial(data) })
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
        let now = self.device.platform().reading().wall_millis.div_euclid(1000);
        let engine = Engine::restore(license.policy, state, Vec::new(), Device::default(), now)
            .map_err(|denial| Error::Refused(denial.to_string().into()))?;
        Ok(match engine.state() {
            State::None | State::Expired | State::Blocked => StoredStatus::Inactive,
            State::Ready | State::Playing | State::Renewing | State::ClockLocked => stored.status,
        })
    }

    fn open_session(&self) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(PolicySession::new(&DESCRIPTOR, Arc::clone(&self.device))?))
    }
}
