//! A device's identity: its two private keys and what provisioning added.

use serde::{Deserialize, Serialize};

use super::certificate::{Role, Verified, check, key_id};
use super::crypto::{KeptSigningKey, SealKey};
use super::error::{Error, Result};
use super::wire::{Bytes, Id, from_json, secret, to_secret_json};
use base::secret::SecretBytes;

/// Whether the device has a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Never provisioned.
    NotProvisioned,
    /// It has one that is valid now.
    Provisioned,
    /// It has one that is valid no longer.
    Expired,
    /// It has one that is not valid yet: the clock is wrong.
    Invalid,
}

/// What provisioning brought.
pub struct Provisioned {
    pub device: Verified,
    pub service: Verified,
    /// In DER.
    pub certificate: Bytes,
    pub service_certificate: Bytes,
    /// In DER. Later provisionings must come from the same one.
    pub authority: Bytes,
}

pub struct Device {
    pub signing: KeptSigningKey,
    pub seal: SealKey,
    pub id: Id,
    pub provisioned: Option<Provisioned>,
}

/// How a device is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    #[serde(with = "secret")]
    signing_key: SecretBytes,
    #[serde(with = "secret")]
    seal_key: SecretBytes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificates: Option<KeptCertificates>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptCertificates {
    device: Bytes,
    service: Bytes,
    authority: Bytes,
}

const VERSION: u32 = 1;

impl Device {
    pub fn generate() -> Result<Self> {
        let signing = KeptSigningKey::generate()?;
        let id = key_id(signing.public())?;
        Ok(Self { signing, seal: SealKey::generate()?, id, provisioned: None })
    }

    pub fn to_secret(&self) -> SecretBytes {
        let certificates = self.provisioned.as_ref().map(|provisioned| KeptCertificates {
            device: provisioned.certificate.clone(),
            service: provisioned.service_certificate.clone(),
            authority: provisioned.authority.clone(),
        });
        let kept =
            Kept { version: VERSION, signing_key: self.signing.secret(), seal_key: self.seal.secret(), certificates };
        to_secret_json(&kept)
    }

    pub fn from_secret(bytes: &[u8]) -> Result<Self> {
        let malformed = |reason: String| Error::Malformed { what: "device identity", reason };
        let kept: Kept = from_json(bytes).map_err(malformed)?;
        if kept.version != VERSION {
            return Err(malformed(format!("version {} is not known here", kept.version)));
        }
        let signing = KeptSigningKey::from_secret(&kept.signing_key)?;
        let seal = SealKey::from_secret(&kept.seal_key)?;
        let mut device = Self { id: key_id(signing.public())?, signing, seal, provisioned: None };
        if let Some(kept) = kept.certificates {
            let provisioned = device.check(kept.device, kept.service, kept.authority);
            device.provisioned = Some(
                provisioned
                    .map_err(|(certificate, reason)| malformed(format!("{certificate} certificate: {reason}")))?,
            );
        }
        Ok(device)
    }

    /// Checks three certificates against each other and the device's key; an error says which of them is wrong.
    pub fn check(
        &self,
        certificate: Bytes,
        service_certificate: Bytes,
        authority: Bytes,
    ) -> Result<Provisioned, (&'static str, String)> {
        let named = |role: Role| move |reason| (role.name(), reason);
        let root = check(&authority.0, Role::Authority, None).map_err(named(Role::Authority))?;
        let service = check(&service_certificate.0, Role::Service, Some(&root.key)).map_err(named(Role::Service))?;
        let device = check(&certificate.0, Role::Device, Some(&root.key)).map_err(named(Role::Device))?;
        if device.id != self.id {
            return Err(named(Role::Device)("it is another device's".into()));
        }
        Ok(Provisioned { device, service, certificate, service_certificate, authority })
    }

    /// `now` in milliseconds since 1970.
    pub fn status(&self, now: i64) -> CertificateStatus {
        match &self.provisioned {
            None => CertificateStatus::NotProvisioned,
            Some(provisioned) if now < provisioned.device.not_before => CertificateStatus::Invalid,
            Some(provisioned) if now >= provisioned.device.not_after => CertificateStatus::Expired,
            Some(_) => CertificateStatus::Provisioned,
        }
    }
}
