//! Requests and their answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode, Version};
use license::template::{Refusal, Rule};
use license_service::{Endpoint, Form, Reply, Sender, Service, Summary};
use once_cell::sync::OnceCell;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use crate::cors::{Cors, Page};
use crate::health::Health;
use crate::limits::Limits;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::options::LogLevel;

const REQUEST_ID: &str = "x-request-id";

/// What all connections share.
pub struct Server {
    /// Empty until the database has answered for the first time.
    pub service: OnceCell<Service>,
    /// For /health.
    pub store: &'static str,
    pub health: Arc<Health>,
    pub trust_everyone: bool,
    pub clear_key: bool,
    pub cors: Cors,
    pub max_body: usize,
    pub timeout: Duration,
    /// One for each message that may be worked on at a time.
    pub turns: Arc<Semaphore>,
    pub limits: Limits,
    pub log: Log,
    pub metrics: Metrics,
    /// Why the server has to end, as soon as there is a reason.
    pub ended: watch::Sender<Option<String>>,
}

/// What a path is for.
#[derive(Clone, Copy)]
enum Route {
    Message(Endpoint),
    ClearKey,
    Health,
    /// Whether the process answers.
    Live,
    Authority,
}

impl Route {
    fn method(self) -> Method {
        match self {
            Self::Message(_) | Self::ClearKey => Method::POST,
            Self::Health | Self::Live | Self::Authority => Method::GET,
        }
    }

    /// All that it answers.
    fn methods(self) -> &'static str {
        if self.method() == Method::GET { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" }
    }
}

/// An answer before it is HTTP.
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
    summary: Summary,
    /// Rule of a refusal.
    rule: Option<String>,
}

impl Answer {
    fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_string().into_bytes(),
            summary: Summary::default(),
            rule: body["rule"].as_str().map(str::to_owned),
        }
    }

    /// 204: everything that there is to say is in the headers.
    fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            content_type: "",
            body: Vec::new(),
            summary: Summary::default(),
            rule: None,
        }
    }

    /// A refusal that is not the service's but HTTP's. Devices read it like one of the service.
    fn refusal(status: StatusCode, rule: &str, message: &str) -> Self {
        let body = json!({
            "status": status.as_u16(), "reason": rule, "rule": rule, "pointer": "", "message": message,
        });
        Self::json(status, &body)
    }
}

impl From<Result<Reply, Refusal>> for Answer {
    fn from(result: Result<Reply, Refusal>) -> Self {
        match result {
            Ok(reply) => Self {
                status: StatusCode::OK,
                content_type: match reply.form {
                    Form::Message => "application/octet-stream",
                    Form::Json => "application/json",
                },
                body: reply.body,
                summary: reply.summary,
                rule: None,
            },
            Err(refusal) => {
                let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Self::json(status, &json!(refusal))
            }
        }
    }
}

