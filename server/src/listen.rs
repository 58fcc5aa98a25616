//! Connections: a limited number at a time, with timeouts, and closed in order at the end.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use crate::options::LogLevel;
use crate::patience::Patience;
use crate::reload::Certificate;
use crate::routes::{Server, handle};

/// Until the next attempt to accept where there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until SIGTERM, SIGINT or another reason to end, then ends the requests that are under way.
pub async fn serve(
    server: Arc<Server>,
    address: &str,
    certificate: Certificate,
    connections: usize,
) -> Result<(), String> {
    let words = |fault: std::io::Error| format!("{address}: {fault}");
    let listener = TcpListener::bind(address).await.map_err(words)?;
    let own = listener.local_addr().map_err(words)?;
    // Whoever has read the address may end the server in order.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate()).map_err(words)?, signal(SignalKind::interrupt()).map_err(words)?);
    let scheme = if certificate.get().is_some() { "https" } else { "http" };
    // For whoever started the server with port 0. Nobody reading it is no reason to fail, or to wait.
    let line = format!("{scheme}://{own}\n");
    let said = std::thread::Builder::new().name("stdout".into());
    drop(said.spawn(move || std::io::stdout().write_all(line.as_bytes()).and_then(|()| std::io::stdout().flush())));
    server.log.write(LogLevel::Info, "listening", json!({ "address": format!("{scheme}://{own}") }));

    let mut reason = server.ended.subscribe();
    let free = Arc::new(Semaphore::new(connections));
    let (stop, stopped) = watch::channel(false);
    loop {
        let permit = Arc::clone(&free).acquire_owned();
        let accepted = async {
            let permit = permit.await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = {
            let accepted = std::pin::pin!(accepted);
            let ended = std::pin::pin!(async {
                let (terminate, interrupt) = (std::pin::pin!(terminate.recv()), std::pin::pin!(interrupt.recv()));
                let signal = std::pin::pin!(first(terminate, interrupt));
                let reason = std::pin::pin!(async { drop(reason.wait_for(Option::is_some).await) });
                first(signal, reason).await;
            });
            match either(accepted, ended).await {
                Some(accepted) => accepted,
                None => break,
            }
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(fault) => {
                server.log.write(LogLevel::Error, "accept", json!({ "reason": fault.to_string() }));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (server, tls, stopped) = (Arc::clone(&server), certificate.get(), stopped.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let limits = Arc::clone(&server);
            let _open = limits.metrics.connected();
            let Some(_counted) = limits.limits.connect(peer.ip()) else {
                server.log.write(LogLevel::Warn, "connections", json!({ "peer": peer.to_string() }));
                return;
            };
            match tls {
                None => connection(server, peer, stream, stopped).await,
                Some(tls) => match tokio::time::timeout(server.timeout, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection(server, peer, stream, stopped).await,
                    Ok(Err(fault)) => {
                        let fields = json!({ "peer": peer.to_string(), "reason": fault.to_string() });
                        server.log.write(LogLevel::Warn, "tls", fields);
                    }
                    Err(_) => {}
                },
            }
        });
    }
    drop(listener);
    server.log.write(LogLevel::Info, "stopping", json!({}));
    let _ = stop.send(true);
    let all = u32::try_from(connections).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(server.timeout, free.acquire_many(all)).await;
    Ok(())
}

/// The first future's result, or `None` if the second one is first.
async fn either<T>(mut one: impl Future<Output = T> + Unpin, mut other: impl Future<Output = ()> + Unpin) -> Option<T> {
    std::future::poll_fn(|context| {
        use std::task::Poll;
        if std::pin::Pin::new(&mut other).poll(context).is_ready() {
            return Poll::Ready(None);
        }
        std::pin::Pin::new(&mut one).poll(context).map(Some)
    })
    .await
}

/// Whichever is first.
async fn first<T>(one: impl Future<Output = T> + Unpin, other: impl Future<Output = T> + Unpin) {
    let other = std::pin::pin!(async {
        other.await;
    });
    let _ = either(one, other).await;
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    server: Arc<Server>,
    peer: SocketAddr,
    stream: S,
    mut stopped: watch::Receiver<bool>,
) {
    let timeout = server.timeout;
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(handle(server, peer, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(Patience::new(stream, timeout)), service);
    let mut serving = std::pin::pin!(serving);
    let stop = std::pin::pin!(async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    });
    // Faults of a connection are the peer's business; requests are logged by themselves.
    if either(serving.as_mut(), stop).await.is_none() {
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}
