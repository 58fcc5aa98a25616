//! A database that a later version has brought to a form which this one does not know.

use std::process::Command;

use crate::database::Shared;
use crate::postgres::master_key;
use crate::process::PROGRAM;

#[test]
fn servers_end_at_a_database_of_a_later_version() {
    const WORDS: &str = "the store has form 2, that of a later version";
    let Some(shared) = Shared::new() else { return };
    let running = shared.ready();
    // The later version has no such table.
    shared.postgres.query("DROP TABLE native_drm_license.license_end");
    shared.postgres.query("UPDATE native_drm_license.identity SET value = '2' WHERE key = 'form'");
    // One that starts makes nothing first.
    let key = master_key(shared.directory.path(), 7);
    let url = shared.postgres.url();
    let options = ["--listen", "127.0.0.1:0", "--database", &url, "--master-key", &key];
    let output = Command::new("timeout").args(["60", PROGRAM]).args(options).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && log.contains(WORDS), "{:?}: {log}", output.status);
    assert_eq!(shared.postgres.query("SELECT to_regclass('native_drm_license.license_end')"), "");
    // One that runs notices it.
    let (ended_well, log) = running.ended();
    assert!(!ended_well && log.contains(WORDS), "{log}");
}
