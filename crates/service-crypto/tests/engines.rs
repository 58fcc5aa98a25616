//! Both engines against known answers from outside and against each other.

use license::protocol::service_side::{
    Engine, Portable, PublicKey, SIGNATURE, generate_signing_key, is_normalized, normalized, random,
};
use license::protocol::{Accepted, Ask, Client, SessionClient};
use license::template::{DeviceLevel, Hdcp};
use license_service::{Content, Endpoint, Sender, Service, Settings};
use serde_json::Value;
use service_crypto::Ring;

const ENGINES: [&dyn Engine; 2] = [&Portable, &Ring];

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// Of a valid signature, the one with the lower s counts here and no other.
#[test]
fn signatures_of_wycheproof() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/crypto/wycheproof_p256.json")).unwrap();
    let (mut good, mut bad, mut mirrored) = (0, 0, 0);
    for group in vectors["groups"].as_array().unwrap() {
        let key = PublicKey::from_sec1_bytes(&bytes(&group["key"])).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let (message, signature, valid) = (bytes(&test[1]), bytes(&test[2]), test[3].as_bool().unwrap());
            // Those of another length never get here: the type forbids it.
            let Ok(signature) = <[u8; SIGNATURE]>::try_from(&signature[..]) else {
                assert!(!valid, "{test}");
                continue;
            };
            let lower = is_normalized(&signature);
            for engine in ENGINES {
                assert_eq!(engine.verify(&key, &message, &signature), valid && lower, "{engine:?}: {test}");
                if let Some(normalized) = normalized(&signature) {
                    assert_eq!(engine.verify(&key, &message, &normalized), valid, "{engine:?}: {test}");
                }
            }
            (good, bad) = (good + u32::from(valid), bad + u32::from(!valid));
            mirrored += u32::from(valid && !lower);
        }
    }
    assert!(good > 150 && bad > 60 && mirrored > 20, "{good} good, {bad} bad, {mirrored} with the higher s");
}

#[test]
fn what_one_signs_the_other_accepts_and_no_bit_may_change() {
    for round in 0..40 {
        let key = generate_signing_key().unwrap();
        let public = *key.verifying_key();
        let data = random::<64>().unwrap().0[..round].to_vec();
        for engine in ENGINES {
            let signature = engine.signer(key.clone()).unwrap().sign(&data).unwrap();
            assert!(is_normalized(&signature));
            for other in ENGINES {
                assert!(other.verify(&public, &data, &signature), "{engine:?} to {other:?}");
                assert!(!other.verify(&public, &[&data[..], &[0]].concat(), &signature));
                let foreign = generate_signing_key().unwrap();
                assert!(!other.verify(foreign.verifying_key(), &data, &signature));
                if round == 0 {
                    for bit in 0..SIGNATURE * 8 {
                        let mut changed = signature;
                        changed[bit / 8] ^= 1 << (bit % 8);
                        assert!(!other.verify(&public, &data, &changed), "{engine:?} to {other:?}: bit {bit}");
                    }
                }
            }
        }
    }
}

/// The portable engine's signatures are those of RFC 6979, appendix A.2.5, but for the higher of two s.
#[test]
fn portable_signatures_are_those_of_rfc_6979() {
    let key = hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap();
    let key = license::protocol::service_side::signing_key(&base::secret::SecretBytes::from(key)).unwrap();
    let signer = Portable.signer(key).unwrap();
    let cases = [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ];
    for (text, r, s) in cases {
        let expected: [u8; SIGNATURE] = hex::decode([r, s].concat()).unwrap().try_into().unwrap();
        assert_eq!(signer.sign(text.as_bytes()).unwrap(), normalized(&expected).unwrap());
        for engine in ENGINES {
            let public = p256::ecdsa::SigningKey::from_slice(
                &hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap(),
            );
            let public = *public.unwrap().verifying_key();
            assert!(engine.verify(&public, text.as_bytes(), &normalized(&expected).unwrap()), "{engine:?}");
        }
    }
}

/// A device has the portable operations. It gets its certificate from the service of one engine, licenses of both kinds, renewals and
/// an acknowledgement from the service of the other one, in the same store.
#[test]
fn a_device_and_a_store_go_from_one_engine_to_the_other() {
    let directory = std::env::temp_dir().join(format!("service-crypto-{}", std::process::id()));
    let service = |engine| {
        let clock = std::sync::Arc::new(base::clock::SystemClock::new());
        Service::in_directory(&directory, clock, Settings { engine, ..Settings::default() }).unwrap()
    };
    let first = service(&Portable);
    first
        .add_policy("default", br#"{"can_play":true,"can_persist":true,"can_renew":true,"renewal_delay_seconds":9}"#)
        .unwrap();
    first.add_content(&Content::parse(br#"{"content_id":"bW92aWU="}"#).unwrap()).unwrap();
    let (key_id, key) = first.content_key(b"movie", "SD").unwrap();
    drop(first);
    for [one, other] in [[ENGINES[0], ENGINES[1]], [ENGINES[1], ENGINES[0]], [ENGINES[1], ENGINES[1]]] {
        let send = |engine, message: &[u8]| {
            service(engine)
                .handle(message, Endpoint::Any, &Sender::Anyone)
                .unwrap_or_else(|refusal| panic!("{refusal:?}"))
                .body
        };
        let mut client = Client::new(None).unwrap();
        let answer = send(one, &client.provision_request().unwrap());
        client.process_provision_response(&answer).unwrap();
        for persistent in [false, true] {
            let mut session = SessionClient::new().unwrap();
            let ask = Ask {
                key_ids: vec![key_id.0.to_vec()],
                persistent,
                device_level: DeviceLevel::SwCrypto,
                hdcp: Hdcp::None,
                client_token: None,
                options: Default::default(),
            };
            let answer = send(other, &session.license_request(&client, &ask).unwrap());
            let Accepted::License(license) = session.accept(&client, &answer).unwrap() else { panic!("no license") };
            let got = license.keys.iter().find(|key| key.key_id.0 == key_id.0).unwrap();
            assert!(got.key == key);
            let answer = send(one, &session.renewal_request(&client, license.reference(), &ask).unwrap());
            let Accepted::Renewal(license) = session.accept(&client, &answer).unwrap() else { panic!("no renewal") };
            let answer = send(other, &session.release_request(&client, license.reference()).unwrap());
            assert!(matches!(session.accept(&client, &answer).unwrap(), Accepted::Released(_)));
        }
    }
    std::fs::remove_dir_all(&directory).unwrap();
}
