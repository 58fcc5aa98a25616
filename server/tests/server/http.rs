//! Paths, methods, limits, tokens, logs, TLS.

use std::io::{Read, Write};
use std::process::Command;

use base::base64::Variant;
use license::protocol::Accepted;

use crate::ask::ask;
use crate::client::{Device, exchange, read_answer};
use crate::process::{Server, TOKEN};

#[test]
fn a_device_gets_license_renewal_and_release() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &[]);
    let mut device = Device::provisioned(server.address);
    let license = device.license().unwrap();
    assert_eq!((license.sequence, license.content_id.0.as_slice()), (1, &b"movie"[..]));
    assert_eq!(device.renew(&license).unwrap().sequence, 2);

    let request = device.session.release_request(&device.client, license.reference()).unwrap();
    let wrong = device.send("/license", &request).unwrap();
    assert_eq!((wrong.status, wrong.rule().as_str()), (400, "BAD_MESSAGE"));
    let answer = device.send("/release", &request).unwrap();
    assert!(matches!(device.session.accept(&device.client, &answer.body), Ok(Accepted::Released(_))));
    assert!(answer.head.contains("cache-control: no-store"));
    assert!(answer.head.contains("content-type: application/octet-stream"));
    let replay = device.send("/release", &request).unwrap();
    assert_eq!((replay.status, replay.rule().as_str()), (409, "REPLAYED_REQUEST"));

    let (ended_well, log) = server.terminate();
    assert!(ended_well, "{log}");
    // Each line is JSON; what happened is there, keys and messages are not.
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let id = license.license_id.hex();
    let of_license = lines.iter().filter(|line| line["license"] == id.as_str()).count();
    assert_eq!(of_license, 3, "issue, renewal, release");
    assert!(lines.iter().any(|line| line["rule"] == "REPLAYED_REQUEST" && line["level"] == "warn"));
    for secret in ["2b".repeat(16), Variant::Standard.encode(&[0x2b; 16]), TOKEN.to_owned()] {
        assert!(!log.contains(&secret));
    }
}

#[test]
fn what_is_not_right_is_refused_and_the_server_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &["--max-body", "2000"]);
    let mut device = Device::provisioned(server.address);
    let cases: [(&str, &str, Vec<u8>, u16, &str); 9] = [
        ("/", "", Vec::new(), 404, "NO_SUCH_PATH"),
        ("/clearkey", "", b"{}".to_vec(), 404, "NO_SUCH_PATH"),
        ("/license", "", Vec::new(), 400, "NOT_JSON"),
        ("/license", "", b"{}".to_vec(), 422, "PAYLOAD_MISSING"),
        ("/license", "", vec![b' '; 2001], 413, "BODY_TOO_LARGE"),
        ("/license", "Authorization: Bearer wrong\r\n", b"{}".to_vec(), 401, "BAD_TOKEN"),
        ("/license", "Authorization: Basic eDp5\r\n", b"{}".to_vec(), 401, "BAD_TOKEN"),
        ("/license", "", b"{\"policy_overrides\":{}}".to_vec(), 403, "PROVIDER_MISMATCH"),
        ("/provision", "", b"NDLP\x01\x01".to_vec(), 400, "BAD_MESSAGE"),
    ];
    for (path, headers, body, status, rule) in cases {
        let mut stream = server.connect();
        let answer = exchange(&mut stream, path, headers, &body).unwrap();
        assert_eq!((answer.status, answer.rule().as_str()), (status, rule), "{path} {headers}");
        assert_eq!(answer.head.contains("www-authenticate: bearer"), status == 401);
    }
    let mut stream = server.connect();
    stream.write_all(b"GET /license HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let answer = read_answer(&mut stream).unwrap();
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: post"));
    for (path, expected) in [("/health", " 200 "), ("/authority", " 200 "), ("/license", " 405 "), ("/", " 404 ")] {
        let mut stream = server.connect();
        stream.write_all(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().next().unwrap().contains(expected), "{path}: {head}");
        assert!(body.is_empty(), "{path}: {body}");
    }

    // Without a length: the limit counts while the body arrives.
    let mut stream = server.connect();
    stream.write_all(b"POST /license HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..3 {
        let _ = stream.write_all(format!("3e8\r\n{}\r\n", " ".repeat(1000)).as_bytes());
    }
    assert_eq!(read_answer(&mut stream).unwrap().status, 413);

    device.license().expect("the server still answers");
}

