//! How a session wakes the bus thread, and what it tells it.

use base::sync::Mutex;
use std::task::{Context, Poll, Waker};

/// Wakes the thread at the bus. Telling it something again and again takes no memory.
#[derive(Default)]
pub struct Link(Mutex<State>);

#[derive(Default)]
struct State {
    news: News,
    waker: Option<Waker>,
}

/// What was told since the last look.
#[derive(Debug, Default)]
pub struct News {
    /// Connect, if there is no connection, to one of these addresses, separated by semicolons.
    pub connect: Option<String>,
    /// The session is another.
    pub changed: bool,
    /// The session ends.
    pub closed: bool,
}

impl Link {
    /// The bus at these addresses is to be tried; see [`News::connect`].
    pub fn connect(&self, addresses: String) {
        self.tell(|news| {
            news.connect = Some(addresses);
            news.changed = true;
        });
    }

    /// The session is another.
    pub fn changed(&self) {
        self.tell(|news| news.changed = true);
    }

    /// The session ends.
    pub fn close(&self) {
        self.tell(|news| news.closed = true);
    }

    /// Whether the session ends.
    pub fn is_closed(&self) -> bool {
        self.0.lock().news.closed
    }

    /// Takes the news, if there are any. That the session ends stays news.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<News> {
        let mut state = self.0.lock();
        if state.news.connect.is_none() && !state.news.changed && !state.news.closed {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let closed = state.news.closed;
        Poll::Ready(std::mem::replace(&mut state.news, News { closed, ..News::default() }))
    }

    /// Waits until the session ends.
    pub fn poll_closed(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.news.closed {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn tell(&self, tell: impl FnOnce(&mut News)) {
        let waker = {
            let mut state = self.0.lock();
            tell(&mut state.news);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
