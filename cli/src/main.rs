//! `native-drm`: what people who work with encrypted media do by hand.
//!
//! A command is a module with its options (`Args`, by clap) and `run`. Whatever goes wrong is one sentence on standard error, and exit
//! status 1; wrong usage is clap's, with exit status 2.

#![forbid(unsafe_code)]

mod bounded;
mod decrypt;
#[cfg(test)]
mod generated;
mod inspect;
mod keys;
mod license;
mod output;
mod paint;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Inspects and decrypts encrypted media files, and explains license templates
#[derive(Parser)]
#[command(name = "native-drm", version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Decrypt(decrypt::Args),
    Inspect(inspect::Args),
    License(license::Args),
}

fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Decrypt(options) => decrypt::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::License(options) => license::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("native-drm: {}", paint::one_line(&reason));
            ExitCode::FAILURE
        }
    }
}