/// Answers one request.
pub async fn handle(server: Arc<Server>, peer: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let client = server.limits.client(peer.ip(), request.headers());
    let page = Page::of(&request);
    let id = request_id(&server, peer, &request);
    let is_preflight = page.is_preflight();
    let answer = if server.limits.take(client, if is_preflight { 1.0 } else { cost(&path) }, start) {
        if is_preflight { preflight(&server, &page) } else { route(&server, request).await }
    } else {
        let message = "too many requests from this address; try again later";
        Answer::refusal(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", message)
    };
    let level = match answer.status.as_u16() {
        500.. => LogLevel::Error,
        400.. => LogLevel::Warn,
        _ => LogLevel::Info,
    };
    // The path is from outside and may be anything: only known ones are logged and counted.
    let known = find(&path).is_some();
    let seconds = start.elapsed().as_secs_f64();
    server.metrics.answered(known_path(&path), answer.status.as_u16(), answer.rule.as_deref(), seconds);
    if let Some(class) = answer.summary.class {
        server.metrics.given(known_path(&path), class);
    }
    server.log.write_with(level, "request", || {
        json!({
            "id": id,
            "peer": peer.to_string(),
            "client": (client.address != peer.ip().to_canonical()).then(|| client.address.to_string()),
            "method": method.as_str(),
            "path": if known { json!(path) } else { Value::Null },
            "status": answer.status.as_u16(),
            "rule": answer.rule,
            "device": answer.summary.device.map(|id| id.hex()),
            "license": answer.summary.license.map(|id| id.hex()),
            "sequence": answer.summary.sequence,
            "milliseconds": seconds * 1000.0,
        })
    });
    let methods = find(&path).map_or("GET, HEAD, POST, OPTIONS", Route::methods);
    let mut response = respond(answer, methods);
    server.cors.mark(&page, methods, response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Answers a browser that asks what a page may send. There is nothing at many paths, which the page may then find out.
fn preflight(server: &Server, page: &Page) -> Answer {
    if server.cors.allows(page) {
        return Answer::empty();
    }
    let message = "pages of this origin may not ask here; --allow-origin names those that may";
    Answer::refusal(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", message)
}

/// What a request counts: a device that is provisioned is kept for ever.
fn cost(path: &str) -> f64 {
    if matches!(find(path), Some(Route::Message(Endpoint::Provision))) { 10.0 } else { 1.0 }
}

fn respond(answer: Answer, methods: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if answer.status == StatusCode::NO_CONTENT {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(answer.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    // HTTP wants this with the status, whatever was not believed (RFC 9110 section 15.5.2).
    if answer.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    response
}

/// Paths as metrics name them.
const PATHS: [&str; 9] = [
    "/license",
    "/provision",
    "/renew",
    "/release",
    "/clearkey",
    "/health",
    "/health/ready",
    "/health/live",
    "/authority",
];

fn known_path(path: &str) -> &'static str {
    PATHS.into_iter().find(|known| *known == path).unwrap_or("other")
}

fn find(path: &str) -> Option<Route> {
    Some(match path {
        "/license" => Route::Message(Endpoint::License),
        "/provision" => Route::Message(Endpoint::Provision),
        "/renew" => Route::Message(Endpoint::Renew),
        "/release" => Route::Message(Endpoint::Release),
        "/clearkey" => Route::ClearKey,
        "/health" | "/health/ready" => Route::Health,
        "/health/live" => Route::Live,
        "/authority" => Route::Authority,
        _ => return None,
    })
}

async fn route(server: &Arc<Server>, request: Request<Incoming>) -> Answer {
    let found = find(request.uri().path()).filter(|route| server.clear_key || !matches!(route, Route::ClearKey));
    // RFC 9112 section 3.2: whoever is between may have read another one of several.
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1 {
        return Answer::refusal(StatusCode::BAD_REQUEST, "BAD_HOST", "a request has one header Host");
    }
    let Some(route) = found else {
        return Answer::refusal(StatusCode::NOT_FOUND, "NO_SUCH_PATH", "there is nothing at this path");
    };
    if request.method() == Method::OPTIONS {
        return Answer::empty();
    }
    let expected = route.method();
    // HEAD is GET without the body, which hyper leaves out (RFC 9110 section 9.3.2).
    let is_head = request.method() == Method::HEAD && expected == Method::GET;
    if request.method() != expected && !is_head {
        let message = format!("{expected} is the method of this path");
        return Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", &message);
    }
    let token = match bearer(&request) {
        Ok(token) => token,
        Err(answer) => return *answer,
    };
    let body = match body(server, request).await {
        Ok(body) => body,
        Err(answer) => return *answer,
    };
    let endpoint = match route {
        // What is answered without the store is answered whatever that does: not even for a turn it waits.
        Route::Live => return Answer::json(StatusCode::OK, &json!({ "status": "ok" })),
        Route::Authority => return server.service.get().map_or_else(unavailable, authority),
        Route::Health => return in_time(server, health_answer(server)).await,
        Route::Message(endpoint) => Some(endpoint),
        Route::ClearKey => None,
    };
    let working = Arc::clone(server);
    let work = async {
        // Messages wait here, where they can be given up. In the runtime's queue they would be worked on for nobody, and hold
        // up the look-up of the database's name, which they wait for.
        let turn = Arc::clone(&working.turns).acquire_owned().await;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&working, endpoint, &body, token)
        });
        let failed = |_| Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the service failed");
        work.await.unwrap_or_else(failed)
    };
    in_time(server, work).await
}

async fn in_time(server: &Server, answer: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(server.timeout, answer).await.unwrap_or_else(|_| {
        Answer::refusal(StatusCode::SERVICE_UNAVAILABLE, Rule::TryAgain.id(), "the service is too slow now")
    })
}

fn unavailable() -> Answer {
    Answer::refusal(StatusCode::SERVICE_UNAVAILABLE, Rule::TryAgain.id(), "the store does not answer")
}

fn authority(service: &Service) -> Answer {
    Answer {
        status: StatusCode::OK,
        content_type: "application/pkix-cert",
        body: service.authority(),
        summary: Summary::default(),
        rule: None,
    }
}

/// The token of `Authorization: Bearer` (RFC 6750); letter case does not matter in the scheme (RFC 9110 section 11.1).
fn bearer(request: &Request<Incoming>) -> Result<Option<String>, Box<Answer>> {
    let Some(value) = request.headers().get(AUTHORIZATION) else { return Ok(None) };
    match value.to_str().ok().and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => Ok(Some(token.to_owned())),
        _ => {
            let message = "Authorization is not of the form Bearer TOKEN";
            Err(Box::new(Answer::refusal(StatusCode::UNAUTHORIZED, "BAD_TOKEN", message)))
        }
    }
}

async fn body(server: &Server, request: Request<Incoming>) -> Result<Bytes, Box<Answer>> {
    let too_large = || {
        let message = format!("{} bytes are possible", server.max_body);
        Box::new(Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, Rule::BodyTooLarge.id(), &message))
    };
    // Who says so beforehand need not send it.
    if request.body().size_hint().lower() > server.max_body as u64 {
        return Err(too_large());
    }
    let body = Limited::new(request.into_body(), server.max_body).collect();
    match tokio::time::timeout(server.timeout, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Box::new(Answer::refusal(StatusCode::BAD_REQUEST, "INCOMPLETE_BODY", "the body broke off"))),
        Err(_) => Err(Box::new(Answer::refusal(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body does not arrive"))),
    }
}

/// What may wait and calculate: runs on a thread of its own. Without an endpoint it is a request of Clear Key.
fn work(server: &Server, endpoint: Option<Endpoint>, body: &[u8], token: Option<String>) -> Answer {
    let Some(service) = server.service.get() else { return unavailable() };
    let answer: Answer = match endpoint {
        Some(endpoint) => {
            let sender = match token.map(|token| service.provider_of(&token)) {
                Some(Ok(Some(provider))) => Sender::Provider(provider),
                Some(Ok(None)) => {
                    return Answer::refusal(StatusCode::UNAUTHORIZED, "BAD_TOKEN", "no provider has this token");
                }
                Some(Err(_)) => {
                    server.health.failed();
                    return unavailable();
                }
                None if server.trust_everyone => Sender::Trusted,
                None => Sender::Anyone,
            };
            service.handle(body, endpoint, &sender).into()
        }
        None => service.clear_key(body).into(),
    };
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        server.health.failed();
    }
    answer
}

/// Asks the store: a service that cannot answer devices is not healthy. The reason may name hosts and users: it is for the log.
pub fn ask_store(server: Arc<Server>) -> impl FnOnce() -> Result<(), String> + Send + 'static {
    move || match server.service.get() {
        Some(service) => service.check().map_err(|fault| fault.to_string()),
        None => Err("the store has not answered yet".to_owned()),
    }
}

async fn health_answer(server: &Arc<Server>) -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    let Err(reason) = server.health.check(ask_store(Arc::clone(server))).await else {
        let body = json!({ "status": "ok", "store": server.store, "version": version });
        return Answer::json(StatusCode::OK, &body);
    };
    server.log.write(LogLevel::Error, "unhealthy", json!({ "reason": reason }));
    let body = json!({
        "status": "unavailable", "store": server.store, "version": version, "reason": "the store does not answer",
    });
    Answer::json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

/// The id of a request: the trusted proxy's, else a new one.
fn request_id(server: &Server, peer: SocketAddr, request: &Request<Incoming>) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let is_id = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given.filter(is_id).filter(|_| server.limits.is_proxy(peer.ip())) {
        Some(id) => id.to_owned(),
        None => license::protocol::service_side::random::<12>().map_or_else(|_| "-".into(), |id| id.hex()),
    }
}

#[cfg(test)]
mod tests;
