//! A service that goes on while its disk fails: each access to the file fails once, or all from there on until the disk is
//! mended. The service is never opened anew.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::file::Place;
use super::{LocalStore, Store, Table};
use crate::{Content, Endpoint, Sender, Service, Settings};
use base::clock::VirtualClock;
use license::protocol::service_side::random_secret;
use license::protocol::{Accepted, Ask, Client, SessionClient};
use license::template::{DeviceLevel, Hdcp, Refusal};

/// 2026-01-01.
const START: i64 = 1_767_225_600_000;

/// Which accesses to the file fail.
#[derive(Debug, Default)]
struct Plan {
    /// Accesses since it was armed.
    count: AtomicI64,
    /// The first that fails, from 1; 0 for none.
    first: AtomicI64,
    /// How many fail.
    number: AtomicI64,
    failed: AtomicU64,
}

impl Plan {
    fn arm(&self, first: i64, number: i64) {
        self.count.store(0, Ordering::SeqCst);
        self.failed.store(0, Ordering::SeqCst);
        self.number.store(number, Ordering::SeqCst);
        self.first.store(first, Ordering::SeqCst);
    }

    /// How many accesses have failed.
    fn mend(&self) -> u64 {
        self.first.store(0, Ordering::SeqCst);
        self.failed.load(Ordering::SeqCst)
    }

    fn access(&self) -> Result<(), io::Error> {
        let (first, number) = (self.first.load(Ordering::SeqCst), self.number.load(Ordering::SeqCst));
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if first > 0 && count >= first && count - first < number {
            self.failed.fetch_add(1, Ordering::SeqCst);
            return Err(io::Error::other("the disk fails"));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct FaultyFile {
    file: FileBackend,
    plan: Arc<Plan>,
}

impl StorageBackend for FaultyFile {
    fn len(&self) -> Result<u64, io::Error> {
        self.plan.access()?;
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.plan.access()?;
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        self.plan.access()?;
        self.file.set_len(length)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.plan.access()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.plan.access()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> Result<(), io::Error> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

fn faulty_store(directory: &Path, plan: &Arc<Plan>) -> LocalStore {
    let (mut place, plan) = (Place::in_directory(directory).unwrap(), Arc::clone(plan));
    let opener = move || place.open(|file| FaultyFile { file, plan: Arc::clone(&plan) });
    LocalStore::opened_by(Box::new(opener)).unwrap()
}

struct World {
    service: Service,
    plan: Arc<Plan>,
    client: Client,
    session: SessionClient,
    directory: tempfile::TempDir,
}

fn ask() -> Ask {
    Ask {
        key_ids: vec![vec![0xa0; 16]],
        persistent: false,
        device_level: DeviceLevel::SwCrypto,
        hdcp: Hdcp::None,
        client_token: None,
        options: BTreeMap::new(),
    }
}

impl World {
    fn new() -> Self {
        let (directory, plan) = (tempfile::tempdir().unwrap(), Arc::new(Plan::default()));
        let store = faulty_store(directory.path(), &plan);
        let clock = Arc::new(VirtualClock::new(START));
        let service = Service::new(Box::new(store), &random_secret().unwrap(), clock, Settings::default()).unwrap();
        service.add_policy("default", br#"{"can_play":true,"can_renew":true}"#).unwrap();
        let content = br#"{"content_id":"bW92aWU=","keys":[{"track_type":"SD","key_id":"oKCgoKCgoKCgoKCgoKCgoA==",
            "key":"KysrKysrKysrKysrKysrKw=="}]}"#;
        service.add_content(&Content::parse(content).unwrap()).unwrap();
        let mut client = Client::new(None).unwrap();
        let response = send(&service, &client.provision_request().unwrap()).unwrap();
        client.process_provision_response(&response).unwrap();
        Self { service, plan, client, session: SessionClient::new().unwrap(), directory }
    }

    fn request(&mut self) -> Vec<u8> {
        self.session.license_request(&self.client, &ask()).unwrap()
    }

    /// The service does everything that it should.
    fn works(&mut self, place: &str) {
        self.service.check().unwrap_or_else(|fault| panic!("{place}: unhealthy: {fault}"));
        let request = self.request();
        let response = send(&self.service, &request).unwrap_or_else(|refusal| panic!("{place}: {refusal}"));
        let Accepted::License(license) = self.session.accept(&self.client, &response).unwrap() else { panic!() };
        let renewal = self.session.renewal_request(&self.client, license.reference(), &ask()).unwrap();
        send(&self.service, &renewal).unwrap_or_else(|refusal| panic!("{place}: {refusal}"));
        assert_eq!(send(&self.service, &request).unwrap_err().status(), 409, "{place}: a replay");
    }
}

fn send(service: &Service, message: &[u8]) -> Result<Vec<u8>, Refusal> {
    service.handle(message, Endpoint::Any, &Sender::Trusted).map(|reply| reply.body)
}

/// What may be under way when the disk fails.
type Action = fn(&mut World) -> Result<(), String>;

const ACTIONS: [(&str, Action); 5] = [
    ("license", |world| {
        let request = world.request();
        match send(&world.service, &request) {
            Ok(response) => {
                let accepted = world.session.accept(&world.client, &response).unwrap();
                let Accepted::License(license) = accepted else { panic!("no license") };
                // What was confirmed is there, whatever fails next.
                world.plan.mend();
                assert!(world.service.license(license.license_id).unwrap().is_some());
                Ok(())
            }
            Err(refusal) => {
                assert_eq!(refusal.status(), 503, "{refusal}");
                Err(refusal.to_string())
            }
        }
    }),
    ("content", |world| {
        let content = Content::parse(br#"{"content_id":"b3RoZXI="}"#).unwrap();
        world.service.add_content(&content).map_err(|fault| fault.to_string())
    }),
    ("key", |world| world.service.content_key(b"movie", "SD").map(drop).map_err(|fault| fault.to_string())),
    ("tidying", |world| world.service.tidy().map(drop).map_err(|fault| fault.to_string())),
    ("health", |world| world.service.check().map_err(|fault| fault.to_string())),
];

#[test]
fn one_access_that_fails_costs_one_answer() {
    for (name, action) in ACTIONS {
        let (mut world, mut first) = (World::new(), 1);
        loop {
            let place = format!("{name}, access {first}");
            world.plan.arm(first, 1);
            let done = action(&mut world);
            if world.plan.mend() == 0 {
                done.unwrap_or_else(|fault| panic!("{place}: {fault}"));
                break;
            }
            world.works(&place);
            first += 1;
        }
        println!("{name}: {} accesses", first - 1);
    }
}

#[test]
fn a_disk_that_fails_for_a_while_is_unhealthy_for_that_while() {
    for (name, action) in ACTIONS {
        let mut world = World::new();
        for first in 1..=12 {
            let place = format!("{name}, from access {first} on");
            world.plan.arm(first, i64::MAX);
            let _ = action(&mut world);
            if world.plan.failed.load(Ordering::SeqCst) > 0 {
                for _ in 0..3 {
                    assert!(world.service.check().is_err(), "{place}");
                    let request = world.request();
                    assert_eq!(send(&world.service, &request).unwrap_err().status(), 503, "{place}");
                }
            }
            world.plan.mend();
            world.works(&place);
        }
    }
}

#[test]
fn each_access_while_opening_again_may_fail_too() {
    let mut world = World::new();
    for first in 1.. {
        world.plan.arm(1, 1);
        assert!(world.service.check().is_err());
        // From here on the next call opens the file.
        world.plan.arm(first, 1);
        let done = world.service.check();
        if world.plan.mend() == 0 {
            done.unwrap();
            println!("{} accesses", first - 1);
            return;
        }
        world.works(&format!("access {first}"));
    }
}

#[test]
fn many_threads_go_on_across_faults() {
    let world = World::new();
    let (service, plan) = (&world.service, &world.plan);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                for _ in 0..50 {
                    match service.content_key(b"movie", "SD") {
                        Ok((_, key)) => assert_eq!(*key, [0x2b; 16]),
                        Err(fault) => assert!(matches!(fault, crate::Error::Store(_)), "{fault}"),
                    }
                    let _ = service.check();
                }
            });
        }
        for first in 1..60 {
            plan.arm(first % 9 + 1, 1);
            std::thread::yield_now();
        }
    });
    plan.mend();
    let mut world = world;
    world.works("afterwards");
}

