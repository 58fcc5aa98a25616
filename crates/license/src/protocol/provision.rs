//! Provisioning: how a device gets its certificate.

use serde::{Deserialize, Serialize};

use super::wire::{Bytes, Hash};

/// The body of a provisioning request, signed with the key that it contains: proof that the device has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisionRequest {
    /// Random, never used before.
    pub nonce: Hash,
    /// The signing key: SubjectPublicKeyInfo in DER.
    pub signing_key: Bytes,
    /// The encapsulation key for licenses that persist: an uncompressed point of P-256.
    pub seal_key: Bytes,
    /// SHA-256 of the certificate of the one authority that the device accepts, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Hash>,
}

/// The body of the answer, signed by the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisionResponse {
    /// SHA-256 of the request's message.
    pub request_hash: Hash,
    /// The service's time, milliseconds since 1970.
    pub time: i64,
    /// The device's certificate, X.509 in DER like the others.
    pub device: Bytes,
    /// The certificate of the key that signs this and all licenses.
    pub service: Bytes,
    /// The authority that signed both.
    pub authority: Bytes,
}
