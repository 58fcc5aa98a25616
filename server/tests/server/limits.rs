//! What one client may not take from the others: places, time, room in the log.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use license::protocol::Client;

use crate::admin::place_of;
use crate::client::{Device, exchange};
use crate::process::Server;

#[test]
fn whoever_takes_no_answers_loses_its_place() {
    let server = Server::start(&["--memory", "--timeout", "1", "--max-connections", "2"]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let mut stream = server.connect();
            // Asks until it is sent away, and never reads.
            scope.spawn(move || while stream.write_all(b"GET /authority HTTP/1.1\r\nHost: x\r\n\r\n").is_ok() {});
        }
        // There is a place again some time.
        let answered = (0..100).find_map(|_| exchange(&mut server.connect(), "/health", "", b"").ok());
        assert_eq!(answered.expect("an answer").status, 200);
    });
}

#[test]
fn an_address_behind_a_proxy_has_its_own_limit() {
    let server = Server::start(&["--memory", "--trusted-proxy", "127.0.0.1", "--requests-per-second", "1"]);
    let mut device = Device::new(server.address);
    let mut ask = |headers: &str| device.send_with("/authority", headers, b"").unwrap();
    let limited = |answer: &crate::client::Answer| answer.status == 429;
    // However slow the machine is, there are not ten seconds between these.
    let greedy = (0..1000).map(|_| ask("X-Forwarded-For: 203.0.113.7\r\n")).find(limited).expect("a limit");
    assert_eq!(greedy.rule(), "TOO_MANY_REQUESTS");
    assert!(greedy.head.contains("retry-after: 1"));
    assert_eq!(ask("X-Forwarded-For: 203.0.113.8\r\n").status, 200, "another address");
    let forged = |number: u8| format!("X-Forwarded-For: 192.0.2.{number}, 203.0.113.7\r\n");
    assert!((0..100).map(|number| ask(&forged(number))).any(|answer| limited(&answer)), "what a client adds");
    assert!((0..100).all(|_| ask("").status == 200), "the proxy itself");

    // Devices take up room for ever: one a tenth of a second is too many.
    let provisioned = (0..1000).map(|_| {
        let request = Client::new(None).unwrap().provision_request().unwrap();
        device.send_with("/provision", "X-Forwarded-For: 203.0.113.9\r\n", &request).unwrap()
    });
    let provisioned = provisioned.take_while(|answer| !limited(answer)).count();
    assert!((1..1000).contains(&provisioned), "{provisioned} devices");
    let (_, log) = server.terminate();
    assert!(log.contains("\"client\":\"203.0.113.7\""), "{log}");
}

/// This machine's address in some network, if it has one.
fn own_address() -> Option<SocketAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().filter(|address| !address.ip().is_loopback())
}

#[test]
fn an_address_has_so_many_connections() {
    let Some(mut own) = own_address() else {
        println!("skipped: this machine has no address in a network");
        return;
    };
    own.set_port(0);
    let server = Server::start(&["--memory", "--listen", &own.to_string(), "--connections-per-address", "3"]);
    let mut open: Vec<_> = (0..3).map(|_| server.connect()).collect();
    let health = |stream: &mut TcpStream| exchange(stream, "/health", "", b"").map(|answer| answer.status);
    for stream in &mut open {
        assert_eq!(health(stream).unwrap(), 200);
    }
    let mut more = server.connect();
    assert!(matches!(more.read(&mut [0]), Ok(0) | Err(_)), "closed at once");
    drop(open.pop());
    // It counts until the server has noticed its end.
    assert!((0..1000).any(|_| health(&mut server.connect()).is_ok_and(|status| status == 200)));
}

/// Everybody on the machine may connect to an address, and not take all file descriptors.
#[test]
fn administration_has_so_many_connections() {
    const PLACES: usize = 64;
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens");
    std::fs::write(&tokens, "anna 0123456789abcdef-anna\n").unwrap();
    let tokens = tokens.to_str().unwrap();
    let server = Server::start(&["--memory", "--admin-listen", "127.0.0.1:0", "--admin-tokens", tokens]);
    let address: SocketAddr = place_of(&server).parse().unwrap();
    let connect = || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(150))).unwrap();
        stream
    };
    let live = |stream: &mut TcpStream| exchange(stream, "/health/live", "", b"").unwrap().status;
    let mut held: Vec<_> = (0..PLACES).map(|_| connect()).collect();
    assert!(held.iter_mut().all(|stream| live(stream) == 200));
    let files = || std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count();
    let before = files();
    let more: Vec<_> = (0..100).map(|_| connect()).collect();
    // Answers in which the server could take them.
    assert!(held.iter_mut().all(|stream| live(stream) == 200));
    assert!(files() < before + 10, "{} of {before}", files());
    drop(held);
    for mut stream in more {
        assert_eq!(live(&mut stream), 200, "they have waited");
    }
}

#[test]
fn a_second_has_so_many_lines_in_the_log() {
    const REQUESTS: usize = 5000;
    let server = Server::start(&["--memory", "--log-lines", "10"]);
    let mut device = Device::new(server.address);
    for _ in 0..REQUESTS {
        assert_eq!(device.send("/license", b"{").unwrap().status, 400);
    }
    let (ended_well, log) = server.terminate();
    assert!(ended_well);
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let written = lines.iter().filter(|line| line["event"] == "request").count();
    let missing: u64 = lines.iter().filter_map(|line| line["lines"].as_u64()).sum();
    assert_eq!(written + usize::try_from(missing).unwrap(), REQUESTS, "the rest is counted");
    assert!(missing > 0, "{written} lines");
}
