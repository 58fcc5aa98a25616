//! Lines to standard error that never wait: a pipe that nobody empties loses lines, and whoever reads on is told how many.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::time::Duration;

use parking_lot::Mutex;

/// Bytes of a line at most, without its end: what a pipe takes as a whole (`PIPE_BUF`) or not at all.
pub const MAX_LINE: usize = 4000;

/// Lines that were lost since the last one that was not. Locked while a line is written.
static LOST: Mutex<u64> = Mutex::new(0);

/// Writes a line, with its line end, or counts it as lost.
pub fn write_line(line: &[u8]) {
    // Locked for no longer than a write that does not wait; after fork() perhaps for ever.
    let Some(mut lost) = LOST.try_lock_for(Duration::from_millis(10)) else { return };
    if *lost > 0 {
        let note = format!("native_drm warn: {lost} lines were lost: standard error did not take them\n");
        if write(note.as_bytes()).is_err() {
            *lost += 1;
            return;
        }
        *lost = 0;
    }
    // A closed standard error is no reason to fail; its lines are not missed.
    if write(line).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        *lost += 1;
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
