//! Runs the policy engine over a list of inputs and records what happens.

use license::policy::{
    Denial, Device, Engine, EventKind, Grant, KeyPermit, KeyRequirement, Policy, Renewal, State, Window,
};
use serde::Serialize;

use super::time;

/// Inputs and events are recorded up to so many.
const MOST: usize = 1000;

/// Something that happened: an input or an event.
#[derive(Serialize)]
pub struct Moment {
    /// Seconds since the issue.
    pub at: i64,
    /// In words.
    pub what: String,
    /// Which mark it gets.
    #[serde(rename = "kind")]
    pub mark: Mark,
    /// The state afterwards.
    pub state: State,
}

/// Marks in the picture.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mark {
    /// A successful input.
    Input,
    /// A failed renewal or a refused input.
    Failure,
    /// KEY_REQUIRED.
    KeyRequired,
    /// EXPIRATION_UPDATE.
    #[serde(rename = "EXPIRATION_UPDATE")]
    Expiration,
    /// KEY_CHANGE.
    KeyChange,
    /// KEY_EXPIRED.
    KeyExpired,
}

/// A window from its start to its end, as it stood at some time.
#[derive(Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// Which.
    pub window: Window,
    /// Where it starts.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// When it was replaced or stopped counting, if that came first.
    pub until: Option<i64>,
}

/// What happened.
pub struct Timeline {
    /// Inputs and events in their order.
    pub moments: Vec<Moment>,
    /// From when on there was which state.
    pub states: Vec<(i64, State)>,
    /// Windows as they stood, oldest first.
    pub spans: Vec<Span>,
    /// Seconds that the picture shows.
    pub length: i64,
    /// When the license ends, and by which window; none if it never does, as things stand at the end.
    pub ends: Option<(Window, i64)>,
    /// There was more than can be shown, or it would go on for ever.
    pub is_cut: bool,
}

/// What happens to a license, and when: seconds since its issue.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A sample is decrypted.
    Decrypt,
    /// A renewal succeeds.
    Renew,
    /// A renewal attempt fails with this status.
    Fail(u16),
}

/// What becomes of renewal attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Renewals {
    /// Each is granted at once.
    Granted,
    /// Each is refused with status 503 at once.
    Refused,
    /// Nobody answers.
    Unanswered,
}

/// An input on the command line, `what@when`.
#[derive(Clone, Debug, PartialEq)]
pub struct At {
    /// Seconds since the issue.
    pub at: i64,
    /// What.
    pub input: Input,
}

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text}: not decrypt@WHEN, renew@WHEN or STATUS@WHEN");
        let (what, at) = text.split_once('@').ok_or_else(wrong)?;
        let input = match what {
            "decrypt" => Input::Decrypt,
            "renew" => Input::Renew,
            // What a server may answer with, other than success.
            status => {
                let status = status.parse().ok().filter(|status| matches!(status, 100..=199 | 300..=599));
                Input::Fail(status.ok_or_else(wrong)?)
            }
        };
        Ok(Self { at: time::duration(at)?, input })
    }
}

/// Runs a license with this policy, from its issue on, up to its end or up to `until`.
pub fn run(policy: Policy, inputs: &[At], renewals: Renewals, until: Option<i64>) -> Result<Timeline, Denial> {
    let mut inputs: Vec<_> = inputs.to_vec();
    inputs.sort_by_key(|input| input.at);

    let keys = vec![KeyPermit { key_id: vec![0; 16], track_type: None, requirement: KeyRequirement::default() }];
    let grant = Grant { issued_at: 0, first_issued_at: 0, sequence: 0 };
    let engine = Engine::load(policy, grant, keys, Device::default(), 0)?;
    let mut recorder =
        Recorder { engine, renewals, sequence: 0, moments: Vec::new(), states: Vec::new(), spans: Vec::new() };
    recorder.record();
    for At { at, input } in &inputs {
        recorder.run_until(*at);
        match input {
            Input::Decrypt => {
                let done = recorder.engine.decrypted(*at);
                recorder.done(*at, "decryption", done);
            }
            Input::Renew => recorder.renew(*at),
            Input::Fail(status) => recorder.fail(*at, *status),
        }
        recorder.record();
    }
    // What still comes by itself, but not for ever.
    let last = inputs.last().map_or(0, |input| input.at);
    if let Some(until) = until {
        recorder.run_until(until.max(last));
    } else if renewals == Renewals::Granted {
        while let Some(next) = recorder.engine.next_change().filter(|_| recorder.renewed() < SHOWN_RENEWALS) {
            recorder.run_until(next);
        }
    } else {
        recorder.run_until(recorder.engine.expiry().unwrap_or(last.saturating_add(1)).max(last));
    }
    let now = recorder.engine.now();
    let is_over = recorder.engine.next_change().is_none();
    let shown = recorder.spans.iter().map(|span| span.to).chain([now]).max().unwrap_or(now);
    Ok(Timeline {
        ends: recorder.engine.windows().binding(),
        is_cut: !is_over,
        moments: recorder.moments,
        states: recorder.states,
        spans: recorder.spans,
        // Windows that would have gone on for long are cut.
        length: shown.min(now.max(1).saturating_mul(3) / 2).max(until.unwrap_or(0)).max(1),
    })
}

