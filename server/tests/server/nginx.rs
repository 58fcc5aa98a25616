//! A server behind nginx, Debian's. Where that is missing and cannot be installed the test says that it was skipped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::{Answer, Device, exchange};
use crate::process::Server;

/// What docs/license-service.md says of nginx.
const DOCUMENT: &str = include_str!("../../../docs/license-service.md");

struct Nginx {
    child: Child,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// Before a server, which it reaches from 127.0.0.9.
    fn start(server: &Server) -> Option<Self> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let script = "export PATH=$PATH:/usr/sbin; . scripts/lib/install.sh; require cmd:nginx=nginx; command -v nginx";
        let found = Command::new("bash").args(["-c", script]).current_dir(root).stderr(Stdio::null()).output().ok()?;
        let output = String::from_utf8_lossy(&found.stdout).into_owned();
        let Some(program) = output.lines().next_back().filter(|_| found.status.success()) else {
            println!("skipped: there is no nginx here, and apt-get cannot install it");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        // Free now; nobody else is likely to take it before nginx does.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (_, block) = DOCUMENT.split_once("    location / {\n").expect("an example for nginx");
        let (block, _) = block.split_once("\n    }\n").unwrap();
        let block = block.replace("127.0.0.1:8443", &server.address.to_string());
        let place = directory.path().display();
        let text = format!(
            "daemon off; pid {place}/pid; error_log stderr; worker_processes 1; events {{}}\nhttp {{ access_log off;\n\
             client_body_temp_path {place}/1; proxy_temp_path {place}/2; fastcgi_temp_path {place}/3;\n\
             uwsgi_temp_path {place}/4; scgi_temp_path {place}/5;\n\
             server {{ listen {address}; location / {{ proxy_bind 127.0.0.9;\n{block} }} }} }}\n"
        );
        let path = directory.path().join("nginx.conf");
        std::fs::write(&path, text).unwrap();
        let child =
            Command::new(program).args(["-e", "stderr", "-c"]).arg(&path).stderr(Stdio::null()).spawn().unwrap();
        let nginx = Self { child, address, _directory: directory };
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }

    fn ask(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        exchange(&mut TcpStream::connect(self.address).unwrap(), path, headers, body).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM: its workers go with it.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

#[test]
fn devices_and_pages_ask_through_nginx() {
    const PAGE: &str = "https://player.example.org";
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &["--trusted-proxy", "127.0.0.9", "--allow-origin", PAGE]);
    let Some(nginx) = Nginx::start(&server) else { return };
    let mut device = Device::provisioned(nginx.address);
    let license = device.license().unwrap();
    assert_eq!(device.renew(&license).unwrap().sequence, 2);
    // Refusals come as they are, with their headers.
    let answer = nginx.ask("/license", &format!("Origin: {PAGE}\r\n"), b"{");
    assert_eq!((answer.status, answer.rule().as_str()), (400, "NOT_JSON"));
    assert!(answer.head.contains(&format!("access-control-allow-origin: {PAGE}")), "{}", answer.head);
    assert_eq!(nginx.ask("/license", "", &vec![b' '; 262_145]).status, 413);
    // One id in nginx, in the log and in the answer; what a client makes up does not get through.
    let forged = "X-Request-Id: forged\r\nX-Forwarded-For: 203.0.113.7\r\n";
    let answer = nginx.ask("/health", forged, b"");
    let id = answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    // Two readings of one body would be a request within a request.
    let mut stream = TcpStream::connect(nginx.address).unwrap();
    let hidden = "0\r\n\r\nGET /authority HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = hidden.len();
    write!(
        stream,
        "POST /license HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n{hidden}"
    )
    .unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    let (_, log) = server.terminate();
    assert!(log.contains(id) && log.contains("\"client\":\"127.0.0.1\""), "{log}");
    assert!(!log.contains("203.0.113.7") && !log.contains("forged") && !log.contains("/authority"), "{log}");
}
