//! `native-drm license check`.

use license::template::{Refusal, Warning};
use serde::Serialize;

use super::{Failure, SCHEMA, Source, json};
use crate::paint::{self, Paint};

/// Say what is wrong or doubtful in a template
///
/// A template that is refused gives exit status 1, one with warnings only 0.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    accepted: bool,
    refusal: Option<&'a Refusal>,
    warnings: &'a [Warning],
}

pub fn run(options: &Args) -> Result<(), String> {
    match options.source.read() {
        Ok(read) => {
            let warnings = &read.warnings;
            let report = Report { schema: SCHEMA, accepted: true, refusal: None, warnings };
            let text = if options.json { json(&report)? } else { text(&read.name, warnings) };
            paint::write(&text)
        }
        Err(failure) => {
            if let (true, Failure::Refused(_, refusal)) = (options.json, &failure) {
                let report = Report { schema: SCHEMA, accepted: false, refusal: Some(refusal), warnings: &[] };
                paint::write(&json(&report)?)?;
            }
            Err(failure.into())
        }
    }
}

fn text(name: &str, warnings: &[Warning]) -> String {
    let paint = Paint::of_standard_output();
    let mut lines = vec![format!("{name}: {}", paint.clear("accepted"))];
    lines.extend(warnings.iter().map(|warning| format!("  {} {warning}", paint.encrypted("warning:"))));
    lines.join("\n") + "\n"
}
