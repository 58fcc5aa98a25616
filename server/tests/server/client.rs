//! A device that talks HTTP/1.1, on one connection as long as that holds.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use license::protocol::{Accepted, Client, License, SessionClient};

use crate::ask::ask;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn rule(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["rule"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request and reads the answer; an error is the connection's.
pub fn exchange(stream: &mut (impl Read + Write), path: &str, headers: &str, body: &[u8]) -> std::io::Result<Answer> {
    let method = if matches!(path, "/authority" | "/metrics") || path.starts_with("/health") { "GET" } else { "POST" };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())?;
    read_answer(stream)
}

pub fn read_answer(stream: &mut impl Read) -> std::io::Result<Answer> {
    let broken = |reason: &str| std::io::Error::new(std::io::ErrorKind::UnexpectedEof, reason.to_owned());
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                return Ok(Answer { status, head, body: bytes[end + 4..end + 4 + length].to_vec() });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(broken("the connection was closed")),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            // With a timeout, a process that was stopped for a moment gets this.
            Err(fault) if fault.kind() == std::io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
}

pub struct Device {
    pub client: Client,
    pub session: SessionClient,
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Device {
    pub fn new(address: SocketAddr) -> Self {
        Self::trusting(address, None)
    }

    /// A device that accepts one authority only.
    pub fn trusting(address: SocketAddr, authority: Option<Vec<u8>>) -> Self {
        Self { client: Client::new(authority).unwrap(), session: SessionClient::new().unwrap(), address, stream: None }
    }

    /// A device that has its certificate.
    pub fn provisioned(address: SocketAddr) -> Self {
        let mut device = Self::new(address);
        device.provision().unwrap();
        device
    }

    /// Goes to another server.
    pub fn turn_to(&mut self, address: SocketAddr) {
        self.address = address;
        self.stream = None;
    }

    pub fn send(&mut self, path: &str, body: &[u8]) -> std::io::Result<Answer> {
        self.send_with(path, "", body)
    }

    pub fn send_with(&mut self, path: &str, headers: &str, body: &[u8]) -> std::io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_read_timeout(Some(Duration::from_secs(150)))?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let answer = exchange(&mut stream, path, headers, body)?;
        self.stream = Some(stream);
        Ok(answer)
    }

    /// Closes its connection; the next request opens another one.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }

    pub fn provision(&mut self) -> std::io::Result<()> {
        let request = self.client.provision_request().unwrap();
        let answer = self.send("/provision", &request)?;
        self.client.process_provision_response(&answer.body).map_err(std::io::Error::other)
    }

    pub fn license(&mut self) -> std::io::Result<License> {
        let request = self.session.license_request(&self.client, &ask()).unwrap();
        let answer = self.send("/license", &request)?;
        self.accept(&answer)
    }

    pub fn renew(&mut self, license: &License) -> std::io::Result<License> {
        let request = self.session.renewal_request(&self.client, license.reference(), &ask()).unwrap();
        let answer = self.send("/renew", &request)?;
        self.accept(&answer)
    }

    fn accept(&mut self, answer: &Answer) -> std::io::Result<License> {
        match self.session.accept(&self.client, &answer.body).map_err(std::io::Error::other)? {
            Accepted::License(license) | Accepted::Renewal(license) => Ok(license),
            Accepted::Released(_) => Err(std::io::Error::other("released")),
        }
    }
}
