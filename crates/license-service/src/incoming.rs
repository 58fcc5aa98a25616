//! A device's request: read, then its certificate and signature checked.

use std::collections::HashMap;
use std::sync::Arc;

use super::Service;
use super::identity::Issuer;
use super::provision::internal;
use super::quota::{token_fits, token_too_long};
use super::records::{self, Device};
use super::store::Table;
use license::protocol::service_side::{Frame, Kind, Role, Verified, check_with, from_json, hash, is_seal_key};
use license::protocol::{Hash, Rejection, Request, RequestType, Revoked};
use license::template::{Refusal, Rule};

/// Key ids in one request.
const MAX_KEY_IDS: usize = 256;
/// Certificates whose check is remembered.
const MAX_CACHED: usize = 4096;

/// Certificates that were found to be an authority's, by their hash.
pub(super) type CertificateCache = HashMap<Hash, (Verified, Arc<Issuer>)>;

/// A request whose sender is known.
pub(super) struct Incoming {
    pub request: Request,
    /// Of the whole message.
    pub hash: Hash,
    pub sender: Verified,
    /// Who has certified it, and signs what it gets.
    pub issuer: Arc<Issuer>,
    pub device: Device,
    /// Its licenses that are revoked, for the answer; none if it does not understand that.
    pub revoked: Revoked,
}

/// A refusal for what is no message of a device.
pub(super) fn malformed(pointer: &str, rejection: &Rejection) -> Refusal {
    if *rejection == Rejection::BadSignature {
        // The rejection's own words are for devices.
        return Refusal::new(Rule::BadSignature, pointer, "the message is not signed with its device's key");
    }
    Refusal::new(Rule::BadMessage, pointer, rejection.to_string())
}

impl Service {
    /// Reads a request of one of the types and finds out who sends it. `pointer` is the message's place in a template.
    pub(super) fn incoming(&self, message: &[u8], pointer: &str, types: &[RequestType]) -> Result<Incoming, Refusal> {
        let bad = |reason: String| Refusal::new(Rule::BadMessage, pointer, reason);
        let frame = Frame::parse_kind(message, Kind::Request).map_err(|fault| malformed(pointer, &fault))?;
        let request: Request = from_json(frame.body).map_err(bad)?;
        if !types.contains(&request.request_type) {
            return Err(bad(format!("a {:?} request does not belong here", request.request_type)));
        }
        if request.key_ids.len() > MAX_KEY_IDS {
            return Err(bad(format!("{} key ids; {MAX_KEY_IDS} are possible", request.key_ids.len())));
        }
        if (request.request_type == RequestType::License) != request.license_id.is_none() {
            return Err(bad("renewals and releases name a license, and no others do".into()));
        }
        if let Some(token) = request.client_token.as_ref().filter(|token| !token_fits(Some(&token.0))) {
            return Err(bad(token_too_long(&token.0)));
        }
        if !is_seal_key(&request.ephemeral_key) {
            return Err(bad("the encapsulation key is not a point of P-256".into()));
        }
        let (sender, issuer) = self.check_certificate(&request.certificate.0, pointer)?;
        frame.verify_with(self.settings.engine, &sender.key).map_err(|fault| malformed(pointer, &fault))?;
        let unknown = |reason: &str| Refusal::new(Rule::BadCertificate, pointer, reason.to_owned());
        let device: Option<Device> = records::plain(self.store.read(Table::Device, &sender.id.0)?, Table::Device)?;
        let device = device.ok_or_else(|| unknown("the device is not known here and has to be provisioned"))?;
        if device.revoked {
            return Err(unknown("the device's certificate is revoked"));
        }
        let revoked = device.revocations_for(&request, self.clock.unix_millis());
        Ok(Incoming { request, hash: hash(message), sender, issuer, device, revoked })
    }

    fn check_certificate(&self, der: &[u8], pointer: &str) -> Result<(Verified, Arc<Issuer>), Refusal> {
        let bad = |reason: String| Refusal::new(Rule::BadCertificate, pointer, format!("the certificate: {reason}"));
        let key = hash(der);
        let known = self.certificates.lock().get(&key).cloned();
        let (verified, issuer) = if let Some(known) = known {
            known
        } else {
            let mut found = self.certified_by(der);
            // Another server of the store may have made a new authority.
            if found.is_err() && self.refresh().map_err(|fault| internal(&fault))? {
                found = self.certified_by(der);
            }
            let found = found.map_err(bad)?;
            let mut cache = self.certificates.lock();
            if cache.len() >= MAX_CACHED {
                cache.clear();
            }
            cache.insert(key, found.clone());
            found
        };
        let now = self.clock.unix_millis();
        if now < verified.not_before {
            return Err(bad("not valid yet".into()));
        }
        if now >= verified.not_after {
            return Err(bad("expired".into()));
        }
        if !self.identity.issuers().iter().any(|held| held.id == issuer.id) {
            return Err(bad("of a former authority".into()));
        }
        Ok((verified, issuer))
    }

    /// The issuer whose authority has signed a device's certificate; else what is wrong with it for the present one.
    fn certified_by(&self, der: &[u8]) -> Result<(Verified, Arc<Issuer>), String> {
        let mut reason = String::new();
        for issuer in self.identity.issuers() {
            match check_with(self.settings.engine, der, Role::Device, Some(issuer.authority.verifying_key())) {
                Ok(verified) => return Ok((verified, issuer)),
                Err(fault) if reason.is_empty() => reason = fault,
                Err(_) => {}
            }
        }
        Err(reason)
    }
}

impl Incoming {
    /// Marks the request as seen. Its nonce is remembered as long as its certificate is valid: later it is refused for
    /// that.
    pub fn use_nonce(&self, transaction: &mut dyn super::Transaction, pointer: &str) -> Result<(), Refusal> {
        if transaction.use_nonce(&self.request.nonce.0, self.sender.not_after)? {
            return Ok(());
        }
        Err(Refusal::new(Rule::ReplayedRequest, pointer, "this request was answered before"))
    }
}
