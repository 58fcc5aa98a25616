//! Provisioning: issuing certificates to devices.

use p256::pkcs8::DecodePublicKey;

use super::Service;
use super::incoming::malformed;
use super::records::{self, Device};
use super::reply::{Reply, Summary};
use super::store::Table;
use base::log::{self, Level};
use license::protocol::Bytes;
use license::protocol::service_side::{
    Frame, Kind, ProvisionRequest, ProvisionResponse, PublicKey, Role, from_json, hash, is_seal_key, issue, key_id,
    message, to_json,
};
use license::template::{Refusal, Rule};

/// The service itself failed; the device may try again.
pub(super) fn internal(fault: &impl std::fmt::Display) -> Refusal {
    log::write(Level::Error, format_args!("license service: {fault}"));
    Refusal::new(Rule::TryAgain, "", "the service could not answer; nothing was changed")
}

impl Service {
    pub(super) fn provision(&self, bytes: &[u8]) -> Result<Reply, Refusal> {
        let bad = |reason: String| Refusal::new(Rule::BadMessage, "", reason);
        let frame = Frame::parse_kind(bytes, Kind::ProvisionRequest).map_err(|fault| malformed("", &fault))?;
        let body: ProvisionRequest = from_json(frame.body).map_err(bad)?;
        let key = PublicKey::from_public_key_der(&body.signing_key.0)
            .map_err(|_| bad("the signing key is not one of P-256".into()))?;
        if !is_seal_key(&body.seal_key) {
            return Err(bad("the encapsulation key is not a point of P-256".into()));
        }
        frame.verify_with(self.settings.engine, &key).map_err(|fault| malformed("", &fault))?;
        let id = key_id(&key).map_err(|fault| internal(&fault))?;

        let now = self.clock.unix_millis();
        // A device that trusts an authority is certified by no other: it would not take that, and nothing is kept for it.
        let mut issuer = self.identity.trusted_by(body.authority.as_ref());
        if issuer.is_none() {
            self.refresh().map_err(|fault| internal(&fault))?;
            issuer = self.identity.trusted_by(body.authority.as_ref());
        }
        let foreign =
            || Refusal::new(Rule::BadCertificate, "", "the device trusts an authority that is none of this service");
        let issuer = issuer.ok_or_else(foreign)?;
        let lifetime = self.settings.certificate_lifetime;
        let certificate = issue(Role::Device, &key, &issuer.authority, now, lifetime);
        let response = ProvisionResponse {
            request_hash: hash(bytes),
            time: now,
            device: Bytes(certificate.map_err(|fault| internal(&fault))?),
            service: issuer.signer_certificate.clone(),
            authority: issuer.authority_certificate.clone(),
        };
        let response =
            message(Kind::ProvisionResponse, &to_json(&response), &*issuer.signer).map_err(|fault| internal(&fault))?;

        let seal_key = body.seal_key.clone();
        let fresh = Device { seal_key, provisioned: now, revoked: false, revoked_licenses: Vec::new() };
        let fresh = records::plain_bytes(&fresh);
        self.store.transact(&mut |transaction| {
            if !transaction.put_new(Table::Device, &id.0, &fresh)? {
                let known: Option<Device> = records::plain(transaction.get(Table::Device, &id.0)?, Table::Device)?;
                let mut known = known.ok_or_else(|| internal(&"a device has gone"))?;
                if known.revoked {
                    return Err(Refusal::new(Rule::BadCertificate, "", "the device is revoked"));
                }
                // The request proves itself and its answer helps nobody else. Its replay would bring an old encapsulation
                // key back, though: that key stays what it was.
                if known.seal_key != body.seal_key {
                    return Err(Refusal::new(Rule::ReplayedRequest, "", "the device has another encapsulation key"));
                }
                known.provisioned = now;
                transaction.put(Table::Device, &id.0, &records::plain_bytes(&known))?;
            }
            // For ever, as far as anybody can tell.
            if !transaction.use_nonce(&body.nonce.0, i64::MAX)? {
                return Err(Refusal::new(Rule::ReplayedRequest, "", "this request was answered before"));
            }
            Ok(())
        })?;
        Ok(Reply::message(response, Summary { device: Some(id), ..Summary::default() }))
    }
}
