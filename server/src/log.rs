//! Structured logs: one line of JSON for each event, to standard error. No secrets: bodies and headers are never logged.

use std::io::Write;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::options::LogLevel;

/// Writes events up to a level.
#[derive(Clone, Copy)]
pub struct Log(pub LogLevel);

impl Log {
    /// Writes an event. `fields` is an object.
    pub fn write(self, level: LogLevel, event: &str, fields: Value) {
        if level > self.0 {
            return;
        }
        let word = match level {
            LogLevel::Off => return,
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
        };
        let time = SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |time| time.as_secs_f64());
        let mut line = json!({ "time": time, "level": word, "event": event });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        // One write per line. Nobody listening is no reason to fail.
        let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}
