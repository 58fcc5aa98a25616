//! A PostgreSQL that can be asked but takes no changes, each for another reason: the server says so in its health, refuses
//! with 503, and goes on when the reason is gone, without a restart.

use std::cell::Cell;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::admin::administer;
use crate::ask::ask;
use crate::client::{Device, exchange};
use crate::database::{Shared, health};
use crate::postgres::Postgres;
use crate::process::{PROGRAM, Server};

/// What a trigger calls to say what PostgreSQL says on a full disk.
const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$";

/// A server whose role has no more rights than it needs, and what it is to stop at.
fn prepared() -> Option<(Shared, Server)> {
    let shared = Shared::new()?;
    drop(shared.ready());
    shared.postgres.query(
        "CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA native_drm_license TO clerk; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA native_drm_license TO clerk",
    );
    shared.postgres.query(FULL);
    let server = shared.server_at(&shared.postgres.url().replace("tester@", "clerk@"), 7);
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    Some((shared, server))
}

/// During a fault nothing is recorded and the health says so, from the next call or the next failed message on; afterwards the
/// very same message is answered.
fn check(name: &str, server: &Server, device: &mut Device, begin: impl FnOnce(), end: impl FnOnce()) {
    let license = device.license().unwrap();
    let request = device.session.renewal_request(&device.client, license.reference(), &ask()).unwrap();
    let status = || exchange(&mut server.connect(), "/health", "", b"").unwrap().status;
    begin();
    // Without any message.
    assert_eq!(health(server, 503), 503, "{name}");
    let answer = device.send("/renew", &request).unwrap();
    assert_eq!((answer.status, answer.rule().as_str()), (503, "TRY_AGAIN"), "{name}");
    assert_eq!(status(), 503, "{name}");
    end();
    assert_eq!(health(server, 200), 200, "{name}: {}", server.log());
    assert_eq!(device.send("/renew", &request).unwrap().status, 200, "{name}: {}", server.log());
    assert_eq!(device.renew(&license).unwrap().sequence, 3, "{name}");
    assert_eq!(status(), 200, "{name}");
}

#[test]
fn a_database_that_takes_no_changes_is_unhealthy_until_it_does() {
    let Some((shared, server)) = prepared() else { return };
    let postgres = &shared.postgres;
    let mut device = Device::provisioned(server.address);
    let read_only = |value: &str| {
        postgres.query(&format!("ALTER SYSTEM SET default_transaction_read_only = {value}"));
        postgres.query("SELECT pg_reload_conf()");
    };
    check("read-only", &server, &mut device, || read_only("on"), || read_only("off"));
    let query = |statement: String| move || drop(postgres.query(&statement));
    // What a renewal writes.
    for table in ["nonce", "license"] {
        let table = format!("native_drm_license.{table}");
        let trigger = format!("CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION full_disk()");
        let gone = format!("DROP TRIGGER full_disk ON {table}");
        check(&format!("{table} is full"), &server, &mut device, query(trigger), query(gone));
        let (revoke, grant) =
            (format!("REVOKE INSERT ON {table} FROM clerk"), format!("GRANT INSERT ON {table} TO clerk"));
        check(&format!("no right to insert into {table}"), &server, &mut device, query(revoke), query(grant));
    }
    let table = "native_drm_license.license";
    let trigger = format!("CREATE TRIGGER full_disk BEFORE UPDATE ON {table} EXECUTE FUNCTION full_disk()");
    let gone = format!("DROP TRIGGER full_disk ON {table}");
    check("updates find no room", &server, &mut device, query(trigger), query(gone));
    for right in ["UPDATE", "SELECT"] {
        let (revoke, grant) =
            (format!("REVOKE {right} ON {table} FROM clerk"), format!("GRANT {right} ON {table} TO clerk"));
        check(&format!("no right to {right}"), &server, &mut device, query(revoke), query(grant));
    }
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clerk'";
    let shut = || {
        postgres.query("ALTER ROLE clerk NOLOGIN");
        postgres.query(ended);
    };
    check(
        "connections end, and there are no new ones",
        &server,
        &mut device,
        shut,
        query("ALTER ROLE clerk LOGIN".into()),
    );
    let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)");
    let locker = Cell::new(None);
    let (begin, end) = (|| locker.set(Some(postgres.run(&lock))), || postgres.cancel(locker.take().unwrap()));
    check("somebody has locked a table", &server, &mut device, begin, end);
}

