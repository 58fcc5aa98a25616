//! Incoming messages: a device's message as it is, or a license template around it.

use serde_json::{Value, json};

use super::incoming::malformed;
use super::reply::{Reply, Summary};
use super::{Endpoint, Sender, Service};
use base::base64::Variant;
use license::protocol::service_side::{Frame, Kind, from_json};
use license::protocol::{Request, RequestType, is_message};
use license::template::{Refusal, Rule, Template, parse};

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
    pub(super) fn handle_device_message(&self, body: &[u8], endpoint: Endpoint) -> Result<Reply, Refusal> {
        let kind = Frame::parse(body).map_err(|fault| malformed("", &fault))?.kind;
        let wrong = || Refusal::new(Rule::BadMessage, "", format!("a {} does not belong here", kind.name()));
        match (kind, endpoint) {
            (Kind::ProvisionRequest, Endpoint::Any | Endpoint::Provision) => self.provision(body),
            (Kind::Request, _) => self.handle_request(body, endpoint, &Template::default(), "", &Sender::Anyone),
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
    ) -> Result<Reply, Refusal> {
        let types = [RequestType::License, RequestType::Renewal, RequestType::Release];
        let types: Vec<_> = types.into_iter().filter(|request_type| endpoint.takes(*request_type)).collect();
        let incoming = self.incoming(message, pointer, &types)?;
        match incoming.request.request_type {
            RequestType::License => self.issue(&incoming, template, pointer, sender),
            RequestType::Renewal => self.renew(&incoming, pointer, sender),
            RequestType::Release => self.release(&incoming, pointer),
        }
    }

    pub(super) fn handle_template(&self, body: &[u8], endpoint: Endpoint, sender: &Sender) -> Result<Reply, Refusal> {
        let parsed = parse(body, self.settings.profile)?;
        let template = parsed.template;
        check_sender(&template, sender)?;
        let mut warnings = parsed.warnings;
        if template.parse_only == Some(true) {
            let policy = self.policy_for(&template, None)?;
            warnings.extend(policy.warnings());
            return Ok(parse_only(&template, &json!(policy), &json!(warnings)));
        }
        let payload = template.payload.as_deref().ok_or_else(|| {
            Refusal::new(Rule::PayloadMissing, PAYLOAD, "without a device's request there is nobody to answer")
        })?;
        if !is_message(payload) {
            return Err(Refusal::new(Rule::BadMessage, PAYLOAD, "not a message of a device"));
        }
        let reply = if matches!(endpoint, Endpoint::Any | Endpoint::Provision)
            && Frame::parse(payload).is_ok_and(|frame| frame.kind == Kind::ProvisionRequest)
        {
            self.provision(payload)?
        } else {
            self.handle_request(payload, endpoint, &template, PAYLOAD, sender)?
        };
        let id = reply.summary.license.map(|id| id.hex());
        let answer = json!({
            "status": "OK",
            "license": Variant::Standard.encode(&reply.body),
            "license_id": id,
            "sequence": reply.summary.sequence,
            "warnings": warnings,
        });
        Ok(Reply::json(&answer, reply.summary))
    }
}

/// Whoever has not authenticated may pass on a request and ask what a message means, not decide over keys and policies.
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
        Sender::Anyone if template.parse_only == Some(true) => return Ok(()),
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
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((field, _)) => refuse(field, "only an authenticated provider may say this"),
        None => Ok(()),
    }
}

/// The answer to `parse_only`: what was understood. Keys that were in the message are left out.
fn parse_only(template: &Template, policy: &Value, warnings: &Value) -> Reply {
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
                "license_id": request.license_id.map(|id| id.hex()),
                "sequence": request.sequence,
            }),
            Err(reason) => json!({ "error": reason }),
        }
    });
    let answer = json!({
        "status": "OK",
        "parse_only": true,
        "message": message,
        "request": request,
        "policy": policy,
        "warnings": warnings,
    });
    Reply::json(&answer, Summary::default())
}
