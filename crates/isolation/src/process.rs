//! The host process, as its player sees it, and the player, as its host does.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getppid, pidfd_open, pidfd_send_signal, waitid};

/// A process that was started and has not been waited for.
#[derive(Debug)]
pub struct Process(OwnedFd);

impl Process {
    /// Starts a program with `socket` as its standard input, without the variables `without`.
    ///
    /// # Errors
    /// The system's.
    pub fn start(program: &Path, socket: UnixStream, without: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.stdin(OwnedFd::from(socket)).stdout(Stdio::null());
        // A Ctrl-C is for the player, which may have things to do with its key system before it ends.
        command.process_group(0);
        for variable in without {
            command.env_remove(OsString::from(variable));
        }
        let mut child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(descriptor) => Ok(Self(descriptor)),
            Err(error) => {
                // It is not waited for yet, so that its number still is its own.
                let _ = child.kill();
                let _ = child.wait();
                Err(error.into())
            }
        }
    }

    /// Ends it, however it is.
    pub fn kill(&self) {
        // It has ended already, if that fails.
        let _ = pidfd_send_signal(&self.0, Signal::KILL);
    }

    /// Waits until it has ended, and takes its place from the list of processes; kills it when `patience` is over.
    pub fn finish(&self, patience: Duration) {
        if !self.has_ended(patience) {
            self.kill();
        }
        while let Err(Errno::INTR) = waitid(WaitId::PidFd(self.0.as_fd()), WaitIdOptions::EXITED) {}
    }

    /// Whether it has ended, within that time.
    fn has_ended(&self, within: Duration) -> bool {
        let timeout = Timespec::try_from(within).ok();
        loop {
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], timeout.as_ref()) {
                Err(Errno::INTR) => {}
                result => return result.is_ok_and(|ready| ready > 0),
            }
        }
    }
}

/// The process that has started this one.
#[derive(Debug)]
pub struct Parent(Option<OwnedFd>);

impl Parent {
    /// To be asked for before confinement.
    pub fn current() -> Self {
        Self(getppid().and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()))
    }

    /// Returns when the parent has ended, or the other end of `socket` was closed or has said something.
    pub fn wait_for_end(&self, socket: &UnixStream) {
        let of_socket = PollFd::new(socket, PollFlags::IN | PollFlags::HUP);
        loop {
            let result = match &self.0 {
                Some(parent) => poll(&mut [of_socket.clone(), PollFd::new(parent, PollFlags::IN)], None),
                None => poll(&mut [of_socket.clone()], None),
            };
            if result != Err(Errno::INTR) {
                return;
            }
        }
    }
}
