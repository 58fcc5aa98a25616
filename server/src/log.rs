//! Structured logs: one line of JSON for each event, to standard error. No secrets: bodies and headers are never logged.
//!
//! There are so many lines a second and level; the rest is counted, so that whoever floods the server does not fill a disk.
//! Nobody waits for whoever reads: a pipe or terminal that takes nothing loses lines, which are counted, too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use base::log::stderr;
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
        self.write_with(level, event, || fields);
    }

    /// As [`Log::write`], for what there is much of: `fields` is only asked where a line is written.
    pub fn write_with(&self, level: LogLevel, event: &str, fields: impl FnOnce() -> Value) {
        if level > self.limit || level == LogLevel::Off {
            return;
        }
        let counted = self.locked().count(level, self.lines, Instant::now());
        let (fits, missing) = counted;
        self.say_missing(missing);
        if fits {
            line(level, event, fields());
        }
    }

    /// Says how many lines were left out or lost last.
    pub fn end(&self) {
        let missing = std::mem::take(&mut self.locked().missing);
        self.say_missing(missing);
        stderr::tell_lost(lost);
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
    if level != LogLevel::Off {
        stderr::write_line(text(level, event, fields).as_bytes(), lost);
    }
}

/// What is said once standard error takes lines again.
fn lost(lines: u64) -> String {
    text(LogLevel::Warn, "lost", json!({ "lines": lines, "reason": "standard error did not take them" }))
}

/// A line of JSON, of [`stderr::MAX_LINE`] bytes at most: strings are shortened where it would have more.
fn text(level: LogLevel, event: &str, fields: Value) -> String {
    let time = SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |time| time.as_secs_f64());
    let mut line = json!({ "time": time, "level": level.word(), "event": event });
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    let mut text = line.to_string();
    let mut longest = stderr::MAX_LINE;
    while text.len() > stderr::MAX_LINE && longest > 0 {
        longest /= 2;
        for value in line.as_object_mut().into_iter().flatten().map(|(_, value)| value) {
            if let Value::String(words) = value {
                let end = (0..=longest.min(words.len())).rev().find(|&end| words.is_char_boundary(end));
                words.truncate(end.unwrap_or_default());
            }
        }
        text = line.to_string();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_is_as_long_as_a_pipe_takes_as_a_whole() {
        let fields = json!({ "reason": "\u{1}".repeat(100_000), "method": "é".repeat(100_000), "status": 200 });
        let line = text(LogLevel::Warn, "request", fields);
        assert!(line.len() <= stderr::MAX_LINE + 1 && line.len() > stderr::MAX_LINE / 4, "{} bytes", line.len());
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["event"], &line["level"], &line["status"]), (&json!("request"), &json!("warn"), &json!(200)));
        assert!(line["method"].as_str().unwrap().starts_with("éé"));
    }

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
