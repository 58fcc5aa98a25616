//! `native-drm-simulate`: tables, CSV files and charts of what reaches a license service. `scripts/simulate.sh` runs it.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use license_service::RenewalJitter;
use simulate::{Away, Capacity, Counts, HEADER, Scenario, Series, Setup, csv, draw, row, run};

/// The kinds of outage, each of which is a panel of the chart.
const AWAY: [Away; 3] = [Away::Nothing, Away::Servers, Away::Database];

/// Simulates devices of a license service on a virtual clock, each with a real policy engine.
#[derive(Parser)]
struct Options {
    /// Devices.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    devices: u32,

    /// Decides over everything that is random: the same seed, the same figures.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Percents of --renewal-jitter to compare.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 20])]
    jitter: Vec<u8>,

    /// Cores of all servers; as many as it takes if absent.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    cores: Option<u32>,

    /// Cores from two minutes after the beginning of the match, or the season, on; as --cores if absent.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    cores_later: Option<u32>,

    /// One scenario instead of both: live or catalogue.
    #[arg(long)]
    scenario: Option<String>,

    /// Runs at a time; a million devices take 400 MB in each.
    #[arg(long, default_value_t = 2)]
    threads: usize,

    /// Directory for CSV files and charts; none are written if absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match simulate(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("native-drm-simulate: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(options: &Options) -> Result<(), String> {
    let words = |cores: Option<u32>| cores.map_or("as many cores as it takes".into(), |cores| format!("{cores} cores"));
    let mut cores = words(options.cores);
    if options.cores_later.is_some() {
        cores += &format!(", later {}", words(options.cores_later));
    }
    println!("{} devices, seed {}, {cores}", options.devices, options.seed);
    println!("{HEADER}");
    let all = [Scenario::Live, Scenario::Catalogue];
    let wanted = |scenario: &Scenario| options.scenario.as_deref().is_none_or(|name| name == scenario.name());
    if !all.iter().any(wanted) {
        return Err("--scenario is live or catalogue".into());
    }
    for scenario in all.into_iter().filter(wanted) {
        let mut setups = Vec::new();
        for away in AWAY {
            for percent in &options.jitter {
                let jitter = RenewalJitter::percent(*percent).ok_or("--jitter is 0 to 50")?;
                let cores = options.cores.map_or(f64::INFINITY, f64::from);
                let capacity = Capacity { cores, later: options.cores_later.map_or(cores, f64::from) };
                let setup = Setup { scenario, devices: options.devices, seed: options.seed, jitter, away, capacity };
                setups.push((*percent, setup));
            }
        }
        let all = run_all(&setups, options.threads);
        for ((percent, setup), counts) in setups.iter().zip(&all) {
            println!("{}", row(setup, *percent, counts));
            if let Some(directory) = &options.out {
                write(directory, &format!("{}-{}-{percent}.csv", scenario.name(), setup.away.name()), &csv(counts))?;
            }
        }
        let Some(directory) = &options.out else { continue };
        let names: Vec<_> = setups.iter().map(|(percent, _)| format!("jitter {percent} %")).collect();
        let panel = |setup: &Setup| AWAY.iter().position(|away| *away == setup.away).unwrap_or(0);
        let lines = setups.iter().zip(&names).zip(&all);
        let series: Vec<_> =
            lines.map(|(((_, setup), name), counts)| Series { panel: panel(setup), name, counts }).collect();
        let minute =
            format!("a minute without {{}}, from {}:{:02} on", scenario.outage() / 3600, scenario.outage() % 3600 / 60);
        let panels = ["nothing is away".into(), minute.replace("{}", "servers"), minute.replace("{}", "the database")];
        let panels: Vec<_> = panels.iter().map(String::as_str).collect();
        let title = format!("Requests per second, {}", scenario.name());
        let subtitle = format!("{} devices, seed {}, {cores}", options.devices, options.seed);
        write(directory, &format!("scale-{}.svg", scenario.name()), &draw(&title, &subtitle, &panels, &series))?;
    }
    Ok(())
}

/// Runs several at a time.
fn run_all(setups: &[(u8, Setup)], threads: usize) -> Vec<Counts> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, Counts)> = std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((_, setup)) = setups.get(index) else { return own };
                own.push((index, run(*setup)));
            }
        };
        let workers: Vec<_> = (0..threads.clamp(1, setups.len().max(1))).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a run that does not panic")).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, counts)| counts).collect()
}

fn write(directory: &std::path::Path, name: &str, text: &str) -> Result<(), String> {
    let path = directory.join(name);
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|fault| format!("{}: {fault}", path.display()))
}
