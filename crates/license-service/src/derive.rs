//! Deriving a content's keys from its id: HKDF-SHA256 over the service's root secret.
//!
//! The `info` is a label, then provider, content id and track type, each after its length as eight bytes: no two contents
//! and no two tracks share an `info`.

use hkdf::Hkdf;
use sha2::Sha256;

use base::secret::{SecretArray, SecretBytes};
use license::protocol::Id;

const KEY: &[u8] = b"native_drm 1 content key";
const KEY_ID: &[u8] = b"native_drm 1 key id";
const TOKEN: &[u8] = b"native_drm 1 provider token";
const SPREAD: &[u8] = b"native_drm 1 renewal spread";

/// Track types that every content without keys of its own has.
pub(super) const STANDARD_TRACKS: [&str; 5] = ["AUDIO", "SD", "HD", "UHD1", "UHD2"];

fn derive(root: &SecretArray<32>, label: &[u8], parts: [&[u8]; 3], out: &mut [u8]) {
    let mut info = label.to_vec();
    for part in parts {
        info.extend_from_slice(&(part.len() as u64).to_be_bytes());
        info.extend_from_slice(part);
    }
    Hkdf::<Sha256>::new(None, &**root).expand(&info, out).expect("HKDF-SHA256 gives up to 8160 bytes");
}

/// The key of a track.
pub(super) fn content_key(root: &SecretArray<32>, provider: &str, content_id: &[u8], track_type: &str) -> SecretBytes {
    let mut key = SecretBytes::from(vec![0; 16]);
    derive(root, KEY, [provider.as_bytes(), content_id, track_type.as_bytes()], &mut key);
    key
}

/// The id of that key.
pub(super) fn key_id(root: &SecretArray<32>, provider: &str, content_id: &[u8], track_type: &str) -> Id {
    let mut id = [0; 16];
    derive(root, KEY_ID, [provider.as_bytes(), content_id, track_type.as_bytes()], &mut id);
    license::protocol::Fixed(id)
}

/// What is kept of a provider's token: nobody can look for the token with it who does not have the root.
pub(super) fn token_digest(root: &SecretArray<32>, token_hash: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    derive(root, TOKEN, [token_hash, &[], &[]], &mut digest);
    digest
}

/// A number that says how much earlier a license is renewed; see [`jitter`](super::jitter).
pub(super) fn renewal_spread(root: &SecretArray<32>, license_id: &[u8]) -> u64 {
    let mut number = [0; 8];
    derive(root, SPREAD, [license_id, &[], &[]], &mut number);
    u64::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's hmac module after RFC 5869.
    #[test]
    fn keys_are_those_of_rfc_5869() {
        let root = SecretArray::from_slice(&[0x0b; 32]).unwrap();
        assert_eq!(hex::encode(&*content_key(&root, "p", b"content", "SD")), EXPECTED_KEY);
        assert_eq!(key_id(&root, "p", b"content", "SD").hex(), EXPECTED_ID);
    }

    const EXPECTED_KEY: &str = "04f65c15bba4f8f1e5032227c9423a02";
    const EXPECTED_ID: &str = "fe2d4bbc746ceb289e08088b95b12011";

    #[test]
    fn moving_a_byte_between_the_parts_changes_everything() {
        let root = SecretArray::from_slice(&[1; 32]).unwrap();
        let all =
            [("", "ab", "c"), ("a", "b", "c"), ("ab", "", "c"), ("", "a", "bc"), ("a", "", "bc"), ("abc", "", "")];
        let ids: std::collections::HashSet<_> = all.iter().map(|(p, c, t)| key_id(&root, p, c.as_bytes(), t)).collect();
        assert_eq!(ids.len(), all.len());
    }
}
