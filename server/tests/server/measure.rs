//! What a license costs the server and its store: the constants of `docs/scale.md`. `scripts/simulate.sh --measure` prints them;
//! NATIVE_DRM_MEASURE says for how many devices.

use std::fs;

use license::protocol::{Accepted, License};

use crate::ask::ask;
use crate::client::Device;
use crate::database::Shared;
use crate::process::{Server, catalog};

/// What a device does once, and what it has sent and received for it.
type Step = dyn Fn(&mut Device, &mut Option<License>) -> Traffic + Sync;

/// Devices at a time.
const WORKERS: usize = 8;
/// Renewals of each license.
const RENEWALS: usize = 4;
/// Clock ticks of `/proc` in a second, on every Linux there is.
const TICKS: f64 = 100.0;
/// A license that is renewed has an end, as the simulated ones have.
const POLICY: &str = r#""renewal_delay_seconds":60,"license_duration_seconds":1200,"#;

fn devices() -> usize {
    std::env::var("NATIVE_DRM_MEASURE").map_or(16, |devices| devices.parse().expect("NATIVE_DRM_MEASURE"))
}

/// What was sent and received, in bytes of HTTP bodies and heads.
#[derive(Clone, Copy, Default)]
struct Traffic {
    count: usize,
    sent: usize,
    received: usize,
}

/// Seconds of processors that processes have used.
fn used(processes: &[u32]) -> f64 {
    let of = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields: Vec<u64> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        // utime and stime; the state is the first field after the name.
        (fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0)) as f64 / TICKS
    };
    processes.iter().map(of).sum()
}

/// A process and those that it has started.
fn family(id: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().map(|child| child.parse().unwrap());
    std::iter::once(id).chain(children).collect()
}

fn counted(device: &mut Device, path: &str, request: &[u8], traffic: &mut Traffic) -> Vec<u8> {
    let answer = device.send(path, request).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.rule());
    traffic.count += 1;
    // The head of the request is that of `exchange`: a browser's or a library's has some hundred bytes more.
    traffic.sent +=
        request.len() + format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", request.len()).len();
    traffic.received += answer.head.len() + 4 + answer.body.len();
    answer.body
}

fn accepted(device: &mut Device, body: &[u8]) -> License {
    match device.session.accept(&device.client, body).unwrap() {
        Accepted::License(license) | Accepted::Renewal(license) => license,
        Accepted::Released(_) => panic!("released"),
    }
}

/// Runs one step of all devices, `WORKERS` of them at a time.
fn all(
    devices: &mut [(Device, Option<License>)],
    step: impl Fn(&mut Device, &mut Option<License>) -> Traffic + Sync,
) -> Traffic {
    let share = devices.len().div_ceil(WORKERS);
    std::thread::scope(|scope| {
        let step = &step;
        let workers: Vec<_> = devices
            .chunks_mut(share)
            .map(|some| {
                scope.spawn(move || {
                    let one = |(device, license): &mut (Device, _)| {
                        let traffic = step(device, license);
                        // More devices than the server has connections for.
                        device.hang_up();
                        traffic
                    };
                    some.iter_mut().map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        let traffic = workers.into_iter().flat_map(|worker| worker.join().unwrap());
        traffic.fold(Traffic::default(), |sum, one| Traffic {
            count: sum.count + one.count,
            sent: sum.sent + one.sent,
            received: sum.received + one.received,
        })
    })
}

/// Certificates, licenses, renewals: `look` tells the bytes of the store, and who else works for the server.
fn measure(server: &Server, store: &str, look: &dyn Fn() -> (u64, Vec<u32>)) {
    println!("{store}: processor of the server, of the database; bytes of the store; bytes sent and received");
    let mut devices: Vec<_> = (0..devices()).map(|_| (Device::new(server.address), None)).collect();
    let steps: [(&str, &Step); 3] = [
        ("certificate", &|device, _| {
            let (request, mut traffic) = (device.client.provision_request().unwrap(), Traffic::default());
            let body = counted(device, "/provision", &request, &mut traffic);
            device.client.process_provision_response(&body).unwrap();
            traffic
        }),
        ("license", &|device, license| {
            let mut traffic = Traffic::default();
            let request = device.session.license_request(&device.client, &ask()).unwrap();
            let body = counted(device, "/license", &request, &mut traffic);
            *license = Some(accepted(device, &body));
            traffic
        }),
        ("renewal", &|device, license| {
            let mut traffic = Traffic::default();
            for _ in 0..RENEWALS {
                let reference = license.as_ref().unwrap().reference();
                let request = device.session.renewal_request(&device.client, reference, &ask()).unwrap();
                let body = counted(device, "/renew", &request, &mut traffic);
                *license = Some(accepted(device, &body));
            }
            traffic
        }),
    ];
    for (name, step) in steps {
        let ((bytes, helpers), cpu) = (look(), used(&[server.id()]));
        let database = used(&helpers);
        let traffic = all(&mut devices, step);
        let cpu = used(&[server.id()]) - cpu;
        let (bytes_then, helpers) = look();
        let database = used(&helpers) - database;
        let count = traffic.count as f64;
        println!(
            "  {name:<11} {:>6} times: {:.2} ms, {:.2} ms; {:.0} bytes; {:.0} and {:.0} bytes",
            traffic.count,
            cpu * 1000.0 / count,
            database.max(0.0) * 1000.0 / count,
            (bytes_then as f64 - bytes as f64) / count,
            traffic.sent as f64 / count,
            traffic.received as f64 / count,
        );
    }
}

fn with_end(directory: &std::path::Path) -> String {
    let path = catalog(directory);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(r#""renewal_delay_seconds":60,"#, POLICY)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_license_costs_a_directory_some_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = with_end(directory.path());
    let data = directory.path().join("data");
    let server = Server::start(&["--data", data.to_str().unwrap(), "--catalog", &catalog, "--log", "error"]);
    let file = data.join("service.redb");
    measure(&server, "directory", &|| (fs::metadata(&file).map_or(0, |file| file.len()), Vec::new()));
    assert_eq!(server.log(), "", "nothing failed");
}

#[test]
fn a_license_costs_a_database_some_rows_and_bytes() {
    let Some(shared) = Shared::new() else { return };
    with_end(shared.directory.path());
    let server = shared.server_from(&["--log", "error"]);
    let look = || {
        let bytes = "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE schemaname = 'native_drm_license'";
        (shared.postgres.query(bytes).parse().unwrap(), family(shared.postgres.id()))
    };
    let wal = || shared.postgres.query("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").parse::<f64>().unwrap();
    // While it waited for the database it has said so.
    let (before, said) = (wal(), server.log());
    measure(&server, "postgresql", &look);
    let requests = devices() * (2 + RENEWALS);
    println!("  write-ahead log: {:.0} bytes a request", (wal() - before) / requests as f64);
    let rows = |table: &str| {
        let size = format!("pg_total_relation_size('native_drm_license.{table}')");
        let counted = shared.postgres.query(&format!("SELECT count(*), {size} FROM native_drm_license.{table}"));
        let (count, bytes) = counted.split_once('|').unwrap();
        let (count, bytes): (usize, usize) = (count.parse().unwrap(), bytes.parse().unwrap());
        println!("  {table}: {count} rows of {} bytes, with their indexes", bytes / count.max(1));
        count
    };
    // A nonce for each request; a license with its end for each device, and the count and the place of it.
    let counts = ["nonce", "device", "license", "license_end", "device_license"].map(rows);
    assert_eq!(counts, [requests, devices(), devices(), devices(), 2 * devices()]);
    assert_eq!(server.log(), said, "nothing failed");
}
