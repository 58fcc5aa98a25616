//! Many devices at a time. NATIVE_DRM_LOAD_SECONDS says for how long (scripts/load-test.sh: 30).

use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::client::Device;
use crate::process::Server;

const DEVICES: usize = 200;
/// What the server's memory may grow by once everything is warm, whatever the duration: caches fill.
const GROWTH: usize = 48 << 20;

#[test]
fn two_hundred_devices_are_served_without_an_error_or_growth() {
    let seconds = std::env::var("NATIVE_DRM_LOAD_SECONDS").map_or(5, |seconds| seconds.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &["--log", "error"]);
    let (ready, address) = (Barrier::new(DEVICES + 1), server.address);
    let (count, warm, start) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..DEVICES)
            .map(|_| {
                let ready = &ready;
                scope.spawn(move || {
                    let mut device = Device::provisioned(address);
                    let mut licence = device.licence().expect("a first licence");
                    ready.wait();
                    let (start, mut count) = (Instant::now(), 0);
                    while start.elapsed() < Duration::from_secs(seconds) {
                        // Each device starts anew now and then.
                        licence = if count % 8 == 7 { device.licence() } else { device.renew(&licence) }
                            .unwrap_or_else(|fault| panic!("after {count} licences: {fault}"));
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        ready.wait();
        let (warm, start) = (server.memory(), Instant::now());
        let count: usize = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
        (count, warm, start)
    });
    let (after, elapsed) = (server.memory(), start.elapsed().as_secs_f64());
    println!(
        "{DEVICES} devices, {elapsed:.1} s: {count} licences, {:.0} a second; memory {} kB, then {} kB",
        count as f64 / elapsed,
        warm / 1024,
        after / 1024
    );
    assert!(count >= DEVICES, "each device got at least one answer");
    assert!(after < warm + GROWTH, "memory grew from {warm} to {after} bytes");
    assert_eq!(server.log(), "", "nothing failed");
}
