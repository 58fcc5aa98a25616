//! Rotating the authority and the master key while devices have licenses: what counts before counts during the overlap.

use std::process::Command;
use std::time::{Duration, Instant};

use license::protocol::License;

use crate::admin::administer;
use crate::client::{Device, exchange};
use crate::database::{Shared, health};
use crate::postgres::master_key;
use crate::process::{PROGRAM, Server, catalog};

#[track_caller]
fn done(place: &str, arguments: &[&str]) -> String {
    let output = administer(place, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The ids of the authorities, the present one first.
fn authorities(place: &str) -> Vec<String> {
    let rows = done(place, &["authorities"]);
    let row = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    rows.lines().map(|line| row(line)["authority"].as_str().unwrap().to_owned()).collect()
}

fn authority_of(server: &Server) -> Vec<u8> {
    exchange(&mut server.connect(), "/authority", "", b"").unwrap().body
}

fn refused(device: &mut Device) -> bool {
    let request = device.session.license_request(&device.client, &crate::ask::ask()).unwrap();
    let answer = device.send("/license", &request).unwrap();
    assert!(answer.status == 200 || answer.rule() == "BAD_CERTIFICATE", "{}", answer.rule());
    answer.status != 200
}

#[test]
fn devices_of_a_former_authority_are_answered_until_it_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", directory.path().join("admin.sock").display());
    let mut server = Server::in_directory(directory.path(), &["--admin-listen", &place]);
    let mut old = Device::provisioned(server.address);
    let mut license = old.license().unwrap();
    let former = authority_of(&server);
    done(&place, &["rotate-authority"]);
    let (present, ids) = (authority_of(&server), authorities(&place));
    assert!(present != former && ids.len() == 2);

    // During the overlap, and after a start in it.
    for number in 0..2 {
        let mut new = Device::provisioned(server.address);
        assert_eq!(new.client.authority(), Some(&*present));
        new.license().unwrap();
        old.provision().expect("certified again by whom it trusts");
        assert_eq!(old.client.authority(), Some(&*former));
        let mut told = Device::trusting(server.address, Some(former.clone()));
        told.provision().expect("players are told of the new one bit by bit");
        told.license().unwrap();
        license = old.renew(&license).unwrap();
        assert!(!refused(&mut old));
        if number == 0 {
            server.kill();
            server = Server::in_directory(directory.path(), &["--admin-listen", &place]);
            old.turn_to(server.address);
        }
    }

    let fails = |arguments: &[&str], words: &str| {
        let output = administer(&place, arguments);
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && reason.contains(words), "{reason}");
    };
    fails(&["drop-authority", &ids[0]], "the present one");
    fails(&["drop-authority", "00000000000000000000000000000000"], "404");
    let mut new = Device::provisioned(server.address);
    done(&place, &["drop-authority", &ids[1]]);
    assert_eq!(authorities(&place), ids[..1]);
    assert!(refused(&mut old) && !refused(&mut new));
    // Nor is it certified by another authority, and nothing of it is kept: the same request is no replay.
    let request = old.client.provision_request().unwrap();
    for _ in 0..2 {
        let answer = old.send("/provision", &request).unwrap();
        assert_eq!((answer.status, answer.rule().as_str()), (401, "BAD_CERTIFICATE"));
    }
    for _ in 0..7 {
        done(&place, &["rotate-authority"]);
    }
    fails(&["rotate-authority"], "422");
    assert!(!refused(&mut new));
}

#[test]
fn servers_of_a_database_follow_each_other() {
    let Some(shared) = Shared::new() else { return };
    let key = master_key(shared.directory.path(), 7);
    let catalog = catalog(shared.directory.path());
    let url = shared.postgres.url();
    let start = |place: &str| {
        let fixed = ["--database", &url, "--master-key", &key, "--catalog", catalog.to_str().unwrap()];
        let server = Server::start(&[&fixed[..], &["--admin-listen", place]].concat());
        assert_eq!(health(&server, 200), 200, "{}", server.log());
        server
    };
    let places = [1, 2].map(|number| format!("unix:{}/{number}.sock", shared.directory.path().display()));
    let servers = [start(&places[0]), start(&places[1])];
    let mut old = Device::provisioned(servers[1].address);
    done(&places[0], &["rotate-authority"]);
    // The other one learns of it from the device at the latest.
    let mut new = Device::provisioned(servers[0].address);
    new.turn_to(servers[1].address);
    assert!(!refused(&mut new) && !refused(&mut old));
    let ids = authorities(&places[1]);
    done(&places[0], &["drop-authority", &ids[1]]);
    let end = Instant::now() + Duration::from_secs(60);
    while !refused(&mut old) {
        assert!(Instant::now() < end, "the other server does not follow: {}", servers[1].log());
    }
    assert!(!refused(&mut new));
}

