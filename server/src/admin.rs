//! Administration while the server runs: commands of operators, on a listener of their own.
//!
//! A command is `POST /admin/NAME` with a JSON object. Who sends it is told by its token, or on a Unix socket by its user. What
//! changes something is written to the audit log before it is done and again when it is done.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use license::protocol::Id;
use license_service::{Catalog, Error, KeyGroup, Listed, Service};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::audit::Audit;
use crate::log::Log;
use crate::operators::Operators;
use crate::reload::Reload;
use crate::routes::{Server, ask_store};

/// Bytes in the largest command, and in the largest catalogue: an export of a million contents has to fit.
const MAX_BODY: usize = 64 << 20;
const MAX_CATALOG: usize = 1 << 30;
/// Rows in a list, if nobody says otherwise.
const ROWS: usize = 100;
const MAX_ROWS: usize = 10_000;

/// For the store's answer when metrics or health are read: well below the time that Prometheus has for all of them.
const SCRAPE: Duration = Duration::from_secs(2);

/// What all connections of operators share.
pub struct Admin {
    pub server: Arc<Server>,
    pub operators: Arc<Operators>,
    pub audit: Arc<Audit>,
    pub reload: Arc<Reload>,
}

/// A command with what it needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "command")]
pub enum Command {
    List { what: What, after: Option<String>, limit: Option<usize> },
    RemoveContent { content_id: String },
    RemovePolicy { name: String },
    RemoveProvider { name: String },
    KeyGroups { content_id: String },
    AddKeyGroups { content_id: String, key_groups: Vec<Value> },
    RemoveKeyGroup { content_id: String, name: String },
    License { license_id: String },
    RevokeLicense { license_id: String },
    RevokeDevice { device_id: String },
    Authorities {},
    RotateAuthority {},
    DropAuthority { authority: String },
    Reseal {},
    Reload {},
    Export {},
}

/// As [`Listed`].
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Contents,
    Policies,
    Providers,
}

/// An answer, or a refusal with its status.
type Done = Result<Vec<u8>, (StatusCode, String)>;

fn refuse<T>(status: StatusCode, message: impl Into<String>) -> Result<T, (StatusCode, String)> {
    Err((status, message.into()))
}

