//! Device and service talk; whatever is not an answer to what was asked is refused and changes nothing.

mod license_common;

use license::protocol::service_side::{
    Frame, Kind, ProvisionRequest, ProvisionResponse, PublicKey, Role, from_json, generate_signing_key, hash, issue,
    message, to_json,
};
use license::protocol::{Accepted, Ask, Bytes, CertificateStatus, Client, Error, LicenseRef, Rejection, SessionClient};
use license_common::{KEY, KEY_ID, START, World, ask};
use p256::pkcs8::DecodePublicKey;

const RENEWABLE: &str = r#""policy_name":"renewable""#;

#[test]
fn provisioning_license_renewal_and_release_work() {
    let world = World::new();
    let mut client = Client::new(None).unwrap();
    assert_eq!(client.certificate_status(START), CertificateStatus::NotProvisioned);
    let mut session = SessionClient::new().unwrap();
    assert!(matches!(session.license_request(&client, &ask()), Err(Error::NotProvisioned)));

    let response = world.send(&client.provision_request().unwrap()).unwrap();
    client.process_provision_response(&response).unwrap();
    assert_eq!(client.certificate_status(START), CertificateStatus::Provisioned);
    assert_eq!(client.certificate_status(START - 2 * 24 * 3600 * 1000), CertificateStatus::Invalid);
    assert_eq!(client.certificate_status(client.certificate_expiry().unwrap()), CertificateStatus::Expired);

    let license = world.license(&client, &mut session, RENEWABLE, false);
    assert_eq!((license.sequence, license.issued, license.first_issued), (1, START, START));
    assert_eq!(license.content_id.0, b"movie");
    assert_eq!(license.provider, "acme");
    assert_eq!(license.keys.len(), 1, "HD demands hardware");
    assert_eq!((&license.keys[0].key_id.0[..], &license.keys[0].key[..]), (&KEY_ID[..], &KEY[..]));
    assert!(license.policy.can_play && license.policy.can_renew);

    world.clock.advance(60_000);
    let request = session.renewal_request(&client, license.reference(), &ask()).unwrap();
    let response = world.send(&request).unwrap();
    let Accepted::Renewal(renewed) = session.accept(&client, &response).unwrap() else { panic!("no renewal") };
    assert_eq!((renewed.license_id, renewed.sequence), (license.license_id, 2));
    assert_eq!((renewed.issued, renewed.first_issued), (START + 60_000, START));

    let request = session.release_request(&client, renewed.reference()).unwrap();
    let response = world.send(&request).unwrap();
    let Accepted::Released(id) = session.accept(&client, &response).unwrap() else { panic!("no release") };
    assert_eq!(id, license.license_id);
    assert_eq!(session.outstanding(), 0);
}

#[test]
fn a_stored_license_opens_on_its_device_only() {
    let world = World::new();
    let (client, other) = (world.device(), world.device());
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(&client, &Ask { persistent: true, ..ask() }).unwrap();
    let stored = world.send_template(&request, r#""policy_name":"rental""#).unwrap();
    session.accept(&client, &stored).unwrap();

    // After a restart: the device comes from its store.
    let client = Client::from_secret(&client.to_secret(), None).unwrap();
    let license = client.restore(&stored).unwrap();
    assert_eq!(license.keys[0].key[..], KEY);
    assert_eq!(other.restore(&stored).unwrap_err(), Rejection::WrongDevice);

    let request = session.license_request(&client, &ask()).unwrap();
    let online = world.send(&request).unwrap();
    assert!(matches!(client.restore(&online), Err(Rejection::Malformed(_))));
    assert!(!String::from_utf8_lossy(&stored).contains("can_play"), "the content is sealed");
}

#[test]
fn every_single_bit_flip_in_a_license_is_refused_and_leaves_the_session_as_it_was() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(&client, &ask()).unwrap();
    let response = world.send_template(&request, RENEWABLE).unwrap();
    for bit in 0..response.len() * 8 {
        let mut changed = response.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(session.accept(&client, &changed).is_err(), "bit {bit}");
        assert_eq!(session.outstanding(), 1, "bit {bit}");
    }
    for length in 0..response.len() {
        assert!(session.accept(&client, &response[..length]).is_err(), "length {length}");
    }
    let mut longer = response.clone();
    longer.push(0);
    assert!(session.accept(&client, &longer).is_err());
    // And the license itself is still good.
    session.accept(&client, &response).unwrap();
}

