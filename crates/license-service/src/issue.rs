//! Issuing licenses.

use super::incoming::Incoming;
use super::provision::internal;
use super::quota::{token_fits, token_too_long};
use super::records::{self, Content, LicenseRecord, Provider};
use super::reply::{Answer, Summary, class};
use super::retention::note_end;
use super::select::for_device;
use super::store::{Store, Table, Transaction};
use super::{Sender, Service};
use base::text::shortened;
use license::protocol::service_side::{LicenseHead, random, seal_license};
use license::protocol::{Bytes, Id, License, LicenseKey, MAX_MESSAGE};
use license::template::{Policy, Refusal, Rule, StoredPolicy, Template, Warning};

/// Name of the policy for everything that has no other.
const DEFAULT_POLICY: &str = "default";

/// Whether an answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is given, and remembered.
    Answer,
    /// It is only made, to see what it would be.
    Rehearse,
}

impl Mode {
    /// Runs the transaction of an answer; in a rehearsal nothing of it stays.
    pub fn transact(
        self,
        store: &dyn Store,
        body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self == Self::Answer {
            return store.transact(body);
        }
        let mut done = false;
        let result = store.transact(&mut |transaction| {
            done = false;
            body(transaction)?;
            done = true;
            // Whatever is refused is undone.
            Err(Refusal::new(Rule::TryAgain, "", "a rehearsal"))
        });
        if done { Ok(()) } else { result }
    }
}

impl Service {
    pub(super) fn issue(
        &self,
        incoming: &Incoming,
        template: &Template,
        pointer: &str,
        sender: &Sender,
        mode: Mode,
    ) -> Result<Answer, Refusal> {
        let request = &incoming.request;
        let mut content = self.content_for(incoming, template, pointer)?;
        if let Some(found) = content {
            content = Some(self.with_groups(found, request.key_ids.iter().map(|id| &id.0[..]))?);
        }
        self.check_provider(template, content.as_ref(), sender)?;
        self.check_entitlement(content.as_ref(), sender, pointer)?;
        check_tokens(template)?;
        let mut policy = self.policy_for(template, content.as_ref())?;
        let warnings = [policy.warnings(), self.track_warnings(template, content.as_ref())].concat();
        if request.persistent && !policy.can_persist {
            let message = "the device wants to store the license, which its policy does not allow";
            return Err(Refusal::new(Rule::PersistNotAllowed, pointer, message));
        }
        let keys = self.keys(template, content.as_ref())?;
        let fit = for_device(&keys, request.device_level)?;

        let id: Id = random().map_err(|fault| internal(&fault))?;
        if mode == Mode::Answer && !says_when_to_renew(template) {
            policy.renewal_delay_seconds = self.settings.renewal_jitter.delay(&self.identity.root, id, &policy);
        }
        let now = self.clock.unix_millis();
        let session = template.session_init.clone().unwrap_or_default();
        let requested = request.client_token.as_ref().map(|token| &token.0[..]);
        let content_id = content.as_ref().map(|content| content.content_id.clone());
        let issued = LicenseRecord {
            device: incoming.sender.id,
            content_id: content_id.or_else(|| template.content_id.clone().map(Bytes)).unwrap_or_default(),
            provider: content.map(|content| content.provider).or(template.provider.clone()).unwrap_or_default(),
            policy,
            persistent: request.persistent,
            sequence: 1,
            confirmed: 1,
            first_issued: now,
            issued: now,
            keys,
            client_token: session.client_token(requested).map(|token| Bytes(token.to_vec())),
            session_token: session.provider_session_token.map(Bytes),
            released: None,
            revoked: false,
        };
        let message = self.seal(incoming, id, &issued, fit)?;
        let record = records::seal_issued(&self.vault, id, &issued).map_err(|fault| internal(&fault))?;
        mode.transact(&*self.store, &mut |transaction| {
            incoming.use_nonce(transaction, pointer)?;
            self.note_license(transaction, issued.device, id, issued.persistent)?;
            transaction.put(Table::License, &id.0, &record)?;
            Ok(note_end(transaction, id, None, &issued)?)
        })?;
        let class = (mode == Mode::Answer).then(|| class(&issued.keys));
        let summary = Summary { device: Some(incoming.sender.id), license: Some(id), sequence: Some(1), class };
        Ok(Answer { message, summary, license: Some(issued), warnings })
    }

