//! Known answers from outside, at every level that this CPU has.

mod cenc_common;

use cenc::kernel::Level;
use cenc::{Cipher, ContentKey, Pattern, Sample, Scheme, Subsample};
use cenc_common::{Case, assert_decrypts, cipher, scheme};
use serde::Deserialize;
use sha2::{Digest, Sha256};

const ALIGNMENTS: [usize; 3] = [0, 1, 15];

#[derive(Deserialize)]
struct Vector {
    name: String,
    cipher: Option<String>,
    scheme: String,
    pattern: Option<[u32; 2]>,
    key: String,
    iv: String,
    subsamples: Option<Vec<[u32; 2]>>,
    #[serde(default)]
    encrypted: String,
    #[serde(default)]
    clear: String,
    size: Option<usize>,
    clear_sha256: Option<String>,
}

impl Vector {
    fn case(&self) -> Case {
        let [crypt, skip] = self.pattern.unwrap_or_default();
        let table = self.subsamples.iter().flatten();
        Case {
            cipher: cipher(self.cipher.as_deref().unwrap_or("AES-128")),
            scheme: scheme(&self.scheme),
            pattern: Pattern { crypt, skip },
            key: hex::decode(&self.key).unwrap().try_into().unwrap(),
            iv: hex::decode(&self.iv).unwrap(),
            subsamples: table.map(|&[clear, protected]| Subsample { clear, protected }).collect(),
        }
    }
}

fn check(json: &str, count: usize) {
    let vectors: Vec<Vector> = serde_json::from_str(json).unwrap();
    assert_eq!(vectors.len(), count);
    for vector in &vectors {
        let (encrypted, clear) = (hex::decode(&vector.encrypted).unwrap(), hex::decode(&vector.clear).unwrap());
        assert_eq!(encrypted.len(), clear.len());
        assert_decrypts(&vector.case(), &encrypted, &clear, &ALIGNMENTS, &vector.name);
    }
}

#[test]
fn aes_samples() {
    check(include_str!("../../../tests/vectors/crypto/aes_sample_edge_cases.json"), 80);
}

#[test]
fn sm4_samples() {
    check(include_str!("../../../tests/vectors/crypto/sm4_sample_edge_cases.json"), 80);
}

#[test]
fn android_samples() {
    check(include_str!("../../../tests/vectors/crypto/android_clearkey_aes_ctr_subsamples.json"), 4);
}

/// NIST's and OpenSSL's block mode vectors, as samples without subsamples.
#[test]
fn block_modes() {
    #[derive(Deserialize)]
    struct Mode {
        name: String,
        mode: String,
        key: String,
        iv: String,
        plaintext: String,
        ciphertext: String,
    }
    let modes: Vec<Mode> =
        serde_json::from_str(include_str!("../../../tests/vectors/crypto/block_modes.json")).unwrap();
    let mut checked = 0;
    for mode in modes {
        let (cipher_name, scheme_name, iv) = match mode.mode.rsplit_once('-').unwrap() {
            (cipher, "CTR") => (cipher, "cenc", mode.iv),
            (cipher, "CBC") => (cipher, "cbcs", mode.iv),
            // One block of ECB is one block of CBC whose predecessor is zero.
            (cipher, "ECB") => (cipher, "cbc1", "00".repeat(16)),
            other => panic!("{other:?}"),
        };
        let case = Case {
            cipher: cipher(cipher_name),
            scheme: scheme(scheme_name),
            pattern: Pattern::NONE,
            key: hex::decode(mode.key).unwrap().try_into().unwrap(),
            iv: hex::decode(iv).unwrap(),
            subsamples: vec![],
        };
        let [encrypted, clear] = [&mode.ciphertext, &mode.plaintext].map(|text| hex::decode(text).unwrap());
        assert_decrypts(&case, &encrypted, &clear, &ALIGNMENTS, &mode.name);
        checked += 1;
    }
    assert_eq!(checked, 5);
}

/// GB/T 32907 annex A.2: the block of its first example, encrypted with that key a million times. Not by the portable cipher, which
/// would take most of the time and is not ours.
#[test]
fn a_million_rounds_of_sm4() {
    let start: [u8; 16] = hex::decode("0123456789abcdeffedcba9876543210").unwrap().try_into().unwrap();
    for level in Level::available().filter(|level| *level != Level::Soft) {
        let key = ContentKey::with_level(&start, level).unwrap();
        let mut block = start;
        for _ in 0..1_000_000 {
            // The key stream is the encrypted counter block.
            let counter = std::mem::take(&mut block);
            let sample = Sample::new(Cipher::Sm4, Scheme::Cenc, &counter, Pattern::NONE, &[], 16).unwrap();
            sample.decrypt(&key, &mut block);
        }
        assert_eq!(hex::encode(block), "595298c7c6fd271f0402f804c33d3f66", "level {}", level.name());
    }
}

/// Samples up to 1 MiB, decrypted by OpenSSL (see `vectors/crypto/generate_openssl_samples.py`).
#[test]
fn openssl_samples() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../tests/vectors/crypto/openssl_samples.json")).unwrap();
    assert!(vectors.len() > 300);
    for vector in &vectors {
        let encrypted = stream(&vector.name, vector.size.unwrap());
        for level in Level::available() {
            let mut data = encrypted.clone();
            vector.case().decrypt(level, &mut data);
            let hash = hex::encode(Sha256::digest(&data));
            assert_eq!(Some(hash), vector.clear_sha256, "{} at level {}", vector.name, level.name());
        }
    }
}

/// The generator's encrypted bytes: SHA-256 of the name and a block number.
fn stream(name: &str, length: usize) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).map(|number| Sha256::digest(format!("{name}/data/{number}")));
    let mut bytes: Vec<u8> = blocks.flatten().collect();
    bytes.truncate(length);
    bytes
}
