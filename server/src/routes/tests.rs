//! What is answered without the store.

use std::convert::Infallible;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use license_service::Settings;
use tokio::net::UnixStream;

use super::*;

/// The status of an answer over a connection.
async fn ask(server: &Arc<Server>, method: Method, path: &str) -> StatusCode {
    let (client, other) = UnixStream::pair().unwrap();
    let server = Arc::clone(server);
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(handle(server, ([127, 0, 0, 1], 1).into(), request).await) }
    });
    tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(other), service));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header(HOST, "x").body(Full::<Bytes>::default()).unwrap();
    sender.send_request(request).await.unwrap().status()
}

/// Messages that wait for a database that hangs have all places; whoever restarts processes must not restart this one.
#[test]
fn what_needs_no_store_is_answered_whatever_that_does() {
    let clock = Arc::new(base::clock::SystemClock::new());
    let server = Arc::new(Server {
        service: OnceCell::with_value(Service::in_memory(clock, Settings::default()).unwrap()),
        store: "memory",
        health: Arc::default(),
        trust_everyone: false,
        clear_key: true,
        cors: Cors::new(&[]),
        max_body: 1024,
        timeout: Duration::ZERO,
        turns: Arc::new(Semaphore::new(0)),
        limits: Limits::new(0, 0, &[]),
        log: Log::new(LogLevel::Off, 0),
        metrics: Metrics::new(),
        ended: watch::Sender::new(None),
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        for path in ["/license", "/clearkey"] {
            assert_eq!(ask(&server, Method::POST, path).await, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        }
        for path in ["/health/live", "/authority"] {
            assert_eq!(ask(&server, Method::GET, path).await, StatusCode::OK, "{path}");
        }
    });
}
