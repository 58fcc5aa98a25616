//! An `OH_AVSession` as far as its callbacks and its controller go.

pub mod commands {
    crate::source!("commands.rs");
}

pub mod callbacks {
    crate::source!("av_callbacks.rs");
}

pub mod playback {
    //! Of the playback state: what commands carry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum LoopMode {
        Sequence,
    }
}

use std::sync::{Arc, Weak};

use loom::sync::atomic::{AtomicUsize, Ordering};

use self::callbacks::{Callbacks, Receiver};
use self::commands::{Command, CommandKind, CommandSet};
use base::error::{Error, Result};
use base::sync::Mutex;
use base::sync::OnceCell;
use base::{dispatcher, log};

crate::source!("controller.rs");
crate::source!("av_session.rs");

#[derive(Clone, Default)]
pub struct Published {
    active: bool,
    closed: bool,
    metadata: Option<()>,
}

pub struct Snapshot {
    active: bool,
    metadata: Option<()>,
    commands: CommandSet,
}

pub struct Session {
    published: Mutex<Published>,
    callbacks: Callbacks,
    pending: AtomicUsize,
    factory: Mutex<Option<Factory>>,
    controller: OnceCell<Arc<dyn Controller>>,
}

impl Session {
    /// With metadata, so that it takes commands once it is active.
    pub fn new(factory: Factory) -> Arc<Self> {
        Arc::new(Self {
            published: Mutex::new(Published { metadata: Some(()), ..Published::default() }),
            callbacks: Callbacks::default(),
            pending: AtomicUsize::new(0),
            factory: Mutex::new(Some(factory)),
            controller: OnceCell::new(),
        })
    }

    /// Bytes of commands that wait.
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    fn snapshot(&self) -> Snapshot {
        let commands = self.callbacks.commands();
        let Published { active, metadata, .. } = self.published.lock().clone();
        Snapshot { active, metadata, commands }
    }
}
