//! Reads messages and stored policies.

use super::effective::{RentalScope, StoredPolicy};
use super::json::{self, At, Node};
use super::model::{AllowedTrackTypes, ContentKeySpec, Hdcp, Profile, SecurityLevel, SessionInit, Template};
use super::overrides::PolicyOverrides;
use super::reader::{Fields, Reader, Unknown, wrong_type};
use super::refusal::{Refusal, Rule, Warning, WarningRule};
use super::validate;
use base::secret::{SecretArray, SecretBytes};

/// Members of the message.
const MESSAGE: &[&str] = &[
    "payload",
    "content_id",
    "provider",
    "policy_name",
    "allowed_track_types",
    "content_key_specs",
    "use_policy_overrides_exclusively",
    "policy_overrides",
    "session_init",
    "parse_only",
];
const SPEC: &[&str] = &["track_type", "security_level", "required_output_protection", "key", "key_id", KEY_ID_MISSPELT];
/// `key_id` in the Russian document's table.
const KEY_ID_MISSPELT: &str = "key_ID";
const OUTPUT_PROTECTION: &[&str] = &["hdcp"];
const SESSION_INIT: &[&str] = &["provider_session_token", "provider_client_token", "override_provider_client_token"];

/// A member with a name like one of these is never ignored: what it was meant to restrict would be allowed.
const TOLERANT: Unknown = Unknown::IgnoredInAzure {
    except: &[MESSAGE, SPEC, OUTPUT_PROTECTION, PolicyOverrides::NAMES, SESSION_INIT],
    restricts: &[OUTPUT_PROTECTION, PolicyOverrides::NAMES, &["security_level", "required_output_protection"]],
};

/// A message that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The template.
    pub template: Template,
    /// What is doubtful about the message itself; [`Policy::warnings`](super::Policy::warnings) adds what is doubtful
    /// about the effective policy.
    pub warnings: Vec<Warning>,
}

/// Parses a message and holds it to the rules of a profile.
///
/// # Errors
/// The rule that is broken, with its place; see the module's table.
pub fn parse(text: &[u8], profile: Profile) -> Result<Parsed, Refusal> {
    let mut reader = Reader::new(profile);
    let template = message(&mut reader, &json::parse(text)?)?;
    if let Some(refusal) = reader.invalid {
        return Err(refusal);
    }
    let mut warnings = reader.warnings;
    warnings.extend(template.validate(profile)?);
    Ok(Parsed { template, warnings })
}

impl StoredPolicy {
    /// Parses a stored policy: the object of `policy_overrides`, which may also have `rental_scope`
    /// (`start_window` or `absolute`).
    ///
    /// # Errors
    /// As [`parse`], with pointers into this object.
    pub fn parse(text: &[u8], profile: Profile) -> Result<(Self, Vec<Warning>), Refusal> {
        let mut reader = Reader::new(profile);
        let node = json::parse(text)?;
        let known = [PolicyOverrides::NAMES, &["rental_scope"]].concat();
        let object = reader.object(&node, &At::Root, &known, Unknown::Refused)?;
        let fields = overrides(&mut reader, object)?;
        let rental_scope = reader.word(object, "rental_scope", RentalScope::WORDS)?;
        if let Some(refusal) = reader.invalid {
            return Err(refusal);
        }
        validate::overrides(&fields, &At::Root)?;
        Ok((Self { fields, rental_scope }, reader.warnings))
    }
}

/// Reads a message without the rules between fields.
pub(super) fn message(reader: &mut Reader, node: &Node<'_>) -> Result<Template, Refusal> {
    let at = At::Root;
    let object = reader.object(node, &at, MESSAGE, TOLERANT)?;
    Ok(Template {
        payload: reader.bytes(object, "payload")?.map(|bytes| public(&bytes)),
        content_id: reader.bytes(object, "content_id")?.map(|bytes| public(&bytes)),
        provider: reader.string(object, "provider")?.map(str::to_owned),
        policy_name: reader.string(object, "policy_name")?.map(str::to_owned),
        allowed_track_types: reader.word(object, "allowed_track_types", AllowedTrackTypes::WORDS)?,
        content_key_specs: content_key_specs(reader, object)?,
        use_policy_overrides_exclusively: reader.boolean(object, "use_policy_overrides_exclusively")?,
        policy_overrides: policy_overrides(reader, object)?,
        session_init: session_init(reader, object)?,
        parse_only: reader.boolean(object, "parse_only")?,
    })
}

/// Bytes that need no protection in memory.
fn public(bytes: &SecretBytes) -> Vec<u8> {
    bytes.to_vec()
}

fn content_key_specs(reader: &mut Reader, object: Fields<'_, '_>) -> Result<Option<Vec<ContentKeySpec>>, Refusal> {
    const NAME: &str = "content_key_specs";
    let Some(node) = reader.get(object, NAME) else { return Ok(None) };
    let at = object.at.member(NAME);
    let Node::Array(elements) = node else { return Err(wrong_type(node, &at, "an array")) };
    let specs =
        elements.iter().enumerate().map(|(index, element)| content_key_spec(reader, element, &at.element(index)));
    specs.collect::<Result<_, _>>().map(Some)
}

