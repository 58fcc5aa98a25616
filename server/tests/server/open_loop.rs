//! Requests that come when they come, not when the last one is answered: at a fixed rate, and each answer's time counts from when its
//! request was due. That is what devices of a crowd do, and what a test that waits for answers does not see.
//!
//! Requests are made before, so that devices cost the server nothing. `scripts/load-test.sh open` runs it for long, with the server on a
//! core that nothing else of the test uses: first as fast as it can, then at four fifths of that.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use license::protocol::{Accepted, Client, SessionClient};

use crate::ask::ask;
use crate::client::{Device, exchange};
use crate::postgres::{Postgres, master_key};
use crate::process::{Server, catalog};

/// Connections. With fewer requests under way than these, arrivals do not wait for each other.
const CONNECTIONS: usize = 48;
const DEVICES: usize = 50;
/// Of so many answers one is opened.
const OPENED: usize = 50;

/// A device's request and what opens its answer.
struct Asked {
    device: usize,
    session: SessionClient,
    message: Vec<u8>,
}

struct Crowd {
    devices: Vec<Client>,
}

impl Crowd {
    fn new(server: &Server) -> Self {
        Self { devices: (0..DEVICES).map(|_| Device::provisioned(server.address).client).collect() }
    }

    fn requests(&self, count: usize) -> Vec<Asked> {
        let one = |index: usize| {
            let device = index % self.devices.len();
            let mut session = SessionClient::new().unwrap();
            let message = session.license_request(&self.devices[device], &ask()).unwrap();
            Asked { device, session, message }
        };
        std::thread::scope(|scope| {
            let half = scope.spawn(|| (0..count / 2).map(one).collect::<Vec<_>>());
            let mut other: Vec<_> = (count / 2..count).map(one).collect();
            other.extend(half.join().unwrap());
            other
        })
    }

    /// Sends requests, at a rate or each as soon as a connection is free. Returns how long each took, in order.
    fn send(&self, server: &Server, requests: Vec<Asked>, rate: Option<f64>) -> Run {
        let (next, ready) = (AtomicUsize::new(0), Barrier::new(CONNECTIONS + 1));
        let (count, answers) = (requests.len(), Mutex::new(Vec::new()));
        let requests: Vec<_> = requests.into_iter().map(|asked| Mutex::new(Some(asked))).collect();
        let start = Mutex::new(Instant::now());
        let (mut cpu, mut elapsed) = (server.cpu(), Duration::ZERO);
        let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let mut stream = server.connect();
                    let (next, ready, requests, answers, start) = (&next, &ready, &requests, &answers, &start);
                    scope.spawn(move || {
                        ready.wait();
                        ready.wait();
                        let start = *start.lock().unwrap();
                        let mut latencies = Vec::new();
                        loop {
                            let index = next.fetch_add(1, Ordering::Relaxed);
                            let Some(asked) = requests.get(index) else { return latencies };
                            let asked = asked.lock().unwrap().take().unwrap();
                            let due = match rate {
                                Some(rate) => start + Duration::from_secs_f64(index as f64 / rate),
                                None => Instant::now(),
                            };
                            std::thread::sleep(due.saturating_duration_since(Instant::now()));
                            let answer = exchange(&mut stream, "/license", "", &asked.message).expect("an answer");
                            latencies.push(due.elapsed());
                            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                            if index % OPENED == 0 {
                                answers.lock().unwrap().push((asked, answer.body));
                            }
                        }
                    })
                })
                .collect();
            ready.wait();
            cpu = server.cpu();
            let begin = Instant::now();
            *start.lock().unwrap() = begin;
            ready.wait();
            let latencies = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
            (cpu, elapsed) = (server.cpu() - cpu, begin.elapsed());
            latencies
        });
        latencies.sort_unstable();
        assert_eq!(latencies.len(), count);
        let mut ids = HashSet::new();
        let answers = answers.into_inner().unwrap();
        for (mut asked, answer) in answers {
            match asked.session.accept(&self.devices[asked.device], &answer).expect("a license for who asked") {
                Accepted::License(license) => assert!(ids.insert(license.license_id.0)),
                _ => panic!("not a license"),
            }
        }
        assert_eq!(ids.len(), count.div_ceil(OPENED));
        Run { latencies, cpu, elapsed }
    }
}

struct Run {
    latencies: Vec<Duration>,
    /// Of the server.
    cpu: Duration,
    elapsed: Duration,
}

impl Run {
    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    fn print(&self, what: &str) {
        let at = |part: f64| {
            let index = (self.latencies.len() as f64 * part) as usize;
            self.latencies[index.min(self.latencies.len() - 1)].as_secs_f64() * 1000.0
        };
        println!(
            "{what}: {} licenses, {:.0} a second, no error; {:.0} us of the server's processor time each; 50 % within {:.1} ms, \
             99 % within {:.1} ms, 99.9 % within {:.1} ms, all within {:.1} ms",
            self.latencies.len(),
            self.rate(),
            self.cpu.as_secs_f64() * 1e6 / self.latencies.len() as f64,
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0),
        );
    }
}

/// For so many seconds at four fifths of what the server can, or shortly at a low rate where nothing was said.
fn measure(server: &Server, store: &str) {
    let crowd = Crowd::new(server);
    let Some(seconds) = std::env::var("NATIVE_DRM_OPEN_SECONDS").ok().map(|seconds| seconds.parse::<f64>().unwrap())
    else {
        let run = crowd.send(server, crowd.requests(100), Some(100.0));
        return run.print(&format!("{store}, 100 requests a second"));
    };
    // Caches fill, threads start.
    crowd.send(server, crowd.requests(2_000), None);
    let capacity = crowd.send(server, crowd.requests((seconds * 800.0) as usize), None);
    capacity.print(&format!("{store}, as fast as it can"));
    let rate = std::env::var("NATIVE_DRM_OPEN_RATE").map_or(capacity.rate() * 0.8, |rate| rate.parse().unwrap());
    let run = crowd.send(server, crowd.requests((rate * seconds) as usize), Some(rate));
    run.print(&format!("{store}, {rate:.0} requests a second whatever becomes of them"));
}

/// A server on the core that the environment names.
fn start(arguments: &[&str]) -> Server {
    match std::env::var("NATIVE_DRM_OPEN_CORE") {
        Ok(core) => Server::start_on_core(&core, arguments),
        Err(_) => Server::start(arguments),
    }
}

fn options(directory: &Path) -> [String; 4] {
    ["--catalog".into(), catalog(directory).to_str().unwrap().into(), "--log".into(), "error".into()]
}

#[test]
fn a_crowd_is_served_from_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let common = options(directory.path());
    let mut arguments = vec!["--data", data.to_str().unwrap()];
    arguments.extend(common.iter().map(String::as_str));
    measure(&start(&arguments), "directory");
}

#[test]
fn a_crowd_is_served_from_memory() {
    let directory = tempfile::tempdir().unwrap();
    let common = options(directory.path());
    let mut arguments = vec!["--memory"];
    arguments.extend(common.iter().map(String::as_str));
    measure(&start(&arguments), "memory");
}

#[test]
fn a_crowd_is_served_from_a_database() {
    let Some(postgres) = Postgres::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (key, url, common) = (master_key(directory.path(), 7), postgres.url(), options(directory.path()));
    let mut arguments = vec!["--database", &url, "--master-key", &key];
    arguments.extend(common.iter().map(String::as_str));
    let server = start(&arguments);
    while exchange(&mut server.connect(), "/health", "", b"").unwrap().status != 200 {
        std::thread::sleep(Duration::from_millis(50));
    }
    measure(&server, "PostgreSQL");
}