#[test]
fn every_single_bit_flip_in_other_answers_is_refused() {
    let world = World::new();
    let mut client = Client::new(None).unwrap();
    let response = world.send(&client.provision_request().unwrap()).unwrap();
    // Every seventh: certificates are long, and a prime distance meets every bit of a byte.
    for bit in (0..response.len() * 8).step_by(7) {
        let mut changed = response.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(client.process_provision_response(&changed).is_err(), "bit {bit}");
        assert_eq!(client.certificate_status(START), CertificateStatus::NotProvisioned);
    }
    client.process_provision_response(&response).unwrap();

    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, "", false);
    let response = world.send(&session.release_request(&client, license.reference()).unwrap()).unwrap();
    for bit in 0..response.len() * 8 {
        let mut changed = response.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(session.accept(&client, &changed).is_err(), "bit {bit}");
    }
    session.accept(&client, &response).unwrap();
}

#[test]
fn the_other_signature_for_the_same_license_is_refused() {
    use p256::ecdsa::Signature;
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let response = world.send(&session.license_request(&client, &ask()).unwrap()).unwrap();
    let (signed, signature) = response.split_at(response.len() - 64);
    let signature = Signature::from_slice(signature).unwrap();
    let (r, s) = signature.split_scalars();
    let high = Signature::from_scalars(r, -s).unwrap();
    assert_ne!(high, signature);
    let changed = [signed, &high.to_bytes()].concat();
    assert_eq!(session.accept(&client, &changed).unwrap_err(), Rejection::BadSignature);
}

#[test]
fn answers_to_others_and_replays_are_refused() {
    let world = World::new();
    let (client, other) = (world.device(), world.device());
    let (mut session, mut second) = (SessionClient::new().unwrap(), SessionClient::new().unwrap());
    let response = world.send(&session.license_request(&client, &ask()).unwrap()).unwrap();
    assert_eq!(second.accept(&client, &response).unwrap_err(), Rejection::NotOutstanding);
    let _ = second.license_request(&client, &ask()).unwrap();
    assert_eq!(second.accept(&client, &response).unwrap_err(), Rejection::NotOutstanding);
    let mut others = SessionClient::new().unwrap();
    let _ = others.license_request(&other, &ask()).unwrap();
    assert_eq!(others.accept(&other, &response).unwrap_err(), Rejection::NotOutstanding);
    session.accept(&client, &response).unwrap();
    assert_eq!(session.accept(&client, &response).unwrap_err(), Rejection::NotOutstanding);
}

#[test]
fn only_so_many_requests_wait() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let first = session.license_request(&client, &ask()).unwrap();
    let second = session.license_request(&client, &ask()).unwrap();
    for _ in 0..7 {
        let _ = session.license_request(&client, &ask()).unwrap();
    }
    assert_eq!(session.outstanding(), 8);
    assert_eq!(session.accept(&client, &world.send(&first).unwrap()).unwrap_err(), Rejection::NotOutstanding);
    session.accept(&client, &world.send(&second).unwrap()).unwrap();
}

/// The answer of a service that certifies every device, whomever that trusts.
fn certified(request: &[u8]) -> Vec<u8> {
    const DAY: i64 = 24 * 3600 * 1000;
    let body: ProvisionRequest = from_json(Frame::parse_kind(request, Kind::ProvisionRequest).unwrap().body).unwrap();
    let device = PublicKey::from_public_key_der(&body.signing_key.0).unwrap();
    let (authority, signer) = (generate_signing_key().unwrap(), generate_signing_key().unwrap());
    let certificate = |role, key| Bytes(issue(role, key, &authority, START, DAY).unwrap());
    let response = ProvisionResponse {
        request_hash: hash(request),
        time: START,
        device: certificate(Role::Device, &device),
        service: certificate(Role::Service, signer.verifying_key()),
        authority: certificate(Role::Authority, authority.verifying_key()),
    };
    message(Kind::ProvisionResponse, &to_json(&response), &signer).unwrap()
}

