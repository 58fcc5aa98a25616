//! What is doubtful about a message once it is known what it is for.

use super::json::At;
use super::model::Template;
use super::refusal::{Warning, WarningRule};

impl Template {
    /// What is doubtful about the selection of keys for content whose tracks have these names: tracks that
    /// `content_key_specs` leave without a key, which then stop playing, and names that nothing is encrypted with.
    pub fn track_warnings(&self, content: &[&str]) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let Some(specs) = &self.content_key_specs else { return warnings };
        let at = At::Root.member("content_key_specs");
        let without: Vec<_> = content.iter().filter(|track| self.key_requirement(track).is_none()).collect();
        // What allowed_track_types leave out was named by leaving it out.
        if !without.is_empty() && self.allowed_track_types.is_none() {
            let names: Vec<_> =
                without.iter().map(|track| if track.is_empty() { "(no name)" } else { **track }).collect();
            let message = format!("not listed, so without a key: {}", names.join(", "));
            warnings.push(Warning::new(WarningRule::TracksWithoutKey, at.to_string(), message));
        }
        for (index, spec) in specs.iter().enumerate() {
            if let Some(track) = &spec.track_type
                && spec.key.is_none()
                && !content.contains(&track.as_str())
            {
                let at = at.element(index);
                let at = at.member("track_type").to_string();
                let message = format!("the content has no such track; it has {}", content.join(", "));
                warnings.push(Warning::new(WarningRule::TrackNotInContent, at, message));
            }
        }
        warnings
    }

    /// What this message says in vain if the request in it is a renewal or release: the license stays as it was issued.
    pub fn renewal_warnings(&self) -> Vec<Warning> {
        let given = [
            ("policy_name", self.policy_name.is_some()),
            ("allowed_track_types", self.allowed_track_types.is_some()),
            ("content_key_specs", self.content_key_specs.is_some()),
            ("use_policy_overrides_exclusively", self.use_policy_overrides_exclusively.is_some()),
            ("policy_overrides", self.policy_overrides.is_some()),
            ("session_init", self.session_init.is_some()),
        ];
        let warn = |name| {
            let message = "the license keeps what it was issued with";
            Warning::new(WarningRule::FieldWithoutEffect, At::Root.member(name).to_string(), message)
        };
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| warn(name)).collect()
    }
}
