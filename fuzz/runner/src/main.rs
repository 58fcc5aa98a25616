//! Runs fuzz targets on a stable toolchain. The same seed, corpus and number of runs give the same inputs.
//!
//! There is no coverage here; instead, inputs that made a target say or accept something new are kept and mutated further.

mod corpus;
mod guard;
#[path = "../../../crates/media/tests/support/mod.rs"]
mod media_files;
mod mutator;
mod options;
mod random;
mod seeds;
mod transport;

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use fuzz_targets::{Target, observe, world};
use guard::Guard;
use mutator::Mutator;
use options::{Command, Options};

/// Inputs that are kept because they reached something new, beside the seeds.
const MAX_KEPT: usize = 2000;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let result = match &options.command {
        Command::List => {
            for target in fuzz_targets::TARGETS {
                println!("{}", target.name);
            }
            Ok(())
        }
        Command::MakeCorpus => seeds::write(Path::new(&options.corpus)),
        Command::Replay(path) => replay(&options, path),
        Command::Run => options.targets.iter().try_for_each(|target| run(target, &options)),
    };
    world::clean_up();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn replay(options: &Options, path: &Path) -> Result<(), String> {
    let input = std::fs::read(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
    let target = options.targets.first().ok_or("which target?")?;
    Guard::new(target.name, options).run(target, &input, "replay")?;
    println!("{}: {} bytes: nothing wrong", target.name, input.len());
    Ok(())
}

fn run(target: &Target, options: &Options) -> Result<(), String> {
    let seeds = corpus::read(&Path::new(&options.corpus).join(target.corpus))?;
    let guard = Guard::new(target.name, options);
    let mut mutator = Mutator::new(options.seed, target.words, options.max_len);
    let mut known = HashSet::new();
    let mut corpus = Vec::new();
    let start = Instant::now();
    for (name, input) in seeds {
        guard.run(target, &input, &format!("seed file {name}"))?;
        known.extend(observe::take());
        corpus.push(input);
    }
    if corpus.is_empty() {
        corpus.push(Vec::new());
    }
    let (given, mut done) = (corpus.len(), 0);
    let mut input = Vec::new();
    let runs = options.runs.unwrap_or(target.round);
    while done < runs && options.seconds.is_none_or(|limit| start.elapsed() < limit) {
        mutator.next(&corpus, &mut input);
        guard.run(target, &input, &format!("seed {} run {done}", options.seed))?;
        done += 1;
        let reached = observe::take();
        let mut new = false;
        for number in reached {
            new |= known.insert(number);
        }
        if new && corpus.len() < given + MAX_KEPT {
            corpus.push(input.clone());
        }
    }
    let kept = corpus.len() - given;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{:16} ok: {done} runs, seed {}, {given} seed files, {kept} inputs kept, {} outcomes, {seconds:.1} s",
        target.name,
        options.seed,
        known.len(),
    );
    if let Some(directory) = &options.keep {
        corpus::write(&directory.join(target.name), &corpus[given..])?;
    }
    Ok(())
}
