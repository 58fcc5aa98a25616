//! A device's request: read, then its certificate and signature checked.

use std::collections::HashMap;

use super::Service;
use super::quota::{token_fits, token_too_long};
use super::records::{self, Device};
use super::store::Table;
use license::protocol::service_side::{Frame, Kind, Role, Verified, check, from_json, hash, is_seal_key};
use license::protocol::{Hash, Rejection, Request, RequestType};
use license::template::{Refusal, Rule};

/// Key ids in one request.
const MAX_KEY_IDS: usize = 256;
/// Certificates whose check is remembered.
const MAX_CACHED: usize = 4096;

/// Certificates that were found to be the authority's, by their hash.
pub(super) type CertificateCache = HashMap<Hash, Verified>;

/// A request whose sender is known.
pub(super) struct Incoming {
    pub request: Request,
    /// Of the whole message.
    pub hash: Hash,
    pub sender: Verified,
    pub device: Device,
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
        let sender = self.check_certificate(&request.certificate.0, pointer)?;
        frame.verify(&sender.key).map_err(|fault| malformed(pointer, &fault))?;
        let unknown = |reason: &str| Refusal::new(Rule::BadCertificate, pointer, reason.to_owned());
        let device: Option<Device> = records::plain(self.store.read(Table::Device, &sender.id.0)?, Table::Device)?;
        let device = device.ok_or_else(|| unknown("the device is not known here and has to be provisioned"))?;
        if device.revoked {
            return Err(unknown("the device's certificate is revoked"));
        }
        Ok(Incoming { request, hash: hash(message), sender, device })
    }

    fn check_certificate(&self, der: &[u8], pointer: &str) -> Result<Verified, Refusal> {
        let bad = |reason: String| Refusal::new(Rule::BadCertificate, pointer, format!("the certificate: {reason}"));
        let key = hash(der);
        let known = self.certificates.lock().get(&key).cloned();
        let verified = if let Some(verified) = known {
            verified
        } else {
            let verified = check(der, Role::Device, Some(self.identity.authority.verifying_key())).map_err(bad)?;
            let mut cache = self.certificates.lock();
            if cache.len() >= MAX_CACHED {
                cache.clear();
            }
            cache.insert(key, verified.clone());
            verified
        };
        let now = self.clock.unix_millis();
        if now < verified.not_before {
            return Err(bad("not valid yet".into()));
        }
        if now >= verified.not_after {
            return Err(bad("expired".into()));
        }
        Ok(verified)
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
