//! Draws what a license template does over time, from the events of the policy engine.
//!
//! ```text
//! cargo run -p native-drm-license --example policy_timeline -- '{"policy_overrides":{"license_duration_seconds":60}}' decrypt@10 > timeline.svg
//! ```
//!
//! The first argument is the template, or the name of a file with it. Then come inputs, `what@seconds` since the issue:
//! `decrypt`, `renew` (a renewal succeeds), an HTTP status such as `503` (a renewal attempt fails). The events and an
//! explanation of the end go to standard error.

mod run;
mod svg;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(template) = arguments.next() else {
        eprintln!("usage: policy_timeline TEMPLATE [decrypt@SECONDS] [renew@SECONDS] [STATUS@SECONDS] ...");
        return ExitCode::from(2);
    };
    let inputs: Vec<_> = arguments.collect();
    match run::run(&template, &inputs) {
        Ok(timeline) => {
            for moment in &timeline.moments {
                eprintln!("{:>8} s  {:<20} {}", moment.at, moment.what, moment.state.word());
            }
            eprintln!("{}", timeline.explanation);
            println!("{}", svg::draw(&timeline));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("policy_timeline: {message}");
            ExitCode::FAILURE
        }
    }
}