/// Every message that fails shows, not only those that fail all the time.
#[test]
fn connections_that_end_cost_an_answer_at_most() {
    let Some((shared, server)) = prepared() else { return };
    let mut device = Device::provisioned(server.address);
    let mut license = device.license().unwrap();
    for _ in 0..5 {
        shared.postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clerk'");
        let request = device.session.renewal_request(&device.client, license.reference(), &ask()).unwrap();
        let statuses: Vec<_> = (0..20).map(|_| device.send("/renew", &request).unwrap().status).collect();
        let answered = statuses.iter().position(|status| *status == 200);
        assert!(answered.is_some_and(|first| statuses[..first].iter().all(|status| *status == 503)), "{statuses:?}");
        assert_eq!(health(&server, 200), 200, "{}", server.log());
        license = device.license().unwrap();
    }
}

/// Whoever asks for the health all the time costs the database a write a second.
#[test]
fn a_healthy_database_is_asked_once_a_second() {
    let Some((shared, server)) = prepared() else { return };
    shared.postgres.query(
        "CREATE SEQUENCE asked; GRANT ALL ON SEQUENCE asked TO clerk; \
         CREATE FUNCTION count_asked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('asked'); RETURN NULL; END $$; \
         CREATE TRIGGER count_asked AFTER DELETE ON native_drm_license.nonce FOR EACH ROW EXECUTE FUNCTION count_asked()",
    );
    let asked = || -> u64 {
        let count = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM asked";
        shared.postgres.query(count).parse().unwrap()
    };
    while asked() == 0 {
        assert_eq!(health(&server, 200), 200);
    }
    let (start, before) = (Instant::now(), asked());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut stream = server.connect();
                for _ in 0..250 {
                    assert_eq!(exchange(&mut stream, "/health", "", b"").unwrap().status, 200);
                }
            });
        }
    });
    let (count, seconds) = (asked() - before, start.elapsed().as_secs());
    assert!(count <= seconds + 2, "{count} times for 2000 questions in {seconds} s");
}

/// The processes of a PostgreSQL, which stand still until this is dropped.
struct Standstill(Vec<String>);

impl Standstill {
    fn new(postgres: &Postgres) -> Self {
        let first = postgres.id();
        // The first process alone makes others.
        let mut all = Self(vec![first.to_string()]);
        all.send("-STOP");
        let others = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        all.0.extend(others.split_whitespace().map(str::to_owned));
        all.send("-STOP");
        all
    }

    fn send(&self, signal: &str) {
        // One of them may have ended meanwhile.
        let _ = Command::new("kill").arg(signal).args(&self.0).output();
    }
}

impl Drop for Standstill {
    fn drop(&mut self) {
        self.send("-CONT");
    }
}

/// The program that asks is told so after some seconds, though the store was well when it was asked last.
#[test]
fn a_database_that_stands_still_is_told_by_admin_health() {
    let Some(shared) = Shared::new() else { return };
    drop(shared.ready());
    let place = format!("unix:{}", shared.directory.path().join("admin.sock").display());
    let server = shared.server_from(&["--admin-listen", &place]);
    assert!(administer(&place, &["health"]).status.success());
    let standstill = Standstill::new(&shared.postgres);
    // What was found counts for a second.
    let end = Instant::now() + Duration::from_secs(60);
    let reason = loop {
        let mut asking = Command::new("timeout");
        let output = asking.args(["30", PROGRAM, "admin", "--at", &place, "health"]).output().unwrap();
        if !output.status.success() || Instant::now() > end {
            break String::from_utf8_lossy(&output.stderr).into_owned();
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    drop(standstill);
    assert!(reason.contains("503 nothing can be recorded now"), "{reason}");
    assert_eq!(health(&server, 200), 200, "{}", server.log());
    assert!(administer(&place, &["health"]).status.success());
}
