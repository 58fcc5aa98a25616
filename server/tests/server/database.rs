//! Servers that share a PostgreSQL.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use license::protocol::Client;

use crate::ask::ask;
use crate::client::{Device, exchange};
use crate::postgres::{Postgres, master_key};
use crate::process::{CATALOG, Server, TOKEN, catalog};

pub struct Shared {
    pub directory: tempfile::TempDir,
    pub postgres: Postgres,
}

impl Shared {
    pub fn new() -> Option<Self> {
        Some(Self { postgres: Postgres::start()?, directory: tempfile::tempdir().unwrap() })
    }

    /// A server with more options, that has reached the database. It uses the catalogue that is in the directory.
    pub fn server_from(&self, more: &[&str]) -> Server {
        let key = master_key(self.directory.path(), 7);
        let (url, catalog) = (self.postgres.url(), self.directory.path().join("catalog.json"));
        let options = ["--database", &url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()];
        let server = Server::start(&[&options[..], more].concat());
        assert_eq!(health(&server, 200), 200, "{}", server.log());
        server
    }

    fn server(&self, key: u8) -> Server {
        self.server_at(&self.postgres.url(), key)
    }

    pub fn server_at(&self, url: &str, key: u8) -> Server {
        let key = master_key(self.directory.path(), key);
        let catalog = catalog(self.directory.path());
        Server::start(&["--database", url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()])
    }

    /// A server that has reached the database.
    pub fn ready(&self) -> Server {
        let server = self.server(7);
        assert_eq!(health(&server, 200), 200, "{}", server.log());
        server
    }
}

