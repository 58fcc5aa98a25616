//! Incoming messages: a device's message as it is, or a license template around it.

use serde_json::{Value, json};

use super::incoming::malformed;
use super::issue::{Mode, brings_all_keys, check_tokens};
use super::records::LicenseRecord;
use super::reply::{Answer, Reply, Summary};
use super::{Endpoint, Sender, Service};
use base::base64::Variant;
use license::protocol::service_side::{Frame, Kind, from_json};
use license::protocol::{Bytes, Request, RequestType, is_message};
use license::template::{Policy, Refusal, Rule, Template, Warning, parse};

/// Where a message is inside a template.
pub(super) const PAYLOAD: &str = "/payload";

impl Endpoint {
    fn takes(self, request_type: RequestType) -> bool {
        match self {
            Self::Any => true,
            Self::License => request_type == RequestType::License,
            Self::Renew => request_type == RequestType::Renewal,
            Self::Release => request_type == RequestType::Release,
            Self::Provision => false,
        }
    }
}

impl Service {
    pub(super) fn handle_device_message(
        &self,
        body: &[u8],
        endpoint: Endpoint,
        sender: &Sender,
    ) -> Result<Reply, Refusal> {
        let kind = Frame::parse(body).map_err(|fault| malformed("", &fault))?.kind;
        let wrong = || Refusal::new(Rule::BadMessage, "", format!("a {} does not belong here", kind.name()));
        match (kind, endpoint) {
            (Kind::ProvisionRequest, Endpoint::Any | Endpoint::Provision) => self.provision(body),
            (Kind::Request, _) => {
                let answer = self.handle_request(body, endpoint, &Template::default(), "", sender, Mode::Answer)?;
                Ok(Reply::message(answer.message, answer.summary))
            }
            _ => Err(wrong()),
        }
    }

    fn handle_request(
        &self,
        message: &[u8],
        endpoint: Endpoint,
        template: &Template,
        pointer: &str,
        sender: &Sender,
        mode: Mode,
    ) -> Result<Answer, Refusal> {
        let types = [RequestType::License, RequestType::Renewal, RequestType::Release];
        let types: Vec<_> = types.into_iter().filter(|request_type| endpoint.takes(*request_type)).collect();
        let incoming = self.incoming(message, pointer, &types)?;
        match incoming.request.request_type {
            RequestType::License => self.issue(&incoming, template, pointer, sender, mode),
            RequestType::Renewal => {
                // The device may have others in the same session.
                let named = |refusal: Refusal| match incoming.request.license_id {
                    Some(id) => refusal.of_license(id.hex()),
                    None => refusal,
                };
                Ok(with_warnings(self.renew(&incoming, pointer, sender, mode).map_err(named)?, template))
            }
            RequestType::Release => Ok(with_warnings(self.release(&incoming, pointer, mode)?, template)),
        }
    }

    pub(super) fn handle_template(&self, body: &[u8], endpoint: Endpoint, sender: &Sender) -> Result<Reply, Refusal> {
        let parsed = parse(body, self.settings.profile)?;
        let template = parsed.template;
        check_sender(&template, sender)?;
        let mut warnings = parsed.warnings;
        let rehearse = template.parse_only == Some(true);
        let Some(payload) = template.payload.as_deref() else {
            if rehearse {
                return self.parse_without_request(&template, warnings, sender);
            }
            let message = "without a device's request there is nobody to answer";
            return Err(Refusal::new(Rule::PayloadMissing, PAYLOAD, message));
        };
        if !is_message(payload) {
            return Err(Refusal::new(Rule::BadMessage, PAYLOAD, "not a message of a device"));
        }
        let provisioning = matches!(endpoint, Endpoint::Any | Endpoint::Provision)
            && Frame::parse(payload).is_ok_and(|frame| frame.kind == Kind::ProvisionRequest);
        if provisioning {
            if rehearse {
                return self.parse_without_request(&template, warnings, sender);
            }
            let reply = self.provision(payload)?;
            let answer = json!({
                "status": "OK",
                "license": Variant::Standard.encode(&reply.body),
                "license_id": null,
                "sequence": null,
                "warnings": warnings,
            });
            return Ok(Reply::json(&answer, reply.summary));
        }
        let mode = if rehearse { Mode::Rehearse } else { Mode::Answer };
        let answer = self.handle_request(payload, endpoint, &template, PAYLOAD, sender, mode)?;
        warnings.extend(answer.warnings);
        if rehearse {
            return Ok(parse_only(&template, answer.license.as_ref(), None, &warnings));
        }
        let mut body = json!({
            "status": "OK",
            "license": Variant::Standard.encode(&answer.message),
            "license_id": answer.summary.license.map(|id| id.hex()),
            "sequence": answer.summary.sequence,
            "warnings": warnings,
        });
        if let Some(license) = &answer.license {
            body["session_init"] = tokens(license);
        }
        Ok(Reply::json(&body, answer.summary))
    }

