//! The thread at the bus: connects, owns the name while the session is to be seen, answers calls, tells of changes.
//!
//! Nothing here waits for a single answer: messages are handled as they come, so that a full queue cannot keep an answer
//! from arriving behind it.

use futures_core::Stream;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Instant;
use zbus::connection::Builder;
use zbus::message::{Message, Type};
use zbus::{Connection, MessageStream, Result};
use zruntime::SharedRuntime;

use super::address;
use super::link::{Link, News};
use super::model::Model;
use super::names;
use super::pace::Pace;
use super::progress::Progress;
use super::service;
use crate::session::Session;
use base::log;

/// Flag of RequestName: fail rather than queue.
const DO_NOT_QUEUE: u32 = 4;
/// Answers of RequestName that mean success: owner now, owner already.
const OWNER: [u32; 2] = [1, 4];

/// Runs until the session ends.
pub fn run(link: &Link, session: &Weak<Session>) {
    zbus::block_on(async {
        let number = names::next_number();
        let mut failed_before = false;
        loop {
            let addresses = match poll_fn(|context| link.poll(context)).await {
                News { closed: true, .. } => return,
                News { connect: Some(addresses), .. } => addresses,
                News { .. } => continue,
            };
            let Some(session) = session.upgrade() else { return };
            let outcome = match connect_unless_closed(&addresses, link).await {
                None => return,
                Some(Err(error)) => Err(error),
                Some(Ok(connection)) => {
                    failed_before = false;
                    serve(&connection, link, session, number).await
                }
            };
            match outcome {
                Ok(()) => return,
                // There is nothing left to show.
                Err(_) if link.is_closed() => return,
                Err(error) if failed_before => log::info!("no media controls: {error}"),
                Err(error) => log::warn!("no media controls until the session is activated again: {error}"),
            }
            failed_before = true;
        }
    });
}

/// Connects; none if the session ends meanwhile.
async fn connect_unless_closed(addresses: &str, link: &Link) -> Option<Result<Connection>> {
    let mut connecting = pin!(connect(addresses));
    poll_fn(|context| match link.poll_closed(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => connecting.as_mut().poll(context).map(Some),
    })
    .await
}

/// Connects to the first of several addresses that is there. Without any it does not look into the environment as zbus would:
/// that belongs to the program's threads.
async fn connect(addresses: &str) -> Result<Connection> {
    let mut last = zbus::Error::Address("the environment names no session bus".to_owned());
    for address in addresses.split(';').filter(|address| !address.is_empty()) {
        let attempt = match address::parse(address) {
            Ok(address) => Builder::address(address).build().await,
            Err(error) => Err(error),
        };
        match attempt {
            Ok(connection) => return Ok(connection),
            Err(error) => last = error,
        }
    }
    Err(last)
}

enum Event {
    /// What was held back is to be told.
    Due,
    News(News),
    Message(Message),
}

/// Serves a session until it ends or the bus is gone.
async fn serve(connection: &Connection, link: &Link, session: Arc<Session>, number: u32) -> Result<()> {
    let mut messages = pin!(MessageStream::from(connection));
    let mut presence = Presence {
        connection,
        name: names::bus_name(session.identity(), number, None),
        number,
        model: Model::new(session),
        owns_name: false,
        has_other_name: false,
        is_refused: false,
        request: None,
        progress: Progress::default(),
        pace: Pace::default(),
    };
    // The one that runs this.
    let runtime = SharedRuntime::current()?;
    presence.update().await?;
    loop {
        let mut due = presence.pace.due(Instant::now()).map(|due| runtime.sleep_until(due));
        // News go before messages: calls are answered with what the signals have told.
        let event = poll_fn(|context| {
            if due.as_mut().is_some_and(|due| Pin::new(due).poll(context).is_ready()) {
                return Poll::Ready(Ok(Event::Due));
            }
            match link.poll(context) {
                Poll::Ready(news) => Poll::Ready(Ok(Event::News(news))),
                Poll::Pending => messages.as_mut().poll_next(context).map(|message| match message {
                    Some(message) => message.map(Event::Message),
                    None => Err(zbus::Error::Failure("the bus is gone".to_owned())),
                }),
            }
        });
        match event.await? {
            Event::Due => presence.update().await?,
            Event::News(News { closed: true, .. }) => return presence.leave().await,
            Event::News(news) => {
                // Activated once more: whatever had the name may be gone.
                presence.is_refused &= news.connect.is_none();
                presence.update().await?;
            }
            Event::Message(message) => presence.handle(&message).await?,
        }
    }
}

