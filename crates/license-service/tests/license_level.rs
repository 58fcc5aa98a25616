//! A service over months of the virtual clock: what it keeps does not grow once as much is forgotten as is issued, but for a nonce
//! of each provisioning, which stays for ever.
//!
//! NATIVE_DRM_LEVEL_SECONDS makes it go on for so long (`scripts/load-test.sh level`: an hour), with a store in a
//! directory; otherwise it is 100 virtual days in memory.

mod license_common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::clock::VirtualClock;
use license::protocol::{Accepted, Client, SessionClient};
use license::template::Refusal;
use license_common::{START, ask, fill};
use license_service::{Endpoint, Entry, LocalStore, Sender, Service, Settings, Store, StoreError, Table, Transaction};

const DAY: i64 = 24 * 3600 * 1000;
const DEVICES: usize = 6;
/// Licenses that a device gets in a day; half of them are renewed.
const LICENSES: usize = 4;
/// Days that a certificate is valid, and so the nonces of the requests that it is for are kept.
const CERTIFICATE: u64 = 10;
/// Days from one provisioning of a device to the next.
const PROVISIONED: u64 = 8;
/// Days until as much is forgotten as is issued: the longest that anything is kept, a day of license and thirty after it, or the ten of
/// a certificate; and some for files.
const FILLED: u64 = 45;

/// The store, which the test looks into, and how many nonces it has forgotten.
#[derive(Clone)]
struct Shared(Arc<LocalStore>, Arc<AtomicU64>);

impl Store for Shared {
    fn transact(&self, body: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.0.transact(body)
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read(table, key)
    }

    fn before(&self, table: Table, end: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.0.before(table, end, limit)
    }

    fn from(&self, table: Table, start: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.0.from(table, start, limit)
    }

    fn forget_nonces(&self, now: i64) -> Result<u64, StoreError> {
        self.0.forget_nonces(now).inspect(|count| {
            self.1.fetch_add(*count, Ordering::Relaxed);
        })
    }

    fn check(&self) -> Result<(), StoreError> {
        self.0.check()
    }
}

#[derive(Debug)]
struct Size {
    /// Entries of the tables that licenses are in.
    entries: [usize; 4],
    /// Nonces of requests; those of provisionings are not counted.
    nonces: u64,
    /// In a directory.
    file: u64,
    resident: u64,
}

/// After so many requests.
fn size(Shared(store, forgotten): &Shared, requests: u64, directory: &Path) -> Size {
    let tables = [Table::License, Table::LicenseEnd, Table::DeviceLicense, Table::Device];
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    Size {
        entries: tables.map(|table| store.from(table, &[], usize::MAX).unwrap().len()),
        nonces: requests - forgotten.load(Ordering::Relaxed),
        file: std::fs::metadata(directory.join("service.redb")).map_or(0, |file| file.len()),
        resident: resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024,
    }
}

#[test]
fn what_is_kept_does_not_grow_over_months() {
    let seconds = std::env::var("NATIVE_DRM_LEVEL_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let directory = tempfile::tempdir().unwrap();
    // Each license waits for the disk.
    let store = if end.is_some() { LocalStore::in_directory(directory.path()) } else { LocalStore::in_memory() };
    let store = Shared(Arc::new(store.unwrap()), Arc::default());
    let clock = Arc::new(VirtualClock::new(START));
    let certificate_lifetime = i64::try_from(CERTIFICATE).unwrap() * DAY;
    let settings = Settings { certificate_lifetime, licenses_per_device: 50, ..Settings::default() };
    let master = base::secret::SecretArray::from_slice(&[7; 32]).unwrap();
    let service = Service::new(Box::new(store.clone()), &master, clock.clone(), settings).unwrap();
    fill(&service);
    let policy = br#"{"can_play":true,"can_renew":true,"license_duration_seconds":86400,"renewal_delay_seconds":3600}"#;
    service.add_policy("default", policy).unwrap();
    let send = |message: &[u8]| service.handle(message, Endpoint::Any, &Sender::Trusted).unwrap().body;
    let mut devices: Vec<_> = (0..DEVICES).map(|_| Client::new(None).unwrap()).collect();
    let (mut filled, mut day, mut requests, mut forgotten) = (None, 0, 0, 0);
    loop {
        for client in &mut devices {
            if day % PROVISIONED == 0 {
                let answer = send(&client.provision_request().unwrap());
                client.process_provision_response(&answer).unwrap();
            }
            for number in 0..LICENSES {
                let mut session = SessionClient::new().unwrap();
                let answer = send(&session.license_request(client, &ask()).unwrap());
                requests += 1;
                let Accepted::License(license) = session.accept(client, &answer).unwrap() else { panic!("no license") };
                if number % 2 == 0 {
                    let answer = send(&session.renewal_request(client, license.reference(), &ask()).unwrap());
                    requests += 1;
                    assert!(matches!(session.accept(client, &answer).unwrap(), Accepted::Renewal(_)));
                }
            }
        }
        day += 1;
        clock.advance(u64::try_from(DAY).unwrap());
        forgotten += service.tidy().unwrap();
        if day == FILLED {
            filled = Some(size(&store, requests, directory.path()));
        }
        if end.map_or(day >= 100, |end| day > FILLED && Instant::now() >= end) {
            break;
        }
    }
    let (filled, last) = (filled.unwrap(), size(&store, requests, directory.path()));
    println!("day {FILLED}: {filled:?}; day {day}: {last:?}; {forgotten} nonces and licenses forgotten");
    assert_eq!(filled.entries, last.entries, "licenses, ends, places of devices, devices");
    // How many they are depends on when the devices were certified last.
    let most = requests / day * CERTIFICATE;
    assert!(filled.nonces <= most && last.nonces <= most, "{} and {} nonces", filled.nonces, last.nonces);
    assert_eq!(store.forget_nonces(i64::MAX).unwrap(), last.nonces, "they are the only ones that end");
    // But for the nonces of provisionings with their entries, about 200 bytes each.
    let most = filled.file * 5 / 4 + 256 * DEVICES as u64 * (day - FILLED).div_ceil(PROVISIONED);
    assert!(last.file <= most, "the file grew from {} to {} bytes", filled.file, last.file);
    assert!(last.resident <= filled.resident + (16 << 20), "memory grew from {} to {}", filled.resident, last.resident);
    assert!(forgotten > 0);
}