    /// The answer to `parse_only` where no license is asked for: it goes by the content that the message names.
    fn parse_without_request(
        &self,
        template: &Template,
        mut warnings: Vec<Warning>,
        sender: &Sender,
    ) -> Result<Reply, Refusal> {
        let content = self.named_content(template)?;
        self.check_provider(template, content.as_ref(), sender)?;
        check_tokens(template)?;
        let policy = self.policy_for(template, content.as_ref())?;
        // Without a device it is not known for which keys of which content it would ask.
        if content.as_ref().map_or(brings_all_keys(template), |content| !content.rotating) {
            self.keys(template, content.as_ref())?;
        }
        warnings.extend(policy.warnings());
        warnings.extend(self.track_warnings(template, content.as_ref()));
        Ok(parse_only(template, None, Some(&policy), &warnings))
    }
}

/// Adds what a renewal or release leaves aside.
fn with_warnings(mut answer: Answer, template: &Template) -> Answer {
    answer.warnings.extend(template.renewal_warnings());
    answer
}

/// The tokens of a license, for the provider.
fn tokens(license: &LicenseRecord) -> Value {
    let text = |token: &Option<Bytes>| token.as_ref().map(|token| Variant::Standard.encode(&token.0));
    json!({
        "provider_session_token": text(&license.session_token),
        "provider_client_token": text(&license.client_token),
    })
}

/// Whoever has not authenticated may pass on a request, neither decide over keys and policies nor ask for them.
fn check_sender(template: &Template, sender: &Sender) -> Result<(), Refusal> {
    let refuse = |field: &str, message: &str| Err(Refusal::new(Rule::ProviderMismatch, format!("/{field}"), message));
    match sender {
        Sender::Trusted => return Ok(()),
        Sender::Provider(name) => {
            return match &template.provider {
                Some(other) if other != name => refuse("provider", "not the provider that has authenticated"),
                _ => Ok(()),
            };
        }
        Sender::Anyone => {}
    }
    let given = [
        ("content_id", template.content_id.is_some()),
        ("provider", template.provider.is_some()),
        ("policy_name", template.policy_name.is_some()),
        ("allowed_track_types", template.allowed_track_types.is_some()),
        ("content_key_specs", template.content_key_specs.is_some()),
        ("use_policy_overrides_exclusively", template.use_policy_overrides_exclusively.is_some()),
        ("policy_overrides", template.policy_overrides.is_some()),
        ("session_init", template.session_init.is_some()),
        // It would show policies.
        ("parse_only", template.parse_only == Some(true)),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((field, _)) => refuse(field, "only an authenticated provider may say this"),
        None => Ok(()),
    }
}

/// The answer to `parse_only`: what was understood, with the policy of the license that there would be, or `policy`. Keys
/// that were in the message are left out.
fn parse_only(
    template: &Template,
    license: Option<&LicenseRecord>,
    policy: Option<&Policy>,
    warnings: &[Warning],
) -> Reply {
    let mut shown = template.clone();
    for spec in shown.content_key_specs.iter_mut().flatten() {
        spec.key = None;
    }
    let message: Value = serde_json::from_str(&shown.to_json()).unwrap_or_default();
    let request = template.payload.as_deref().map(|payload| {
        let body = Frame::parse_kind(payload, Kind::Request).map_err(|fault| fault.to_string());
        match body.and_then(|frame| from_json::<Request>(frame.body)) {
            Ok(request) => json!({
                "type": request.request_type,
                "session": request.session.hex(),
                "device_level": request.device_level,
                "hdcp": request.hdcp,
                "key_ids": request.key_ids.iter().map(|id| hex::encode(&id.0)).collect::<Vec<_>>(),
                "persistent": request.persistent,
                "client_token": request.client_token.map(|token| Variant::Standard.encode(&token.0)),
                "license_id": request.license_id.map(|id| id.hex()),
                "sequence": request.sequence,
            }),
            Err(reason) => json!({ "error": reason }),
        }
    });
    let keys = license.map(|license| {
        let shown = license.keys.iter().map(|key| {
            json!({
                "track_type": key.track_type,
                "key_id": hex::encode(&key.key_id.0),
                "security_level": key.security_level,
                "hdcp": key.hdcp,
            })
        });
        shown.collect::<Vec<_>>()
    });
    let answer = json!({
        "status": "OK",
        "parse_only": true,
        "message": message,
        "request": request,
        "policy": license.map(|license| &license.policy).or(policy),
        "keys": keys,
        "session_init": license.map(tokens),
        "warnings": warnings,
    });
    Reply::json(&answer, Summary::default())
}
