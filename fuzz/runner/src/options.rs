//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use fuzz_targets::{TARGETS, Target};

pub const USAGE: &str = "\
fuzz-runner TARGET|all [--seed N] [--runs N] [--seconds N] [--corpus DIR] [--keep DIR] [--failures DIR]
                       [--max-len N] [--time-limit SECONDS]
fuzz-runner TARGET --replay FILE
fuzz-runner list
fuzz-runner make-corpus [--corpus DIR]   writes the seeds that the tests' data give";

/// What to do.
pub enum Command {
    /// Name the targets.
    List,
    /// Write the seeds.
    MakeCorpus,
    /// Run one input.
    Replay(PathBuf),
    /// Run targets.
    Run,
}

/// How.
pub struct Options {
    pub command: Command,
    pub targets: Vec<&'static Target>,
    pub seed: u64,
    /// Of each target; none = what takes a second or two.
    pub runs: Option<u64>,
    pub seconds: Option<Duration>,
    pub corpus: String,
    /// Where to put inputs that reached something new.
    pub keep: Option<PathBuf>,
    pub failures: String,
    pub max_len: usize,
    /// For one run.
    pub time_limit: Duration,
}

impl Options {
    /// Reads the arguments.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let first = arguments.next().ok_or("which target?")?;
        let (command, targets) = match first.as_str() {
            "list" => (Command::List, Vec::new()),
            "make-corpus" => (Command::MakeCorpus, Vec::new()),
            "all" => (Command::Run, TARGETS.iter().collect()),
            name => {
                let target = fuzz_targets::find(name).ok_or_else(|| format!("there is no target {name:?}"))?;
                (Command::Run, vec![target])
            }
        };
        let mut options = Self {
            command,
            targets,
            seed: 1,
            runs: None,
            seconds: None,
            corpus: "corpus".to_owned(),
            keep: None,
            failures: "failures".to_owned(),
            max_len: 8192,
            time_limit: Duration::from_secs(30),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{name}: {value:?} is no number"));
            match name.as_str() {
                "--seed" => options.seed = number()?,
                "--runs" => options.runs = Some(number()?),
                "--seconds" => options.seconds = Some(Duration::from_secs(number()?)),
                "--corpus" => options.corpus = value,
                "--keep" => options.keep = Some(value.into()),
                "--failures" => options.failures = value,
                "--max-len" => options.max_len = number()? as usize,
                "--time-limit" => options.time_limit = Duration::from_secs(number()?),
                "--replay" => options.command = Command::Replay(value.into()),
                _ => return Err(format!("{name} is not known")),
            }
        }
        Ok(options)
    }
}
