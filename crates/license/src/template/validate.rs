//! Rules between the fields of a message. What one field's type can say is checked when it is read.

use std::collections::HashSet;

use super::json::At;
use super::model::{ContentKeySpec, Profile, Template};
use super::overrides::PolicyOverrides;
use super::refusal::{Refusal, Rule, Warning, WarningRule};
use super::url;

impl Template {
    /// Holds the template to every rule of status 422 that its types leave open; returns what is doubtful.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self, profile: Profile) -> Result<Vec<Warning>, Refusal> {
        let mut warnings = Vec::new();
        if self.allowed_track_types.is_some() && self.content_key_specs.is_some() {
            match profile {
                Profile::Strict => {
                    let message = "it excludes content_key_specs: only one of them may be given";
                    return Err(Refusal::new(Rule::BothSelectors, "/allowed_track_types", message));
                }
                Profile::Azure => {
                    let message = "beside content_key_specs: this selects the keys, those set their demands";
                    warnings.push(Warning::new(WarningRule::BothSelectors, "/allowed_track_types", message));
                }
            }
        }
        if let Some(specs) = &self.content_key_specs {
            content_key_specs(specs)?;
        }
        if let Some(given) = &self.policy_overrides {
            overrides(given, &At::Root.member("policy_overrides"))?;
        }
        Ok(warnings)
    }
}

fn content_key_specs(specs: &[ContentKeySpec]) -> Result<(), Refusal> {
    let at = At::Root.member("content_key_specs");
    if specs.is_empty() {
        return Err(Refusal::new(Rule::EmptyContentKeySpecs, at.to_string(), "no element"));
    }
    let (mut tracks, mut ids) = (HashSet::new(), HashSet::new());
    for (index, spec) in specs.iter().enumerate() {
        let at = at.element(index);
        let refuse = |rule, at: At<'_>, message: &str| Err(Refusal::new(rule, at.to_string(), message));
        let track = spec.track_type.as_deref();
        match (track, &spec.key, &spec.key_id) {
            (Some(""), _, _) => return refuse(Rule::SpecWithoutTrackType, at.member("track_type"), "empty"),
            (Some(_), _, _) | (None, Some(_), Some(_)) => {}
            (None, Some(_), None) => {
                let message = "a key needs track_type or key_id";
                return refuse(Rule::KeyWithoutTrackTypeOrKeyId, at.member("key"), message);
            }
            (None, None, _) => {
                return refuse(Rule::SpecWithoutTrackType, at, "it needs track_type, or both key and key_id");
            }
        }
        if track.is_some_and(|track| !tracks.insert(track)) {
            return refuse(Rule::DuplicateTrackType, at.member("track_type"), "an earlier element has it too");
        }
        if spec.key_id.is_some_and(|id| !ids.insert(id)) {
            return refuse(Rule::DuplicateKeyId, at.member("key_id"), "an earlier element has it too");
        }
    }
    Ok(())
}

pub(super) fn overrides(given: &PolicyOverrides, at: &At<'_>) -> Result<(), Refusal> {
    for (name, duration) in given.durations() {
        if duration.is_some_and(|seconds| seconds < 0) {
            return Err(Refusal::new(Rule::NegativeDuration, at.member(name).to_string(), "a duration below 0"));
        }
    }
    if given.can_renew == Some(true)
        && let Some(text) = given.renewal_server_url.as_deref()
        && !text.is_empty()
        && let Err(reason) = url::check(text)
    {
        return Err(Refusal::new(Rule::RenewalUrlNotHttps, at.member("renewal_server_url").to_string(), reason));
    }
    Ok(())
}
