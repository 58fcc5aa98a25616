//! The protocol between device and license service, and the cryptographic state of the device.
//!
//! - [`Client`] is a device: its keys, its certificate, its provisioning.
//! - [`SessionClient`] is one session: it asks for licenses, accepts answers to what it asked, renews and releases.
//! - [`License`] is what an accepted answer contains.
//!
//! Messages are signed by their sender (ES256) and have the form that `frame` describes; licenses are sealed
//! (HPKE: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM; RFC 9180) for one session, or for one device where they
//! persist. Nothing here reads a clock or keeps a file.

mod certificate;
mod client;
mod crypto;
mod device;
mod engine;
mod error;
mod frame;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod license;
mod provision;
mod rejection;
mod request;
mod revoked;
mod session_client;
mod wire;

pub use client::Client;
pub use device::CertificateStatus;
pub use error::{Error, Result};
pub use frame::{Kind, MAX_MESSAGE, is_message};
pub use license::{License, LicenseKey};
pub use rejection::Rejection;
pub use request::{Request, RequestType};
pub use revoked::{MAX_REVOKED, Revoked};
pub use session_client::{Accepted, Ask, Checked, LicenseRef, SessionClient};
pub use wire::{Bytes, Fixed, Hash, Id};

/// What the service side of the protocol needs and devices do not.
pub mod service_side {
    pub use super::certificate::{Role, Verified, check, check_with, issue, key_id};
    pub use super::crypto::{
        PrivateKey, PublicKey, SEAL_INFO, SIGNATURE, Sealed, generate_signing_key, hash, is_seal_key, random,
        random_secret, signing_key, signing_key_bytes,
    };
    pub use super::engine::{Engine, Portable, Sign, is_normalized, normalized};
    pub use super::frame::{Frame, Kind, message};
    #[cfg(feature = "fuzzing")]
    pub use super::fuzzing;
    pub use super::license::{LicenseHead, ReleaseAcknowledgement, seal_license};
    pub use super::provision::{ProvisionRequest, ProvisionResponse};
    pub use super::wire::{from_json, secret, to_json, to_secret_json};
}
