//! Both ends, without a process between them, for tests of the messages.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Weak};
use std::thread;

use super::RemoteSystem;
use super::answer::Notices;
use super::area::Area;
use super::door::System;
use super::link::Link;
use super::serve::make;
use super::start::listen;
use crate::glue::error::Result;
use base::shared_memory::SharedMemory;
use drm::key_system::Descriptor;
use drm::registry;
use isolation::process::Process;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use super::answer::Host;
pub(crate) use isolation::channel::Channel;

/// A host's side.
pub(crate) fn host(name: &str, memory: usize, notices: UnixStream) -> Result<Host> {
    let memory = SharedMemory::create(c"test", memory).expect("memory");
    let notices = Arc::new(Notices::new(notices).expect("a socket"));
    make(name, memory, &notices).map(|(host, _)| host)
}

/// A player's side, with one lane.
pub(crate) fn connect(lane: UnixStream, notices: UnixStream, control: UnixStream, process: Process) -> System {
    let patience = Some(std::time::Duration::from_secs(20));
    let sockets: Vec<_> = [lane, notices, control].into_iter().map(Arc::new).collect();
    let lane = Channel::new(Arc::clone(&sockets[0]), patience).expect("a socket");
    let notices = Channel::new(Arc::clone(&sockets[1]), None).expect("a socket");
    let process = Arc::new(process);
    let area = Area::new().expect("memory");
    let link = Arc::new(Link::new("test", area, vec![lane], sockets, Arc::clone(&process)).expect("a link"));
    let place = registry::place("test.remote", 64).expect("a place");
    let system = Arc::new(RemoteSystem::new(Arc::clone(&link), Descriptor::default(), place));
    let (of_link, of_system): (Weak<_>, Weak<_>) = (Arc::downgrade(&link), Arc::downgrade(&system));
    thread::spawn(move || listen(notices, &of_link, &of_system, &process));
    System::Apart(system)
}

/// The bytes of a message, whatever they are.
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Message;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Message, A::Error> {
                let mut bytes = Vec::new();
                // Until there are no more.
                while let Ok(Some(byte)) = sequence.next_element() {
                    bytes.push(byte);
                }
                if bytes.is_empty() { Err(A::Error::custom("nothing")) } else { Ok(Message(bytes)) }
            }
        }
        deserializer.deserialize_tuple(usize::MAX, All)
    }
}
