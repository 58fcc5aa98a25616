//! Messages with any content and a good signature, for fuzz targets: without them no mutated message would get past the
//! check of its signature. Whoever has a [`Client`] or a service has its keys; nothing becomes possible that was not.

use super::client::Client;
use super::crypto::{SealKey, hash};
use super::engine::{Portable, Sign};
use super::license::{self, LicenseHead};
use super::wire::{Bytes, from_json};

/// A message of any kind with any body, signed by a device.
///
/// # Panics
/// Where the device has no signing key.
pub fn device_message(device: &Client, kind: u8, body: &[u8]) -> Vec<u8> {
    device.device.signing.with(|key| signed(kind, body, key)).expect("a signing key")
}

/// How answers name a message.
pub fn digest(message: &[u8]) -> [u8; 32] {
    hash(message).0
}

/// A new encapsulation key, as requests name them.
///
/// # Panics
/// Where the system has no random numbers.
pub fn encapsulation_key() -> Bytes {
    SealKey::generate().expect("random numbers").public().clone()
}

/// The device's own encapsulation key.
pub fn device_encapsulation_key(device: &Client) -> Bytes {
    device.device.seal.public().clone()
}

/// A message of any kind with any body.
///
/// # Panics
/// Where the system has no random numbers.
pub fn signed(kind: u8, body: &[u8], key: &dyn Sign) -> Vec<u8> {
    let mut message = b"NDLP\x01".to_vec();
    message.push(kind);
    message.extend_from_slice(body);
    let signature = key.sign(&message).expect("random numbers");
    message.extend_from_slice(&signature);
    message
}

/// A license message with any text in the seal; none if the head is not one.
pub fn sealed(head: &[u8], text: &[u8], recipient: &Bytes, key: &dyn Sign) -> Option<Vec<u8>> {
    let head: LicenseHead = from_json(head).ok()?;
    license::seal_text(&Portable, head, text, recipient, key).ok()
}
