//! Who has changed what: a line of JSON before each command that changes something, and one when it is done.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};

/// The file, or standard error where there is none.
pub struct Audit {
    file: Mutex<(Option<File>, u64)>,
}

impl Audit {
    /// Appends to a file, which is made where it is missing, readable for its owner.
    pub fn new(path: Option<&Path>) -> Result<Self, String> {
        let open = |path: &Path| {
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
            file.map_err(|fault| format!("--audit-log {}: {fault}", path.display()))
        };
        Ok(Self { file: Mutex::new((path.map(open).transpose()?, 0)) })
    }

    /// Writes that `who` begins something; its number. It is on the disk then.
    pub fn begin(&self, who: &str, subject: &Value) -> io::Result<u64> {
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        held.1 += 1;
        let number = held.1;
        write(held.0.as_mut(), json!({ "audit": number, "who": who, "begins": subject }))?;
        Ok(number)
    }

    /// Writes how it ended.
    pub fn end(&self, number: u64, who: &str, outcome: Result<(), &str>) -> io::Result<()> {
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = outcome.err();
        write(held.0.as_mut(), json!({ "audit": number, "who": who, "done": failed.is_none(), "reason": failed }))
    }
}

fn write(file: Option<&mut File>, mut line: Value) -> io::Result<()> {
    line["time"] = json!(SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |time| time.as_secs_f64()));
    line["process"] = json!(std::process::id());
    let text = format!("{line}\n");
    match file {
        // One write: lines of several servers in one file do not mix.
        Some(file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_data()),
        None => io::stderr().write_all(text.as_bytes()),
    }
}