#[test]
fn whoever_is_slow_is_sent_away() {
    let server = Server::start(&["--memory", "--timeout", "1"]);
    // A body that does not arrive. On a busy machine even the head may come too late; it is sent again then.
    let answer = (0..60).find_map(|_| {
        let mut stream = server.connect();
        stream.write_all(b"POST /license HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{").ok()?;
        read_answer(&mut stream).ok()
    });
    assert_eq!(answer.expect("an answer").status, 408);
    // A head that does not arrive.
    let mut stream = server.connect();
    stream.write_all(b"POST /lic").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the server closes the connection");
}

/// What two programs could read in two ways is refused, or the connection ends: nothing in a body becomes a request.
#[test]
fn no_request_is_hidden_in_another_one() {
    const HIDDEN: &str = "0\r\n\r\nGET /authority HTTP/1.1\r\nHost: x\r\n\r\n";
    let server = Server::start(&["--memory"]);
    let length = HIDDEN.len();
    for (headers, status) in [
        (format!("Host: x\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n"), "400"),
        (format!("Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n"), "400"),
        (format!("Host: x\r\nContent-Length: 5\r\nContent-Length: {length}\r\n"), "400"),
        (format!("Host: x\r\nContent-Length: {length}, {length}\r\n"), "400"),
        (format!("Host: x\r\nContent-Length: +{length}\r\n"), "400"),
        ("Host: x\r\nTransfer-Encoding: xchunked\r\n".into(), "400"),
        ("Host: x\r\nTransfer-Encoding: chunked, identity\r\n".into(), "400"),
        ("Host: x\r\nTransfer-Encoding : chunked\r\n".into(), "400"),
        ("Host: x\r\nX: a\r\n b\r\nContent-Length: 5\r\n".into(), "400"),
        // Of several hosts each program could take another one.
        (format!("Content-Length: {length}\r\nConnection: close\r\n"), "400"),
        (format!("Host: x\r\nHost: y\r\nContent-Length: {length}\r\nConnection: close\r\n"), "400"),
        ("Host: x\r\nContent-Length: 300000\r\n".into(), "413"),
    ] {
        let mut stream = server.connect();
        stream.write_all(format!("POST /license HTTP/1.1\r\n{headers}\r\n{HIDDEN}").as_bytes()).unwrap();
        let mut all = Vec::new();
        // The other end may close with a reset, since it has not read everything.
        let _ = stream.read_to_end(&mut all);
        let all = String::from_utf8_lossy(&all);
        assert!(all.is_empty() || all.starts_with(&format!("HTTP/1.1 {status}")), "{headers}: {all}");
        assert_eq!(all.matches("HTTP/1.1").count(), usize::from(!all.is_empty()), "{headers}: {all}");
    }
    let (_, log) = server.terminate();
    assert!(!log.contains("/authority"), "{log}");
}

#[test]
fn a_provider_with_its_token_decides() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &[]);
    let mut device = Device::provisioned(server.address);
    let request = device.session.license_request(&device.client, &ask()).unwrap();
    let payload = Variant::Standard.encode(&request);
    let message = format!(r#"{{"payload":"{payload}","policy_overrides":{{"license_duration_seconds":7}}}}"#);
    let refused = device.send("/license", message.as_bytes()).unwrap();
    assert_eq!((refused.status, refused.rule().as_str()), (403, "PROVIDER_MISMATCH"));
    let header = format!("Authorization: bearer {TOKEN}\r\n");
    let answer = device.send_with("/license", &header, message.as_bytes()).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let license = Variant::Standard.decode("license", answer["license"].as_str().unwrap()).unwrap();
    let Accepted::License(license) = device.session.accept(&device.client, &license).unwrap() else { panic!() };
    assert_eq!(license.policy.license_duration_seconds, 7);
}

