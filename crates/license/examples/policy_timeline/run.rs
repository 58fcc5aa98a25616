//! Runs the policy engine over a list of inputs and records what happens.

use license::policy::{Device, Engine, EventKind, Grant, KeyPermit, KeyRequirement, Renewal, State, Window};
use license::template::{Profile, parse};

/// Something that happened: an input or an event.
pub struct Moment {
    /// Seconds since the issue.
    pub at: i64,
    /// In words.
    pub what: String,
    /// Which mark it gets.
    pub mark: Mark,
    /// The state afterwards.
    pub state: State,
}

/// Marks in the picture.
#[derive(Clone, Copy, PartialEq)]
pub enum Mark {
    /// A successful input.
    Input,
    /// A failed renewal or a refused input.
    Failure,
    /// KEY_REQUIRED.
    KeyRequired,
    /// EXPIRATION_UPDATE.
    Expiration,
    /// KEY_CHANGE.
    KeyChange,
    /// KEY_EXPIRED.
    KeyExpired,
}

/// A window from its start to its end, as it stood at some time.
#[derive(Clone, Copy, PartialEq)]
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
    /// What the engine says at the end.
    pub explanation: String,
}

enum Input {
    Decrypt,
    Renew,
    Fail(u16),
}

/// Runs inputs such as `decrypt@10` on a template, which is JSON or the name of a file.
pub fn run(template: &str, inputs: &[String]) -> Result<Timeline, String> {
    let text = if template.trim_start().starts_with('{') {
        template.to_owned()
    } else {
        std::fs::read_to_string(template).map_err(|error| format!("{template}: {error}"))?
    };
    let mut inputs = inputs.iter().map(|input| parse_input(input)).collect::<Result<Vec<_>, _>>()?;
    inputs.sort_by_key(|(at, _)| *at);

    let parsed = parse(text.as_bytes(), Profile::Azure).map_err(|refusal| refusal.to_string())?;
    let policy = parsed.template.effective_policy(None).map_err(|refusal| refusal.to_string())?;
    let keys = vec![KeyPermit { key_id: vec![0; 16], track_type: None, requirement: KeyRequirement::default() }];
    let grant = Grant { issued_at: 0, first_issued_at: 0, sequence: 0 };
    let engine = Engine::load(policy, grant, keys, Device::default(), 0).map_err(|denial| denial.to_string())?;

    let mut recorder = Recorder { engine, moments: Vec::new(), states: Vec::new(), spans: Vec::new() };
    recorder.record();
    let mut sequence = 0;
    for (at, input) in &inputs {
        recorder.run_until(*at);
        let (result, what) = match input {
            Input::Decrypt => (recorder.engine.decrypted(*at), "decryption".to_owned()),
            Input::Renew => {
                sequence += 1;
                (recorder.engine.renewed(*at, Renewal { issued_at: *at, sequence }), "renewal".to_owned())
            }
            Input::Fail(status) => {
                recorder.engine.renewal_failed(*at, *status);
                recorder.moment(*at, format!("renewal: {status}"), Mark::Failure);
                (Ok(()), String::new())
            }
        };
        match result {
            Ok(()) if what.is_empty() => {}
            Ok(()) => recorder.moment(*at, what, Mark::Input),
            Err(denial) => recorder.moment(*at, format!("{what}: {}", denial.word()), Mark::Failure),
        }
        recorder.record();
    }
    // What still comes by itself, but not for ever.
    let last = inputs.last().map_or(0, |(at, _)| *at);
    let end = recorder.engine.expiry().unwrap_or(last.saturating_add(1)).max(last);
    recorder.run_until(end);
    let shown = recorder.spans.iter().map(|span| span.to).chain([end]).max().unwrap_or(end);
    Ok(Timeline {
        explanation: recorder.engine.explain().to_string(),
        moments: recorder.moments,
        states: recorder.states,
        spans: recorder.spans,
        length: shown.max(1),
    })
}

fn parse_input(input: &str) -> Result<(i64, Input), String> {
    let wrong = || format!("{input}: not decrypt@SECONDS, renew@SECONDS or STATUS@SECONDS");
    let (what, at) = input.split_once('@').ok_or_else(wrong)?;
    let at = at.parse().ok().filter(|at| (0..=1_000_000_000).contains(at)).ok_or_else(wrong)?;
    let what = match what {
        "decrypt" => Input::Decrypt,
        "renew" => Input::Renew,
        status => Input::Fail(status.parse().map_err(|_| wrong())?),
    };
    Ok((at, what))
}

struct Recorder {
    engine: Engine,
    moments: Vec<Moment>,
    states: Vec<(i64, State)>,
    spans: Vec<Span>,
}

impl Recorder {
    /// Lets everything happen that is due until then, each at its own second.
    fn run_until(&mut self, at: i64) {
        while let Some(next) = self.engine.next_change().filter(|next| *next <= at) {
            self.engine.advance(next);
            self.record();
        }
        self.engine.advance(at);
        self.record();
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
