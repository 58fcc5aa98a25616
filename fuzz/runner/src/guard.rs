//! Notices what goes wrong in a run: a panic in any thread, also one that was caught; a run that does not end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use fuzz_targets::Target;

use crate::corpus;
use crate::options::Options;

/// The first panic that nobody has reported yet.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs inputs and reports failures.
pub struct Guard {
    running: Arc<Mutex<Running>>,
    target: &'static str,
    failures: PathBuf,
}

struct Running {
    since: Option<Instant>,
    input: Vec<u8>,
    what: String,
    over: bool,
}

impl Guard {
    /// Watches one target.
    pub fn new(target: &'static str, options: &Options) -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            std::panic::set_hook(Box::new(|info| {
                let mut first = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
                let backtrace = std::backtrace::Backtrace::capture();
                first.get_or_insert_with(|| format!("{info}\n{backtrace}"));
            }));
        });
        let running = Running { since: None, input: Vec::new(), what: String::new(), over: false };
        let guard = Self { running: Arc::new(Mutex::new(running)), target, failures: PathBuf::from(&options.failures) };
        let (running, failures, limit) = (Arc::clone(&guard.running), guard.failures.clone(), options.time_limit);
        std::thread::spawn(move || watch(&running, target, &failures, limit));
        guard
    }

    /// Runs one input. An error says what was wrong and where the input is.
    pub fn run(&self, target: &Target, input: &[u8], what: &str) -> Result<(), String> {
        self.begin(input, what);
        let result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        self.lock().since = None;
        let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
        if result.is_ok() && panic.is_none() {
            return Ok(());
        }
        let place = save(&self.failures, self.target, input);
        let message = panic.unwrap_or_else(|| "a panic without a message".to_owned());
        Err(format!("{}: FAILED at {what}; input in {place}\n{message}", self.target))
    }

    fn begin(&self, input: &[u8], what: &str) {
        let mut running = self.lock();
        running.since = Some(Instant::now());
        running.input.clear();
        running.input.extend_from_slice(input);
        running.what.clear();
        running.what.push_str(what);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.lock().over = true;
    }
}

fn watch(running: &Mutex<Running>, target: &str, failures: &std::path::Path, limit: Duration) {
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let running = running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.over {
            return;
        }
        if running.since.is_some_and(|since| since.elapsed() > limit) {
            let place = save(failures, target, &running.input);
            eprintln!("{target}: FAILED at {}: no end after {limit:?}; input in {place}", running.what);
            std::process::exit(1);
        }
    }
}

fn save(directory: &std::path::Path, target: &str, input: &[u8]) -> String {
    let path = directory.join(format!("{target}-{}", corpus::name(input)));
    let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, input));
    match written {
        Ok(()) => path.display().to_string(),
        Err(fault) => format!("no file ({}: {fault}): {input:02x?}", path.display()),
    }
}