#[test]
fn a_device_that_knows_the_authority_is_not_certified_by_another_service() {
    let (own, impostor) = (Server::start(&["--memory"]), Server::start(&["--memory"]));
    let authority = exchange(&mut own.connect(), "/authority", "", b"").unwrap();
    assert_eq!(authority.status, 200);
    assert!(authority.head.contains("content-type: application/pkix-cert"));
    let mut device = Device::trusting(impostor.address, Some(authority.body));
    let request = device.client.provision_request().unwrap();
    assert_eq!(device.send("/provision", &request).unwrap().rule(), "BAD_CERTIFICATE");
    device.turn_to(own.address);
    device.provision().unwrap();
}

#[test]
fn clear_key_and_health_answer() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &["--clear-key"]);
    let answer = exchange(&mut server.connect(), "/health", "", b"").unwrap();
    let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &health["status"], &health["store"]), (200, &"ok".into(), &"directory".into()));
    let body = format!(r#"{{"kids":["{}"],"type":"temporary"}}"#, Variant::Url.encode(&[0xa0; 16]));
    let answer = exchange(&mut server.connect(), "/clearkey", "", body.as_bytes()).unwrap();
    let keys: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(keys["keys"][0]["k"], Variant::Url.encode(&[0x2b; 16]));
}

#[test]
fn wrong_arguments_end_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("bad.json"), "{").unwrap();
    std::fs::write(path("short.key"), "short").unwrap();
    std::fs::write(path("long.key"), [7; 32]).unwrap();
    let postgres = "postgres://nobody@127.0.0.1:1/none";
    let tls = "postgres://nobody@127.0.0.1:1/none?sslmode=require";
    std::fs::write(path("polcy.json"), r#"{"contents":[{"content_id":"AAAA","polcy":"p"}]}"#).unwrap();
    std::fs::write(path("policy.json"), r#"{"contents":[{"content_id":"AAAA","policy":"p"}]}"#).unwrap();
    std::fs::write(path("provider.json"), r#"{"contents":[{"content_id":"AAAA","provider":"q"}]}"#).unwrap();
    let cases: [(&[&str], &str); 11] = [
        (&[], "--data"),
        (&["--memory", "--data", "x"], "cannot be used with"),
        (&["--memory", "--catalog", &path("bad.json")], "catalogue"),
        (
            &["--memory", "--catalog", &path("polcy.json")],
            "/contents/0/polcy: there is no such member; did you mean `policy`",
        ),
        (&["--memory", "--catalog", &path("policy.json")], "/contents/0/policy: there is no policy `p`"),
        (&["--memory", "--catalog", &path("provider.json")], "/contents/0/provider: there is no provider `q`"),
        (&["--memory", "--tls-cert", "x"], "--tls-key"),
        (&["--memory", "--tls-cert", &path("none"), "--tls-key", &path("none")], "none"),
        (&["--data", "/dev/null/x"], "/dev/null/x"),
        (&["--database", tls, "--master-key", &path("long.key")], "--database-ca"),
        (&["--database", postgres, "--master-key", &path("short.key")], "32 bytes"),
    ];
    for (arguments, expected) in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_native-drm-license-server"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains(expected), "{arguments:?}: {words}");
    }
}

/// With OpenSSL's client: TLS from another hand.
#[test]
fn tls_works() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
        .output();
    let Ok(made) = made else {
        println!("skipped: there is no openssl program here");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = Server::start(&["--memory", "--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")]);
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-CAfile", &path("cert.pem"), "-connect"])
        .arg(server.address.to_string())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    input.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let answer = read_answer(client.stdout.as_mut().unwrap()).unwrap();
    drop(input);
    client.wait().unwrap();
    assert_eq!(answer.status, 200);
    // And plain HTTP is not spoken there.
    assert!(exchange(&mut server.connect(), "/health", "", b"").is_err());
}
