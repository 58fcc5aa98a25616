//! License templates and stored policies.

use license::template::{Profile, Refusal, StoredPolicy, Template, parse};

use crate::observe::{accepted, hash, reached, refused};

pub const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "null",
    "true",
    "false",
    "-1",
    "0",
    "1e2",
    "1.0",
    "18446744073709551616",
    "9223372036854775807",
    "\\u0000",
    "\\ud800",
    "\"payload\":",
    "\"content_id\":",
    "\"provider\":",
    "\"policy_name\":",
    "\"allowed_track_types\":\"SD_HD\"",
    "\"content_key_specs\":[{",
    "\"track_type\":\"HD\"",
    "\"key\":",
    "\"key_id\":",
    "\"security_level\":3",
    "\"required_output_protection\":{\"hdcp\":\"HDCP_V2\"}",
    "\"hdc\":",
    "\"HDCP\":",
    "\"use_policy_overrides_exclusively\":",
    "\"policy_overrides\":{",
    "\"can_play\":true",
    "\"can_persist\":",
    "\"can_renew\":",
    "\"rental_duration_seconds\":",
    "\"playback_duration_seconds\":",
    "\"license_duration_seconds\":",
    "\"renewal_recovery_duration_seconds\":",
    "\"renewal_server_url\":\"https://example.com/r\"",
    "\"renewal_delay_seconds\":",
    "\"renewal_retry_interval_seconds\":",
    "\"renew_with_usage\":",
    "\"session_init\":{",
    "\"provider_session_token\":",
    "\"provider_client_token\":",
    "\"override_provider_client_token\":",
    "\"parse_only\":true",
    "\"rental_scope\":\"absolute\"",
    "\"AAECAwQFBgcICQoLDA0ODw==\"",
];

pub fn strict(input: &[u8]) {
    run(input, Profile::Strict);
}

pub fn azure(input: &[u8]) {
    run(input, Profile::Azure);
}

fn run(input: &[u8], profile: Profile) {
    match parse(input, profile) {
        Ok(parsed) => {
            let text = parsed.template.to_json();
            let again = parse(text.as_bytes(), profile).expect("what was written can be read");
            assert_eq!(again.template, parsed.template);
            assert_eq!(*again.template.to_json(), *text);
            for warning in &parsed.warnings {
                reached(hash(warning.rule().id().bytes()));
                assert!(!warning.message().is_empty());
            }
            accepted("template", text.len());
            policy_of(&parsed.template, None);
            policy_of(&parsed.template, Some(&StoredPolicy::service_default()));
        }
        Err(refusal) => check(&refusal),
    }
    match StoredPolicy::parse(input, profile) {
        Ok((policy, _)) => {
            accepted("stored policy", input.len());
            policy_of(&Template::default(), Some(&policy));
        }
        Err(refusal) => check(&refusal),
    }
}

fn policy_of(template: &Template, stored: Option<&StoredPolicy>) {
    match template.effective_policy(stored) {
        Ok(policy) => {
            for warning in policy.warnings() {
                reached(hash(warning.rule().id().bytes()));
            }
            let text = serde_json::to_string(&policy).expect("a policy can be written");
            let again = serde_json::from_str::<license::template::Policy>(&text);
            assert_eq!(again.expect("what was written can be read"), policy);
        }
        Err(refusal) => check(&refusal),
    }
}

/// Panics if a refusal does not say what it has to.
pub fn check(refusal: &Refusal) {
    assert!((400..600).contains(&refusal.status()), "status {}", refusal.status());
    assert!(!refusal.message().is_empty() && !refusal.reason().is_empty() && !refusal.rule().id().is_empty());
    assert!(refusal.pointer().is_empty() || refusal.pointer().starts_with('/'), "pointer {:?}", refusal.pointer());
    serde_json::to_string(refusal).expect("a refusal can be written");
    reached(hash(refusal.rule().id().bytes()));
    refused(&refusal.message());
}
