//! A session: what the player reports, who may see it, and the way of commands to the player.

use std::sync::{Arc, Weak};

use crate::callbacks::{Callbacks, Receiver};
use crate::commands::{Command, CommandKind, CommandSet};
use crate::error::{Error, Property, Result};
use crate::identity::Identity;
use crate::media_keys::{KeyAction, MediaKey};
use crate::metadata::{Metadata, NO_DURATION, QueueItem, check_json_object};
use crate::playback::{LoopMode, Playback, Position, State};
use base::clock::Clock;
use base::dispatcher::{self, Queue};
use base::log;
use base::sync::{Mutex, OnceCell};

/// Bytes that commands may take while they wait for the callbacks before them: more than 100,000 commands.
pub const MAX_PENDING: usize = 16 << 20;
/// Entries of the queue.
pub const MAX_QUEUE_ITEMS: usize = 1000;

/// Shows one session to the outside, such as the desktop's media controls. Any thread may call any method at any time; no
/// method may wait for anything outside of the process.
pub trait Controller: Send + Sync {
    /// The session was activated: tries to reach the outside if that is not reached yet. Called by the program's thread.
    /// Does nothing after [`Controller::close`].
    fn connect(&self);

    /// Something about the session changed: what [`Session::snapshot`] returns. Called before the first
    /// [`Controller::connect`], too.
    fn changed(&self);

    /// The session ends.
    fn close(&self);
}

/// Everything about a session that can be seen, at one moment.
#[derive(Clone)]
pub struct Snapshot {
    /// Whether it is active.
    pub active: bool,
    /// Metadata, if any was set.
    pub metadata: Option<Arc<Metadata>>,
    /// Playback state.
    pub playback: Playback,
    /// What is to be played.
    pub queue: Arc<[QueueItem]>,
    /// Whether it may be cast.
    pub remote_cast: bool,
    /// Whether what is played is nobody's business.
    pub private: bool,
    /// Commands that have callbacks.
    pub commands: CommandSet,
}

impl Snapshot {
    /// Whether commands arrive: the session is active and has metadata and a command.
    pub fn is_controllable(&self) -> bool {
        self.active && self.metadata.is_some() && !self.commands.is_empty()
    }