fn failed(fault: &Error) -> (StatusCode, String) {
    let status = match fault {
        Error::NotFound { .. } => StatusCode::NOT_FOUND,
        Error::Invalid { .. } | Error::Policy(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Malformed { .. } => StatusCode::BAD_REQUEST,
        Error::Store(_) | Error::Internal(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, fault.to_string())
}

fn id(text: &str) -> Result<Id, (StatusCode, String)> {
    let parsed = hex::decode(text).ok().and_then(|bytes| Id::from_slice(&bytes));
    parsed.ok_or_else(|| (StatusCode::BAD_REQUEST, "an id has 32 hexadecimal digits".into()))
}

fn content_id(text: &str) -> Result<Vec<u8>, (StatusCode, String)> {
    base::base64::Variant::Standard.decode("content_id", text).map_err(|fault| failed(&fault.into()))
}

impl Command {
    /// The command, and what it is about for the audit log; that is none for what changes nothing.
    fn subject(&self) -> Option<Value> {
        Some(match self {
            Self::List { .. } | Self::KeyGroups { .. } | Self::License { .. } | Self::Authorities {} => return None,
            Self::RemoveContent { content_id } => json!({ "command": "remove-content", "content_id": content_id }),
            Self::RemovePolicy { name } => json!({ "command": "remove-policy", "name": name }),
            Self::RemoveProvider { name } => json!({ "command": "remove-provider", "name": name }),
            Self::AddKeyGroups { content_id, key_groups } => {
                json!({ "command": "add-key-groups", "content_id": content_id, "number": key_groups.len() })
            }
            Self::RemoveKeyGroup { content_id, name } => {
                json!({ "command": "remove-key-group", "content_id": content_id, "name": name })
            }
            Self::RevokeLicense { license_id } => json!({ "command": "revoke-license", "license_id": license_id }),
            Self::RevokeDevice { device_id } => json!({ "command": "revoke-device", "device_id": device_id }),
            Self::RotateAuthority {} => json!({ "command": "rotate-authority" }),
            Self::DropAuthority { authority } => json!({ "command": "drop-authority", "authority": authority }),
            Self::Reseal {} => json!({ "command": "reseal" }),
            Self::Reload {} => json!({ "command": "reload" }),
            // It gives keys away.
            Self::Export {} => json!({ "command": "export" }),
        })
    }

    fn run(self, service: &Service, reload: &Reload) -> Done {
        let done = || Ok(b"{}".to_vec());
        let words = |fault: Error| failed(&fault);
        match self {
            Self::List { what, after, limit } => {
                let listed = match what {
                    What::Contents => Listed::Contents,
                    What::Policies => Listed::Policies,
                    What::Providers => Listed::Providers,
                };
                let limit = limit.unwrap_or(ROWS).clamp(1, MAX_ROWS);
                let rows = service.list(listed, after.as_deref().unwrap_or_default(), limit).map_err(words)?;
                Ok(json!({ "rows": rows }).to_string().into_bytes())
            }
            Self::RemoveContent { content_id: id } => {
                service.remove_content(&content_id(&id)?).map_err(words)?;
                done()
            }
            Self::RemovePolicy { name } => {
                service.remove_policy(&name).map_err(words)?;
                done()
            }
            Self::RemoveProvider { name } => {
                service.remove_provider(&name).map_err(words)?;
                done()
            }
            Self::KeyGroups { content_id: id } => {
                let names = service.key_groups(&content_id(&id)?).map_err(|fault| failed(&fault.into()))?;
                Ok(json!({ "rows": names }).to_string().into_bytes())
            }
            Self::AddKeyGroups { content_id: id, key_groups } => {
                let groups = key_groups.iter().map(|group| KeyGroup::parse(group.to_string().as_bytes()));
                let groups: Vec<_> = groups.collect::<Result<_, _>>().map_err(words)?;
                service.add_key_groups(&content_id(&id)?, &groups).map_err(words)?;
                done()
            }
            Self::RemoveKeyGroup { content_id: id, name } => {
                service.remove_key_group(&content_id(&id)?, &name).map_err(words)?;
                done()
            }
            Self::License { license_id } => {
                Ok(service.describe_license(id(&license_id)?).map_err(words)?.to_string().into_bytes())
            }
            Self::RevokeLicense { license_id } => {
                service.revoke_license(id(&license_id)?).map_err(words)?;
                done()
            }
            Self::RevokeDevice { device_id } => {
                service.revoke_device(id(&device_id)?).map_err(words)?;
                done()
            }
            Self::Authorities {} => {
                service.refresh().map_err(|fault| failed(&fault.into()))?;
                Ok(json!({ "rows": service.authorities() }).to_string().into_bytes())
            }
            Self::RotateAuthority {} => {
                service.rotate_authority().map_err(words)?;
                done()
            }
            Self::DropAuthority { authority } => {
                service.drop_authority(id(&authority)?).map_err(words)?;
                done()
            }
            Self::Reseal {} => Ok(json!({ "resealed": service.reseal().map_err(words)? }).to_string().into_bytes()),
            Self::Reload {} => {
                reload.run(service).map_err(|fault| (StatusCode::UNPROCESSABLE_ENTITY, fault))?;
                done()
            }
            Self::Export {} => Ok(service.export().map_err(words)?.to_vec()),
        }
    }
}

/// Answers one request. `user` is whoever is at the other end of a Unix socket.
pub async fn handle(admin: Arc<Admin>, user: Option<u32>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    match path.as_str() {
        "/metrics" if is_get => {
            let server = &admin.server;
            let is_up = server.health.glance(ask_store(Arc::clone(server)), SCRAPE).await;
            let text = server.metrics.text(is_up).into_bytes();
            return respond(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text);
        }
        "/health/ready" if is_get => {
            // A store that does not answer in time is of no use now, whatever it was before: not as in the metrics.
            let asked =
                tokio::time::timeout(SCRAPE, admin.server.health.check(ask_store(Arc::clone(&admin.server)))).await;
            let (status, body) = if matches!(asked, Ok(Ok(()))) {
                (StatusCode::OK, json!({ "status": "ok" }))
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": 503, "message": "nothing can be recorded now" }))
            };
            return respond(status, "application/json", body.to_string().into_bytes());
        }
        "/health/live" if is_get => return respond(StatusCode::OK, "application/json", br#"{"status":"ok"}"#.to_vec()),
        _ => {}
    }
    let (status, body) = match command(admin, user, path, request).await {
        Ok(body) => (StatusCode::OK, body),
        Err((status, message)) => {
            (status, json!({ "status": status.as_u16(), "message": message }).to_string().into_bytes())
        }
    };
    respond(status, "application/json", body)
}

async fn command(admin: Arc<Admin>, user: Option<u32>, path: String, request: Request<Incoming>) -> Done {
    let Some(name) = path.strip_prefix("/admin/").filter(|_| request.method() == Method::POST).map(str::to_owned)
    else {
        return refuse(
            StatusCode::NOT_FOUND,
            "POST /admin/COMMAND, GET /metrics, /health/ready and /health/live are here",
        );
    };
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")).map(|(_, token)| token.to_owned());
    let Some(who) = admin.operators.who(token.as_deref(), user) else {
        admin.server.log.write(crate::options::LogLevel::Warn, "admin", json!({ "status": 401, "user": user }));
        return refuse(StatusCode::UNAUTHORIZED, "no operator has this token");
    };
    let limit = if name == "add" { MAX_CATALOG } else { MAX_BODY };
    let Some(body) = body(request.into_body(), limit, admin.server.timeout).await else {
        return refuse(
            StatusCode::BAD_REQUEST,
            format!("a body of up to {limit} bytes has to arrive, without long pauses"),
        );
    };
    let work = tokio::task::spawn_blocking(move || run(&admin, &who, &name, &body));
    work.await.unwrap_or_else(|_| refuse(StatusCode::INTERNAL_SERVER_ERROR, "the command failed"))
}

/// What an operator sends, who is known by now: however long it takes, if there is no longer pause.
async fn body(incoming: Incoming, limit: usize, pause: Duration) -> Option<Vec<u8>> {
    let mut incoming = Limited::new(incoming, limit);
    let mut bytes = Vec::new();
    while let Some(frame) = tokio::time::timeout(pause, incoming.frame()).await.ok()? {
        if let Ok(data) = frame.ok()?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Some(bytes)
}

fn run(admin: &Admin, who: &str, name: &str, body: &[u8]) -> Done {
    let Some(service) = admin.server.service.get() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the store has not answered yet");
    };
    if name == "add" {
        let catalog = Catalog::parse(body).map_err(|fault| failed(&fault))?;
        let mut subject = catalog.summary();
        subject["command"] = "add".into();
        return audited(&admin.audit, &admin.server.log, who, subject, || {
            service.add_catalog(&catalog).map(|()| b"{}".to_vec()).map_err(|fault| failed(&fault))
        });
    }
    let command = parse(name, body)?;
    match command.subject() {
        Some(subject) => audited(&admin.audit, &admin.server.log, who, subject, || command.run(service, &admin.reload)),
        None => command.run(service, &admin.reload),
    }
}

fn parse(name: &str, body: &[u8]) -> Result<Command, (StatusCode, String)> {
    let bad = |fault: serde_json::Error| (StatusCode::BAD_REQUEST, format!("{name}: {fault}"));
    // The name is in the path; serde wants it as a member.
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let text = std::str::from_utf8(body).ok().and_then(|text| text.trim().strip_prefix('{'));
    let Some(rest) = text else { return refuse(StatusCode::BAD_REQUEST, "the body is no JSON object") };
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    serde_json::from_str(&format!("{{\"command\":{}{comma}{rest}", Value::from(name))).map_err(bad)
}

/// Runs what changes something: nothing is done that is not in the audit log.
fn audited(audit: &Audit, log: &Log, who: &str, subject: Value, work: impl FnOnce() -> Done) -> Done {
    let number = audit.begin(who, &subject);
    let number = number.map_err(|fault| (StatusCode::SERVICE_UNAVAILABLE, format!("the audit log: {fault}")))?;
    let done = work();
    let outcome = done.as_ref().map(|_| ()).map_err(|(_, message)| message.as_str());
    if let Err(fault) = audit.end(number, who, outcome) {
        log.write(crate::options::LogLevel::Error, "audit", json!({ "reason": fault.to_string() }));
    }
    done
}

/// What the command `reload` does, for whoever has sent SIGHUP.
pub fn reload_on_signal(audit: &Audit, log: &Log, service: &Service, reload: &Reload) -> Result<(), String> {
    let command = Command::Reload {};
    let subject = command.subject().unwrap_or_default();
    let done = audited(audit, log, "SIGHUP", subject, || command.run(service, reload));
    done.map(drop).map_err(|(_, reason)| reason)
}

fn respond(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_what_there_is_not_is_named() {
        assert!(matches!(parse("reload", b""), Ok(Command::Reload {})));
        assert!(matches!(parse("revoke-license", br#" {"license_id":"00"} "#), Ok(Command::RevokeLicense { .. })));
        for (name, body, word) in [
            ("relod", &b""[..], "relod"),
            ("reload", b"[]", "object"),
            ("revoke-device", b"{}", "device_id"),
            ("revoke-device", br#"{"device":"00"}"#, "device"),
            ("list", br#"{"what":"keys"}"#, "keys"),
        ] {
            let Err((status, message)) = parse(name, body) else { panic!("{name}") };
            assert!(status == StatusCode::BAD_REQUEST && message.contains(word), "{message}");
        }
    }
}
