//! Licenses: sealed content under a signed head.

use serde::{Deserialize, Serialize};

use super::crypto::{PrivateKey, SealKey, Sealed, seal};
use super::error::Result;
use super::frame::{Kind, message};
use super::rejection::Rejection;
use super::wire::{Bytes, Hash, Id, from_json, secret, to_json, to_secret_json};
use crate::template::{Hdcp, Policy, SecurityLevel};
use base::secret::SecretBytes;

/// What everybody may see of a license.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseHead {
    /// The license.
    pub license_id: Id,
    /// Rises with each renewal; the first is 1.
    pub sequence: u64,
    /// SHA-256 of the message that this answers.
    pub request_hash: Hash,
    /// The keys inside, in the order of the content.
    pub key_ids: Vec<Bytes>,
    /// Id of the signing key.
    pub signer: Id,
    /// Whether it is sealed for the device (and may be stored) or for the session.
    pub persistent: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    head: LicenseHead,
    encapsulated: Bytes,
    sealed: Bytes,
}

/// What a license says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct License {
    /// Its id; renewals keep it.
    pub license_id: Id,
    /// Rises with each renewal; the first is 1.
    pub sequence: u64,
    /// Whether it may be stored.
    pub persistent: bool,
    /// What it allows.
    pub policy: Policy,
    /// When this license (or renewal) was issued, milliseconds since 1970: L0 of the timing rules. Also the service's
    /// signed time, from which the session's clock starts.
    pub issued: i64,
    /// When the license was first issued, milliseconds since 1970: R0.
    pub first_issued: i64,
    /// The content that it is for.
    pub content_id: Bytes,
    /// The content's provider, empty if it has none.
    pub provider: String,
    /// The keys.
    pub keys: Vec<LicenseKey>,
    /// Goes with the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Bytes>,
    /// Stays on the device and comes with its next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<Bytes>,
}

/// A key in a license.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseKey {
    /// Its id.
    pub key_id: Bytes,
    /// The key, 16 bytes.
    #[serde(with = "secret")]
    pub key: SecretBytes,
    /// AUDIO, SD, HD, UHD1, UHD2 or another name; empty where it is not known.
    pub track_type: String,
    /// What a device needs for it.
    pub security_level: SecurityLevel,
    /// What an output needs for it.
    pub hdcp: Hdcp,
}

/// Acknowledges a release, signed by the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseAcknowledgement {
    /// The license that was given back.
    pub license_id: Id,
    /// Hash of the message that gave it back.
    pub request_hash: Hash,
    /// The service's key.
    pub signer: Id,
    /// The service's time, milliseconds since 1970.
    pub time: i64,
}

/// Seals and signs a license.
pub fn seal_license(head: LicenseHead, license: &License, recipient: &Bytes, signer: &PrivateKey) -> Result<Vec<u8>> {
    seal_text(head, &to_secret_json(license), recipient, signer)
}

/// As [`seal_license`], whatever the text.
pub(super) fn seal_text(head: LicenseHead, text: &[u8], recipient: &Bytes, signer: &PrivateKey) -> Result<Vec<u8>> {
    let Sealed { encapsulated, text: sealed } = seal(recipient, text, &associated(&head))?;
    Ok(message(Kind::License, &to_json(&Body { head, encapsulated, sealed }), signer))
}

/// A license whose signature has not been looked at.
pub struct SealedLicense {
    pub head: LicenseHead,
    sealed: Sealed,
}

impl SealedLicense {
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        let Body { head, encapsulated, sealed } = from_json(body).map_err(Rejection::Malformed)?;
        Ok(Self { head, sealed: Sealed { encapsulated, text: sealed } })
    }

    /// Opens the license with the key that it was sealed for.
    pub fn open(&self, key: &SealKey) -> Result<License, Rejection> {
        let text = key.open(&self.sealed, &associated(&self.head)).ok_or(Rejection::WrongDevice)?;
        let license: License = from_json(&text).map_err(Rejection::Malformed)?;
        let malformed = |reason: &str| Err(Rejection::Malformed(reason.into()));
        let head = &self.head;
        if (license.license_id, license.sequence, license.persistent)
            != (head.license_id, head.sequence, head.persistent)
        {
            return malformed("the sealed license is not the one of the head");
        }
        if !license.keys.iter().map(|key| &key.key_id).eq(&head.key_ids) {
            return malformed("the sealed keys are not those of the head");
        }
        if license.keys.iter().any(|key| key.key.len() != 16 || key.key_id.0.is_empty()) {
            return malformed("a key does not have 16 bytes, or its id has none");
        }
        Ok(license)
    }
}

/// What the seal binds the content to: license id, sequence, request, key ids and whether it persists, each of a fixed
/// length or after its length.
fn associated(head: &LicenseHead) -> Vec<u8> {
    let mut data = Vec::with_capacity(64 + 24 * head.key_ids.len());
    data.extend_from_slice(&head.license_id.0);
    data.extend_from_slice(&head.sequence.to_be_bytes());
    data.extend_from_slice(&head.request_hash.0);
    data.push(u8::from(head.persistent));
    for id in &head.key_ids {
        data.extend_from_slice(&(id.0.len() as u64).to_be_bytes());
        data.extend_from_slice(&id.0);
    }
    data
}
