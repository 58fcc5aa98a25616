//! The servers and their database, as far as they decide what becomes of a request.

use std::collections::VecDeque;

use crate::constants::Request;

/// Seconds after which a request that waits is answered 503: the server's `--timeout`.
const TIMEOUT: u32 = 10;

/// What is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// Nothing.
    Nothing,
    /// The servers: nobody answers.
    Servers,
    /// The database: the servers answer 503.
    Database,
}

impl Away {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Servers => "servers",
            Self::Database => "database",
        }
    }
}

/// What the servers can do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Their cores while the match begins, or the season comes out; infinitely many answer everything at once.
    pub cores: f64,
    /// Their cores from `LATER` seconds after that on.
    pub later: f64,
}

/// Seconds after the beginning of the match, or the season, from which what comes is renewals, no longer arrivals.
pub const LATER: u32 = 120;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered with what it asked for.
    Granted,
    /// 503.
    Refused,
    /// Nobody answered.
    Unanswered,
}

/// A request that waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Whose.
    pub device: u32,
    /// What.
    pub request: Request,
    /// Since when.
    pub since: u32,
}

/// Servers with their queue.
pub struct Cluster {
    capacity: Capacity,
    queue: VecDeque<Waiting>,
    /// Core seconds that are left of this second; less than none if the last request took more.
    left: f64,
}

impl Cluster {
    /// Without any request.
    pub fn new(capacity: Capacity) -> Self {
        Self { capacity, queue: VecDeque::new(), left: 0.0 }
    }

    /// A request comes.
    pub fn push(&mut self, waiting: Waiting) {
        self.queue.push_back(waiting);
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Begins a second, `since` seconds after the beginning of the match.
    pub fn begin(&mut self, since: Option<u32>) {
        let later = since.is_some_and(|since| since >= LATER);
        self.left = if later { self.capacity.later } else { self.capacity.cores } + self.left.min(0.0);
    }

    /// The next request that is answered, or fails, in this second.
    pub fn next(&mut self, now: u32, away: Away) -> Option<(Waiting, Outcome)> {
        let first = *self.queue.front()?;
        let outcome = match away {
            Away::Servers => Outcome::Unanswered,
            Away::Database => Outcome::Refused,
            Away::Nothing if now - first.since >= TIMEOUT => Outcome::Refused,
            Away::Nothing if self.left <= 0.0 => return None,
            Away::Nothing => {
                self.left -= first.request.core_seconds();
                Outcome::Granted
            }
        };
        self.queue.pop_front();
        Some((first, outcome))
    }
}