#[test]
fn the_master_key_of_a_directory_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", directory.path().join("admin.sock").display());
    let server = Server::in_directory(directory.path(), &[]);
    let mut device = Device::provisioned(server.address);
    let license = device.license().unwrap();
    assert!(server.terminate().0);
    let (data, former) = (directory.path().join("data"), directory.path().join("former.key"));
    std::fs::rename(data.join("master.key"), &former).unwrap();
    let former = former.to_str().unwrap();
    // Without the option nothing of it can be read.
    let output = Command::new(PROGRAM).args(["--listen", "127.0.0.1:0", "--data"]).arg(&data).output().unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("another master key"));

    let overlap = ["--other-master-key", former, "--admin-listen", &place];
    let server = Server::in_directory(directory.path(), &overlap);
    device.turn_to(server.address);
    let license = device.renew(&license).unwrap();
    let resealed = || {
        let answer: serde_json::Value = serde_json::from_str(&done(&place, &["reseal"])).unwrap();
        answer["resealed"].as_u64().unwrap()
    };
    // While others work, the authority is rotated, too.
    let work = || {
        let mut device = Device::provisioned(server.address);
        let mut license = device.license().unwrap();
        for _ in 0..10 {
            license = device.renew(&license).unwrap();
            device.provision().unwrap();
        }
        license.sequence
    };
    std::thread::scope(|scope| {
        let working: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
        done(&place, &["rotate-authority"]);
        // The service's own keys at least; what was changed meanwhile is sealed under the new key anyway.
        resealed();
        done(&place, &["rotate-authority"]);
        assert!(working.into_iter().all(|one| one.join().unwrap() == 11));
    });
    assert_eq!(resealed(), 0);
    assert!(server.terminate().0);
    let server = Server::in_directory(directory.path(), &[]);
    device.turn_to(server.address);
    assert_eq!(device.renew(&license).unwrap().sequence, 3);
}

#[test]
fn the_master_key_of_a_database_is_changed_one_server_after_the_other() {
    let Some(shared) = Shared::new() else { return };
    let keys = [7, 8].map(|byte| master_key(shared.directory.path(), byte));
    let catalog = catalog(shared.directory.path());
    let url = shared.postgres.url();
    let place = format!("unix:{}/admin.sock", shared.directory.path().display());
    let start = |own: usize, more: &[&str]| {
        let fixed = ["--database", &url, "--master-key", &keys[own], "--catalog", catalog.to_str().unwrap()];
        let server = Server::start(&[&fixed[..], more].concat());
        assert_eq!(health(&server, 200), 200, "{}", server.log());
        server
    };
    let mut held: Option<(Device, License)> = None;
    let mut work = |servers: &[&Server]| {
        for server in servers {
            let (mut device, license) = held.take().unwrap_or_else(|| {
                let mut device = Device::provisioned(server.address);
                let license = device.license().unwrap();
                (device, license)
            });
            device.turn_to(server.address);
            let license = device.renew(&license).unwrap();
            held = Some((device, license));
        }
    };
    let both_old = [start(0, &["--other-master-key", &keys[1]]), start(0, &["--other-master-key", &keys[1]])];
    work(&[&both_old[0], &both_old[1]]);
    let [old, gone] = both_old;
    assert!(gone.terminate().0);
    let new = start(1, &["--other-master-key", &keys[0], "--admin-listen", &place]);
    work(&[&old, &new, &old, &new]);
    assert!(old.terminate().0);
    done(&place, &["reseal"]);
    let last = start(1, &[]);
    work(&[&new, &last]);
}