    /// The same without anything about what is played: what is left says how it is played, and what can be done.
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.metadata = self
            .metadata
            .map(|metadata| Arc::new(Metadata { skip_intervals: metadata.skip_intervals, ..Metadata::default() }));
        self.playback.favorite = false;
        self.playback.active_item_id = 0;
        self.playback.extras = Arc::from("");
        self.queue = Arc::default();
        self
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Life {
    #[default]
    Inactive,
    Active,
    /// The session has ended, and is never active again.
    Closed,
}

#[derive(Default)]
struct Published {
    life: Life,
    metadata: Option<Arc<Metadata>>,
    playback: Playback,
    queue: Arc<[QueueItem]>,
    remote_cast: bool,
    private: bool,
}

/// A session.
pub struct Session {
    identity: Identity,
    id: String,
    clock: Arc<dyn Clock>,
    published: Mutex<Published>,
    callbacks: Callbacks,
    commands: Queue,
    controller: Option<Arc<dyn Controller>>,
    token: OnceCell<usize>,
}

impl Session {
    /// A session that is not active yet. `controller` makes what shows it, if anything does; the session cannot be reached
    /// by its argument before this returns.
    ///
    /// Fails with [`Error::Internal`] if the system has no random numbers for the id.
    pub fn new(
        identity: Identity,
        clock: Arc<dyn Clock>,
        controller: impl FnOnce(Weak<Self>) -> Option<Arc<dyn Controller>>,
    ) -> Result<Arc<Self>> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| Error::Internal(format!("no random numbers: {error}").into()))?;
        let published = Published { playback: Playback::new(&*clock), ..Published::default() };
        Ok(Arc::new_cyclic(|session| Self {
            identity,
            id: hex::encode(id),
            clock,
            published: Mutex::new(published),
            callbacks: Callbacks::default(),
            commands: Queue::default(),
            controller: controller(Weak::clone(session)),
            token: OnceCell::new(),
        }))
    }

    /// Who it belongs to.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its id: 32 hexadecimal digits, another one for each session.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The clock that its positions follow.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// A number that the layer above gives to the session once.
    pub fn token(&self) -> &OnceCell<usize> {
        &self.token
    }

    /// Lets commands arrive and shows the session. Does nothing after [`Session::close`].
    pub fn activate(&self) {
        {
            let mut published = self.published.lock();
            if published.life == Life::Closed {
                return;
            }
            published.life = Life::Active;
        }
        if let Some(controller) = &self.controller {
            controller.connect();
        }
    }

    /// Stops commands and shows the session no longer.
    pub fn deactivate(&self) {
        self.change(|published| {
            if published.life == Life::Active {
                published.life = Life::Inactive;
            }
        });
    }

    /// Ends the session. When it returns, no callback is running and none will run, unless a callback called this.
    pub fn close(&self) {
        self.published.lock().life = Life::Closed;
        if let Some(controller) = &self.controller {
            controller.close();
        }
        self.callbacks.close();
    }

    /// Whether [`Session::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.published.lock().life == Life::Closed
    }

    /// Sets the metadata. Setting the same again does nothing. Fails as [`Metadata::check`] does.
    pub fn set_metadata(&self, metadata: &Arc<Metadata>) -> Result<()> {
        metadata.check()?;
        let mut published = self.published.lock();
        if published.metadata.as_ref() == Some(metadata) {
            return Ok(());
        }
        published.metadata = Some(Arc::clone(metadata));
        drop(published);
        self.notify();
        Ok(())
    }

    /// Sets the state.
    pub fn set_state(&self, state: State) {
        self.change(|published| published.playback.set_state(state, &*self.clock));
    }

    /// Takes a report of the position. Fails as [`Playback::set_position`] does.
    pub fn set_position(&self, position: Position) -> Result<()> {
        self.try_change(|published| published.playback.set_position(position, &*self.clock))
    }

    /// Sets the speed; 1 is normal. Fails as [`Playback::set_speed`] does.
    pub fn set_speed(&self, speed: f64) -> Result<()> {
        self.try_change(|published| published.playback.set_speed(speed, &*self.clock))
    }

    /// Sets the loop mode.
    pub fn set_loop_mode(&self, mode: LoopMode) {
        self.change(|published| published.playback.loop_mode = mode);
    }

    /// Sets whether the listener likes it.
    pub fn set_favorite(&self, favorite: bool) {
        self.change(|published| published.playback.favorite = favorite);
    }

    /// Sets the volume. Fails with [`Error::InvalidValue`] if it is not in 0..=100.
    pub fn set_volume(&self, volume: i32) -> Result<()> {
        let volume = u8::try_from(volume)
            .ok()
            .filter(|volume| *volume <= 100)
            .ok_or_else(|| Error::invalid(Property::Volume, format!("{volume} is not in 0..=100")))?;
        self.change(|published| published.playback.volume = volume);
        Ok(())
    }

    /// Sets the milliseconds that were loaded. Fails with [`Error::InvalidValue`] if they are negative.
    pub fn set_buffered_time(&self, millis: i64) -> Result<()> {
        if millis < 0 {
            return Err(Error::invalid(Property::BufferedTime, format!("{millis} is negative")));
        }
        self.change(|published| published.playback.buffered_time = millis);
        Ok(())
    }

    /// Sets the entry of the queue that is played.
    pub fn set_active_item_id(&self, item_id: i32) {
        self.change(|published| published.playback.active_item_id = item_id);
    }

    /// Sets the player's own data, a JSON object; nothing if it is empty. Fails with [`Error::InvalidValue`] if it is
    /// anything else.
    pub fn set_extras(&self, extras: &str) -> Result<()> {
        check_json_object(extras).map_err(|reason| Error::invalid(Property::Extras, reason))?;
        self.change(|published| published.playback.extras = Arc::from(extras));
        Ok(())
    }

    /// Sets what is to be played. Fails with [`Error::InvalidValue`] if there are more than [`MAX_QUEUE_ITEMS`] entries, or a
    /// duration is less than [`NO_DURATION`].
    pub fn set_queue(&self, queue: Vec<QueueItem>) -> Result<()> {
        if queue.len() > MAX_QUEUE_ITEMS {
            return Err(Error::invalid(Property::QueueLength, format!("more than {MAX_QUEUE_ITEMS} items")));
        }
        if let Some(item) = queue.iter().find(|item| item.duration < NO_DURATION) {
            return Err(Error::invalid(
                Property::QueueItemDuration,
                format!("duration {} of item {}", item.duration, item.item_id),
            ));
        }
        self.change(|published| published.queue = queue.into());
        Ok(())
    }

    /// Sets whether it may be cast.
    pub fn set_remote_cast(&self, enabled: bool) {
        self.change(|published| published.remote_cast = enabled);
    }

    /// Sets whether what is played is nobody's business: then controllers show how it is played and what can be done,
    /// and take back what they showed of the rest.
    pub fn set_private(&self, private: bool) {
        self.change(|published| published.private = private);
    }

    /// Everything that can be seen.
    pub fn snapshot(&self) -> Snapshot {
        let commands = self.callbacks.commands();
        let published = self.published.lock();
        Snapshot {
            active: published.life == Life::Active,
            metadata: published.metadata.clone(),
            playback: published.playback.clone(),
            queue: Arc::clone(&published.queue),
            remote_cast: published.remote_cast,
            private: published.private,
            commands,
        }
    }

    /// Milliseconds from the start that are reached by now.
    pub fn progress(&self) -> i64 {
        let published = self.published.lock();
        published.playback.progress(published.metadata.as_deref(), &*self.clock)
    }

    /// Registers a receiver of commands; see [`Callbacks::register`].
    pub fn register(&self, kind: CommandKind, identity: usize, receiver: Receiver) {
        self.callbacks.register(kind, identity, receiver);
        self.notify();
    }

    /// Unregisters a receiver of commands; see [`Callbacks::unregister`].
    pub fn unregister(&self, kind: CommandKind, identity: usize) {
        self.callbacks.unregister(kind, identity);
        self.notify();
    }

    /// Sends the player a command. It arrives later, on a worker of the dispatcher.
    ///
    /// Fails with [`Error::SessionInactive`] if the session is not active or has no metadata, with
    /// [`Error::CommandUnavailable`] if nothing is registered for the command, with [`Error::Overloaded`] if more than
    /// [`MAX_PENDING`] bytes would wait, and with [`Error::Internal`] if there can be no thread for it.
    pub fn send(self: &Arc<Self>, command: Command) -> Result<()> {
        let snapshot = self.snapshot();
        if !snapshot.active || snapshot.metadata.is_none() {
            return Err(Error::SessionInactive);
        }
        if !snapshot.commands.contains(command.kind()) {
            return Err(Error::CommandUnavailable(format!("{} is not registered", command.kind().name()).into()));
        }
        let size = command.size();
        let room = MAX_PENDING.checked_sub(size).ok_or(Error::Overloaded)?;
        let session = Arc::clone(self);
        let job = move || {
            let of_wanted = Arc::clone(&session);
            session.callbacks.deliver(command, move || of_wanted.published.lock().life == Life::Active)
        };
        self.commands.post(size, room, Box::new(job)).map_err(|error| match error {
            dispatcher::Error::Full(_) => Error::Overloaded,
            dispatcher::Error::Start(_) => {
                log::error!("a command is lost: {error}");
                error.into()
            }
        })
    }

    /// Bytes that commands take which wait for their callbacks.
    pub fn pending(&self) -> usize {
        self.commands.waiting()
    }

    /// Passes on a media key: to the callback for key events if there is one, otherwise as a command when it goes down.
    /// Fails as [`Session::send`] does.
    pub fn media_key(self: &Arc<Self>, key: MediaKey, action: KeyAction, time: i64) -> Result<()> {
        let snapshot = self.snapshot();
        if snapshot.commands.contains(CommandKind::HandleKeyEvent) {
            return self.send(Command::HandleKeyEvent { code: key as i32, action: action as i32, time });
        }
        if action != KeyAction::Down {
            return if snapshot.is_controllable() { Ok(()) } else { Err(Error::SessionInactive) };
        }
        let skip = snapshot.metadata.as_ref().map_or(0, |metadata| metadata.skip_intervals.millis());
        self.send(match key.command(snapshot.playback.settled_state().is_running()) {
            CommandKind::Pause => Command::Pause,
            CommandKind::Stop => Command::Stop,
            CommandKind::PlayNext => Command::PlayNext,
            CommandKind::PlayPrevious => Command::PlayPrevious,
            CommandKind::FastForward => Command::FastForward { millis: skip },
            CommandKind::Rewind => Command::Rewind { millis: skip },
            _ => Command::Play,
        })
    }

    fn change(&self, change: impl FnOnce(&mut Published)) {
        change(&mut self.published.lock());
        self.notify();
    }

    fn try_change(&self, change: impl FnOnce(&mut Published) -> Result<()>) -> Result<()> {
        change(&mut self.published.lock())?;
        self.notify();
        Ok(())
    }

    fn notify(&self) {
        if let Some(controller) = &self.controller {
            controller.changed();
        }
    }
}