    /// What is doubtful about a message's selection of keys, if it is known for which content.
    pub(super) fn track_warnings(&self, template: &Template, content: Option<&Content>) -> Vec<Warning> {
        let Some(content) = content else { return Vec::new() };
        let tracks = content.all_tracks(&self.identity.root);
        template.track_warnings(&tracks.iter().map(|track| track.track_type.as_str()).collect::<Vec<_>>())
    }

    /// Makes the message for a license as it is now.
    pub(super) fn seal(
        &self,
        incoming: &Incoming,
        id: Id,
        issued: &LicenseRecord,
        keys: Vec<LicenseKey>,
    ) -> Result<Vec<u8>, Refusal> {
        let head = LicenseHead {
            license_id: id,
            sequence: issued.sequence,
            request_hash: incoming.hash,
            key_ids: keys.iter().map(|key| key.key_id.clone()).collect(),
            signer: incoming.issuer.signer_id,
            persistent: issued.persistent,
        };
        let license = License {
            license_id: id,
            sequence: issued.sequence,
            persistent: issued.persistent,
            policy: issued.policy.clone(),
            issued: issued.issued,
            first_issued: issued.first_issued,
            content_id: issued.content_id.clone(),
            provider: issued.provider.clone(),
            keys,
            session_token: issued.session_token.clone(),
            client_token: issued.client_token.clone(),
            revoked: incoming.revoked.clone(),
        };
        let recipient = if issued.persistent { &incoming.device.seal_key } else { &incoming.request.ephemeral_key };
        let message = seal_license(self.settings.engine, head, &license, recipient, &*incoming.issuer.signer);
        let message = message.map_err(|fault| internal(&fault))?;
        if message.len() > MAX_MESSAGE {
            let reason = format!("a license of {} bytes; devices accept {MAX_MESSAGE}", message.len());
            return Err(Refusal::new(Rule::LicenseTooLarge, "", reason));
        }
        Ok(message)
    }

    /// The content that is meant: the message's, else the one that the requested keys belong to. None where the message
    /// brings all keys itself.
    fn content_for(&self, incoming: &Incoming, template: &Template, pointer: &str) -> Result<Option<Content>, Refusal> {
        if template.content_id.is_some() {
            return self.named_content(template);
        }
        for key_id in &incoming.request.key_ids {
            if let Some(content_id) = self.store.read(Table::KeyId, &key_id.0)? {
                return Ok(records::content(&*self.store, &self.vault, &content_id)?);
            }
        }
        if brings_all_keys(template) {
            return Ok(None);
        }
        Err(Refusal::new(Rule::ContentNotFound, pointer, "no content has a key that the device asks for"))
    }

    /// The content that a message names; none if it names none, or brings all keys itself.
    pub(super) fn named_content(&self, template: &Template) -> Result<Option<Content>, Refusal> {
        let Some(id) = &template.content_id else { return Ok(None) };
        let content = records::content(&*self.store, &self.vault, id)?;
        if content.is_none() && !brings_all_keys(template) {
            let message = format!("there is no content with id {}", shortened(&hex::encode(id)));
            return Err(Refusal::new(Rule::ContentNotFound, "/content_id", message));
        }
        Ok(content)
    }