/// Asks for the health until it is the expected one, for a minute.
pub fn health(server: &Server, expected: u16) -> u16 {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let status = exchange(&mut server.connect(), "/health", "", b"").unwrap().status;
        if status == expected || Instant::now() > end {
            return status;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Devices with one signing key and different encapsulation keys.
fn same_device_with_other_keys(count: usize) -> Vec<Client> {
    let kept = |client: &Client| serde_json::from_slice::<serde_json::Value>(&client.to_secret()).unwrap();
    let identity = kept(&Client::new(None).unwrap());
    let with_other_key = |_| {
        let mut mixed = identity.clone();
        mixed["seal_key"] = kept(&Client::new(None).unwrap())["seal_key"].clone();
        Client::from_secret(mixed.to_string().as_bytes(), None).unwrap()
    };
    (0..count).map(with_other_key).collect()
}

#[test]
fn two_servers_share_licenses_and_replays() {
    let Some(shared) = Shared::new() else { return };
    let (first, second) = (shared.ready(), shared.ready());
    let mut device = Device::provisioned(first.address);
    let license_request = device.session.license_request(&device.client, &ask()).unwrap();
    let answer = device.send("/license", &license_request).unwrap();
    let license::protocol::Accepted::License(license) = device.session.accept(&device.client, &answer.body).unwrap()
    else {
        panic!("no license")
    };

    device.turn_to(second.address);
    let replay = device.send("/license", &license_request).unwrap();
    assert_eq!((replay.status, replay.rule().as_str()), (409, "REPLAYED_REQUEST"));
    let renewal = device.session.renewal_request(&device.client, license.reference(), &ask()).unwrap();
    let answer = device.send("/renew", &renewal).unwrap();
    assert_eq!(answer.status, 200, "a renewal at the second of a license issued by the first: {}", answer.rule());
    device.session.accept(&device.client, &answer.body).unwrap();
    device.turn_to(first.address);
    let replay = device.send("/renew", &renewal).unwrap();
    assert_eq!((replay.status, replay.rule().as_str()), (409, "REPLAYED_REQUEST"));
    assert_eq!(device.license().unwrap().sequence, 1);

    // The same message at both at once: one answers.
    for _ in 0..10 {
        let request = device.session.license_request(&device.client, &ask()).unwrap();
        let send = |server: &Server| exchange(&mut server.connect(), "/license", "", &request).unwrap().status;
        let statuses = std::thread::scope(|scope| {
            let other = scope.spawn(|| send(&second));
            let mut statuses = [send(&first), other.join().unwrap()];
            statuses.sort_unstable();
            statuses
        });
        assert_eq!(statuses, [200, 409]);
    }

    // One device asks with several encapsulation keys at once: one is the device's.
    for _ in 0..5 {
        let identities = same_device_with_other_keys(12);
        let start = Barrier::new(identities.len());
        let (addresses, start) = ([first.address, second.address], &start);
        let statuses: Vec<_> = std::thread::scope(|scope| {
            let ask = |(number, mut client): (usize, Client)| {
                scope.spawn(move || {
                    let mut device = Device::new(addresses[number % 2]);
                    device.send("/license", b"{}").unwrap();
                    let request = client.provision_request().unwrap();
                    start.wait();
                    device.send("/provision", &request).unwrap().status
                })
            };
            let asked: Vec<_> = identities.into_iter().enumerate().map(ask).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let count = |status| statuses.iter().filter(|other| **other == status).count();
        assert_eq!((count(200), count(409)), (1, 11), "{statuses:?}");
    }

    // The database shows neither keys nor tokens.
    for table in ["content", "license", "identity", "provider"] {
        for secret in
            ["'\\x2b2b2b2b2b2b2b2b'::bytea".to_owned(), "'KysrKysrKysr'::bytea".into(), format!("'{TOKEN}'::bytea")]
        {
            let hidden = format!(
                "SELECT count(*), count(*) FILTER (WHERE position({secret} IN value) > 0) \
                                  FROM native_drm_license.{table}"
            );
            let counts = shared.postgres.query(&hidden);
            assert!(counts.ends_with("|0") && !counts.starts_with("0|"), "{table}: {counts}");
        }
    }
    // And another master key opens nothing.
    let stranger = shared.server(8);
    assert_eq!(exchange(&mut stranger.connect(), "/health", "", b"").unwrap().status, 503);
    let answer = exchange(&mut stranger.connect(), "/license", "", b"{}").unwrap();
    assert_eq!((answer.status, answer.rule().as_str()), (503, "TRY_AGAIN"));
}

/// Revoked at one server, told by the other, and by one of a later start.
#[test]
fn revoked_licenses_are_told_by_every_server_of_the_database() {
    let Some(shared) = Shared::new() else { return };
    let place = format!("unix:{}", shared.directory.path().join("admin.sock").display());
    let key = master_key(shared.directory.path(), 7);
    let catalog = catalog(shared.directory.path());
    let url = shared.postgres.url();
    let fixed = ["--database", &url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()];
    let first = Server::start(&[&fixed[..], &["--admin-listen", &place]].concat());
    assert_eq!(health(&first, 200), 200, "{}", first.log());
    let second = shared.ready();
    let mut device = Device::provisioned(first.address);
    let (license, lasting) = (device.license().unwrap(), device.license().unwrap());
    assert!(lasting.revoked.is_empty());
    let id = license.license_id.hex();
    let output = crate::admin::administer(&place, &["revoke-license", &id]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for server in [&second, &first] {
        device.turn_to(server.address);
        assert_eq!(device.license().unwrap().revoked.ids(), [license.license_id]);
    }
    let renewal = device.session.renewal_request(&device.client, license.reference(), &ask()).unwrap();
    assert_eq!(device.send("/renew", &renewal).unwrap().rule(), "RENEW_NOT_ALLOWED");
    let release = device.session.release_request(&device.client, lasting.reference()).unwrap();
    let answer = device.send("/release", &release).unwrap();
    let checked = device.session.check(&device.client, &answer.body).unwrap();
    assert_eq!(checked.revoked.ids(), [license.license_id]);
    drop(second);
    let third = shared.ready();
    device.turn_to(third.address);
    assert_eq!(device.license().unwrap().revoked.ids(), [license.license_id]);
    let unconcerned = Device::provisioned(third.address).license().unwrap();
    assert!(unconcerned.revoked.is_empty());
    // It is with the device, which every request reads by its key.
    let rows = "SELECT count(*) FROM native_drm_license.device WHERE position('revoked_licenses'::bytea IN value) > 0";
    assert_eq!(shared.postgres.query(rows), "1");
}

#[test]
fn a_database_is_reached_over_tls_if_its_authority_is_named() {
    let Some(mut shared) = Shared::new() else { return };
    let Some((url, authority)) = shared.postgres.with_tls() else {
        println!("skipped: there is no openssl program here");
        return;
    };
    let key = master_key(shared.directory.path(), 7);
    let start = |ca: &std::path::Path, url: &str| {
        Server::start(&["--database", url, "--master-key", &key, "--database-ca", ca.to_str().unwrap()])
    };
    let server = start(&authority, &url);
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    Device::provisioned(server.address);
    let encrypted = "SELECT bool_and(ssl), count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'native-drm-license-server'";
    assert_eq!(shared.postgres.query(encrypted), "t|t");

    // A stranger's authority, and a host that is not in the certificate.
    let other = shared.directory.path().join("other.pem");
    std::fs::copy(authority.with_file_name("db.pem"), &other).unwrap();
    for (ca, url) in
        [(&other, url.clone()), (&authority, format!("{}?hostaddr=127.0.0.1", url.replace("127.0.0.1", "elsewhere")))]
    {
        let server = start(ca, &url);
        server.wait_for_log("certificate");
        assert_eq!(exchange(&mut server.connect(), "/health", "", b"").unwrap().status, 503);
    }
}

#[test]
fn a_server_that_waits_for_its_database_can_be_ended() {
    let directory = tempfile::tempdir().unwrap();
    let (key, nowhere) = (master_key(directory.path(), 7), directory.path().to_str().unwrap().replace('/', "%2F"));
    let server = Server::start(&["--database", &format!("postgres://tester@{nowhere}/postgres"), "--master-key", &key]);
    let attempts = |log: &str| log.matches("\"database\"").count();
    server.wait_for_log("\"database\"");
    let before = attempts(&server.log());
    let (ended_well, log) = server.terminate();
    assert!(ended_well, "{log}");
    // One that was under way may have been added, but it does not go on until the time for requests is over.
    assert!(attempts(&log) <= before + 1, "{log}");
}

/// Who made the tables need not be who uses them.
#[test]
fn a_server_needs_no_right_to_make_tables_that_are_there() {
    let Some(shared) = Shared::new() else { return };
    shared.postgres.query("CREATE ROLE clerk LOGIN");
    let url = shared.postgres.url().replace("tester@", "clerk@");
    let refused = shared.server_at(&url, 7);
    refused.wait_for_log("permission denied for database");
    assert_eq!(exchange(&mut refused.connect(), "/health", "", b"").unwrap().status, 503, "{}", refused.log());

    drop(shared.ready());
    shared.postgres.query(
        "GRANT USAGE ON SCHEMA native_drm_license TO clerk; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA native_drm_license TO clerk",
    );
    let server = shared.server_at(&url, 7);
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    let mut device = Device::provisioned(server.address);
    let license = device.license().unwrap();
    assert_eq!(device.renew(&license).unwrap().sequence, 2);
    // A table that is gone is made again by who may.
    shared.postgres.query("DROP TABLE native_drm_license.license_end");
    drop(shared.ready());
    assert_eq!(shared.postgres.query("SELECT count(*) FROM native_drm_license.license_end"), "0");
}

#[test]
fn a_catalogue_that_cannot_be_added_keeps_the_service_closed() {
    let Some(shared) = Shared::new() else { return };
    // Another content has the key id.
    let path = shared.directory.path().join("other.json");
    std::fs::write(&path, CATALOG.replace("bW92aWU=", "b3RoZXI=")).unwrap();
    let (url, key) = (shared.postgres.url(), master_key(shared.directory.path(), 7));
    let options = ["--database", &url, "--master-key", &key, "--catalog"];
    let first = shared.ready();
    let other = Server::start(&[&options[..], &[path.to_str().unwrap()]].concat());
    other.wait_for_log("\"catalog\"");
    assert_eq!(exchange(&mut other.connect(), "/health", "", b"").unwrap().status, 503, "{}", other.log());
    assert_eq!(exchange(&mut first.connect(), "/health", "", b"").unwrap().status, 200);
}

#[test]
fn licenses_that_ended_long_ago_leave_the_database() {
    let Some(shared) = Shared::new() else { return };
    let server = shared.ready();
    let mut device = Device::provisioned(server.address);
    let (kept, over) = (device.license().unwrap(), device.license().unwrap());
    let release = device.session.release_request(&device.client, over.reference()).unwrap();
    assert_eq!(device.send("/release", &release).unwrap().status, 200);
    // The release becomes one of 1970.
    let moved = "UPDATE native_drm_license.license_end SET key = '\\x8000000000000000'::bytea || substring(key from 9)";
    shared.postgres.query(moved);
    let second = shared.ready();
    let deadline = Instant::now() + Duration::from_secs(60);
    while shared.postgres.query("SELECT count(*) FROM native_drm_license.license") != "1" {
        assert!(Instant::now() < deadline, "{}", second.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(shared.postgres.query("SELECT count(*) FROM native_drm_license.license_end"), "0");
    assert_eq!(device.renew(&kept).unwrap().sequence, 2);
    assert!(device.renew(&over).is_err());
}

#[test]
fn a_device_has_so_many_licenses_in_the_database() {
    let Some(shared) = Shared::new() else { return };
    let (url, key) = (shared.postgres.url(), master_key(shared.directory.path(), 7));
    let catalog = catalog(shared.directory.path());
    let options = ["--database", &url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()];
    let server = Server::start(&[&options[..], &["--licenses-per-device", "2"]].concat());
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    let mut device = Device::provisioned(server.address);
    let licenses: Vec<_> = (0..5).map(|_| device.license().unwrap()).collect();
    assert!(device.renew(&licenses[2]).unwrap_err().to_string().contains("LICENSE_NOT_FOUND"));
    for license in &licenses[3..] {
        assert_eq!(device.renew(license).unwrap().sequence, 2);
    }
    let count = |table: &str| shared.postgres.query(&format!("SELECT count(*) FROM native_drm_license.{table}"));
    assert_eq!((count("license"), count("device_license")), ("2".into(), "3".into()), "two, and how many there were");
}

#[test]
fn a_database_that_goes_away_is_used_again_when_it_comes_back() {
    let Some(mut shared) = Shared::new() else { return };
    let server = shared.ready();
    let mut device = Device::provisioned(server.address);
    let license = device.license().unwrap();

    shared.postgres.crash();
    let request = device.session.renewal_request(&device.client, license.reference(), &ask()).unwrap();
    let answer = device.send("/renew", &request).unwrap();
    assert_eq!((answer.status, answer.rule().as_str()), (503, "TRY_AGAIN"));
    assert!(answer.head.contains("retry-after: 1"));
    assert_eq!(health(&server, 503), 503);
    // A server that starts now waits for the database, too.
    let late = shared.server(7);
    assert_eq!(exchange(&mut late.connect(), "/health", "", b"").unwrap().status, 503);

    shared.postgres.resume();
    let resumed = Instant::now();
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    println!("used again {:.2} s after the database has come back", resumed.elapsed().as_secs_f64());
    // The very same message: nothing had been changed.
    let answer = device.send("/renew", &request).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.rule());
    assert_eq!(health(&late, 200), 200, "{}", late.log());
    device.turn_to(late.address);
    assert_eq!(device.renew(&license).unwrap().sequence, 3);
}

/// More requests than the server works on at a time, without a pause: looking the database up takes a thread, too.
#[test]
fn a_database_that_comes_back_is_found_by_its_name_under_load() {
    const CLIENTS: usize = 64;
    let Some(mut shared) = Shared::new() else { return };
    let url = shared.postgres.with_name();
    let server = shared.server_at(&url, 7);
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    shared.postgres.crash();

    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let (refused, answered, end) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let client = || {
        let mut stream = server.connect();
        let mut was_refused = false;
        while !end.load(Ordering::Relaxed) {
            match exchange(&mut stream, "/license", &token, b"{}").unwrap().status {
                503 => {
                    refused.fetch_add(usize::from(!std::mem::replace(&mut was_refused, true)), Ordering::Relaxed);
                    // The database has to start beside all this.
                    std::thread::sleep(Duration::from_millis(20));
                }
                422 => drop(answered.fetch_add(1, Ordering::Relaxed)),
                other => panic!("status {other}"),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(client);
        }
        let until = |count: &AtomicUsize, expected: usize| {
            let deadline = Instant::now() + Duration::from_secs(60);
            while count.load(Ordering::Relaxed) < expected && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(50));
            }
            count.load(Ordering::Relaxed)
        };
        let all_refused = until(&refused, CLIENTS);
        shared.postgres.resume();
        let all_answered = until(&answered, CLIENTS);
        end.store(true, Ordering::Relaxed);
        assert_eq!(all_refused, CLIENTS);
        assert!(all_answered >= CLIENTS, "{all_answered} answers, {}", server.log());
    });
}
