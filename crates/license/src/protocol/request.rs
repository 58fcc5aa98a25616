//! Requests of a device: for a license, its renewal or its release.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::wire::{Bytes, Hash, Id};
use crate::template::{DeviceLevel, Hdcp};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequestType {
    /// A new license.
    License,
    /// The same license for longer.
    Renewal,
    /// To give a license back.
    Release,
}

/// The body of a request. Its message is signed with the device's key, whose certificate is in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked.
    #[serde(rename = "type")]
    pub request_type: RequestType,
    /// Random, never used before.
    pub nonce: Hash,
    /// The session that asks.
    pub session: Id,
    /// The device's certificate, X.509 in DER.
    pub certificate: Bytes,
    /// What the device can protect.
    pub device_level: DeviceLevel,
    /// What its output can protect.
    pub hdcp: Hdcp,
    /// The keys that are needed; empty in a renewal or release.
    pub key_ids: Vec<Bytes>,
    /// The session's encapsulation key for this request, an uncompressed point of P-256.
    pub ephemeral_key: Bytes,
    /// Whether the license is to be stored. It is then sealed for the device instead of the session.
    pub persistent: bool,
    /// The license to renew or release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_id: Option<Id>,
    /// The highest sequence that the device has of it; 0 for a new license.
    pub sequence: u64,
    /// The provider's token from an earlier license.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<Bytes>,
    /// What the application adds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}
