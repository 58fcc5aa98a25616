//! The device's side: a [`Client`] for the device; a [`SessionClient`](super::SessionClient) for each session.
//!
//! Every answer is checked completely before anything changes: a refused one leaves license, keys and outstanding requests
//! as they were.

use std::collections::VecDeque;

use p256::pkcs8::EncodePublicKey;

use super::crypto::{hash, random};
use super::device::{CertificateStatus, Device, Provisioned};
use super::error::{Error, Result};
use super::frame::{Frame, Kind, is_message, message};
use super::license::{License, SealedLicense};
use super::provision::{ProvisionRequest, ProvisionResponse};
use super::rejection::Rejection;
use super::wire::{Bytes, Hash, Id, from_json, to_json};
use base::secret::SecretBytes;

/// Requests of one kind that may be unanswered at a time; a further one makes the oldest count no more.
pub(super) const MAX_OUTSTANDING: usize = 8;

/// A device: its keys and, once provisioned, its certificate.
pub struct Client {
    pub(super) device: Device,
    /// The authority to trust, where one was configured.
    trusted: Option<Bytes>,
    /// Hashes of the provisioning requests that wait for an answer, newest first.
    outstanding: VecDeque<Hash>,
}

impl Client {
    /// A device with new keys. `trusted` is the certificate (X.509 in DER) of the one authority to accept; without it the
    /// first provisioning decides, and later ones must agree with it.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system has no random numbers.
    pub fn new(trusted: Option<Vec<u8>>) -> Result<Self> {
        Ok(Self { device: Device::generate()?, trusted: trusted.map(Bytes), outstanding: VecDeque::new() })
    }

    /// A device as [`Client::to_secret`] wrote it.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything else.
    pub fn from_secret(bytes: &[u8], trusted: Option<Vec<u8>>) -> Result<Self> {
        Ok(Self { device: Device::from_secret(bytes)?, trusted: trusted.map(Bytes), outstanding: VecDeque::new() })
    }

    /// Everything there is to keep, private keys included: for an encrypted store only.
    pub fn to_secret(&self) -> SecretBytes {
        self.device.to_secret()
    }

    /// The device's id, made of its signing key.
    pub fn device_id(&self) -> Id {
        self.device.id
    }

    /// The certificate of the authority that has certified the device, in DER; none before the first provisioning.
    pub fn authority(&self) -> Option<&[u8]> {
        self.device.provisioned.as_ref().map(|provisioned| &*provisioned.authority.0)
    }

    /// Whether there is a certificate; `now` in milliseconds since 1970.
    pub fn certificate_status(&self, now: i64) -> CertificateStatus {
        self.device.status(now)
    }

    /// Until when the certificate is valid, milliseconds since 1970.
    pub fn certificate_expiry(&self) -> Option<i64> {
        self.device.provisioned.as_ref().map(|provisioned| provisioned.device.not_after)
    }

    /// A request for a certificate.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system has no random numbers.
    pub fn provision_request(&mut self) -> Result<Vec<u8>> {
        let key = self.device.signing.public().to_public_key_der();
        let key = key.map_err(|fault| Error::Internal(format!("public key: {fault}")))?;
        let request = ProvisionRequest {
            nonce: random()?,
            signing_key: Bytes(key.as_bytes().to_vec()),
            seal_key: self.device.seal.public().clone(),
            authority: self.trusted.as_ref().map(|trusted| &*trusted.0).or(self.authority()).map(hash),
        };
        let request = self.device.signing.with(|key| message(Kind::ProvisionRequest, &to_json(&request), key))??;
        self.outstanding.truncate(MAX_OUTSTANDING - 1);
        self.outstanding.push_front(hash(&request));
        Ok(request)
    }

    /// Whether a provisioning request waits for its answer.
    pub fn is_provisioning(&self) -> bool {
        !self.outstanding.is_empty()
    }

    /// Takes the answer to a provisioning request. Afterwards [`Client::to_secret`] has something new to keep.
    ///
    /// # Errors
    /// A [`Rejection`]; the device is then as it was.
    pub fn process_provision_response(&mut self, response: &[u8]) -> Result<(), Rejection> {
        let frame = open_frame(response, Kind::ProvisionResponse)?;
        let body: ProvisionResponse = from_json(frame.body).map_err(Rejection::Malformed)?;
        if !self.outstanding.contains(&body.request_hash) {
            return Err(Rejection::NotOutstanding);
        }
        let known = self.device.provisioned.as_ref().map(|provisioned| &provisioned.authority);
        if self.trusted.iter().chain(known).any(|trusted| *trusted != body.authority) {
            return Err(Rejection::ForeignService);
        }
        let provisioned = self
            .device
            .check(body.device, body.service, body.authority)
            .map_err(|(certificate, reason)| Rejection::Certificate { certificate, reason })?;
        frame.verify(&provisioned.service.key)?;
        let valid = |not_before, not_after| (not_before..not_after).contains(&body.time);
        for (name, checked) in [("device", &provisioned.device), ("service", &provisioned.service)] {
            if !valid(checked.not_before, checked.not_after) {
                let reason = "not valid at the service's own time".into();
                return Err(Rejection::Certificate { certificate: name, reason });
            }
        }
        self.device.provisioned = Some(provisioned);
        self.outstanding.clear();
        Ok(())
    }

    /// Opens a license that this device stored. It was an answer to this device when it was accepted; that nobody has put
    /// another one in its place is the store's matter.
    ///
    /// # Errors
    /// A [`Rejection`]: among others for a license of another device, or one that does not persist.
    pub fn restore(&self, stored: &[u8]) -> Result<License, Rejection> {
        let sealed = self.check_license(stored)?;
        if !sealed.head.persistent {
            return Err(Rejection::Malformed("a license that is not to be stored".into()));
        }
        sealed.open(&self.device.seal)
    }

    pub(super) fn provisioned(&self) -> Result<&Provisioned> {
        self.device.provisioned.as_ref().ok_or(Error::NotProvisioned)
    }

    /// Checks that the provisioned service signed.
    pub(super) fn check_signer(&self, frame: &Frame<'_>, signer: Id) -> Result<(), Rejection> {
        let service = self.device.provisioned.as_ref().map(|provisioned| &provisioned.service);
        let service =
            service.filter(|service| service.id == signer).ok_or_else(|| Rejection::UnknownSigner(signer.hex()))?;
        frame.verify(&service.key)
    }

    pub(super) fn check_license(&self, message: &[u8]) -> Result<SealedLicense, Rejection> {
        let frame = open_frame(message, Kind::License)?;
        let sealed = SealedLicense::parse(frame.body)?;
        self.check_signer(&frame, sealed.head.signer)?;
        Ok(sealed)
    }
}

/// A message of the kind wanted; a service's refusal becomes its own rejection.
pub(super) fn open_frame(response: &[u8], kind: Kind) -> Result<Frame<'_>, Rejection> {
    if !is_message(response) {
        return Err(refusal(response).unwrap_or(Rejection::NotAMessage));
    }
    Frame::parse_kind(response, kind)
}

/// The service's refusal, if the response is one: `{"status","rule","message",…}`.
fn refusal(response: &[u8]) -> Option<Rejection> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        status: u16,
        rule: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        license_id: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(response).ok()?;
    (400..600).contains(&refusal.status).then_some(Rejection::Denied {
        status: refusal.status,
        rule: refusal.rule,
        message: refusal.message,
        license_id: refusal.license_id.and_then(|id| Id::from_slice(&hex::decode(id).ok()?)),
    })
}
