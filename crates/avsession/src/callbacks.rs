//! The callbacks of a session: which commands it takes, and who receives them.

use std::sync::Arc;
use std::vec;

use crate::commands::{Command, CommandKind, CommandSet, KINDS};
use base::call::Call;
use base::dispatcher::{Next, Outcome};
use base::gate::Gate;

/// Receives commands on workers of the dispatcher: gives the call that tells the program of one, which returns whether it could do
/// what the command asks.
pub type Receiver = Arc<dyn Fn(&Command) -> Call + Send + Sync>;

#[derive(Default)]
struct Table {
    receivers: [Vec<Entry>; KINDS],
    next_number: u64,
}

struct Entry {
    /// What the program knows the callback by.
    identity: usize,
    /// Never used twice.
    number: u64,
    receiver: Receiver,
}

/// All callbacks of a session.
#[derive(Default)]
pub struct Callbacks {
    gate: Arc<Gate<Table>>,
}

impl Callbacks {
    /// Registers a receiver behind those that are there. One with the same identity keeps its place and is replaced: when
    /// this returns, the former one is not running and will not run, unless a callback called this.
    pub fn register(&self, kind: CommandKind, identity: usize, receiver: Receiver) {
        let replaced = self.gate.change(|table| {
            let number = table.next_number;
            table.next_number += 1;
            let entries = &mut table.receivers[kind as usize];
            let entry = Entry { identity, number, receiver };
            if let Some(place) = entries.iter_mut().find(|entry| entry.identity == identity) {
                return Some(std::mem::replace(place, entry));
            }
            entries.push(entry);
            None
        });
        drop(replaced);
    }

    /// Unregisters a receiver, if it is registered. When this returns it is not running and will not run, unless a
    /// callback called this.
    pub fn unregister(&self, kind: CommandKind, identity: usize) {
        let removed = self.gate.change(|table| {
            let entries = &mut table.receivers[kind as usize];
            let index = entries.iter().position(|entry| entry.identity == identity)?;
            Some(entries.remove(index))
        });
        drop(removed);
    }

    /// Unregisters all for good; see [`Callbacks::unregister`].
    pub fn close(&self) {
        self.gate.close();
    }

    /// The commands that have receivers.
    pub fn commands(&self) -> CommandSet {
        self.gate.read(|table| {
            let mut commands = CommandSet::default();
            for &kind in CommandKind::ALL {
                if !table.receivers[kind as usize].is_empty() {
                    commands.insert(kind);
                }
            }
            commands
        })
    }

    /// Calls the receivers of a command in the order of their registration, as long as `wanted`; on a worker of the
    /// dispatcher only. Those that others register or unregister meanwhile are not called.
    pub fn deliver(&self, command: Command, wanted: impl Fn() -> bool + Send + 'static) -> Next {
        let kind = command.kind() as usize;
        let numbers: Vec<_> = self.gate.read(|table| table.receivers[kind].iter().map(|entry| entry.number).collect());
        Delivery { gate: Arc::clone(&self.gate), command, numbers: numbers.into_iter(), wanted }.go_on()
    }
}

/// A command on its way.
struct Delivery<W> {
    gate: Arc<Gate<Table>>,
    command: Command,
    /// Of the receivers that were not called yet.
    numbers: vec::IntoIter<u64>,
    wanted: W,
}

impl<W: Fn() -> bool + Send + 'static> Delivery<W> {
    fn go_on(mut self) -> Next {
        let kind = self.command.kind();
        while let Some(number) = self.numbers.next()
            && (self.wanted)()
        {
            let find = |table: &Table| {
                let entry = table.receivers[kind as usize].iter().find(|entry| entry.number == number)?;
                Some(Arc::clone(&entry.receiver))
            };
            let Some(inside) = self.gate.enter(find) else { continue };
            let call = (inside.callback)(&self.command);
            let then = move |outcome| {
                drop(inside);
                match outcome {
                    Outcome::Returned(true) => {}
                    Outcome::Returned(false) => base::log_debug!("a callback for {} reports a failure", kind.name()),
                    Outcome::Ended => self.forget(number),
                }
                self.go_on()
            };
            return Next::Call(call, Box::new(then));
        }
        Next::Done
    }

    /// Unregisters a receiver that has ended its thread.
    fn forget(&self, number: u64) {
        let kind = self.command.kind() as usize;
        let removed = self.gate.change(|table| {
            let entries = &mut table.receivers[kind];
            let index = entries.iter().position(|entry| entry.number == number)?;
            Some(entries.remove(index))
        });
        drop(removed);
    }
}
