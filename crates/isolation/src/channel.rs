//! Messages through a stream socket: a length of four bytes, little endian, then the message in postcard's format.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recv,
    recvmsg, send, sendmsg, sockopt,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::message::MAX_MESSAGE;

/// Bytes in front of a message.
const HEADER: usize = 4;

/// What a channel keeps for messages; longer ones take more for a while.
const BUFFER: usize = 64 << 10;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other side has gone.
    #[error("the connection has ended")]
    Closed,
    /// The other side has said nothing, or taken nothing, for too long.
    #[error("no answer in time")]
    TimedOut,
    /// A message is too long to be sent. Nothing was sent.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// What came is no message.
    #[error("not a message: {0}")]
    Malformed(&'static str),
    /// The system's answer.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl From<Errno> for Error {
    fn from(error: Errno) -> Self {
        match error {
            Errno::AGAIN => Self::TimedOut,
            Errno::PIPE | Errno::CONNRESET => Self::Closed,
            other => Self::System(other.into()),
        }
    }
}

/// One end of a connection.
pub struct Channel {
    socket: Arc<UnixStream>,
    /// How long to wait for the other side; none = for ever.
    patience: Option<Duration>,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    /// What of `incoming` has been received and not yet taken.
    start: usize,
    end: usize,
}

impl Channel {
    /// A channel through a socket. Whoever holds the socket, too, can shut it down.
    ///
    /// # Errors
    /// The system's, if it cannot wait for a limited time.
    pub fn new(socket: Arc<UnixStream>, patience: Option<Duration>) -> io::Result<Self> {
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, patience)?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, patience)?;
        Ok(Self { socket, patience, outgoing: Vec::new(), incoming: vec![0; BUFFER], start: 0, end: 0 })
    }

    /// Sends a message. Secrets in it need [`Channel::wipe`] afterwards.
    ///
    /// # Errors
    /// [`Error::TooLong`], with nothing sent; [`Error::Closed`], [`Error::TimedOut`], [`Error::System`].
    pub fn send<T: Serialize>(&mut self, message: &T) -> Result<(), Error> {
        encode(message, &mut self.outgoing)?;
        let deadline = self.deadline();
        let mut rest = &self.outgoing[..];
        while !rest.is_empty() {
            let sent = match send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => 0,
                result => result?,
            };
            rest = &rest[sent..];
            if !rest.is_empty() {
                check(deadline)?;
            }
        }
        Ok(())
    }

    /// Receives a message.
    ///
    /// # Errors
    /// [`Error::Malformed`], after which the connection is of no use; [`Error::Closed`], [`Error::TimedOut`], [`Error::System`].
    pub fn receive<'a, T: Deserialize<'a>>(&'a mut self) -> Result<T, Error> {
        let deadline = self.deadline();
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        self.fill(HEADER, deadline)?;
        let length = self.length()?;
        self.fill(HEADER + length, deadline)?;
        let message = self.start + HEADER;
        self.start = message + length;
        decode(&self.incoming[message..self.start])
    }

    /// Overwrites what was sent and received.
    pub fn wipe(&mut self) {
        self.outgoing.zeroize();
        self.incoming[..self.start].zeroize();
        if self.start == self.end && self.incoming.len() > BUFFER {
            self.incoming = vec![0; BUFFER];
        }
    }

    fn length(&self) -> Result<usize, Error> {
        let header = self.incoming[self.start..].first_chunk::<HEADER>().ok_or(Error::Malformed("no length"))?;
        let length = usize::try_from(u32::from_le_bytes(*header)).unwrap_or(usize::MAX);
        if (1..=MAX_MESSAGE).contains(&length) { Ok(length) } else { Err(Error::Malformed("its length")) }
    }

    /// Receives until there are so many bytes.
    fn fill(&mut self, wanted: usize, deadline: Option<Instant>) -> Result<(), Error> {
        if self.start + wanted > self.incoming.len() {
            self.incoming.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if wanted > self.incoming.len() {
                self.incoming.resize(wanted, 0);
            }
        }
        while self.end - self.start < wanted {
            let received = match recv(&self.socket, &mut self.incoming[self.end..], RecvFlags::empty()) {
                Err(Errno::INTR) => continue,
                result => result?.0,
            };
            if received == 0 {
                return Err(Error::Closed);
            }
            self.end += received;
            if self.end - self.start < wanted {
                check(deadline)?;
            }
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.patience.and_then(|patience| Instant::now().checked_add(patience))
    }
}

fn check(deadline: Option<Instant>) -> Result<(), Error> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) { Err(Error::TimedOut) } else { Ok(()) }
}

/// A message as it is sent, with its length in front, in place of what is in `bytes`.
///
/// # Errors
/// [`Error::TooLong`].
pub fn encode<T: Serialize>(message: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    // The length is known beforehand, so that a vector that grows leaves no copy of a secret behind.
    let length = postcard::experimental::serialized_size(message).map_err(|_| Error::Malformed("not to be encoded"))?;
    if length > MAX_MESSAGE {
        return Err(Error::TooLong(length));
    }
    bytes.clear();
    bytes.reserve(HEADER + length);
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    *bytes = postcard::to_extend(message, std::mem::take(bytes)).map_err(|_| Error::Malformed("not to be encoded"))?;
    Ok(())
}

/// A message from its bytes, all of them.
///
/// # Errors
/// [`Error::Malformed`].
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let (message, rest) = postcard::take_from_bytes(bytes).map_err(|_| Error::Malformed("its content"))?;
    if rest.is_empty() { Ok(message) } else { Err(Error::Malformed("bytes behind it")) }
}

/// Descriptors that may be sent at once.
const MAX_DESCRIPTORS: usize = 16;

/// Sends descriptors.
///
/// # Errors
/// The system's.
pub fn send_descriptors(socket: &UnixStream, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let count = [u8::try_from(descriptors.len()).unwrap_or(u8::MAX)];
    sendmsg(socket, &[IoSlice::new(&count)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives `count` descriptors, no more and no less.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if something else comes; the system's.
pub fn receive_descriptors(socket: &UnixStream, count: usize) -> io::Result<Vec<OwnedFd>> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, flags)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            descriptors.extend(more);
        }
    }
    if received.bytes != 1 || usize::from(byte[0]) != count || descriptors.len() != count {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(descriptors)
}
