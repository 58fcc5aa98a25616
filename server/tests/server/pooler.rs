//! Servers that reach their PostgreSQL through PgBouncer, which gives each transaction another connection. Where Debian's package is
//! missing and cannot be installed the test says that it was skipped.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::{Device, exchange};
use crate::database::{Shared, health};
use crate::postgres::master_key;
use crate::process::{Server, catalog};

struct Pooler {
    child: Child,
    url: String,
}

impl Pooler {
    /// PgBouncer in transaction mode with two connections to the database, for everybody who comes.
    fn start(shared: &Shared) -> Option<Self> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let script = "export PATH=$PATH:/usr/sbin; . scripts/lib/install.sh; require cmd:pgbouncer=pgbouncer; command -v pgbouncer";
        let found = Command::new("bash").args(["-c", script]).current_dir(root).stderr(Stdio::null()).output().ok()?;
        let output = String::from_utf8_lossy(&found.stdout).into_owned();
        let Some(program) = output.lines().next_back().filter(|_| found.status.success()) else {
            println!("skipped: there is no PgBouncer here, and apt-get cannot install it");
            return None;
        };
        // Free now; nobody else is likely to take it before PgBouncer does.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = shared.postgres.directory();
        let path = host.join("pgbouncer.ini");
        let text = format!(
            "[databases]\npostgres = host={} port=5432 dbname=postgres user=tester\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n",
            host.display()
        );
        std::fs::write(&path, text).unwrap();
        let mut command = shared.postgres.as_its_user(program);
        let mut child = command.arg(&path).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("process up"));
        assert!(ready, "PgBouncer does not start");
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, url: format!("postgres://anybody@127.0.0.1:{port}/postgres") })
    }

    fn server(&self, shared: &Shared, more: &[&str]) -> Server {
        let key = master_key(shared.directory.path(), 7);
        let catalog = catalog(shared.directory.path());
        let fixed = ["--database", &self.url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()];
        Server::start(&[&fixed[..], more].concat())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn servers_share_a_database_behind_a_pooler() {
    const DEVICES: usize = 12;
    let Some(mut shared) = Shared::new() else { return };
    // What was confirmed must be on the disk, though the database's own setting says otherwise.
    shared.postgres.set("synchronous_commit=off");
    shared.postgres.set("wal_writer_delay=10s");
    let Some(pooler) = Pooler::start(&shared) else { return };
    let servers = [pooler.server(&shared, &["--database-pooler"]), pooler.server(&shared, &["--database-pooler"])];
    for server in &servers {
        assert_eq!(health(server, 200), 200, "{}", server.log());
    }
    // More at a time than there are connections to the database, each at both servers in turn.
    let work = |number: usize| {
        let mut device = Device::provisioned(servers[number % 2].address);
        let mut license = device.license().unwrap();
        for turn in 0..6 {
            device.turn_to(servers[(number + turn) % 2].address);
            license = device.renew(&license).unwrap();
        }
        assert_eq!(license.sequence, 7);
        (device, license)
    };
    let held: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..DEVICES).map(|number| scope.spawn(move || work(number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for server in &servers {
        assert!(!server.log().contains("\"event\":\"library\""), "{}", server.log());
    }

    shared.postgres.crash();
    shared.postgres.resume();
    assert_eq!(health(&servers[0], 200), 200, "{}", servers[0].log());
    for (mut device, license) in held {
        device.turn_to(servers[0].address);
        // The pooler may still hold connections to the database of before, or let none be made for a while: who meets that tries again,
        // as devices do.
        let (mut tries, end) = (0, Instant::now() + Duration::from_secs(60));
        let renewed = loop {
            match device.renew(&license) {
                Err(fault) if format!("{fault:?}").contains("TRY_AGAIN") && Instant::now() < end => tries += 1,
                answer => break answer.unwrap(),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        // A renewal that was not confirmed may have been recorded, once for each try.
        let sequence = renewed.sequence;
        assert!((8..=8 + tries).contains(&sequence), "{sequence}: confirmed, and there after the crash");
    }
    let answer = exchange(&mut servers[1].connect(), "/health", "", b"").unwrap();
    assert_eq!(answer.status, 200);
}
