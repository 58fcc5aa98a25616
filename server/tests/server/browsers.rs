//! What browsers ask of a server whose pages are elsewhere (WHATWG Fetch, section 3.3).

use std::io::Write;

use crate::client::{Answer, read_answer};
use crate::process::{Server, TOKEN};

const PAGE: &str = "https://player.example.org";
/// Every path, and one where there is nothing.
const PATHS: [&str; 10] = [
    "/license",
    "/provision",
    "/renew",
    "/release",
    "/clearkey",
    "/health",
    "/health/ready",
    "/health/live",
    "/authority",
    "/nothing",
];

/// The method that a path is asked with.
fn method(path: &str) -> &'static str {
    if path.starts_with("/health") || path == "/authority" { "GET" } else { "POST" }
}

fn ask(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = server.connect();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}").unwrap();
    read_answer(&mut stream).unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(header, _)| *header == name).map(|(_, value)| value).collect()
}

fn preflight(server: &Server, path: &str, origin: &str, headers: &str) -> Answer {
    let method = method(path);
    let head = format!("Origin: {origin}\r\nAccess-Control-Request-Method: {method}\r\n{headers}");
    ask(server, "OPTIONS", path, &head, "")
}

fn start(more: &[&str]) -> (Server, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let catalog = crate::process::catalog(directory.path());
    let fixed = ["--memory", "--clear-key", "--catalog", catalog.to_str().unwrap()];
    (Server::start(&[&fixed[..], more].concat()), directory)
}

#[test]
fn a_page_of_an_allowed_origin_is_answered_on_every_path() {
    let listed = format!("https://other.example,{PAGE}");
    for (allowed, named) in [(listed.as_str(), PAGE), ("*", "*")] {
        let (server, _directory) = start(&["--allow-origin", allowed]);
        for path in PATHS {
            let asked = "Access-Control-Request-Headers: authorization,content-type,x-player\r\n";
            let answer = preflight(&server, path, PAGE, asked);
            assert_eq!((answer.status, answer.body.len()), (204, 0), "{path}");
            assert_eq!(header(&answer, "access-control-allow-origin"), [named]);
            let headers = header(&answer, "access-control-allow-headers").concat();
            assert!(headers.contains("authorization") && headers.contains("x-player"), "{headers}");
            let method = method(path).to_lowercase();
            assert!(header(&answer, "access-control-allow-methods").concat().contains(&method));
            assert_eq!(header(&answer, "vary").contains(&"origin"), allowed != "*");

            for method in ["GET", "HEAD", "POST", "PUT"] {
                let answer = if method == "HEAD" {
                    // Its answer has the length of a body that does not come.
                    let mut stream = server.connect();
                    write!(stream, "HEAD {path} HTTP/1.1\r\nHost: x\r\nOrigin: {PAGE}\r\nConnection: close\r\n\r\n")
                        .unwrap();
                    let mut head = String::new();
                    std::io::Read::read_to_string(&mut stream, &mut head).unwrap();
                    Answer { status: 0, head: head.to_lowercase(), body: Vec::new() }
                } else {
                    ask(&server, method, path, &format!("Origin: {PAGE}\r\n"), "{")
                };
                assert_eq!(header(&answer, "access-control-allow-origin"), [named], "{method} {path}: {}", answer.head);
            }
        }
    }
}

#[test]
fn refusals_can_be_read_too() {
    let (server, _directory) = start(&["--allow-origin", PAGE, "--max-body", "1024"]);
    let origin = format!("Origin: {PAGE}\r\n");
    let token = format!("{origin}Authorization: Bearer {TOKEN}\r\n");
    let wrong = format!("{origin}Authorization: Bearer wrong\r\n");
    let long = " ".repeat(1025);
    for (headers, body, status) in [
        (&origin, "{", 400),
        (&origin, "{}", 422),
        (&token, "{}", 422),
        (&wrong, "{}", 401),
        (&origin, long.as_str(), 413),
    ] {
        let answer = ask(&server, "POST", "/license", headers, body);
        assert_eq!(answer.status, status);
        assert_eq!(header(&answer, "access-control-allow-origin"), [PAGE], "{status}");
        assert!(header(&answer, "access-control-expose-headers").concat().contains("retry-after"));
    }
    // Behind a proxy, since this machine itself has no limit.
    let limits = ["--allow-origin", PAGE, "--trusted-proxy", "127.0.0.1", "--requests-per-second", "1"];
    let (server, _directory) = start(&limits);
    let from = format!("{origin}X-Forwarded-For: 203.0.113.7\r\n");
    let answer = (0..1000).map(|_| ask(&server, "GET", "/authority", &from, "")).find(|answer| answer.status == 429);
    assert_eq!(header(&answer.expect("a limit"), "access-control-allow-origin"), [PAGE]);
}

#[test]
fn a_page_of_another_origin_reads_nothing() {
    for allowed in [&[][..], &["--allow-origin", PAGE]] {
        let (server, _directory) = start(allowed);
        for path in PATHS {
            for origin in ["https://evil.example", "http://player.example.org", "null"] {
                let answer = preflight(&server, path, origin, "");
                assert_eq!((answer.status, answer.rule().as_str()), (403, "ORIGIN_NOT_ALLOWED"), "{path}");
                assert!(!answer.head.contains("access-control-"), "{}", answer.head);
                let answer = ask(&server, "POST", path, &format!("Origin: {origin}\r\n"), "{");
                assert!(!answer.head.contains("access-control-"), "{}", answer.head);
            }
        }
        // No preflight: what is possible here.
        let answer = ask(&server, "OPTIONS", "/license", "", "");
        assert_eq!((answer.status, header(&answer, "allow")), (204, vec!["post, options"]));
        assert_eq!(ask(&server, "OPTIONS", "/nothing", "", "").status, 404);
    }
}
