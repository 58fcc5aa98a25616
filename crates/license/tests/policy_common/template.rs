//! The part of a case that is about the template.

use license::template::{self, Policy, Refusal, StoredPolicy};
use serde_json::{Value, json};

use super::case::{Case, Profile, Refused};

impl From<Profile> for template::Profile {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Strict => Self::Strict,
            Profile::Azure => Self::Azure,
        }
    }
}

/// Checks refusal or effective policy; returns the policy if there is one.
pub fn check(case: &Case) -> Result<Option<Policy>, String> {
    let text: Vec<u8> = match (&case.template, &case.text, &case.bytes_hex) {
        (Some(template), None, None) => template.get().into(),
        (None, Some(text), None) => text.as_str().into(),
        (None, None, Some(bytes)) => hex::decode(bytes).map_err(|error| error.to_string())?,
        _ => return Err("it needs one of template, text and bytes_hex".to_owned()),
    };
    let stored = match &case.stored {
        Some(stored) => Some(parse_stored(stored.get(), case.profile).map_err(|refusal| refusal.to_string())?),
        None => None,
    };
    let result = template::parse(&text, case.profile.into())
        .and_then(|parsed| Ok((parsed.template.effective_policy(stored.as_ref())?, parsed)));
    let (policy, parsed) = match (result, &case.refused) {
        (Err(refusal), Some(expected)) => return refused(&refusal, expected).map(|()| None),
        (Err(refusal), None) => return Err(format!("refused: {refusal}")),
        (Ok(_), Some(expected)) => return Err(format!("accepted, expected {}", expected.rule)),
        (Ok(result), None) => result,
    };
    let warnings = [parsed.warnings, policy.warnings()].concat();
    let given: Vec<_> =
        warnings.iter().map(|warning| (warning.rule().id().to_owned(), warning.pointer().to_owned())).collect();
    same("warnings", &given, &case.warnings)?;

    let mut expected = serde_json::to_value(Policy::default()).unwrap();
    for (field, value) in &case.policy {
        let slot = expected.get_mut(field).ok_or_else(|| format!("no policy field {field}"))?;
        *slot = value.clone();
    }
    same("effective policy", &serde_json::to_value(&policy).unwrap(), &expected)?;

    for (track, requirement) in &case.carried {
        let given = parsed.template.key_requirement(track);
        let given = given.map_or(Value::Null, |given| serde_json::to_value(given).unwrap());
        let expected = requirement
            .as_ref()
            .map_or(Value::Null, |key| json!({"security_level": key.security_level, "hdcp": key.hdcp}));
        same(&format!("key of track {track}"), &given, &expected)?;
    }
    if let Some(written) = &case.written {
        same("written", &&*parsed.template.to_json(), &written.as_str())?;
    }
    Ok(Some(policy))
}

fn parse_stored(text: &str, profile: Profile) -> Result<StoredPolicy, Refusal> {
    StoredPolicy::parse(text.as_bytes(), profile.into()).map(|(stored, _)| stored)
}

fn refused(refusal: &Refusal, expected: &Refused) -> Result<(), String> {
    let given = (refusal.status(), refusal.reason(), refusal.rule().id(), refusal.pointer(), refusal.suggestion());
    let expected =
        (expected.status, &*expected.reason, &*expected.rule, &*expected.pointer, expected.suggestion.as_deref());
    same("refusal", &given, &expected)
}

pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, given: &T, expected: &T) -> Result<(), String> {
    if given == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, given {given:?}")) }
}
