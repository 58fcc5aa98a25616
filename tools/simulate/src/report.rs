//! Tables of what was counted.

use std::fmt::Write;

use crate::cluster::LATER;
use crate::constants::Request;
use crate::count::{Counts, Second};
use crate::run::Setup;

/// The names of [`row`]'s columns.
pub const HEADER: &str = "scenario   away      jitter |  requests  licenses  renewals |  refused unanswered interrupted |  peak/s  later/s  \
                          mean/s | rows/s later  cores later";

fn cores(second: &Second) -> f64 {
    f64::from(second.renewal_requests) * Request::Renewal.core_seconds()
        + f64::from(second.requests - second.renewal_requests) * Request::License.core_seconds()
}

/// One run in a line. `later` is the peak from two minutes after the beginning on: what comes back.
pub fn row(setup: &Setup, percent: u8, counts: &Counts) -> String {
    let requests = |second: &Second| u64::from(second.requests);
    let total = counts.sum(requests);
    let from = setup.scenario.peak() + LATER;
    let later = counts.0.iter().skip(from as usize).map(cores).fold(0.0, f64::max);
    format!(
        "{:<10} {:<9} {percent:>4} % | {total:>9} {:>9} {:>9} | {:>8} {:>10} {:>11} | {:>7} {:>8} {:>7.0} | {:>12} {later:>12.1}",
        setup.scenario.name(),
        setup.away.name(),
        counts.sum(|second| u64::from(second.licenses)),
        counts.sum(|second| u64::from(second.renewals)),
        counts.sum(|second| u64::from(second.refused)),
        counts.sum(|second| u64::from(second.unanswered)),
        counts.sum(|second| u64::from(second.interrupted)),
        counts.peak(0, requests).1,
        counts.peak(from, requests).1,
        total as f64 / counts.0.len() as f64,
        counts.peak(from, Second::rows).1,
    )
}

/// All seconds of a run, as comma-separated values with a line of names.
pub fn csv(counts: &Counts) -> String {
    let mut text = String::from(
        "second,requests,renewal_requests,provisioned,licenses,renewals,refused,unanswered,waiting,interrupted,rows\n",
    );
    for (at, second) in counts.0.iter().enumerate() {
        let Second { requests, renewal_requests, provisioned, licenses, renewals, .. } = second;
        let Second { refused, unanswered, waiting, interrupted, .. } = second;
        let rows = second.rows();
        let _ = writeln!(
            text,
            "{at},{requests},{renewal_requests},{provisioned},{licenses},{renewals},{refused},{unanswered},{waiting},{interrupted},{rows}"
        );
    }
    text
}