/// The session's presence at a bus: what was told of it, and under which name.
struct Presence<'a> {
    connection: &'a Connection,
    name: String,
    /// The session's number in this process.
    number: u32,
    /// The session as the bus knows it.
    model: Model,
    /// The name is asked for, and has not been refused.
    owns_name: bool,
    /// The name is the one that no other PID namespace can have.
    has_other_name: bool,
    /// The bus refuses the other name, too; it is not asked again until the session is activated again.
    is_refused: bool,
    /// The call for the name that has not been answered yet.
    request: Option<NonZeroU32>,
    progress: Progress,
    pace: Pace,
}

impl Presence<'_> {
    /// Tells the bus what changed, and takes or leaves the name. What is to be seen under the name is there before it is.
    async fn update(&mut self) -> Result<()> {
        let present = Model::new(Arc::clone(&self.model.session));
        let former = std::mem::replace(&mut self.model, present);
        let is_wanted = self.model.snapshot.is_controllable();
        if self.owns_name {
            let mut signals = service::changes(&former, &self.model, &mut self.pace, Instant::now())?;
            if let Some(millis) = self.progress.update(&self.model) {
                signals.push(service::seeked(millis)?);
            }
            self.connection.send_all(&signals).await?;
        }
        if is_wanted && !self.owns_name && !self.is_refused {
            self.progress.forget();
            self.pace = Pace::default();
            let _ = self.progress.update(&self.model);
            self.request_name().await?;
        } else if !is_wanted && self.owns_name {
            self.call_bus("ReleaseName", &self.name).await?;
            self.owns_name = false;
            self.pace = Pace::default();
        }
        Ok(())
    }

    async fn request_name(&mut self) -> Result<()> {
        self.request = Some(self.call_bus("RequestName", &(&*self.name, DO_NOT_QUEUE)).await?);
        self.owns_name = true;
        Ok(())
    }

    async fn handle(&mut self, message: &Message) -> Result<()> {
        match message.message_type() {
            Type::MethodCall => {
                let (reply, effect) = service::answer(&self.model, message)?;
                if effect.asked_for_position {
                    self.progress.ask(&self.model);
                }
                if let Some(reply) = reply {
                    self.connection.send(&reply).await?;
                }
            }
            Type::MethodReturn | Type::Error => {
                let serial = message.header().reply_serial();
                if serial.is_some() && serial == self.request {
                    self.request = None;
                    self.check_name(message).await?;
                }
            }
            Type::Signal => {}
        }
        Ok(())
    }

    /// Looks at the answer to the request for the name. A process with the same id in another PID namespace may have it; then
    /// a name is taken that has the connection's own in it.
    async fn check_name(&mut self, reply: &Message) -> Result<()> {
        let is_owner = reply.message_type() == Type::MethodReturn
            && reply.body().deserialize().is_ok_and(|answer: u32| OWNER.contains(&answer));
        if is_owner {
            log::info!("media controls show the session as {}", self.name);
            return Ok(());
        }
        let is_wanted = std::mem::take(&mut self.owns_name);
        if self.has_other_name {
            log::warn!("media controls do not show the session: the bus refuses the name {}", self.name);
            self.is_refused = true;
            return Ok(());
        }
        let unique = self.connection.unique_name().map(|unique| unique.as_str());
        self.name = names::bus_name(self.model.session.identity(), self.number, unique);
        self.has_other_name = true;
        if is_wanted { self.request_name().await } else { Ok(()) }
    }

    /// The session ends.
    async fn leave(&mut self) -> Result<()> {
        if self.owns_name {
            self.call_bus("ReleaseName", &self.name).await?;
        }
        self.connection.clone().close().await
    }

    /// Calls the bus itself and does not wait for the answer.
    async fn call_bus<B>(&self, method: &str, body: &B) -> Result<NonZeroU32>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let call = Message::method_call("/org/freedesktop/DBus", method)
            .destination("org.freedesktop.DBus")
            .interface("org.freedesktop.DBus")
            .build(body)?;
        self.connection.send(&call).await?;
        Ok(call.primary_header().serial_num())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_tried_without_an_address() {
        for addresses in ["", ";"] {
            let error = zbus::block_on(connect(addresses)).unwrap_err().to_string();
            assert!(error.contains("no session bus"), "{error}");
        }
    }
}
