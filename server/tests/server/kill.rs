//! SIGKILL in the middle of the work: whatever a device was told is still true afterwards.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use license::protocol::License;

use crate::client::{Device, exchange};
use crate::postgres::{Postgres, master_key};
use crate::process::{Server, catalog};

/// More than one commit of the directory's store takes at a time.
const DEVICES: usize = 24;
const ROUNDS: usize = 3;
/// Answers that each device must have got before the kill.
const ANSWERS: usize = 5;

/// Devices renew until the server is gone; `kill` runs when each has got [`ANSWERS`] answers. Returns each with the last
/// license that it has accepted.
fn work(
    devices: Vec<(Device, Option<License>)>,
    address: SocketAddr,
    kill: impl FnOnce(),
) -> Vec<(Device, Option<License>)> {
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        let workers: Vec<_> = devices
            .into_iter()
            .enumerate()
            .map(|(index, (mut device, mut license))| {
                let sender = sender.clone();
                scope.spawn(move || {
                    device.turn_to(address);
                    loop {
                        let next = match &license {
                            None => device.license(),
                            Some(license) => device.renew(license),
                        };
                        match next {
                            Ok(next) => license = Some(next),
                            Err(fault) if fault.kind() == std::io::ErrorKind::Other => panic!("refused: {fault}"),
                            Err(_) => return (device, license),
                        }
                        let _ = sender.send(index);
                    }
                })
            })
            .collect();
        drop(sender);
        let mut counts = vec![0; workers.len()];
        while counts.iter().any(|count| *count < ANSWERS) {
            // All workers are gone: one of them tells why.
            let Ok(index) = receiver.recv() else { break };
            counts[index] += 1;
        }
        kill();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    })
}

/// How much was recorded and came through, and how long nobody was answered.
#[derive(Default)]
struct Figures {
    recorded: u64,
    longest: Duration,
}

impl Figures {
    /// After a kill and a new start: `killed` is when the server was gone.
    fn add(&mut self, devices: &[(Device, Option<License>)], killed: Instant) {
        self.recorded = devices.iter().filter_map(|(_, license)| Some(license.as_ref()?.sequence)).sum();
        self.longest = self.longest.max(killed.elapsed());
    }

    /// `--nocapture` shows it.
    fn print(&self, what: &str) {
        println!(
            "{what}: {} answers recorded for {DEVICES} devices around {ROUNDS} kills, none lost that was confirmed; all answered again after {:.2} s at \
             most",
            self.recorded,
            self.longest.as_secs_f64()
        );
    }
}

/// What devices have accepted goes on where it was.
fn check(devices: &mut [(Device, Option<License>)], address: SocketAddr) {
    for (device, license) in devices {
        device.turn_to(address);
        let held = license.as_ref().expect("each device got a license");
        let renewed = device.renew(held).expect("the license and the device are known");
        assert!(renewed.sequence > held.sequence, "{} after {}", renewed.sequence, held.sequence);
        assert_eq!((renewed.license_id, renewed.first_issued), (held.license_id, held.first_issued));
        *license = Some(renewed);
    }
}

#[test]
fn a_directory_loses_nothing_that_was_confirmed() {
    let directory = tempfile::tempdir().unwrap();
    let (mut devices, mut figures) = (Vec::new(), Figures::default());
    for _ in 0..ROUNDS {
        let server = Server::in_directory(directory.path(), &[]);
        if devices.is_empty() {
            devices = (0..DEVICES).map(|_| (Device::provisioned(server.address), None)).collect();
        }
        let address = server.address;
        devices = work(devices, address, || server.kill());
        let killed = Instant::now();
        let server = Server::in_directory(directory.path(), &[]);
        check(&mut devices, server.address);
        figures.add(&devices, killed);
    }
    figures.print("directory");
}

#[test]
fn a_database_loses_nothing_that_was_confirmed_even_if_it_is_killed_too() {
    let Some(mut postgres) = Postgres::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (key, url, catalog) = (master_key(directory.path(), 7), postgres.url(), catalog(directory.path()));
    let start = || {
        let server = Server::start(&["--database", &url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()]);
        while exchange(&mut server.connect(), "/health", "", b"").unwrap().status != 200 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        server
    };
    let (mut devices, mut figures) = (Vec::new(), Figures::default());
    for _ in 0..ROUNDS {
        let server = start();
        if devices.is_empty() {
            devices = (0..DEVICES).map(|_| (Device::provisioned(server.address), None)).collect();
        }
        let address = server.address;
        devices = work(devices, address, || server.kill());
        let killed = Instant::now();
        postgres.crash();
        postgres.resume();
        check(&mut devices, start().address);
        figures.add(&devices, killed);
    }
    figures.print("PostgreSQL, which is killed, too");
}