    pub(super) fn check_provider(
        &self,
        template: &Template,
        content: Option<&Content>,
        sender: &Sender,
    ) -> Result<(), Refusal> {
        let refuse = |pointer: &str, message: &str| Err(Refusal::new(Rule::ProviderMismatch, pointer, message));
        if let Some(name) = &template.provider {
            let known: Option<Provider> =
                records::plain(self.store.read(Table::Provider, name.as_bytes())?, Table::Provider)?;
            if known.is_none() {
                return refuse("/provider", "the provider is not known here");
            }
        }
        let owner = content.map(|content| content.provider.as_str()).filter(|owner| !owner.is_empty());
        let Some(owner) = owner else { return Ok(()) };
        if template.provider.as_ref().is_some_and(|name| name != owner) {
            return refuse("/provider", "the content belongs to another provider");
        }
        match sender {
            Sender::Provider(name) if name != owner => refuse("/content_id", "the content belongs to another provider"),
            _ => Ok(()),
        }
    }

    /// Refuses a device that nobody vouches for, if its content is for the provider's customers only.
    fn check_entitlement(&self, content: Option<&Content>, sender: &Sender, pointer: &str) -> Result<(), Refusal> {
        let Some(content) = content.filter(|_| *sender == Sender::Anyone) else { return Ok(()) };
        let required = match content.require_provider {
            Some(required) => required,
            None if content.provider.is_empty() => false,
            None => {
                let provider = self.store.read(Table::Provider, content.provider.as_bytes())?;
                let provider: Option<Provider> = records::plain(provider, Table::Provider)?;
                provider.is_some_and(|provider| provider.token_digest.is_some())
            }
        };
        if required {
            let message = "licenses for this content come through its provider, with its token";
            return Err(Refusal::new(Rule::ProviderRequired, pointer, message));
        }
        Ok(())
    }

    /// The effective policy of a message.
    pub(super) fn policy_for(&self, template: &Template, content: Option<&Content>) -> Result<Policy, Refusal> {
        let find = |name: &str| -> Result<Option<StoredPolicy>, Refusal> {
            let Some(text) = self.store.read(Table::Policy, name.as_bytes())? else { return Ok(None) };
            Ok(Some(StoredPolicy::parse(&text, self.settings.profile)?.0))
        };
        let missing = |pointer: &str, name: &str| {
            Refusal::new(Rule::PolicyNotFound, pointer, format!("there is no policy `{}`", shortened(name)))
        };
        let stored = match (&template.policy_name, content.and_then(|content| content.policy.as_ref())) {
            _ if template.use_policy_overrides_exclusively == Some(true) => None,
            (Some(name), _) => Some(find(name)?.ok_or_else(|| missing("/policy_name", name))?),
            (None, Some(name)) => Some(find(name)?.ok_or_else(|| missing("/content_id", name))?),
            (None, None) => find(DEFAULT_POLICY)?,
        };
        template.effective_policy(stored.as_ref())
    }
}

/// Refuses tokens that would not fit into the requests that bring them back.
pub(super) fn check_tokens(template: &Template) -> Result<(), Refusal> {
    let Some(session) = &template.session_init else { return Ok(()) };
    let tokens = [
        ("provider_session_token", &session.provider_session_token),
        ("provider_client_token", &session.provider_client_token),
    ];
    for (name, token) in tokens {
        if let Some(token) = token.as_deref().filter(|token| !token_fits(Some(token))) {
            return Err(Refusal::new(Rule::TokenTooLong, format!("/session_init/{name}"), token_too_long(token)));
        }
    }
    Ok(())
}

/// Whether a message sets the renewal delay itself: then that is what its sender wants for this license.
fn says_when_to_renew(template: &Template) -> bool {
    template.policy_overrides.as_ref().is_some_and(|overrides| overrides.renewal_delay_seconds.is_some())
}

pub(super) fn brings_all_keys(template: &Template) -> bool {
    let mut specs = template.content_key_specs.iter().flatten().peekable();
    specs.peek().is_some() && specs.all(|spec| spec.key.is_some())
}
