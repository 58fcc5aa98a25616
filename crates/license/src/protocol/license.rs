//! Licenses: sealed content under a signed head.

use serde::{Deserialize, Serialize};

use super::crypto::{SealKey, Sealed};
use super::engine::{Engine, Sign};
use super::error::Result;
use super::frame::{Kind, message};
use super::rejection::Rejection;
use super::revoked::Revoked;
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
    /// Other licenses of the device, which are over.
    #[serde(default, skip_serializing_if = "Revoked::is_empty")]
    pub revoked: Revoked,
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
    /// Licenses of the device that are over.
    #[serde(default, skip_serializing_if = "Revoked::is_empty")]
    pub revoked: Revoked,
}

/// Seals and signs a license.
pub fn seal_license(
    engine: &dyn Engine,
    head: LicenseHead,
    license: &License,
    recipient: &Bytes,
    signer: &dyn Sign,
) -> Result<Vec<u8>> {
    seal_text(engine, head, &to_secret_json(license), recipient, signer)
}

/// As [`seal_license`], whatever the text.
pub(super) fn seal_text(
    engine: &dyn Engine,
    head: LicenseHead,
    text: &[u8],
    recipient: &Bytes,
    signer: &dyn Sign,
) -> Result<Vec<u8>> {
    let Sealed { encapsulated, text: sealed } = engine.seal(recipient, text, &associated(&head))?;
    message(Kind::License, &to_json(&Body { head, encapsulated, sealed }), signer)
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
        if license.revoked.ids().contains(&license.license_id) {
            return malformed("the license names itself as revoked");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::crypto::{generate_signing_key, random};
    use crate::protocol::engine::Portable;
    use crate::protocol::frame::Frame;
    use crate::protocol::wire::Fixed;

    const OWN: Id = Fixed([9; 16]);

    /// What becomes of a license, well sealed and signed, with this after its last member.
    fn opened(rest: &str) -> Result<License, Rejection> {
        let (key, signer) = (SealKey::generate().unwrap(), generate_signing_key().unwrap());
        let (sequence, persistent) = (1, true);
        let head = LicenseHead {
            license_id: OWN,
            sequence,
            request_hash: random().unwrap(),
            key_ids: Vec::new(),
            signer: OWN,
            persistent,
        };
        let license = License {
            license_id: OWN,
            sequence,
            persistent,
            policy: Policy::default(),
            issued: 0,
            first_issued: 0,
            content_id: Bytes::default(),
            provider: String::new(),
            keys: Vec::new(),
            session_token: None,
            client_token: None,
            revoked: Revoked::default(),
        };
        let text = to_secret_json(&license);
        let text = [text.strip_suffix(b"}").unwrap(), rest.as_bytes(), b"}"].concat();
        let message = seal_text(&Portable, head, &text, key.public(), &signer).unwrap();
        SealedLicense::parse(Frame::parse(&message).unwrap().body)?.open(&key)
    }

    #[test]
    fn a_list_of_revoked_licenses_makes_the_license_malformed_if_it_is() {
        let list = |ids: &[Id]| format!(",\"revoked\":{}", serde_json::to_string(ids).unwrap());
        let ids: Vec<Id> = (10..75).map(|number| Fixed([number; 16])).collect();
        assert_eq!(opened("").unwrap().revoked, Revoked::default());
        assert_eq!(opened(&list(&ids[..64])).unwrap().revoked.ids(), &ids[..64]);
        for garbage in [
            list(&ids),
            list(&[ids[0], ids[0]]),
            list(&[ids[0], OWN]),
            ",\"revoked\":null".into(),
            ",\"revoked\":[\"AAAA\"]".into(),
            ",\"revoked\":{}".into(),
            list(&ids[..1]).repeat(2),
        ] {
            assert!(matches!(opened(&garbage), Err(Rejection::Malformed(_))), "{garbage}");
        }
    }
}
