//! Ten thousand devices: what holds for a million, too.

use license_service::RenewalJitter;
use simulate::{Away, Capacity, Counts, Scenario, Second, Series, Setup, csv, draw, run};

const DEVICES: u32 = 10_000;
const SEED: u64 = 19;

const PLENTY: Capacity = Capacity { cores: f64::INFINITY, later: f64::INFINITY };

fn setup(scenario: Scenario, percent: u8) -> Setup {
    let jitter = RenewalJitter::percent(percent).unwrap();
    Setup { scenario, devices: DEVICES, seed: SEED, jitter, away: Away::Nothing, capacity: PLENTY }
}

fn live(percent: u8, away: Away) -> Counts {
    run(Setup { away, ..setup(Scenario::Live, percent) })
}

fn with_cores(percent: u8, capacity: Capacity) -> Counts {
    run(Setup { capacity, ..setup(Scenario::Live, percent) })
}

fn requests(second: &Second) -> u64 {
    second.requests.into()
}

#[test]
fn a_seed_decides_over_every_second() {
    println!("seed {SEED}");
    let first = live(20, Away::Database);
    assert_eq!(first, live(20, Away::Database));
    let one = setup(Scenario::Live, 20);
    assert_ne!(run(Setup { seed: SEED + 1, ..one }), run(one));
    let text = csv(&first);
    assert_eq!(text.lines().count(), 1 + Scenario::Live.length() as usize);
    let all: u64 = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(all, first.sum(requests));
}

/// Each device gets one license; each request is answered; nobody is interrupted.
#[test]
fn every_request_is_accounted_for() {
    for percent in [0, 20] {
        let counts = live(percent, Away::Nothing);
        assert_eq!(counts.sum(|second| second.licenses.into()), u64::from(DEVICES));
        let answered = counts.sum(|second| u64::from(second.provisioned + second.licenses + second.renewals));
        assert_eq!(answered, counts.sum(requests));
        assert_eq!(counts.sum(|second| u64::from(second.refused + second.unanswered + second.interrupted)), 0);
        let new = counts.sum(|second| second.provisioned.into());
        assert!((400..600).contains(&new), "one device in twenty needs a certificate, not {new}");
    }
}

/// Who came in the same second comes back in the same second, unless renewals are spread.
#[test]
fn jitter_takes_the_echo_of_the_beginning_away() {
    let delay = 600;
    let echo = |counts: &Counts, round: u32| {
        let from = Scenario::Live.peak() + round * delay - 60;
        counts.0[from as usize..from as usize + 120].iter().map(requests).max().unwrap()
    };
    let (bare, spread) = (live(0, Away::Nothing), live(20, Away::Nothing));
    let beginning = bare.peak(0, requests).1;
    for round in 1..=6 {
        assert!(echo(&bare, round) * 10 > beginning * 7, "round {round}: {} of {beginning}", echo(&bare, round));
    }
    // A renewal in 120 s instead of 3, in the second round in 240.
    let later = spread.peak(Scenario::Live.peak() + 120, requests).1;
    assert!(later * 12 < beginning, "{later} of {beginning}");
    // It costs a tenth more renewals: D - 10 % on average.
    let more = spread.sum(requests) as f64 / bare.sum(requests) as f64;
    assert!((1.05..1.15).contains(&more), "{more}");
}

/// A minute without servers or database: with a recovery window of five minutes nobody notices, and what comes back is limited.
#[test]
fn a_minute_away_interrupts_nobody() {
    for away in [Away::Servers, Away::Database] {
        let (bare, spread) = (live(0, away), live(20, away));
        for counts in [&bare, &spread] {
            assert_eq!(counts.sum(|second| second.interrupted.into()), 0);
            let (refused, unanswered) =
                (counts.sum(|second| second.refused.into()), counts.sum(|second| second.unanswered.into()));
            let (some, none) = if away == Away::Database { (refused, unanswered) } else { (unanswered, refused) };
            assert!(some > 0 && none == 0, "{away:?}: {refused} refused, {unanswered} unanswered");
        }
        // All that came in the same second ask again in the same second, every thirty seconds; spread they do not.
        let after = Scenario::Live.outage();
        let (herd, few) = (bare.peak(after, requests).1, spread.peak(after, requests).1);
        assert!(herd > 7 * few, "{away:?}: {herd} and {few}");
    }
}

/// Who takes servers away once the match has begun has too few without jitter: the renewals of the beginning are as many.
#[test]
fn fewer_cores_suffice_later_with_jitter() {
    let from = (Scenario::Live.peak() + 300) as usize;
    let refused = |percent| {
        let counts = with_cores(percent, Capacity { cores: f64::INFINITY, later: 0.033 });
        counts.0[from..].iter().map(|second| u64::from(second.refused)).sum::<u64>()
    };
    let (bare, spread) = (refused(0), refused(20));
    assert!(bare > 1000 && spread == 0, "{bare} and {spread} refused");
}

/// Servers without room for the beginning refuse part of it, all who stay get their license in the end, and what was issued goes on.
#[test]
fn too_few_cores_delay_the_beginning_and_interrupt_nobody() {
    let counts = with_cores(20, Capacity { cores: 0.033, later: 0.033 });
    assert!(counts.sum(|second| second.refused.into()) > 1000);
    assert_eq!(counts.sum(|second| second.interrupted.into()), 0);
    assert!(counts.sum(|second| second.licenses.into()) > u64::from(DEVICES) * 99 / 100);
}

#[test]
fn the_catalogue_restores_what_is_on_devices() {
    let [bare, spread] = [0, 20].map(|percent| run(setup(Scenario::Catalogue, percent)));
    for counts in [&bare, &spread] {
        assert_eq!(counts.sum(|second| second.interrupted.into()), 0);
        let licenses = counts.sum(|second| second.licenses.into());
        // Two visits each; those with films on the device need one license for both.
        assert!((17_500..19_500).contains(&licenses), "{licenses}");
    }
    let echo = Scenario::Catalogue.peak() + 3000;
    let (herd, few) = (bare.peak(echo, requests).1, spread.peak(echo, requests).1);
    assert!(herd > 4 * few, "{herd} and {few}");
}

#[test]
fn a_chart_has_a_line_for_each_run() {
    let counts = live(0, Away::Nothing);
    let series = [0, 1].map(|panel| Series { panel, name: "jitter 0 %", counts: &counts });
    let picture = draw("title", "subtitle", &["one", "two"], &series);
    assert_eq!(picture.matches("<polyline").count(), 2);
    assert_eq!(picture.matches("jitter 0 %").count(), 1, "the legend names it once");
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n") && !picture.contains("NaN"));
}
