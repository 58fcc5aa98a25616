//! `native-drm license timeline`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use license::policy::{Policy, State, Window};
use license::template::Warning;
use serde::Serialize;

use super::run::{At, Input, Mark, Moment, Renewals, Span, Timeline};
use super::{SCHEMA, Source, json, svg, time};
use crate::output::Output;
use crate::paint::{Paint, harmless};

/// Show when a license starts, renews and ends
///
/// The policy engine of the library runs the license on a virtual clock, from its issue on. Times are seconds, or such as 90s,
/// 5min, 48h, 7d, since the issue.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// What happens, and when: decrypt@WHEN, renew@WHEN (a renewal succeeds) or STATUS@WHEN (one fails with an HTTP status)
    ///
    /// Without any, playback begins as --first-use says, and renewals go as --renewals says.
    #[arg(value_name = "INPUT")]
    inputs: Vec<At>,
    /// When playback begins [default: 0, at once; without a default if there are INPUTs]
    #[arg(long, value_name = "WHEN", value_parser = time::duration)]
    first_use: Option<i64>,
    /// What becomes of renewal attempts [default: granted; unanswered if there are INPUTs]
    #[arg(long, value_enum)]
    renewals: Option<Renewals>,
    /// How far to go [default: to the end, or 5 renewals]
    #[arg(long, value_name = "WHEN", value_parser = time::duration)]
    until: Option<i64>,
    /// When the license is issued, such as 2026-11-30T12:00:00Z or seconds since 1970: shows dates
    #[arg(long, value_name = "MOMENT", value_parser = time::moment)]
    issued_at: Option<i64>,
    /// What to write
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Where to write it; - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// A picture
    Svg,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    assumptions: Assumptions,
    policy: &'a Policy,
    /// Seconds since the issue; none if the license never ends.
    ends_at: Option<i64>,
    ends_at_date: Option<String>,
    ends_by: Option<Window>,
    /// It was not followed to its end.
    is_cut: bool,
    events: &'a [Moment],
    states: Vec<StateSpan>,
    windows: &'a [Span],
    warnings: &'a [Warning],
}

#[derive(Serialize)]
struct Assumptions {
    issued_at: Option<String>,
    first_use: Option<i64>,
    renewals: Renewals,
    until: Option<i64>,
}

#[derive(Serialize)]
struct StateSpan {
    from: i64,
    state: State,
}

pub fn run(options: &Args) -> Result<(), String> {
    let read = options.source.read()?;
    let has_inputs = !options.inputs.is_empty();
    let first_use = options.first_use.or((!has_inputs).then_some(0));
    let renewals = options.renewals.unwrap_or(if has_inputs { Renewals::Unanswered } else { Renewals::Granted });
    let mut inputs = options.inputs.clone();
    inputs.extend(first_use.map(|at| At { at, input: Input::Decrypt }));
    let timeline = super::run::run(read.policy.clone(), &inputs, renewals, options.until)
        .map_err(|denial| format!("{}: {denial}", read.name))?;
    let date = |at: i64| options.issued_at.and_then(|issued| time::date(issued.checked_add(at)?));
    let written = match options.format {
        Format::Svg => svg::draw(&timeline) + "\n",
        Format::Json => json(&Report {
            schema: SCHEMA,
            assumptions: Assumptions { issued_at: date(0), first_use, renewals, until: options.until },
            policy: &read.policy,
            ends_at: timeline.ends.map(|(_, at)| at),
            ends_at_date: timeline.ends.and_then(|(_, at)| date(at)),
            ends_by: timeline.ends.map(|(window, _)| window),
            is_cut: timeline.is_cut,
            events: &timeline.moments,
            states: timeline.states.iter().map(|&(from, state)| StateSpan { from, state }).collect(),
            windows: &timeline.spans,
            warnings: &read.warnings,
        })?,
        Format::Text => text(&read.name, &timeline, &assumptions(first_use, renewals, options), &date),
    };
    let mut output = Output::create(&options.output)?;
    match output.write_all(harmless(&written).as_bytes()).and_then(|()| output.flush()) {
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(fault) => Err(format!("{}: {fault}", options.output.display())),
        Ok(()) => output.finish(),
    }
}

/// What was assumed, in words.
fn assumptions(first_use: Option<i64>, renewals: Renewals, options: &Args) -> String {
    let mut parts = Vec::new();
    match first_use {
        Some(0) => parts.push("playback begins at once".to_owned()),
        Some(at) => parts.push(format!("playback begins {} after the issue", time::spelled(at))),
        None => {}
    }
    if !options.inputs.is_empty() {
        parts.push("what happens is as given".to_owned());
    }
    parts.push(
        match renewals {
            Renewals::Granted => "renewals are granted at once",
            Renewals::Refused => "renewals are refused",
            Renewals::Unanswered => "other renewals are not answered",
        }
        .to_owned(),
    );
    parts.join(", ")
}

fn text(name: &str, timeline: &Timeline, assumed: &str, date: &dyn Fn(i64) -> Option<String>) -> String {
    let paint = Paint::of_standard_output();
    let mut out = paint.heading(name) + "\n";
    let _ = writeln!(out, "assumed: {assumed}");
    let rows: Vec<_> = timeline
        .moments
        .iter()
        .map(|moment| {
            let what = match moment.mark {
                Mark::Failure | Mark::KeyExpired => paint.wrong(&moment.what),
                Mark::Input => paint.clear(&moment.what),
                Mark::KeyRequired => paint.encrypted(&moment.what),
                _ => moment.what.clone(),
            };
            // Colours take no room.
            let room = " ".repeat(28_usize.saturating_sub(moment.what.len()));
            (time::spelled(moment.at), date(moment.at), what + &room, moment.state)
        })
        .collect();
    let width = rows.iter().map(|(at, ..)| at.len()).max().unwrap_or(0);
    for (at, date, what, state) in rows {
        let date = date.map_or_else(String::new, |date| format!("  {date}"));
        let _ = writeln!(out, "  {at:>width$}{date}  {what} {state}");
    }
    let end = match timeline.ends {
        Some((window, at)) => {
            let date = date(at).map_or_else(String::new, |date| format!(", {date}"));
            let tense = if timeline.is_cut { "would end" } else { "ends" };
            format!("The license {tense} {} after its issue{date}: the {} window.", time::spelled(at), window.word())
        }
        None if timeline.states.last().is_some_and(|(_, state)| *state == State::Blocked) => {
            "The license allows nothing: can_play is false.".to_owned()
        }
        None => "The license never ends.".to_owned(),
    };
    let _ = writeln!(out, "{end}");
    out
}
