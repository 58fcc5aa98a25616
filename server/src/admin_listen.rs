//! The listener of operators: a Unix socket, or an address of this machine.

use std::convert::Infallible;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::fs::Mode;
use rustix::process::umask;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admin::{Admin, handle};
use crate::options::LogLevel;
use crate::patience::Patience;

/// Connections at a time; more wait. Everybody on this machine can connect to an address, and may not take the file descriptors
/// that devices need.
const CONNECTIONS: usize = 64;
/// Until the next attempt to accept where there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Where operators reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `unix:PATH`.
    Unix(PathBuf),
    /// Of this machine: commands and tokens are not encrypted.
    Local(SocketAddr),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err("unix: needs a path".into());
            }
            return Ok(Self::Unix(path.into()));
        }
        let address: SocketAddr = text.parse().map_err(|_| "unix:PATH or ADDRESS:PORT".to_owned())?;
        if !address.ip().is_loopback() {
            return Err(
                "tokens would go over the network in the clear: only addresses of this machine are possible".into()
            );
        }
        Ok(Self::Local(address))
    }
}

/// Ready to be accepted from.
pub enum Listener {
    Unix(UnixListener),
    Local(TcpListener),
}

impl Listener {
    /// Binds. A socket that a killed server has left behind is replaced, one that somebody listens at is not.
    pub async fn bind(place: &Place) -> Result<Self, String> {
        match place {
            Place::Local(address) => {
                let listener = TcpListener::bind(address).await;
                listener.map(Self::Local).map_err(|fault| format!("--admin-listen {address}: {fault}"))
            }
            Place::Unix(path) => {
                let words = |fault: std::io::Error| format!("--admin-listen unix:{}: {fault}", path.display());
                remove_dead(path).map_err(words)?;
                let listener = bind_for_owner(path).map_err(words)?;
                std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(words)?;
                Ok(Self::Unix(listener))
            }
        }
    }

    /// Where it is, as the client's `--at` takes it.
    pub fn name(&self) -> String {
        match self {
            Self::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                format!("unix:{}", path.unwrap_or(Path::new("")).display())
            }
            Self::Local(listener) => listener.local_addr().map(|address| address.to_string()).unwrap_or_default(),
        }
    }

    /// Serves until the runtime ends.
    pub async fn serve(self, admin: Arc<Admin>) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        // It is never closed.
        while let Ok(place) = Arc::clone(&free).acquire_owned().await {
            let accepted = match &self {
                Self::Unix(listener) => listener.accept().await.map(|(stream, _)| {
                    let user = stream.peer_cred().ok().map(|peer| peer.uid());
                    tokio::spawn(connection(Arc::clone(&admin), user, stream, place));
                }),
                Self::Local(listener) => listener.accept().await.map(|(stream, _)| {
                    tokio::spawn(connection(Arc::clone(&admin), None, stream, place));
                }),
            };
            if let Err(fault) = accepted {
                admin.server.log.write(LogLevel::Error, "accept", json!({ "reason": fault.to_string() }));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A socket that nobody else can connect to, from the beginning: whoever did so before it had its mode would be an operator.
fn bind_for_owner(path: &Path) -> std::io::Result<UnixListener> {
    // Files that other threads make meanwhile are for their owner alone, too.
    let former = umask(Mode::from_raw_mode(0o077));
    let listener = UnixListener::bind(path);
    umask(former);
    listener
}

fn remove_dead(path: &Path) -> std::io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => match std::os::unix::net::UnixStream::connect(path) {
            Err(fault) if fault.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
            _ => Err(ErrorKind::AddrInUse.into()),
        },
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    admin: Arc<Admin>,
    user: Option<u32>,
    stream: S,
    _place: OwnedSemaphorePermit,
) {
    let timeout = admin.server.timeout;
    let service = service_fn(move |request| {
        let admin = Arc::clone(&admin);
        async move { Ok::<_, Infallible>(handle(admin, user, request).await) }
    });
    // Faults of a connection are the operator's business.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .serve_connection(TokioIo::new(Patience::new(stream, timeout)), service)
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_its_owners_from_the_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _listener = runtime.block_on(async { bind_for_owner(&path) }).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    #[test]
    fn tokens_stay_on_this_machine() {
        assert_eq!("unix:/run/x".parse(), Ok(Place::Unix("/run/x".into())));
        assert_eq!("[::1]:0".parse(), Ok(Place::Local("[::1]:0".parse().unwrap())));
        for text in ["", "unix:", "0.0.0.0:1", "192.0.2.1:1", "[::]:1", "localhost", "/run/x"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
