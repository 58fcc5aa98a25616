//! The picture in the documentation is what the engine does.

use std::process::Command;

const TEMPLATE: &str = r#"{"policy_overrides":{"can_renew":true,"license_duration_seconds":100,"rental_duration_seconds":150,"playback_duration_seconds":160,"renewal_delay_seconds":40,"renewal_retry_interval_seconds":10,"renewal_recovery_duration_seconds":35}}"#;
const INPUTS: [&str; 9] =
    ["decrypt@15", "503@41", "503@51", "renew@60", "503@101", "503@111", "503@121", "503@131", "renew@138"];

fn timeline(format: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let template = directory.path().join("template.json");
    std::fs::write(&template, TEMPLATE).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_native-drm"));
    let output = program.args(["license", "timeline", "--format", format]).arg(template).args(INPUTS).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_documentation_shows_what_the_engine_does() {
    let report: serde_json::Value = serde_json::from_str(&timeline("json")).unwrap();
    let events: Vec<_> = report["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{} {}", event["at"], event["what"].as_str().unwrap()))
        .collect();
    assert_eq!(
        events,
        [
            "0 EXPIRATION_UPDATE 75",
            "0 KEY_CHANGE",
            "15 decryption",
            "40 KEY_REQUIRED",
            "41 renewal: 503",
            "50 KEY_REQUIRED",
            "51 renewal: 503",
            "60 KEY_REQUIRED",
            "60 renewal",
            "60 EXPIRATION_UPDATE 135",
            "100 KEY_REQUIRED",
            "101 renewal: 503",
            "110 KEY_REQUIRED",
            "111 renewal: 503",
            "120 KEY_REQUIRED",
            "121 renewal: 503",
            "130 KEY_REQUIRED",
            "131 renewal: 503",
            "135 KEY_CHANGE",
            "135 KEY_EXPIRED",
            "138 renewal: EXPIRED",
        ]
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/license-timeline.svg");
    let drawn = timeline("svg");
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        std::fs::write(path, &drawn).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == drawn, "{path} is not what is drawn now: run this test with UPDATE_PICTURE=1");
}
