//! The format of `tests/policy/*.json`; see its README.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[allow(dead_code)] // for readers
    about: String,
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[allow(dead_code)] // for readers
    #[serde(default)]
    why: String,
    #[serde(default)]
    pub profile: Profile,
    /// The message as JSON; its text is used as it stands.
    #[serde(default)]
    pub template: Option<Box<RawValue>>,
    /// The message where it is not JSON.
    #[serde(default)]
    pub text: Option<String>,
    /// The message where it is not even UTF-8.
    #[serde(default)]
    pub bytes_hex: Option<String>,
    #[serde(default)]
    pub stored: Option<Box<RawValue>>,
    #[serde(default)]
    pub refused: Option<Refused>,
    #[serde(default)]
    pub warnings: Vec<(String, String)>,
    /// Fields of the effective policy that differ from the field defaults.
    #[serde(default)]
    pub policy: Map<String, Value>,
    #[serde(default)]
    pub carried: BTreeMap<String, Option<Requirement>>,
    #[serde(default)]
    pub written: Option<String>,
    #[serde(default)]
    pub keys: Option<Vec<Key>>,
    #[serde(default)]
    pub device: Device,
    #[serde(default)]
    pub timeline: Vec<Step>,
    /// Time, name and, for three of them, a value.
    #[serde(default)]
    pub events: Vec<Vec<Value>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    #[default]
    Strict,
    Azure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    pub status: u16,
    pub reason: String,
    pub rule: String,
    pub pointer: String,
    #[serde(default)]
    pub suggestion: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    #[serde(default = "one")]
    pub security_level: u8,
    #[serde(default = "hdcp_none")]
    pub hdcp: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub key_id: String,
    #[serde(default)]
    pub track_type: Option<String>,
    #[serde(default = "one")]
    pub security_level: u8,
    #[serde(default = "hdcp_none")]
    pub hdcp: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    #[serde(default = "sw_crypto")]
    pub level: String,
    #[serde(default = "hdcp_none")]
    pub hdcp: String,
}

impl Default for Device {
    fn default() -> Self {
        Self { level: sw_crypto(), hdcp: hdcp_none() }
    }
}

/// One step: what is done at that time, or what is expected, or first the one and then the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds of true time since the start, to the millisecond.
    pub at: f64,
    /// The process did not run since the last step.
    #[serde(default)]
    pub asleep: bool,
    /// Sets the wall clock, seconds since the start.
    #[serde(default)]
    pub set_wall: Option<i64>,
    #[serde(default)]
    pub load: Option<Load>,
    #[serde(default)]
    pub restore: bool,
    /// A decryption is tried: "ok", or why it is refused.
    #[serde(default)]
    pub decrypt: Option<String>,
    #[serde(default)]
    pub renew: Option<Renew>,
    /// A renewal attempt fails with that status.
    #[serde(default)]
    pub renewal_failed: Option<u16>,
    /// The service has revoked the license, as another answer says.
    #[serde(default)]
    pub revoked: bool,
    #[serde(default)]
    pub device: Option<Device>,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// All in seconds since the start; the time of the step if absent.
    #[serde(default)]
    pub issued_at: Option<i64>,
    #[serde(default)]
    pub first_issued_at: Option<i64>,
    #[serde(default)]
    pub service_time: Option<i64>,
    #[serde(default = "first")]
    pub sequence: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    pub sequence: u64,
    /// When the service signed it, seconds since the start; the time of the step if absent.
    #[serde(default)]
    pub issued_at: Option<i64>,
    /// "ok", or why it is refused.
    pub answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    #[serde(default)]
    pub usable: Option<bool>,
    #[serde(default)]
    pub state: Option<String>,
    /// Null = never.
    #[serde(default, deserialize_with = "present")]
    pub expiry: Option<Value>,
    /// Null = nothing will change by itself.
    #[serde(default, deserialize_with = "present")]
    pub next: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub binding: Option<Value>,
    /// Status words of the keys.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
    /// Rows of CheckMediaKeyStatus, those that matter.
    #[serde(default)]
    pub rows: BTreeMap<String, String>,
    /// What the explanation says, among other things.
    #[serde(default)]
    pub explained: Vec<String>,
}

/// Tells null from absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn one() -> u8 {
    1
}

fn first() -> u64 {
    0
}

fn hdcp_none() -> String {
    "HDCP_NONE".to_owned()
}

fn sw_crypto() -> String {
    "SW_CRYPTO".to_owned()
}
