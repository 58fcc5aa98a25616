//! Many devices at a time. NATIVE_DRM_LOAD_SECONDS says for how long (scripts/load-test.sh: 30).

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::Device;
use crate::process::Server;

const DEVICES: usize = 200;
/// What the server's memory may grow by once each device has a license, whatever the duration: the store's cache (16 MiB)
/// fills, threads get their stacks.
const GROWTH: usize = 24 << 20;

#[test]
fn two_hundred_devices_are_served_without_an_error_or_growth() {
    let seconds = std::env::var("NATIVE_DRM_LOAD_SECONDS").map_or(5, |seconds| seconds.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let server = Server::in_directory(directory.path(), &["--log", "error"]);
    let (ready, stop, address) = (Barrier::new(DEVICES + 1), AtomicBool::new(false), server.address);
    let (mut latencies, memory, elapsed) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..DEVICES)
            .map(|_| {
                let (ready, stop) = (&ready, &stop);
                scope.spawn(move || {
                    let mut device = Device::provisioned(address);
                    let mut license = device.license().expect("a first license");
                    ready.wait();
                    let mut latencies = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let (start, count) = (Instant::now(), latencies.len());
                        // Each device starts anew now and then.
                        license = if count % 8 == 7 { device.license() } else { device.renew(&license) }
                            .unwrap_or_else(|fault| panic!("after {count} licenses: {fault}"));
                        latencies.push(start.elapsed());
                    }
                    latencies
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        let mut memory = vec![server.memory()];
        for second in 1..=seconds {
            std::thread::sleep((start + Duration::from_secs(second)).saturating_duration_since(Instant::now()));
            memory.push(server.memory());
        }
        stop.store(true, Ordering::Relaxed);
        let latencies: Vec<_> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
        (latencies, memory, start.elapsed().as_secs_f64())
    });
    latencies.sort_unstable();
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    let (count, first, most) = (latencies.len(), memory[0], *memory.iter().max().unwrap());
    println!(
        "{DEVICES} devices, {elapsed:.1} s: {count} licenses, {:.0} a second, none refused; median {:.0} ms, 99 % within \
         {:.0} ms (devices and server share the processors)",
        count as f64 / elapsed,
        at(0.5),
        at(0.99),
    );
    let third = |index: usize| memory[(memory.len() - 1) * index / 3] / 1024;
    println!("memory of the server: {} kB, {} kB, {} kB, {} kB (each third)", third(0), third(1), third(2), third(3));
    assert!(count >= DEVICES, "each device got at least one answer");
    assert!(most < first + GROWTH, "memory grew from {first} to {most} bytes");
    assert_eq!(server.log(), "", "nothing failed");
}
