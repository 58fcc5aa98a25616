//! A player's connection to a host process, and the end of it.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::area::Area;
use super::one_line;
use crate::glue::error::{Error, Result};
use crate::native_drm_err::Drm_ErrCode;
use base::log;
use base::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use base::sync::{Condvar, Instant, Mutex, ProcessByte};
use isolation::channel::{self, Channel};
use isolation::message::{Failure, Reply, Request};
use isolation::process::Process;

/// A connection. Once the host has gone, or said something that means nothing, every call fails, with the same error.
pub(crate) struct Link {
    name: String,
    area: Arc<Area>,
    /// Those that are free; one thread uses one at a time.
    lanes: Mutex<Vec<Channel>>,
    lane_is_free: Condvar,
    /// Of all lanes, and that of the notices.
    sockets: Vec<Arc<UnixStream>>,
    process: Arc<Process>,
    dead: AtomicBool,
    /// Zero in a child after fork(), which has no part in the connection.
    is_own: ProcessByte,
    number: AtomicU32,
    arrivals: Mutex<u64>,
    arrived: Condvar,
}

impl Link {
    pub(super) fn new(
        name: &str,
        area: Arc<Area>,
        lanes: Vec<Channel>,
        sockets: Vec<Arc<UnixStream>>,
        process: Arc<Process>,
    ) -> Result<Self> {
        let is_own = ProcessByte::new(1).map_err(|error| Error::Internal(error.to_string().into()))?;
        Ok(Self {
            name: name.to_owned(),
            area,
            lanes: Mutex::new(lanes),
            lane_is_free: Condvar::new(),
            sockets,
            process,
            dead: AtomicBool::new(false),
            is_own,
            number: AtomicU32::new(0),
            arrivals: Mutex::new(0),
            arrived: Condvar::new(),
        })
    }

    pub(crate) fn area(&self) -> &Arc<Area> {
        &self.area
    }

    /// Whether the host can be asked for anything.
    pub(crate) fn check(&self) -> Result<()> {
        if self.dead.load(Ordering::Acquire) || !self.is_of_this_process() { Err(self.died()) } else { Ok(()) }
    }

    fn is_of_this_process(&self) -> bool {
        self.is_own.load(Ordering::Relaxed) != 0
    }

    fn died(&self) -> Error {
        Error::HostDied(self.name.clone())
    }

    /// The connection is of no use any more: the host ends, whoever waits for it is told.
    #[cold]
    pub(super) fn die(&self, reason: &str) -> Error {
        if self.is_of_this_process() && !self.dead.swap(true, Ordering::AcqRel) {
            log::error!("{}: the host process is given up: {reason}", self.name);
            self.process.kill();
            self.shut_down();
            // With both locks taken once, so that nobody is about to wait.
            drop(self.lanes.lock());
            self.lane_is_free.notify_all();
            self.announce_arrival();
        }
        self.died()
    }

    fn shut_down(&self) {
        for socket in &self.sockets {
            // Fails for one that the other side has closed.
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Asks the host.
    pub(crate) fn call(&self, request: &Request<'_>) -> Result<Reply> {
        self.exchange(request, true)
    }

    /// Asks the host for something without secrets in it.
    pub(crate) fn call_about_sample(&self, request: &Request<'_>) -> Result<()> {
        match self.exchange(request, false)? {
            Reply::Done => Ok(()),
            _ => Err(self.misunderstood()),
        }
    }

    fn exchange(&self, request: &Request<'_>, wipes: bool) -> Result<Reply> {
        let mut lane = self.lane()?;
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let channel = &mut lane.channel;
        let Some(channel) = channel else { return Err(self.died()) };
        let outcome = channel.send(&(number, request)).and_then(|()| channel.receive::<(u32, Reply)>());
        if wipes {
            channel.wipe();
        }
        match outcome {
            Ok((answered, Reply::Failed(failure))) if answered == number => Err(self.failed(failure)),
            Ok((answered, reply)) if answered == number => Ok(reply),
            Ok(_) => Err(self.die("it answers something else")),
            Err(channel::Error::TooLong(length)) => {
                Err(Error::Refused(format!("a message of {length} bytes for the host process").into()))
            }
            Err(error) => Err(self.die(&error.to_string())),
        }
    }

    fn lane(&self) -> Result<Lane<'_>> {
        self.check()?;
        let mut lanes = self.lanes.lock();
        loop {
            if let Some(channel) = lanes.pop() {
                return Ok(Lane { link: self, channel: Some(channel) });
            }
            self.lane_is_free.wait(&mut lanes);
            self.check()?;
        }
    }

    /// Why the host has not done something.
    fn failed(&self, failure: Failure) -> Error {
        match Drm_ErrCode::of_failure(failure.code) {
            Some(code) => {
                let Failure { message, index, needed, .. } = failure;
                let code = code as u32;
                Error::Remote { code, message: one_line(message), index, needed }
            }
            None => self.misunderstood(),
        }
    }

    /// The host has said something that means nothing.
    #[cold]
    pub(crate) fn misunderstood(&self) -> Error {
        self.die("it says what means nothing")
    }

    /// Sessions may have got keys, or the connection has ended.
    pub(crate) fn announce_arrival(&self) {
        *self.arrivals.lock() += 1;
        self.arrived.notify_all();
    }

    /// How often sessions have got keys.
    pub(crate) fn arrivals(&self) -> u64 {
        *self.arrivals.lock()
    }

    /// Waits until they have got keys once more than `seen`; false if they have not by then.
    pub(crate) fn wait_for_arrival(&self, seen: u64, deadline: Option<Instant>) -> bool {
        let mut arrivals = self.arrivals.lock();
        while *arrivals == seen {
            match deadline {
                None => self.arrived.wait(&mut arrivals),
                Some(deadline) if Instant::now() >= deadline => return false,
                Some(deadline) => drop(self.arrived.wait_until(&mut arrivals, deadline)),
            }
        }
        true
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if self.is_of_this_process() {
            self.shut_down();
        }
    }
}

/// A lane that one thread uses.
struct Lane<'a> {
    link: &'a Link,
    channel: Option<Channel>,
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        self.link.lanes.lock().extend(self.channel.take());
        self.link.lane_is_free.notify_one();
    }
}

/// How long a host may take for an answer. `NATIVE_DRM_HOST_TIMEOUT` (seconds) makes it another time.
pub(super) fn patience() -> Duration {
    patience_of(std::env::var("NATIVE_DRM_HOST_TIMEOUT").ok().as_deref())
}

fn patience_of(setting: Option<&str>) -> Duration {
    let seconds = setting.and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.filter(|seconds| (1..=3600).contains(seconds)).unwrap_or(30))
}

#[cfg(test)]
mod tests {
    use super::patience_of;

    #[test]
    fn a_host_has_as_long_as_is_set_within_an_hour() {
        for (setting, seconds) in [("1", 1), ("2", 2), ("30", 30), ("3600", 3600)] {
            assert_eq!(patience_of(Some(setting)).as_secs(), seconds);
        }
    }

    #[test]
    fn what_is_no_such_time_is_the_default() {
        assert_eq!(patience_of(None).as_secs(), 30);
        for setting in ["", "0", "-1", "3601", "18446744073709551616", "2.5", "5s", " 5", "soon"] {
            assert_eq!(patience_of(Some(setting)).as_secs(), 30, "{setting}");
        }
    }
}
