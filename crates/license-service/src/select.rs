//! Selecting the keys that a license carries.

use super::Service;
use super::derive;
use super::message::PAYLOAD;
use super::records::Content;
use base::secret::SecretBytes;
use license::protocol::{Bytes, LicenseKey};
use license::template::{ContentKeySpec, DeviceLevel, KeyRequirement, Refusal, Rule, Template};

impl Service {
    /// The keys that belong to a license for `content`, those that the device is too weak for included. `content` is
    /// `None` where the message brings all keys itself.
    pub(super) fn keys(&self, template: &Template, content: Option<&Content>) -> Result<Vec<LicenseKey>, Refusal> {
        let mut keys = Vec::new();
        for track in content.iter().flat_map(|content| content.all_tracks(&self.identity.root)) {
            let Some(required) = template.key_requirement(&track.track_type) else { continue };
            let key = LicenseKey {
                key_id: Bytes(track.key_id.0.to_vec()),
                key: track.key,
                security_level: required.security_level.max(track.requirement.security_level),
                hdcp: required.hdcp.max(track.requirement.hdcp),
                track_type: track.track_type,
            };
            keys.push(key);
        }
        for (index, spec) in template.content_key_specs.iter().flatten().enumerate() {
            match &spec.track_type {
                Some(track) => self.apply(template, content, spec, index, track, &mut keys)?,
                None => keys.push(injected(spec, "", spec.requirement(), spec.key_id)?),
            }
        }
        for (index, key) in keys.iter().enumerate() {
            if keys[..index].iter().any(|other| other.key_id == key.key_id) {
                let message = format!("two keys of the license have the id {}", hex::encode(&key.key_id.0));
                return Err(Refusal::new(Rule::DuplicateKeyId, "/content_key_specs", message));
            }
        }
        if keys.is_empty() {
            let message = "the content has no key of the track types that are allowed";
            return Err(Refusal::new(Rule::ContentNotFound, "/content_id", message));
        }
        Ok(keys)
    }

    /// Applies an element that names its track.
    fn apply(
        &self,
        template: &Template,
        content: Option<&Content>,
        spec: &ContentKeySpec,
        index: usize,
        track: &str,
        keys: &mut Vec<LicenseKey>,
    ) -> Result<(), Refusal> {
        let Some(required) = template.key_requirement(track) else { return Ok(()) };
        if let Some(known) = keys.iter_mut().find(|key| key.track_type == track) {
            if let Some(id) = spec.key_id {
                known.key_id.0 = id.to_vec();
            }
            if let Some(key) = &spec.key {
                known.key = SecretBytes::from(&key[..]);
            }
            return Ok(());
        }
        if let Some(content) = content
            && spec.key.is_none()
        {
            // A track type that the content does not list: its key is derived like those of the standard ones.
            let derived = content.derived(&self.identity.root, track);
            let id = spec.key_id.unwrap_or(derived.key_id.0);
            keys.push(LicenseKey {
                key_id: Bytes(id.to_vec()),
                key: derived.key,
                security_level: required.security_level,
                hdcp: required.hdcp,
                track_type: track.to_owned(),
            });
            return Ok(());
        }
        let provider = content.map_or(template.provider.as_deref().unwrap_or_default(), |content| &content.provider);
        let derived = template.content_id.as_deref().or(content.map(|content| &content.content_id.0[..]));
        let derived = derived.map(|id| derive::key_id(&self.identity.root, provider, id, track).0);
        let id = spec.key_id.or(derived);
        if spec.key.is_none() || id.is_none() {
            let pointer = format!("/content_key_specs/{index}");
            let message = "without content_id an element needs both key and key_id";
            return Err(Refusal::new(Rule::ContentNotFound, pointer, message));
        }
        keys.push(injected(spec, track, required, id)?);
        Ok(())
    }
}

fn injected(
    spec: &ContentKeySpec,
    track: &str,
    required: KeyRequirement,
    id: Option<[u8; 16]>,
) -> Result<LicenseKey, Refusal> {
    let (Some(key), Some(id)) = (&spec.key, id) else {
        let message = "an element without track_type has both key and key_id";
        return Err(Refusal::new(Rule::SpecWithoutTrackType, "/content_key_specs", message));
    };
    Ok(LicenseKey {
        key_id: Bytes(id.to_vec()),
        key: SecretBytes::from(&key[..]),
        track_type: track.to_owned(),
        security_level: required.security_level,
        hdcp: required.hdcp,
    })
}

/// Those of the keys that a device is strong enough for.
pub(super) fn for_device(keys: &[LicenseKey], level: DeviceLevel) -> Result<Vec<LicenseKey>, Refusal> {
    let fit: Vec<_> = keys.iter().filter(|key| key.security_level.device_level() <= level).cloned().collect();
    if fit.is_empty() {
        let least = keys.iter().map(|key| key.security_level.device_level()).min().unwrap_or_default();
        let message = format!("the device offers {}, every key demands at least {}", level.word(), least.word());
        return Err(Refusal::new(Rule::SecurityLevelInsufficient, PAYLOAD, message));
    }
    Ok(fit)
}
