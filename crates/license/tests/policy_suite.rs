//! Runs the language-neutral conformance suite in `tests/policy` (its README explains the format).

mod policy_common;

use std::collections::BTreeSet;
use std::path::Path;

use license::template::{Rule, WarningRule};
use policy_common::case::{Case, File};
use policy_common::{template, timeline};

fn files() -> Vec<(String, File)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/policy");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read(&path).unwrap();
            let file = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (name, file)
        })
        .collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

fn check(case: &Case) -> Result<(), String> {
    let Some(policy) = template::check(case)? else { return Ok(()) };
    timeline::check(case, &policy)
}

#[test]
fn every_case_behaves_as_written() {
    let (mut count, mut timelines, mut failures) = (0, 0, Vec::new());
    let mut names = BTreeSet::new();
    for (file, File { cases, .. }) in files() {
        for case in cases {
            count += 1;
            timelines += usize::from(!case.timeline.is_empty());
            let name = format!("{file}/{}", case.name);
            if let Err(reason) = check(&case) {
                failures.push(format!("{name}: {reason}"));
            }
            assert!(names.insert(name.clone()), "{name} is there twice");
        }
    }
    println!("{count} cases, {timelines} of them with a timeline");
    assert!(failures.is_empty(), "{} of {count} cases failed:\n{}", failures.len(), failures.join("\n"));
    assert!(timelines >= 49, "the worked cases and 40 more");
}

#[test]
fn every_rule_and_warning_of_the_template_has_a_case() {
    let files = files();
    let cases = || files.iter().flat_map(|(_, file)| &file.cases);
    let refused: BTreeSet<_> = cases().filter_map(|case| case.refused.as_ref()).map(|refusal| &*refusal.rule).collect();
    let of_service = [Rule::BadMessage, Rule::PayloadMissing, Rule::TokenTooLong, Rule::LicenseTooLarge];
    let of_template = |rule: &&Rule| matches!(rule.status(), 400 | 422) && !of_service.contains(rule);
    for rule in Rule::ALL.iter().filter(of_template) {
        assert!(refused.contains(rule.id()), "no case is refused for {rule}");
    }
    let warned: BTreeSet<_> = cases().flat_map(|case| &case.warnings).map(|(rule, _)| &**rule).collect();
    // These need content or a request: the service's tests have them.
    let with_content = [WarningRule::TracksWithoutKey, WarningRule::TrackNotInContent, WarningRule::FieldWithoutEffect];
    for rule in WarningRule::ALL.iter().filter(|rule| !with_content.contains(rule)) {
        assert!(warned.contains(rule.id()), "no case is warned of {rule}");
    }
}
