//! Who has changed what: a line of JSON before each command that changes something, and one when it is done.
//!
//! Whoever keeps the file may move it away at any time, as logrotate does: the next line begins a new one.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};

/// The file, or standard error where there is none.
pub struct Audit {
    held: Mutex<Held>,
}

struct Held {
    file: Option<(PathBuf, File)>,
    number: u64,
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Whether a file is the one at a path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let own = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (own.dev(), own.ino())),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

impl Audit {
    /// Appends to a file, which is made where it is missing, readable for its owner.
    pub fn new(path: Option<&Path>) -> Result<Self, String> {
        let open = |path: &Path| match open(path) {
            Ok(file) => Ok((path.to_owned(), file)),
            Err(fault) => Err(format!("--audit-log {}: {fault}", path.display())),
        };
        Ok(Self { held: Mutex::new(Held { file: path.map(open).transpose()?, number: 0 }) })
    }

    /// Writes that `who` begins something; its number. It is on the disk then.
    pub fn begin(&self, who: &str, subject: &Value) -> io::Result<u64> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.number += 1;
        let number = held.number;
        held.write(json!({ "audit": number, "who": who, "begins": subject }))?;
        Ok(number)
    }

    /// Writes how it ended.
    pub fn end(&self, number: u64, who: &str, outcome: Result<(), &str>) -> io::Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = outcome.err();
        held.write(json!({ "audit": number, "who": who, "done": failed.is_none(), "reason": failed }))
    }
}

impl Held {
    fn write(&mut self, mut line: Value) -> io::Result<()> {
        line["time"] = json!(SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |time| time.as_secs_f64()));
        line["process"] = json!(std::process::id());
        let text = format!("{line}\n");
        let Some((path, file)) = &mut self.file else { return io::stderr().write_all(text.as_bytes()) };
        if !is_at(file, path)? {
            *file = open(path)?;
        }
        // One write: lines of several servers in one file do not mix.
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let directory = tempfile::tempdir().unwrap();
        let [path, former] = ["audit.log", "audit.log.1"].map(|name| directory.path().join(name));
        let audit = Audit::new(Some(&path)).unwrap();
        let number = audit.begin("anna", &json!({ "command": "reload" })).unwrap();
        std::fs::rename(&path, &former).unwrap();
        audit.end(number, "anna", Ok(())).unwrap();
        let lines = |path| -> Vec<Value> {
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let (former, present) = (lines(&former), lines(&path));
        assert!(former.len() == 1 && former[0]["begins"]["command"] == "reload", "{former:?}");
        assert!(present.len() == 1 && present[0]["done"] == true, "{present:?}");
        // Where no other file can be made nothing is written, and nothing that needs the line done.
        std::fs::remove_dir_all(directory.path()).unwrap();
        assert!(audit.begin("anna", &json!({})).is_err());
    }
}
