//! Renewals and releases of licenses that were issued.

use super::incoming::Incoming;
use super::issue::Mode;
use super::provision::internal;
use super::records::{self, LicenseRecord};
use super::reply::{Answer, Summary, class};
use super::retention::{expiry, note_end};
use super::revocation::note_release;
use super::select::for_device;
use super::store::{Table, Transaction};
use super::{Sender, Service};
use license::protocol::Id;
use license::protocol::service_side::{Kind, ReleaseAcknowledgement, message, to_json};
use license::template::{Refusal, Rule};

/// A renewed license.
struct Renewed {
    /// For the device.
    message: Vec<u8>,
    /// For the store.
    record: Vec<u8>,
    former: LicenseRecord,
    issued: LicenseRecord,
}

fn not_found(pointer: &str) -> Refusal {
    Refusal::new(Rule::LicenseNotFound, pointer, "this device has no such license")
}

impl Service {
    pub(super) fn renew(
        &self,
        incoming: &Incoming,
        pointer: &str,
        sender: &Sender,
        mode: Mode,
    ) -> Result<Answer, Refusal> {
        let not_found = || not_found(pointer);
        let id = incoming.request.license_id;
        // Sealing and signing take longer than all the rest, and others wait for a transaction: it is done before, and counts if the
        // license is still what it was.
        let known = id.map(|id| self.store.read(Table::License, &id.0)).transpose()?.flatten();
        let prepared = known.and_then(|known| {
            let renewed = self.renewed(incoming, pointer, sender, id?, &known).ok()?;
            Some((known, renewed))
        });
        let mut other = None;
        mode.transact(&*self.store, &mut |transaction| {
            incoming.use_nonce(transaction, pointer)?;
            let id = id.ok_or_else(not_found)?;
            let present = transaction.get(Table::License, &id.0)?.ok_or_else(not_found)?;
            other = None;
            let renewed = match &prepared {
                Some((known, renewed)) if *known == present => renewed,
                _ => other.insert(self.renewed(incoming, pointer, sender, id, &present)?),
            };
            transaction.put(Table::License, &id.0, &renewed.record)?;
            Ok(note_end(transaction, id, Some(&renewed.former), &renewed.issued)?)
        })?;
        let renewed = other.or(prepared.map(|(_, renewed)| renewed));
        let Renewed { message, issued, .. } = renewed.ok_or_else(|| internal(&"a transaction did nothing"))?;
        let summary = Summary {
            device: Some(incoming.sender.id),
            license: id,
            sequence: Some(issued.sequence),
            class: (mode == Mode::Answer).then(|| class(&issued.keys)),
        };
        let warnings = issued.policy.warnings();
        Ok(Answer { message, summary, license: Some(issued), warnings })
    }

    /// What becomes of a license by a renewal.
    fn renewed(
        &self,
        incoming: &Incoming,
        pointer: &str,
        sender: &Sender,
        id: Id,
        present: &[u8],
    ) -> Result<Renewed, Refusal> {
        let refuse = |rule, message: &str| Err(Refusal::new(rule, pointer, message));
        let request = &incoming.request;
        let former = records::open_issued(&self.vault, id, present)?;
        if former.device != incoming.sender.id {
            return Err(not_found(pointer));
        }
        match sender {
            Sender::Provider(name) if !former.provider.is_empty() && former.provider != *name => {
                return refuse(Rule::ProviderMismatch, "the license belongs to another provider");
            }
            _ => {}
        }
        if former.released.is_some() {
            return refuse(Rule::LicenseReleased, "the license was given back");
        }
        if !former.policy.can_renew {
            return refuse(Rule::RenewNotAllowed, "the license's policy does not allow renewals");
        }
        if former.revoked {
            return refuse(Rule::RenewNotAllowed, "the provider ends this license");
        }
        // Answers may be lost, so the device may lag behind; but not behind what it has shown to have.
        if !(former.confirmed..=former.sequence).contains(&request.sequence) {
            let message = format!("sequence {} is stale: {} is known", request.sequence, former.confirmed);
            return refuse(Rule::StaleSequence, &message);
        }
        let now = self.clock.unix_millis();
        if expiry(&former).is_some_and(|expiry| now >= expiry) {
            return refuse(Rule::LicenseExpired, "the license is over; a new one is needed");
        }
        let mut issued = former.clone();
        issued.confirmed = request.sequence;
        issued.sequence += 1;
        issued.issued = now;
        if request.client_token.is_some() && issued.client_token.is_none() {
            issued.client_token.clone_from(&request.client_token);
        }
        let keys = for_device(&issued.keys, request.device_level)?;
        let message = self.seal(incoming, id, &issued, keys)?;
        let record = records::seal_issued(&self.vault, id, &issued).map_err(|fault| internal(&fault))?;
        Ok(Renewed { message, record, former, issued })
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
            note_release(transaction, id, &issued)?;
            let acknowledgement = ReleaseAcknowledgement {
                license_id: id,
                request_hash: incoming.hash,
                signer: incoming.issuer.signer_id,
                time: now,
                revoked: incoming.revoked.clone(),
            };
            let body = message(Kind::ReleaseAcknowledgement, &to_json(&acknowledgement), &*incoming.issuer.signer)
                .map_err(|fault| internal(&fault))?;
            let (device, sequence) = (Some(incoming.sender.id), Some(issued.sequence));
            let summary = Summary { device, license: Some(id), sequence, class: None };
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
        let not_found = || not_found(pointer);
        let id = incoming.request.license_id.ok_or_else(not_found)?;
        let issued = records::issued(transaction, &self.vault, id)?.ok_or_else(not_found)?;
        if issued.device != incoming.sender.id {
            return Err(not_found());
        }
        Ok((id, issued))
    }
}
