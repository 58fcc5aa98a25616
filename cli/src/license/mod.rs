//! `native-drm license`.

mod check;
mod explain;
mod run;
mod svg;
mod time;
mod timeline;

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use license::template::{Parsed, Policy, Profile, Refusal, StoredPolicy, Warning, parse};
use serde::Serialize;

use crate::bounded;

/// Of the JSON of each command.
const SCHEMA: u32 = 1;

/// Check and explain license templates
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Explain(explain::Args),
    Timeline(timeline::Args),
}

/// What all commands take.
#[derive(clap::Args)]
struct Source {
    /// The license template, JSON; - for standard input
    #[arg(value_name = "TEMPLATE")]
    template: PathBuf,
    /// The rules that it is held to
    #[arg(long, value_enum, default_value = "strict")]
    profile: ProfileName,
    /// The stored policy that it overrides, a file with JSON; without it, a service's default: can_play
    #[arg(long, value_name = "FILE")]
    stored: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    /// Every rule
    Strict,
    /// What samples of Azure Media Services send is accepted with warnings
    Azure,
}

/// A template with what follows from it.
struct Loaded {
    name: String,
    parsed: Parsed,
    policy: Policy,
    warnings: Vec<Warning>,
}

/// Why there is none.
enum Failure {
    /// The file cannot be read.
    File(String),
    /// The template, or the stored policy, breaks a rule.
    Refused(String, Box<Refusal>),
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::File(reason) => reason,
            Failure::Refused(name, refusal) => format!("{name}: {refusal}"),
        }
    }
}

/// Runs a command.
pub fn run(options: &Args) -> Result<(), String> {
    match &options.command {
        Command::Check(options) => check::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Timeline(options) => timeline::run(options),
    }
}

impl Source {
    fn read(&self) -> Result<Loaded, Failure> {
        let profile = match self.profile {
            ProfileName::Strict => Profile::Strict,
            ProfileName::Azure => Profile::Azure,
        };
        let name = self.template.display().to_string();
        let refused = |refusal| Failure::Refused(name.clone(), Box::new(refusal));
        let text = content(&self.template).map_err(Failure::File)?;
        let parsed = parse(&text, profile).map_err(refused)?;
        let mut warnings = parsed.warnings.clone();
        let mut stored = None;
        if let Some(path) = &self.stored {
            let text = content(path).map_err(Failure::File)?;
            let (policy, of_policy) = StoredPolicy::parse(&text, profile)
                .map_err(|refusal| Failure::Refused(path.display().to_string(), Box::new(refusal)))?;
            warnings.extend(of_policy);
            stored = Some(policy);
        }
        let policy = parsed.template.effective_policy(stored.as_ref()).map_err(refused)?;
        warnings.extend(policy.warnings());
        Ok(Loaded { name, parsed, policy, warnings })
    }
}

/// The bytes of a file; `-` is standard input.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.display();
    if path == Path::new("-") {
        return bounded::read(std::io::stdin(), name);
    }
    let file = std::fs::File::open(path).map_err(|fault| format!("{name}: {fault}"))?;
    bounded::read(file, name)
}

fn json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|fault| fault.to_string())
}