fn content_key_spec(reader: &mut Reader, node: &Node<'_>, at: &At<'_>) -> Result<ContentKeySpec, Refusal> {
    let object = reader.object(node, at, SPEC, Unknown::Refused)?;
    let key_id = spelling(reader, object, &["key_id", KEY_ID_MISSPELT])?;
    Ok(ContentKeySpec {
        track_type: reader.string(object, "track_type")?.map(str::to_owned),
        security_level: security_level(reader, object)?,
        hdcp: hdcp(reader, object)?,
        key: sixteen(reader, object, "key", Rule::KeyLength, SecretArray::from_slice)?,
        key_id: sixteen(reader, object, key_id, Rule::KeyIdLength, |bytes| bytes.try_into().ok())?,
    })
}

fn sixteen<T>(
    reader: &mut Reader,
    object: Fields<'_, '_>,
    name: &'static str,
    rule: Rule,
    convert: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(bytes) = reader.bytes(object, name)? else { return Ok(None) };
    let value = convert(&bytes);
    if value.is_none() {
        let message = format!("{} bytes, not 16", bytes.len());
        reader.invalid(Refusal::new(rule, object.at.member(name).to_string(), message));
    }
    Ok(value)
}

fn security_level(reader: &mut Reader, object: Fields<'_, '_>) -> Result<Option<SecurityLevel>, Refusal> {
    let Some(digits) = reader.integer(object, "security_level")? else { return Ok(None) };
    let level = digits.parse().ok().and_then(SecurityLevel::new);
    if level.is_none() {
        let at = object.at.member("security_level").to_string();
        reader.invalid(Refusal::new(Rule::SecurityLevelRange, at, "not in 1 to 5"));
    }
    Ok(level)
}

/// `required_output_protection.hdcp`, also in the spellings `hdc` (both seeds' tables) and, for azure, `HDCP`.
fn hdcp(reader: &mut Reader, spec: Fields<'_, '_>) -> Result<Option<Hdcp>, Refusal> {
    const NAME: &str = "required_output_protection";
    let Some(node) = reader.get(spec, NAME) else { return Ok(None) };
    let at = spec.at.member(NAME);
    let known: &[&str] = match reader.profile {
        Profile::Strict => &["hdcp", "hdc"],
        Profile::Azure => &["hdcp", "hdc", "HDCP"],
    };
    let object = reader.object(node, &at, known, Unknown::Refused)?;
    let spelt = spelling(reader, object, known)?;
    reader.word(object, spelt, Hdcp::WORDS)
}

/// The name under which a member is there; the first of `names`, which is the right one, if it is not there at all.
fn spelling(reader: &mut Reader, object: Fields<'_, '_>, names: &[&'static str]) -> Result<&'static str, Refusal> {
    let mut spelt = names.iter().copied().filter(|name| reader.get(object, name).is_some());
    let Some(name) = spelt.next() else { return Ok(names[0]) };
    if let Some(other) = spelt.next() {
        let message = format!("another spelling of {name}, which is there too");
        return Err(Refusal::new(Rule::DuplicateMember, object.at.member(other).to_string(), message));
    }
    let rule = match name {
        "hdc" => WarningRule::HdcMisspelt,
        "HDCP" => WarningRule::UpperCaseHdcp,
        KEY_ID_MISSPELT => WarningRule::KeyIdMisspelt,
        _ => return Ok(name),
    };
    reader.warn(rule, &object.at.member(name), format!("taken for {}", names[0]));
    Ok(name)
}

fn policy_overrides(reader: &mut Reader, object: Fields<'_, '_>) -> Result<Option<PolicyOverrides>, Refusal> {
    const NAME: &str = "policy_overrides";
    let Some(node) = reader.get(object, NAME) else { return Ok(None) };
    let at = object.at.member(NAME);
    let object = reader.object(node, &at, PolicyOverrides::NAMES, Unknown::Refused)?;
    overrides(reader, object).map(Some)
}

fn overrides(reader: &mut Reader, object: Fields<'_, '_>) -> Result<PolicyOverrides, Refusal> {
    Ok(PolicyOverrides {
        can_play: reader.boolean(object, "can_play")?,
        can_persist: reader.boolean(object, "can_persist")?,
        can_renew: reader.boolean(object, "can_renew")?,
        rental_duration_seconds: reader.duration(object, "rental_duration_seconds")?,
        playback_duration_seconds: reader.duration(object, "playback_duration_seconds")?,
        license_duration_seconds: reader.duration(object, "license_duration_seconds")?,
        renewal_recovery_duration_seconds: reader.duration(object, "renewal_recovery_duration_seconds")?,
        renewal_server_url: reader.string(object, "renewal_server_url")?.map(str::to_owned),
        renewal_delay_seconds: reader.duration(object, "renewal_delay_seconds")?,
        renewal_retry_interval_seconds: reader.duration(object, "renewal_retry_interval_seconds")?,
        renew_with_usage: reader.boolean(object, "renew_with_usage")?,
    })
}

fn session_init(reader: &mut Reader, object: Fields<'_, '_>) -> Result<Option<SessionInit>, Refusal> {
    const NAME: &str = "session_init";
    let Some(node) = reader.get(object, NAME) else { return Ok(None) };
    let at = object.at.member(NAME);
    let object = reader.object(node, &at, SESSION_INIT, TOLERANT)?;
    Ok(Some(SessionInit {
        provider_session_token: reader.bytes(object, "provider_session_token")?.map(|bytes| public(&bytes)),
        provider_client_token: reader.bytes(object, "provider_client_token")?.map(|bytes| public(&bytes)),
        override_provider_client_token: reader.boolean(object, "override_provider_client_token")?,
    }))
}