/// Renewals that are shown where nothing else ends them.
const SHOWN_RENEWALS: u64 = 5;

struct Recorder {
    engine: Engine,
    renewals: Renewals,
    sequence: u64,
    moments: Vec<Moment>,
    states: Vec<(i64, State)>,
    spans: Vec<Span>,
}

impl Recorder {
    /// Lets everything happen that is due until then, each at its own second.
    fn run_until(&mut self, at: i64) {
        while self.moments.len() < MOST
            && let Some(next) = self.engine.next_change().filter(|next| *next <= at)
        {
            self.engine.advance(next);
            self.settle(next);
        }
        if self.moments.len() < MOST {
            self.engine.advance(at);
            self.settle(at);
        }
    }

    /// Records what happened, and answers renewal attempts.
    fn settle(&mut self, at: i64) {
        let before = self.moments.len();
        self.record();
        if self.moments[before..].iter().any(|moment| moment.mark == Mark::KeyRequired) {
            match self.renewals {
                Renewals::Granted => self.renew(at),
                Renewals::Refused => self.fail(at, 503),
                Renewals::Unanswered => return,
            }
            self.record();
        }
    }

    fn renewed(&self) -> u64 {
        self.sequence
    }

    fn renew(&mut self, at: i64) {
        self.sequence += 1;
        let renewal = Renewal { issued_at: at, sequence: self.sequence };
        let done = self.engine.renewed(at, renewal);
        self.done(at, "renewal", done);
    }

    fn fail(&mut self, at: i64, status: u16) {
        self.engine.renewal_failed(at, status);
        self.moment(at, format!("renewal: {status}"), Mark::Failure);
    }

    fn done(&mut self, at: i64, what: &str, done: Result<(), Denial>) {
        match done {
            Ok(()) => self.moment(at, what.to_owned(), Mark::Input),
            Err(denial) => self.moment(at, format!("{what}: {}", denial.word()), Mark::Failure),
        }
    }

    fn record(&mut self) {
        for event in self.engine.take_events() {
            let (what, mark) = match event.kind {
                EventKind::KeyRequired { .. } => ("KEY_REQUIRED".to_owned(), Mark::KeyRequired),
                EventKind::ExpirationUpdate { expiry: Some(expiry) } => {
                    (format!("EXPIRATION_UPDATE {expiry}"), Mark::Expiration)
                }
                EventKind::ExpirationUpdate { expiry: None } => {
                    ("EXPIRATION_UPDATE never".to_owned(), Mark::Expiration)
                }
                EventKind::KeyChange { .. } => ("KEY_CHANGE".to_owned(), Mark::KeyChange),
                EventKind::KeyExpired => ("KEY_EXPIRED".to_owned(), Mark::KeyExpired),
            };
            self.moment(event.at, what, mark);
        }
        let state = self.engine.state();
        if self.states.last().is_none_or(|(_, last)| *last != state) {
            self.states.push((self.engine.now(), state));
        }
        let kept = self.engine.license_state();
        for (window, end) in self.engine.windows().list() {
            let start = match window {
                Window::License => Some(kept.issued_at),
                Window::Rental => Some(kept.first_issued_at),
                Window::Playback => kept.first_decryption,
                Window::Recovery => kept.first_attempt,
            };
            let now = start.zip(end);
            let mut present = self.spans.iter_mut().filter(|span| span.window == window && span.until.is_none());
            if let Some(span) = present.next() {
                if now == Some((span.from, span.to)) {
                    continue;
                }
                span.until = Some(self.engine.now());
            }
            if let Some((from, to)) = now {
                self.spans.push(Span { window, from, to, until: None });
            }
        }
    }

    fn moment(&mut self, at: i64, what: String, mark: Mark) {
        self.moments.push(Moment { at, what, mark, state: self.engine.state() });
    }
}
