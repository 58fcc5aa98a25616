//! Logging: off by default; to stderr with `NATIVE_DRM_LOG=error|warn|info|debug`, or to a callback.
//!
//! A message that nobody wants costs one relaxed atomic load. Messages never contain key material.
//!
//! Nobody waits for whoever reads, and no receiver runs under a lock of the library: within a [`Scope`], which every call of
//! the program and every turn of the library's threads is, messages are kept until its end. Standard error that takes nothing
//! loses lines, as does whoever gets too many at once; whoever reads on is told how many.
//!
//! The library's own threads read no environment variable: a program may change its environment while they run, which C
//! allows as long as nobody else looks. So [`read_environment`] is for calls of the program, and [`write()`] never looks.

pub mod stderr;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use parking_lot::RwLock;

use crate::call::Call;
use crate::dispatcher::{Job, Next, Outcome};
use stderr::LOST;

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// No message at all; as a limit only.
    Off = 0,
    /// Something failed that should not fail.
    Error = 1,
    /// Something is not as it should be, and was coped with.
    Warn = 2,
    /// What happens: systems, sessions, licenses.
    Info = 3,
    /// Details for those who look for a fault.
    Debug = 4,
}

impl Level {
    /// The level with a name as `NATIVE_DRM_LOG` takes it, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug]
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// The name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Receives messages. Called without any lock held, from whichever thread has something to say, and from several at once;
/// it may itself log or change the sink. What it returns is a call of the program that is to be made with the message.
pub type Sink = Arc<dyn Fn(Level, &str) -> Option<Call> + Send + Sync>;

static LIMIT: AtomicU8 = AtomicU8::new(Level::Off as u8);
/// Whether the limit was set, by the environment or by a call. Set with `SINK` locked.
static DECIDED: AtomicBool = AtomicBool::new(false);
static SINK: RwLock<Option<Sink>> = RwLock::new(None);

/// Takes the limit from `NATIVE_DRM_LOG` at the first call, unless [`set_sink`] was called before; until then there are no
/// messages. To be called by whatever a program calls first. Later calls cost one relaxed atomic load.
#[inline]
pub fn read_environment() {
    if !DECIDED.load(Ordering::Relaxed) {
        read_environment_now();
    }
}

#[cold]
fn read_environment_now() {
    let named = std::env::var("NATIVE_DRM_LOG").ok().and_then(|name| Level::from_name(name.trim()));
    let _locked = SINK.write();
    // Whoever has called `set_sink` meanwhile wins.
    if !DECIDED.swap(true, Ordering::Relaxed) {
        LIMIT.store(named.unwrap_or(Level::Off) as u8, Ordering::Relaxed);
    }
}

/// Sends messages up to `limit` to `sink`, or to stderr where it is `None`. From now on `NATIVE_DRM_LOG` counts no more.
///
/// A message that another thread is writing at this moment may still reach the former sink after this has returned.
pub fn set_sink(sink: Option<Sink>, limit: Level) {
    let former = {
        let mut place = SINK.write();
        DECIDED.store(true, Ordering::Relaxed);
        LIMIT.store(limit as u8, Ordering::Relaxed);
        std::mem::replace(&mut *place, sink)
    };
    // Outside the lock: dropping it may run foreign code.
    drop(former);
}

/// Whether a message of `level` would go anywhere.
#[inline]
pub fn enabled(level: Level) -> bool {
    level as u8 <= LIMIT.load(Ordering::Relaxed) && level != Level::Off
}

/// Messages that one scope keeps at most.
const MAX_KEPT: usize = 256;

thread_local! {
    /// Scopes that this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Messages that were more than a scope keeps.
    static BEYOND: Cell<u64> = const { Cell::new(0) };
    static KEPT: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps this thread's messages until it ends, which is where no lock of the library is held.
#[must_use]
pub struct Scope {
    /// Whether it keeps anything: without logging it costs nothing.
    keeps: bool,
    /// Who calls a receiver that must not hold up this thread.
    caller: Option<Caller>,
}

/// Has something done by another thread, soon and in order; how many bytes it has. False if it will not be done.
pub type Caller = fn(usize, Job) -> bool;

impl Scope {
    /// For a call of the program. The receiver is called by the same thread.
    #[inline]
    pub fn of_call() -> Self {
        Self::new(None)
    }

    /// For a turn of a thread that others rely on: a receiver of the program's is called by `caller`.
    pub fn of_thread(caller: Caller) -> Self {
        Self::new(Some(caller))
    }

    #[inline]
    fn new(caller: Option<Caller>) -> Self {
        let keeps = enabled(Level::Error);
        if keeps {
            DEPTH.with(|depth| depth.set(depth.get() + 1));
        }
        Self { keeps, caller }
    }
}

/// The scopes that this thread was in have gone without an end.
pub fn forget_scopes() {
    DEPTH.set(0);
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        if self.keeps {
            self.end();
        }
    }
}

impl Scope {
    #[cold]
    fn end(&self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
        // At the end of a thread there is no table any more, nor was anything kept.
        let kept = KEPT.try_with(RefCell::take).unwrap_or_default();
        // The scope of a call from within a callback is at its end as free of locks as the outer one.
        for (level, text) in kept {
            match self.caller {
                Some(caller) if SINK.read().is_some() => give_aside(caller, level, text),
                _ => deliver(level, &text),
            }
        }
        let beyond = BEYOND.take();
        if beyond > 0 {
            LOST.fetch_add(beyond, Ordering::Relaxed);
            match self.caller {
                Some(caller) if SINK.read().is_some() => give_note_aside(caller),
                _ => deliver_note(),
            }
        }
    }
}

/// A message about lines that were lost, to standard error or to the sink. Whoever takes the number out of [`LOST`] writes it.
fn note(lost: u64) -> String {
    format!("{lost} lines were lost: too many at once for whoever receives them")
}

fn note_line(lost: u64) -> String {
    format!("native_drm warn: {}\n", note(lost))
}

/// Has the receiver called by another thread. A line that it does not take is lost.
fn give_aside(caller: Caller, level: Level, text: String) {
    give_note_aside(caller);
    if !caller(text.len(), job(level, text)) {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

fn give_note_aside(caller: Caller) {
    let lost = LOST.swap(0, Ordering::Relaxed);
    if lost > 0 && !caller(0, job(Level::Warn, note(lost))) {
        LOST.fetch_add(lost, Ordering::Relaxed);
    }
}

/// A receiver that has ended its thread is not called any more. Another one that has taken its place is.
fn forget(sink: &Sink) {
    let former = {
        let mut place = SINK.write();
        let former = place.take_if(|present| Arc::ptr_eq(present, sink));
        if former.is_some() {
            LIMIT.store(Level::Off as u8, Ordering::Relaxed);
        }
        former
    };
    drop(former);
}

fn job(level: Level, text: String) -> Job {
    Box::new(move || match receive(level, &text) {
        Some((sink, call)) => {
            let then = move |outcome| {
                if outcome == Outcome::Ended {
                    forget(&sink);
                }
                Next::Done
            };
            Next::Call(call, Box::new(then))
        }
        None => Next::Done,
    })
}

/// Writes a message. Use the macros `log_error!`, `log_warn!`, `log_info!` and `log_debug!`, which format only when needed.
#[cold]
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    if !enabled(level) {
        return;
    }
    let text = message.to_string();
    if DEPTH.with(Cell::get) > 0 {
        let keep = |kept: &RefCell<Vec<_>>| {
            let mut kept = kept.borrow_mut();
            if kept.len() < MAX_KEPT {
                kept.push((level, text));
            } else {
                BEYOND.set(BEYOND.get() + 1);
            }
        };
        // At the end of a thread it is lost.
        let _ = KEPT.try_with(keep);
        return;
    }
    deliver(level, &text);
}

/// Gives a message to whoever receives messages now, if they still want it.
fn deliver(level: Level, text: &str) {
    if SINK.read().is_some() {
        deliver_note();
    }
    if let Some((_, call)) = receive(level, text) {
        call.make_here();
    }
}

/// Says how many lines were lost, if any were.
fn deliver_note() {
    if SINK.read().is_none() {
        return stderr::tell_lost(note_line);
    }
    let lost = LOST.swap(0, Ordering::Relaxed);
    if lost > 0
        && let Some((_, call)) = receive(Level::Warn, &note(lost))
    {
        call.make_here();
    }
}

/// Writes a message to standard error, or gives it to the sink, which may want a call to be made with it.
fn receive(level: Level, text: &str) -> Option<(Sink, Call)> {
    if !enabled(level) {
        return None;
    }
    let sink = SINK.read().clone();
    if let Some(sink) = sink {
        let call = sink(level, text)?;
        return Some((sink, call));
    }
    let mut line = format!("native_drm {}: {text}", level.name());
    if line.len() > stderr::MAX_LINE {
        let end = (0..=stderr::MAX_LINE).rev().find(|&end| line.is_char_boundary(end));
        line.truncate(end.unwrap_or_default());
    }
    // One write per line, so that lines of several threads stay whole.
    line.push('\n');
    stderr::write_line(line.as_bytes(), note_line);
    None
}

/// Logs at a [`Level`] with the arguments of `format!`.
#[macro_export]
#[doc(hidden)]
macro_rules! log_at {
    ($level:expr, $($message:tt)+) => {
        if $crate::log::enabled($level) {
            $crate::log::write($level, ::core::format_args!($($message)+));
        }
    };
}

/// Logs an error; takes the arguments of `format!`.
#[macro_export]
macro_rules! log_error { ($($message:tt)+) => { $crate::log_at!($crate::log::Level::Error, $($message)+) } }

/// Logs a warning; takes the arguments of `format!`.
#[macro_export]
macro_rules! log_warn { ($($message:tt)+) => { $crate::log_at!($crate::log::Level::Warn, $($message)+) } }

/// Logs what happens; takes the arguments of `format!`.
#[macro_export]
macro_rules! log_info { ($($message:tt)+) => { $crate::log_at!($crate::log::Level::Info, $($message)+) } }

/// Logs a detail; takes the arguments of `format!`.
#[macro_export]
macro_rules! log_debug { ($($message:tt)+) => { $crate::log_at!($crate::log::Level::Debug, $($message)+) } }

pub use crate::{log_debug as debug, log_error as error, log_info as info, log_warn as warn};
