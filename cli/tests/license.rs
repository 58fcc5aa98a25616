//! `native-drm license` on the templates of the policy tests, and timelines whose ends are computed by hand.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{data, run, run_with, sentence};

fn cases(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&fs::read(data().join("policy").join(file)).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// The bytes of a case's message.
fn message(case: &Value) -> Vec<u8> {
    if let Some(digits) = case["bytes_hex"].as_str() {
        return hex::decode(digits).unwrap();
    }
    case["text"].as_str().map_or_else(|| case["template"].to_string().into_bytes(), |text| text.as_bytes().to_vec())
}

/// Runs a command on a case's message.
fn license(command: &[&str], case: &Value) -> std::process::Output {
    let directory = tempfile::tempdir().unwrap();
    let stored = directory.path().join("stored.json");
    let mut arguments = [&["license"], command, &["-"]].concat();
    if !case["stored"].is_null() {
        fs::write(&stored, case["stored"].to_string()).unwrap();
        arguments.extend(["--stored", stored.to_str().unwrap()]);
    }
    if let Some(profile) = case["profile"].as_str() {
        arguments.extend(["--profile", profile]);
    }
    run_with(&arguments, &message(case))
}

fn json_of(done: &std::process::Output) -> Value {
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn messages_that_are_accepted() {
    let cases = cases("messages.json");
    assert!(cases.len() >= 30);
    for case in &cases {
        let name = &case["name"];
        let checked = json_of(&license(&["check", "--json"], case));
        assert_eq!((&checked["schema"], &checked["accepted"]), (&1.into(), &true.into()), "{name}");
        let warnings: Vec<_> =
            checked["warnings"].as_array().unwrap().iter().map(|w| json!([w["rule"], w["pointer"]])).collect();
        let expected = case["warnings"].as_array().cloned().unwrap_or_default();
        assert_eq!(warnings, expected, "{name}");
        let text = license(&["check"], case);
        assert_eq!(String::from_utf8(text.stdout).unwrap().lines().count(), 1 + warnings.len(), "{name}");

        let explained = json_of(&license(&["explain", "--json"], case));
        if let Some(policy) = case["policy"].as_object() {
            for (field, value) in explained["policy"].as_object().unwrap() {
                let default = match value {
                    Value::Bool(_) => json!(false),
                    Value::Number(_) => json!(0),
                    _ if field == "rental_scope" => json!("start_window"),
                    _ => json!(""),
                };
                assert_eq!(value, policy.get(field).unwrap_or(&default), "{name}: {field}");
            }
        }
        if let Some(carried) = case["carried"].as_object() {
            for track in explained["tracks"].as_array().unwrap() {
                let kind = track["track_type"].as_str().unwrap();
                let Some(expected) = carried.get(kind) else { continue };
                let requirement = &track["requirement"];
                assert_eq!(requirement.is_null(), expected.is_null(), "{name}: {kind}");
                if !expected.is_null() {
                    let level = expected.get("security_level").cloned().unwrap_or(1.into());
                    let hdcp = expected.get("hdcp").cloned().unwrap_or("HDCP_NONE".into());
                    assert_eq!((&requirement["security_level"], &requirement["hdcp"]), (&level, &hdcp), "{name}");
                }
            }
        }
        for (command, expected) in [("explain", "can_play"), ("timeline", "assumed: ")] {
            let done = license(&[command], case);
            assert!(
                done.status.success() && String::from_utf8_lossy(&done.stdout).contains(expected),
                "{name}: {done:?}"
            );
        }
    }
}

#[test]
fn messages_that_are_refused() {
    let cases = cases("refusals.json");
    assert!(cases.len() >= 80);
    for case in &cases {
        let name = &case["name"];
        let done = license(&["check", "--json"], case);
        let said = sentence(&done);
        let report: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(report["accepted"], false, "{name}");
        for (member, expected) in case["refused"].as_object().unwrap() {
            assert_eq!(&report["refusal"][member], expected, "{name}");
        }
        assert!(said.contains(case["refused"]["rule"].as_str().unwrap()), "{name}: {said}");
        for command in ["check", "explain", "timeline"] {
            let done = license(&[command], case);
            assert_eq!(sentence(&done), said, "{name}");
            assert!(done.stdout.is_empty(), "{name}");
        }
    }
}

fn timeline(policy: &Value, arguments: &[&str]) -> Value {
    let template = json!({"policy_overrides": policy}).to_string();
    json_of(&run_with(&[&["license", "timeline", "-", "--format", "json"], arguments].concat(), template.as_bytes()))
}

#[test]
fn when_licenses_end() {
    let rental = json!({"rental_duration_seconds": 259_200, "playback_duration_seconds": 14_400});
    let renewed = json!({"can_renew": true, "license_duration_seconds": 3600, "renewal_delay_seconds": 3000,
        "renewal_retry_interval_seconds": 300, "playback_duration_seconds": 14_400});
    let recovery = json!({"can_renew": true, "renewal_delay_seconds": 100, "renewal_retry_interval_seconds": 10,
        "renewal_recovery_duration_seconds": 60});
    for (policy, arguments, at, by) in [
        (&json!({"license_duration_seconds": 3600}), &[][..], Some(3600), "license"),
        (&json!({}), &[], None, ""),
        (&rental, &["--first-use", "10min"], Some(600 + 14_400), "playback"),
        (&rental, &["--until", "0", "503@0"], Some(259_200), "rental"),
        (&renewed, &["--renewals", "granted"], Some(14_400), "playback"),
        (&renewed, &["--renewals", "refused"], Some(3600), "license"),
        (&renewed, &["--renewals", "unanswered"], Some(3600), "license"),
        (&renewed, &["decrypt@0", "renew@50min"], Some(3000 + 3600), "license"),
        (&recovery, &["--renewals", "refused"], Some(160), "recovery"),
    ] {
        let report = timeline(policy, arguments);
        assert_eq!(report["schema"], 1);
        assert_eq!(report["ends_at"], json!(at), "{policy} {arguments:?}");
        assert_eq!(report["ends_by"].as_str().unwrap_or(""), by, "{policy} {arguments:?}");
        let expired = report["states"].as_array().unwrap().iter().find(|state| state["state"] == "EXPIRED");
        if report["is_cut"] == false {
            assert_eq!(expired.map(|state| &state["from"]), at.map(|_| &report["ends_at"]), "{policy} {arguments:?}");
        }
    }
    // Nothing ends this one: five renewals are shown.
    let endless =
        timeline(&json!({"can_renew": true, "license_duration_seconds": 100, "renewal_delay_seconds": 50}), &[]);
    let renewals = endless["events"].as_array().unwrap().iter().filter(|event| event["what"] == "renewal").count();
    assert_eq!((renewals, &endless["is_cut"]), (5, &true.into()));
    // Nor is there an end to what a short interval brings.
    let busy = timeline(
        &json!({"can_renew": true, "license_duration_seconds": 3_000_000_000_u64, "renewal_delay_seconds": 1, "renewal_retry_interval_seconds": 1}),
        &["--renewals", "refused"],
    );
    assert!(busy["events"].as_array().unwrap().len() < 1100);
    assert_eq!(busy["is_cut"], true);
    let dated = timeline(&json!({"license_duration_seconds": 86_400}), &["--issued-at", "2026-11-30T12:00:00Z"]);
    assert_eq!(dated["ends_at_date"], "2026-12-01T12:00:00Z");
    // No date is left out, whatever the year.
    let late = timeline(&json!({"license_duration_seconds": 86_400}), &["--issued-at", "9999-12-31T12:00:00Z"]);
    assert_eq!(late["ends_at_date"], "+10000-01-01T12:00:00Z");
}

/// A picture is well-formed XML, whatever the license.
#[test]
fn pictures() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("timeline.svg");
    for case in cases("messages.json") {
        let done = license(&["timeline", "--format", "svg", "-o", path.to_str().unwrap()], &case);
        assert!(done.status.success() && done.stdout.is_empty() && done.stderr.is_empty(), "{done:?}");
        let picture = fs::read_to_string(&path).unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        let check = "import sys, xml.dom.minidom as d; d.parse(sys.argv[1])";
        if let Ok(done) = std::process::Command::new("python3").args(["-c", check]).arg(&path).output() {
            assert!(done.status.success(), "{}: {}", case["name"], String::from_utf8_lossy(&done.stderr));
        }
    }
}

#[test]
fn wrong_usage_and_files() {
    for wrong in [
        &["license"][..],
        &["license", "check"],
        &["license", "check", "-", "--profile", "lenient"],
        &["license", "timeline", "-", "decrypt@yesterday"],
        &["license", "timeline", "-", "200@1"],
        &["license", "timeline", "-", "99@1"],
        &["license", "timeline", "-", "600@1"],
        &["license", "timeline", "-", "--first-use", "soon"],
        &["license", "timeline", "-", "--issued-at", "soon"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    for command in ["check", "explain", "timeline"] {
        assert!(sentence(&run(&["license", command, "/nonexistent.json"])).contains("/nonexistent.json"));
        assert!(sentence(&run(&["license", command, "/"])).contains("directory"));
        assert!(sentence(&run_with(&["license", command, "-"], &vec![b' '; (1 << 20) + 1])).contains("1048576"));
    }
    assert!(sentence(&run_with(&["license", "timeline", "-", "-o", "/nonexistent/x"], b"{}")).contains("/nonexistent"));
    assert!(
        sentence(&run_with(&["license", "check", "-", "--stored", "/nonexistent"], b"{}")).contains("/nonexistent")
    );
}
