//! Output files that are there as a whole or not at all. There can be several.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{
    SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use tempfile::{NamedTempFile, TempPath};

/// An output: standard output, or a file that appears when it is complete.
pub enum Output {
    /// `-`.
    Standard(io::Stdout),
    /// What is there and no file, such as a pipe with a name: nothing can take its place.
    Special(File),
    /// A file.
    File(Temporary),
}

/// The temporary files that there are. The thread that waits for signals takes them, too.
#[derive(Default)]
struct Pending {
    /// By their numbers.
    paths: Vec<Option<TempPath>>,
    /// That thread is there.
    is_watched: bool,
}

static PENDING: Mutex<Pending> = Mutex::new(Pending { paths: Vec::new(), is_watched: false });

fn pending() -> MutexGuard<'static, Pending> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file beside the one that it will be. It is removed when it is dropped.
pub struct Temporary {
    file: File,
    number: usize,
    target: PathBuf,
}

impl Temporary {
    fn take(&self) -> Option<TempPath> {
        pending().paths[self.number].take()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Output {
    /// Opens `path`; `-` is standard output.
    pub fn create(path: &Path) -> Result<Self, String> {
        // Where files may not get longer (ulimit -f), writing is to fail, not to end the program.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))
            .map_err(|fault| format!("{}: {fault}", path.display()))?;
        if path == Path::new("-") {
            return Ok(Self::Standard(io::stdout()));
        }
        let explain = |fault: io::Error| format!("{}: {fault}", path.display());
        let target = behind_links(path).map_err(explain)?;
        let mut before = None;
        match fs::metadata(&target) {
            Ok(found) if found.is_dir() => return Err(format!("{}: this is a directory", path.display())),
            Ok(found) if !found.is_file() => {
                return OpenOptions::new().write(true).open(&target).map(Self::Special).map_err(explain);
            }
            Ok(found) => before = Some(Permissions::from_mode(found.permissions().mode() & 0o777)),
            Err(_) => {}
        }
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // Not after the output, whose name may be as long as a name can be.
        builder.prefix(".native-drm.").suffix(".part");
        // Without a file that was there before: what the user's umask makes of it.
        builder.permissions(before.clone().unwrap_or_else(|| Permissions::from_mode(0o666)));
        // A signal before the file is known to the thread would leave it.
        let mut pending = pending();
        if !pending.is_watched {
            remove_on_signals().map_err(explain)?;
            pending.is_watched = true;
        }
        let made = builder.tempfile_in(directory).map(NamedTempFile::into_parts);
        let (file, temporary) = made.map_err(|fault| format!("{}: {}", path.display(), without_path(&fault)))?;
        if let Some(before) = before {
            file.set_permissions(before).map_err(explain)?;
        }
        let number = pending.paths.len();
        pending.paths.push(Some(temporary));
        Ok(Self::File(Temporary { file, number, target }))
    }

    /// The output is complete.
    pub fn finish(self) -> Result<(), String> {
        let Self::File(output) = self else { return Ok(()) };
        let persisted = output.take().map_or(Ok(()), |temporary| temporary.persist(&output.target));
        persisted.map_err(|fault| format!("{}: {}", output.target.display(), fault.error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(standard) => standard.write(bytes),
            Self::Special(file) => file.write(bytes),
            Self::File(output) => output.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(standard) => standard.flush(),
            Self::Special(file) => file.flush(),
            Self::File(output) => output.file.flush(),
        }
    }
}

/// The reason of a fault of `tempfile`, which adds the path of the temporary file and gives the reason in no other way.
fn without_path(fault: &io::Error) -> String {
    let text = fault.to_string();
    text.split(" at path \"").next().unwrap_or_default().to_owned()
}

/// Whether whoever started the program wants it to ignore a signal, as `nohup` does with SIGHUP.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// What `path` is when symbolic links are followed, as the shell's `>` does: what a link leads to is replaced, or made, not the link.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    loop {
        // Links that lead in a circle are its error.
        match fs::canonicalize(&target) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(target),
        }
    }
}

/// Signals that end a program that does nothing about them, but for those of its own faults.
const ENDING: [i32; 10] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU];

/// Removes the temporary files and ends the program when it is told to end.
fn remove_on_signals() -> io::Result<()> {
    let mut signals = Signals::new(ENDING.into_iter().filter(|&signal| !is_ignored(signal)))?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Held to the end, so that nothing becomes the output any more.
            let mut held = pending();
            held.paths.clear();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    })?;
    Ok(())
}
