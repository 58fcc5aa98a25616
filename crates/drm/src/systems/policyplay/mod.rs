//! com.policyplay.drm: licenses that carry a policy, for provisioned devices. The messages are those of
//! [`license::protocol`](license::protocol).

mod device;
mod session;

use std::sync::Arc;

use crate::key_system::{CertificateStatus, Descriptor, KeySystem, Request, SessionModule, SystemModule};
use crate::platform::Platform;
use crate::storage::{StoredKey, StoredStatus};
use crate::terms::StoredLicense;
use base::error::Result;
use device::DeviceIdentity;
use init_data;
use license::policy::Windows;
use license::protocol;
use session::PolicySession;

/// The key system.
pub struct PolicyPlay;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "com.policyplay.drm",
    uuid: init_data::POLICYPLAY_SYSTEM_ID,
    system_ids: &[init_data::POLICYPLAY_SYSTEM_ID],
    vendor: "native_drm",
    description: "Licenses with a policy for provisioned devices",
    algorithms: "AES-128-CTR,AES-128-CBC,SM4-CTR,SM4-CBC",
    announces_requests: false,
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
        Ok(Request::initial(self.device.provision_request()?))
    }

    fn process_key_system_response(&self, response: &[u8]) -> Result<()> {
        self.device.process_provision_response(response)
    }

    fn certificate_status(&self) -> Result<CertificateStatus> {
        Ok(match self.device.status()? {
            protocol::CertificateStatus::Provisioned => CertificateStatus::Provisioned,
            protocol::CertificateStatus::NotProvisioned => CertificateStatus::NotProvisioned,
            protocol::CertificateStatus::Expired => CertificateStatus::Expired,
            protocol::CertificateStatus::Invalid => CertificateStatus::Invalid,
        })
    }

    fn stored_status(&self, stored: &StoredKey) -> Result<StoredStatus> {
        let StoredLicense { sealed, state } = StoredLicense::from_stored(stored)?;
        let license = self.device.with(|client| Ok(client.restore(&sealed.0)?))?;
        let now = self.device.platform().reading().wall_millis.div_euclid(1000).max(state.last_seen);
        let over = state.expired || Windows::of(&license.policy, &state).expiry().is_some_and(|end| end <= now);
        Ok(if over || !license.policy.can_play { StoredStatus::Inactive } else { stored.status })
    }

    fn open_session(&self) -> Result<Box<dyn SessionModule>> {
        Ok(Box::new(PolicySession::new(Arc::clone(&self.device))?))
    }
}
