//! Nobody reads what the server writes: it answers nevertheless, and says later what nobody got.

use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::AsRawFd;
use std::sync::mpsc::channel;

use tokio::net::unix::pipe;

use crate::client::{Device, exchange};
use crate::process::Server;

const DEVICES: usize = 8;
const REQUESTS: usize = 100;

/// A pipe in which there is no room.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _entered = runtime.enter();
    // The same pipe, opened once more: the server's end must be an ordinary one, which waits.
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let other = pipe::OpenOptions::new().open_sender(path).unwrap();
    runtime.block_on(other.writable()).unwrap();
    for size in [4096, 1] {
        while other.try_write(&vec![b'\n'; size]).is_ok() {}
    }
    (reader, writer)
}

/// Each request of some devices at once is answered, whatever it writes to the log.
fn work(server: &Server) {
    std::thread::scope(|scope| {
        for _ in 0..DEVICES {
            scope.spawn(|| {
                let mut device = Device::new(server.address);
                for _ in 0..REQUESTS / 2 {
                    assert_eq!(device.send("/license", b"{").unwrap().status, 400);
                    assert_eq!(device.send("/health", b"").unwrap().status, 200);
                }
            });
        }
    });
}

#[test]
fn nobody_reads_standard_error() {
    let (mut reader, writer) = full_pipe();
    let server = Server::start_logging_to(writer, &["--memory", "--log-lines", "0"]);
    work(&server);
    // Somebody reads on.
    let (sender, receiver) = channel();
    let read = std::thread::spawn(move || {
        let (mut log, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            log.extend_from_slice(&buffer[..count]);
            // Lines of the log, not what filled the pipe.
            if log.iter().any(|byte| *byte != b'\n') {
                let _ = sender.send(());
            }
        }
        String::from_utf8(log).unwrap()
    });
    let mut more = 0;
    while receiver.try_recv().is_err() {
        assert_eq!(exchange(&mut server.connect(), "/health", "", b"").unwrap().status, 200);
        more += 1;
    }
    let (ended_well, _) = server.terminate();
    assert!(ended_well);
    let log = read.join().unwrap();
    let lines = log.lines().filter(|line| !line.is_empty());
    let lines: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).expect(line)).collect();
    let lost: Vec<_> = lines.iter().filter(|line| line["event"] == "lost").collect();
    assert_eq!(lines[0]["event"], "lost", "before anything else");
    let lost: u64 = lost.iter().map(|line| line["lines"].as_u64().unwrap()).sum();
    let written = lines.iter().filter(|line| line["event"] != "lost").count() as u64;
    // Beside the requests: listening, tidied (perhaps), stopping.
    let expected = (DEVICES * REQUESTS + more) as u64 + 2;
    assert!(
        (expected..=expected + 1).contains(&(lost + written)),
        "{lost} lost, {written} written, {expected} expected"
    );
    assert!(lost >= (DEVICES * REQUESTS) as u64, "{lost} lost");
}

#[test]
fn whoever_reads_standard_error_goes_away() {
    let (reader, writer) = full_pipe();
    let server = Server::start_logging_to(writer, &["--memory", "--log-lines", "0"]);
    work(&server);
    drop(reader);
    work(&server);
    assert!(server.terminate().0);
}

#[test]
fn a_log_on_a_full_disk_stops_nothing() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let server = Server::start_logging_to(full, &["--memory", "--log-lines", "0"]);
    work(&server);
    assert!(server.terminate().0);
}

#[test]
fn nobody_reads_standard_output() {
    let (mut reader, writer) = full_pipe();
    let server = Server::start_writing_to(writer, &["--memory"]);
    work(&server);
    // Whoever reads in the end gets the address nevertheless.
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains(&server.address.to_string()) {
        let count = reader.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has ended");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    assert!(server.terminate().0);
}
