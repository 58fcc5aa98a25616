//! The callbacks of a session: which commands it takes, and who receives them.

use std::sync::Arc;

use crate::commands::{Command, CommandKind, CommandSet, KINDS};
use base::gate::Gate;

/// Receives commands on a worker of the dispatcher; returns whether it could do what the command asks.
pub type Receiver = Arc<dyn Fn(&Command) -> bool + Send + Sync>;

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
    gate: Gate<Table>,
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
    pub fn deliver(&self, command: &Command, wanted: impl Fn() -> bool) {
        let kind = command.kind() as usize;
        let numbers: Vec<_> = self.gate.read(|table| table.receivers[kind].iter().map(|entry| entry.number).collect());
        for number in numbers.into_iter().take_while(|_| wanted()) {
            let find = |table: &Table| {
                let entry = table.receivers[kind].iter().find(|entry| entry.number == number)?;
                Some(Arc::clone(&entry.receiver))
            };
            self.gate.call(find, |receiver| {
                if !receiver(command) {
                    base::log_debug!("a callback for {} reports a failure", command.kind().name());
                }
            });
        }
    }
}
