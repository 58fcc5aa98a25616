//! Structured logs: one line of JSON for each event, to standard error. No secrets: bodies and headers are never logged.
//!
//! There are so many lines a second and level; the rest is counted, so that whoever floods the server does not fill a disk.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};

use crate::options::LogLevel;

/// Writes events up to a level.
#[derive(Clone)]
pub struct Log {
    limit: LogLevel,
    /// Lines a second and level; 0 for any number.
    lines: u32,
    second: Arc<Mutex<Second>>,
}

/// What was written in a second.
struct Second {
    start: Instant,
    number: u64,
    lines: [u32; 4],
    /// Lines that were left out.
    missing: u64,
}

impl Second {
    /// Counts a line of a level. Whether it may be written, and how many were left out before, if that is to be said now.
    fn count(&mut self, level: LogLevel, limit: u32, now: Instant) -> (bool, u64) {
        let number = now.saturating_duration_since(self.start).as_secs();
        let mut missing = 0;
        if number != self.number {
            (self.number, self.lines) = (number, [0; 4]);
            missing = std::mem::take(&mut self.missing);
        }
        let lines = &mut self.lines[level as usize];
        let fits = limit == 0 || *lines < limit;
        if fits {
            *lines = lines.saturating_add(1);
        } else {
            self.missing += 1;
        }
        (fits, missing)
    }
}

impl Log {
    pub fn new(limit: LogLevel, lines: u32) -> Self {
        let second = Second { start: Instant::now(), number: 0, lines: [0; 4], missing: 0 };
        Self { limit, lines, second: Arc::new(Mutex::new(second)) }
    }

    /// Writes an event. `fields` is an object.
    pub fn write(&self, level: LogLevel, event: &str, fields: Value) {
        if level > self.limit || level == LogLevel::Off {
            return;
        }
        let counted = self.locked().count(level, self.lines, Instant::now());
        let (fits, missing) = counted;
        self.say_missing(missing);
        if fits {
            line(level, event, fields);
        }
    }

    /// Says how many lines were left out last.
    pub fn end(&self) {
        let missing = std::mem::take(&mut self.locked().missing);
        self.say_missing(missing);
    }

    fn say_missing(&self, missing: u64) {
        if missing > 0 && self.limit >= LogLevel::Error {
            line(LogLevel::Warn, "suppressed", json!({ "lines": missing }));
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Second> {
        // Numbers only.
        self.second.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(level: LogLevel, event: &str, fields: Value) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_has_so_many_lines_of_each_level() {
        let start = Instant::now();
        let mut second = Second { start, number: 0, lines: [0; 4], missing: 0 };
        let counted = |second: &mut Second, level, now| (0..100).filter(|_| second.count(level, 7, now).0).count();
        assert_eq!(counted(&mut second, LogLevel::Warn, start), 7);
        assert_eq!(counted(&mut second, LogLevel::Error, start), 7, "errors are not lost among warnings");
        let next = start + Duration::from_secs(1);
        assert_eq!(second.count(LogLevel::Info, 7, next), (true, 186));
        assert_eq!(second.count(LogLevel::Info, 7, next), (true, 0));
        assert_eq!(counted(&mut second, LogLevel::Warn, next), 7);
        assert_eq!((0..100).filter(|_| second.count(LogLevel::Info, 0, next).0).count(), 100, "no limit");
    }
}
