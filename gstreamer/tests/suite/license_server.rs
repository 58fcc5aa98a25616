//! `license-url`: servers that answer, refuse, send rubbish and hang.

use std::sync::mpsc;
use std::thread;

use gst::prelude::*;

use crate::harness::{Bench, KEYS, clear, ctr, data, meta, sample};
use crate::run::PATIENCE_STD;
use crate::server::{Answer, Server};

#[test]
fn a_server_that_answers_gives_the_key() {
    let server = Server::start(None, |body| {
        let body = String::from_utf8_lossy(body);
        assert!(body.contains("MDEyMzQ1Njc4OTAxMjM0NQ") && body.contains("\"temporary\""), "{body}");
        Answer::Status(200, KEYS.into())
    });
    let (encrypted, iv) = ctr();
    let url = server.url("license?token=secret");
    // Two streams of a pipeline ask once.
    let mut benches = [Bench::new(), Bench::new()];
    for bench in &mut benches {
        bench.element.set_property("license-url", &url);
        for second in 0..3 {
            let out = bench.harness.push_and_pull(sample(&encrypted, meta(&iv), second)).expect("decrypted");
            assert_eq!(data(&out), clear());
        }
    }
    assert_eq!(server.posts(), 1);
}

#[test]
fn servers_that_do_not_are_errors_with_a_reason() {
    let other = r#"{"keys":[{"kty":"oct","kid":"AAAAAAAAAAAAAAAAAAAAAA","k":"K34VFiiu0qar9xWICc9PPA"}]}"#;
    for (status, body, reason) in [
        (403, "no", "403"),
        (500, "", "500"),
        (200, "<html>Log in</html>", "not a license"),
        (200, "", "not a license"),
        (200, "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"!\",\"k\":\"!\"}]}", "not a license"),
        (200, other, "30313233343536373839303132333435"),
    ] {
        let server = Server::start(None, move |_| Answer::Status(status, body.into()));
        let mut bench = Bench::new();
        bench.element.set_property("license-url", server.url("license?token=secret"));
        let (encrypted, iv) = ctr();
        assert_eq!(bench.harness.push(sample(&encrypted, meta(&iv), 0)), Err(gst::FlowError::Error), "{reason}");
        assert!(bench.harness.try_pull().is_none());
        let (error, debug) = bench.error().expect("an error");
        assert!(error.matches(gst::StreamError::DecryptNokey), "{error}");
        assert!(debug.contains(reason), "{reason}: {debug}");
        assert!(!debug.contains("secret"), "{debug}");
    }
}

#[test]
fn nobody_at_the_port_is_an_error() {
    let mut bench = Bench::new();
    bench.element.set_property("license-url", "http://127.0.0.1:1/");
    let (encrypted, iv) = ctr();
    assert_eq!(bench.harness.push(sample(&encrypted, meta(&iv), 0)), Err(gst::FlowError::Error));
    assert!(bench.error().expect("an error").1.contains("127.0.0.1:1"));
}

#[test]
fn a_server_that_hangs_does_not_keep_the_pipeline() {
    let (asked, was_asked) = mpsc::channel();
    let asked = std::sync::Mutex::new(asked);
    let server = Server::start(None, move |_| {
        asked.lock().expect("no panic").send(()).expect("the test waits");
        Answer::Silence
    });
    let bench = Bench::new();
    bench.element.set_property("license-url", server.url(""));
    let pad = bench.harness.srcpad().expect("a pad");
    let (encrypted, iv) = ctr();
    let pushed = thread::spawn(move || pad.push(sample(&encrypted, meta(&iv), 0)));
    was_asked.recv_timeout(PATIENCE_STD).expect("the server was asked");
    // Returns although the server has not answered.
    bench.element.set_state(gst::State::Null).expect("stopped");
    assert_eq!(pushed.join().expect("no panic"), Err(gst::FlowError::Flushing));
    assert!(bench.error().is_none());
}

#[test]
#[ignore = "takes the 30 seconds that a server has"]
fn a_server_that_hangs_is_an_error_in_the_end() {
    let server = Server::start(None, |_| Answer::Silence);
    let mut bench = Bench::new();
    bench.element.set_property("license-url", server.url("license?token=secret"));
    let (encrypted, iv) = ctr();
    assert_eq!(bench.harness.push(sample(&encrypted, meta(&iv), 0)), Err(gst::FlowError::Error));
    assert!(bench.harness.try_pull().is_none());
    let (error, debug) = bench.error().expect("an error");
    assert!(error.matches(gst::StreamError::DecryptNokey), "{error}");
    assert!(debug.contains("timeout") && !debug.contains("secret"), "{debug}");
}