#[test]
fn another_file_in_its_place_is_not_taken() {
    let world = World::new();
    let path = world.directory.path().join("service.redb");
    std::fs::rename(&path, world.directory.path().join("away")).unwrap();
    world.plan.arm(1, 1);
    assert!(world.service.check().is_err());
    world.plan.mend();
    assert!(world.service.check().is_err(), "there is no file, and none is made");
    assert!(!path.exists());
    std::fs::copy(world.directory.path().join("away"), &path).unwrap();
    assert!(world.service.check().unwrap_err().to_string().contains("started anew"));
    std::fs::rename(world.directory.path().join("away"), &path).unwrap();
    world.service.check().unwrap();
}

#[test]
fn the_file_is_its_owners_only() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("service.redb");
    let mode = || std::fs::metadata(&path).unwrap().mode() & 0o777;
    let store = LocalStore::in_directory(directory.path()).unwrap();
    store.transact(&mut |transaction| Ok(transaction.put(Table::Policy, b"a", b"1")?)).unwrap();
    drop(store);
    assert_eq!(mode(), 0o600);
    // One of an earlier version.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = LocalStore::in_directory(directory.path()).unwrap();
    assert_eq!(mode(), 0o600);
    assert_eq!(store.read(Table::Policy, b"a").unwrap().as_deref(), Some(&b"1"[..]));
}
