//! Lines to standard error that never wait: a pipe that nobody empties loses lines, and whoever reads on is told how many.
//! For programs that log themselves, too: one count for both.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// Bytes of a line at most, without its end: what a pipe takes as a whole (`PIPE_BUF`) or not at all.
pub const MAX_LINE: usize = 4000;

/// Lines that were lost since that was last said.
pub(super) static LOST: AtomicU64 = AtomicU64::new(0);
/// Held while a line is written.
static TURN: Mutex<()> = Mutex::new(());

/// Writes a line, with its line end, or counts it as lost. `note` makes the line that says how many were lost before.
pub fn write_line(line: &[u8], note: impl FnOnce(u64) -> String) {
    write_lines(Some(line), note);
}

/// Says how many lines were lost, if that has not been said yet and there is room.
pub fn tell_lost(note: impl FnOnce(u64) -> String) {
    write_lines(None, note);
}

fn write_lines(line: Option<&[u8]>, note: impl FnOnce(u64) -> String) {
    let count = u64::from(line.is_some());
    // Held for no longer than a write that does not wait; after fork() perhaps for ever.
    let Some(_turn) = TURN.try_lock_for(Duration::from_millis(10)) else {
        LOST.fetch_add(count, Ordering::Relaxed);
        return;
    };
    let lost = LOST.load(Ordering::Relaxed);
    if lost > 0 {
        if write(note(lost).as_bytes()).is_err() {
            LOST.fetch_add(count, Ordering::Relaxed);
            return;
        }
        LOST.fetch_sub(lost, Ordering::Relaxed);
    }
    // Closed, full or out of room: no reason to fail.
    if let Some(line) = line
        && write(line).is_err()
    {
        LOST.fetch_add(count, Ordering::Relaxed);
    }
}

fn write(line: &[u8]) -> io::Result<()> {
    let stderr = io::stderr();
    // Closing this is closing a duplicate.
    let own = File::from(stderr.as_fd().try_clone_to_owned()?);
    let kind = own.metadata()?.file_type();
    if kind.is_socket() {
        return send(&own, line);
    }
    if !kind.is_fifo() && !kind.is_char_device() {
        return (&own).write_all(line);
    }
    // The same pipe or terminal, opened once more: others who have it must not find it non-blocking. For one line only: whoever
    // reads it is told of its end when the program gives it up.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_APPEND;
    let path = format!("/proc/self/fd/{}", own.as_raw_fd());
    match OpenOptions::new().write(true).custom_flags(flags).open(path) {
        Ok(mut file) => file.write_all(line),
        // Without /proc, or without the right to open it again: whether it takes something can be asked at least.
        Err(_) if takes_something(&own) => (&own).write_all(line),
        Err(_) => Err(ErrorKind::WouldBlock.into()),
    }
}

fn send(socket: &File, line: &[u8]) -> io::Result<()> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the kernel reads `line.len()` bytes of `line`, which lives; the descriptor is open as long as `socket` does.
    let sent = unsafe { libc::send(socket.as_raw_fd(), line.as_ptr().cast(), line.len(), flags) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn takes_something(file: &File) -> bool {
    let mut entry = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: the kernel reads and writes the one entry that it is given.
    let ready = unsafe { libc::poll(&raw mut entry, 1, 0) };
    ready == 1 && entry.revents & libc::POLLOUT != 0
}