#[test]
fn an_impostor_is_noticed() {
    let (world, impostor) = (World::new(), World::new());
    let mut client = world.device();
    let mut session = SessionClient::new().unwrap();

    // Another service neither provisions a device that knows one, nor one that was told whom to trust …
    let mut fresh = Client::new(Some(world.service.authority())).unwrap();
    for client in [&mut client, &mut fresh] {
        let request = client.provision_request().unwrap();
        assert_eq!(impostor.refused(&request), (401, "BAD_CERTIFICATE"));
        // … nor is what it answers all the same taken.
        assert_eq!(client.process_provision_response(&certified(&request)), Err(Rejection::ForeignService));
    }
    let mut anyone = Client::new(None).unwrap();
    let answer = certified(&anyone.provision_request().unwrap());
    anyone.process_provision_response(&answer).unwrap();
    let response = world.send(&fresh.provision_request().unwrap()).unwrap();
    fresh.process_provision_response(&response).unwrap();

    // It does not know the device's certificate, and its licenses have the wrong signature.
    let request = session.license_request(&client, &ask()).unwrap();
    assert_eq!(impostor.refused(&request), (401, "BAD_CERTIFICATE"));
    let (there, mut elsewhere) = (impostor.device(), SessionClient::new().unwrap());
    let foreign = impostor.send(&elsewhere.license_request(&there, &ask()).unwrap()).unwrap();
    assert!(matches!(session.accept(&client, &foreign), Err(Rejection::UnknownSigner(_))));

    // Of many unanswered requests the oldest counts no more, and no answer counts twice.
    let requests: Vec<_> = (0..9).map(|_| client.provision_request().unwrap()).collect();
    let response = world.send(&requests[0]).unwrap();
    assert_eq!(client.process_provision_response(&response), Err(Rejection::NotOutstanding));
    let response = world.send(&requests[1]).unwrap();
    client.process_provision_response(&response).unwrap();
    assert_eq!(client.process_provision_response(&response), Err(Rejection::NotOutstanding));
}

#[test]
fn the_highest_sequence_is_kept() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, RENEWABLE, false);
    // Two renewals are under way; the later one arrives first.
    let first = session.renewal_request(&client, license.reference(), &ask()).unwrap();
    let second = session.renewal_request(&client, license.reference(), &ask()).unwrap();
    let (first, second) = (world.send(&first).unwrap(), world.send(&second).unwrap());
    let Accepted::Renewal(renewed) = session.accept(&client, &second).unwrap() else { panic!("no renewal") };
    assert_eq!(renewed.sequence, 3);
    assert_eq!(session.accept(&client, &first).unwrap_err(), Rejection::StaleSequence { found: 2, held: 3 });

    // An answer about another license, to a renewal of this one.
    let other = world.license(&client, &mut session, RENEWABLE, false);
    let mut thief = SessionClient::new().unwrap();
    let swapped = LicenseRef { license_id: other.license_id, ..renewed.reference() };
    let request = thief.renewal_request(&client, swapped, &ask()).unwrap();
    assert_eq!(world.refused(&request), (409, "STALE_SEQUENCE"));
}

#[test]
fn wrong_kinds_versions_and_refusals_are_told_apart() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(&client, &ask()).unwrap();
    let response = world.send(&request).unwrap();
    assert!(matches!(session.accept(&client, &request), Err(Rejection::WrongKind { .. })));
    let mut newer = response.clone();
    newer[4] = 2;
    assert_eq!(session.accept(&client, &newer).unwrap_err(), Rejection::UnknownVersion(2));
    assert_eq!(session.accept(&client, b"").unwrap_err(), Rejection::NotAMessage);
    assert_eq!(session.accept(&client, b"{}").unwrap_err(), Rejection::NotAMessage);
    let denied =
        br#"{"status":403,"reason":"RENEW_NOT_ALLOWED","rule":"RENEW_NOT_ALLOWED","pointer":"","message":"no"}"#;
    let rejection = session.accept(&client, denied).unwrap_err();
    assert_eq!(
        rejection,
        Rejection::Denied { status: 403, rule: "RENEW_NOT_ALLOWED".into(), message: "no".into(), license_id: None }
    );
    session.accept(&client, &response).unwrap();
}

#[test]
fn a_damaged_identity_is_refused() {
    let world = World::new();
    let client = world.device();
    let kept = client.to_secret();
    assert_eq!(Client::from_secret(&kept, None).unwrap().device_id(), client.device_id());
    for (from, to) in [("\"version\":1", "\"version\":2"), ("signing_key", "signing_kez"), ("{", "[")] {
        let changed = String::from_utf8(kept.to_vec()).unwrap().replacen(from, to, 1);
        assert!(matches!(Client::from_secret(changed.as_bytes(), None), Err(Error::Malformed { .. })), "{to}");
    }
    // Certificates of another device beside this one's keys.
    let other = String::from_utf8(world.device().to_secret().to_vec()).unwrap();
    let kept = String::from_utf8(kept.to_vec()).unwrap();
    let cut = |text: &str| text.split_once("\"certificates\"").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let mixed = format!("{}\"certificates\"{}", cut(&kept).0, cut(&other).1);
    assert!(Client::from_secret(mixed.as_bytes(), None).is_err());
    assert_eq!(format!("{:?}", client.to_secret()), "SecretBytes(..)");
}
