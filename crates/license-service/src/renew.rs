//! Renewals and releases of licenses that were issued.

use super::incoming::Incoming;
use super::issue::Mode;
use super::provision::internal;
use super::records::{self, LicenseRecord};
use super::reply::{Answer, Summary};
use super::retention::{expiry, note_end};
use super::select::for_device;
use super::store::{Table, Transaction};
use super::{Sender, Service};
use license::protocol::Id;
use license::protocol::service_side::{Kind, ReleaseAcknowledgement, message, to_json};
use license::template::{Refusal, Rule};

impl Service {
    pub(super) fn renew(
        &self,
        incoming: &Incoming,
        pointer: &str,
        sender: &Sender,
        mode: Mode,
    ) -> Result<Answer, Refusal> {
        let refuse = |rule, message: &str| Err(Refusal::new(rule, pointer, message));
        let request = &incoming.request;
        let mut answer = None;
        mode.transact(&*self.store, &mut |transaction| {
            incoming.use_nonce(transaction, pointer)?;
            let (id, mut issued) = self.named(transaction, incoming, pointer)?;
            match sender {
                Sender::Provider(name) if !issued.provider.is_empty() && issued.provider != *name => {
                    return refuse(Rule::ProviderMismatch, "the license belongs to another provider");
                }
                _ => {}
            }
            if issued.released.is_some() {
                return refuse(Rule::LicenseReleased, "the license was given back");
            }
            if !issued.policy.can_renew {
                return refuse(Rule::RenewNotAllowed, "the license's policy does not allow renewals");
            }
            if issued.revoked {
                return refuse(Rule::RenewNotAllowed, "the provider ends this license");
            }
            // Answers may be lost, so the device may lag behind; but not behind what it has shown to have.
            if !(issued.confirmed..=issued.sequence).contains(&request.sequence) {
                let message = format!("sequence {} is stale: {} is known", request.sequence, issued.confirmed);
                return refuse(Rule::StaleSequence, &message);
            }
            let now = self.clock.unix_millis();
            if expiry(&issued).is_some_and(|expiry| now >= expiry) {
                return refuse(Rule::LicenseExpired, "the license is over; a new one is needed");
            }
            let former = issued.clone();
            issued.confirmed = request.sequence;
            issued.sequence += 1;
            issued.issued = now;
            if request.client_token.is_some() && issued.client_token.is_none() {
                issued.client_token.clone_from(&request.client_token);
            }
            let keys = for_device(&issued.keys, request.device_level)?;
            let sealed = self.seal(incoming, id, &issued, keys)?;
            let record = records::seal_issued(&self.vault, id, &issued).map_err(|fault| internal(&fault))?;
            transaction.put(Table::License, &id.0, &record)?;
            note_end(transaction, id, Some(&former), &issued)?;
            let summary =
                Summary { device: Some(incoming.sender.id), license: Some(id), sequence: Some(issued.sequence) };
            let warnings = issued.policy.warnings();
            answer = Some(Answer { message: sealed, summary, license: Some(issued), warnings });
            Ok(())
        })?;
        answer.ok_or_else(|| internal(&"a transaction did nothing"))
    }

    pub(super) fn release(&self, incoming: &Incoming, pointer: &str, mode: Mode) -> Result<Answer, Refusal> {
        let mut answer = None;
        mode.transact(&*self.store, &mut |transaction| {
            incoming.use_nonce(transaction, pointer)?;
            let (id, mut issued) = self.named(transaction, incoming, pointer)?;
            if incoming.request.sequence < issued.confirmed || incoming.request.sequence > issued.sequence {
                let message = format!("sequence {} is stale", incoming.request.sequence);
                return Err(Refusal::new(Rule::StaleSequence, pointer, message));
            }
            // A second release is acknowledged, too: the first answer may have been lost.
            let (former, now) = (issued.clone(), self.clock.unix_millis());
            issued.released.get_or_insert(now);
            let record = records::seal_issued(&self.vault, id, &issued).map_err(|fault| internal(&fault))?;
            transaction.put(Table::License, &id.0, &record)?;
            note_end(transaction, id, Some(&former), &issued)?;
            let acknowledgement = ReleaseAcknowledgement {
                license_id: id,
                request_hash: incoming.hash,
                signer: self.identity.signer_id,
                time: now,
            };
            let body = message(Kind::ReleaseAcknowledgement, &to_json(&acknowledgement), &self.identity.signer);
            let summary =
                Summary { device: Some(incoming.sender.id), license: Some(id), sequence: Some(issued.sequence) };
            answer = Some(Answer { message: body, summary, license: None, warnings: Vec::new() });
            Ok(())
        })?;
        answer.ok_or_else(|| internal(&"a transaction did nothing"))
    }

    /// The license that a request names, if it is this device's.
    fn named(
        &self,
        transaction: &mut dyn Transaction,
        incoming: &Incoming,
        pointer: &str,
    ) -> Result<(Id, LicenseRecord), Refusal> {
        let not_found = || Refusal::new(Rule::LicenseNotFound, pointer, "this device has no such license");
        let id = incoming.request.license_id.ok_or_else(not_found)?;
        let issued = records::issued(transaction, &self.vault, id)?.ok_or_else(not_found)?;
        if issued.device != incoming.sender.id {
            return Err(not_found());
        }
        Ok((id, issued))
    }
}
