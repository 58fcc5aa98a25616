//! Answers name the device's revoked licenses, if it understands that.

mod license_common;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::clock::VirtualClock;
use license::protocol::service_side::{
    Frame, Kind, PrivateKey, ProvisionRequest, ProvisionResponse, from_json, generate_signing_key, message, random,
    to_json,
};
use license::protocol::{Accepted, Ask, Bytes, Client, Id, License, Request, RequestType, SessionClient};
use license::template::{DeviceLevel, Hdcp};
use license_common::{KEY_ID, START, World, ask, fill};
use license_service::{Endpoint, Sender, Service, Settings};
use p256::pkcs8::EncodePublicKey;

const RENEWABLE: &str = r#""policy_name":"renewable""#;
const UNLIMITED: &str = r#""policy_overrides":{"can_play":true}"#;

/// The licenses that the answer to a request names.
fn revoked_by(world: &World, client: &Client, session: &mut SessionClient, request: &[u8]) -> Vec<Id> {
    let response = world.send(request).unwrap();
    let checked = session.check(client, &response).unwrap();
    session.commit(&checked).unwrap();
    checked.revoked.ids().to_vec()
}

/// The licenses that the answer to a request for another license names.
fn told(world: &World, client: &Client) -> Vec<Id> {
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(client, &ask()).unwrap();
    revoked_by(world, client, &mut session, &request)
}

#[test]
fn every_answer_names_the_licenses_of_its_device() {
    let world = World::new();
    let (client, other) = (world.device(), world.device());
    let mut session = SessionClient::new().unwrap();
    let licenses: Vec<License> = (0..4).map(|_| world.license(&client, &mut session, RENEWABLE, true)).collect();
    assert!(told(&world, &client).is_empty());
    world.service.revoke_license(licenses[0].license_id).unwrap();
    world.clock.advance(1);
    world.service.revoke_license(licenses[1].license_id).unwrap();
    let both = vec![licenses[1].license_id, licenses[0].license_id];
    assert_eq!(told(&world, &client), both, "a license, the last one first");
    assert_eq!(told(&world, &client), both, "and again");
    let renewal = session.renewal_request(&client, licenses[2].reference(), &ask()).unwrap();
    assert_eq!(revoked_by(&world, &client, &mut session, &renewal), both, "a renewal");
    let release = session.release_request(&client, licenses[3].reference()).unwrap();
    assert_eq!(revoked_by(&world, &client, &mut session, &release), both, "a release");
    assert!(told(&world, &other).is_empty(), "another device");
    let renewal = session.renewal_request(&client, licenses[0].reference(), &ask()).unwrap();
    assert_eq!(world.refused(&renewal), (403, "RENEW_NOT_ALLOWED"), "as before");

    // One that is revoked again counts as revoked now; one that was given back is done with.
    world.service.revoke_license(licenses[0].license_id).unwrap();
    assert_eq!(told(&world, &client), [licenses[0].license_id, licenses[1].license_id]);
    let release = session.release_request(&client, licenses[0].reference()).unwrap();
    assert_eq!(revoked_by(&world, &client, &mut session, &release), [licenses[1].license_id]);
    assert_eq!(told(&world, &client), [licenses[1].license_id]);
    world.service.revoke_license(licenses[0].license_id).unwrap();
    assert_eq!(told(&world, &client), [licenses[1].license_id], "nor is it told when it is revoked after that");

    // Being certified again changes nothing.
    let mut client = Client::from_secret(&client.to_secret(), None).unwrap();
    let response = world.send(&client.provision_request().unwrap()).unwrap();
    client.process_provision_response(&response).unwrap();
    assert_eq!(told(&world, &client), [licenses[1].license_id]);
    // A hundred seconds are over.
    world.clock.advance(100_000);
    assert!(told(&world, &client).is_empty(), "it is over by itself");
}

#[test]
fn an_answer_names_the_64_that_were_revoked_last() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let ids: Vec<Id> = (0..70).map(|_| world.license(&client, &mut session, UNLIMITED, false).license_id).collect();
    for (index, id) in ids.iter().enumerate() {
        world.service.revoke_license(*id).unwrap();
        let latest: Vec<Id> = ids[..=index].iter().rev().take(64).copied().collect();
        assert_eq!(told(&world, &client), latest);
    }
}

#[test]
fn a_license_that_is_over_is_not_in_the_way_of_one_that_is_not() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let lasting = world.license(&client, &mut session, UNLIMITED, false).license_id;
    world.service.revoke_license(lasting).unwrap();
    for _ in 0..80 {
        let short = world.license(&client, &mut session, RENEWABLE, false).license_id;
        world.service.revoke_license(short).unwrap();
        world.clock.advance(10_000);
    }
    assert_eq!(told(&world, &client).last(), Some(&lasting));
}

#[test]
fn a_directory_keeps_it_and_a_forgotten_license_is_told_on() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(VirtualClock::new(START));
    let open = || {
        let settings = Settings { licenses_per_device: 2, ..Settings::default() };
        let service = Service::in_directory(directory.path(), clock.clone(), settings).unwrap();
        World { clock: clock.clone(), service }
    };
    let world = open();
    fill(&world.service);
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let id = world.license(&client, &mut session, UNLIMITED, false).license_id;
    world.service.revoke_license(id).unwrap();
    drop(world);
    let world = open();
    for _ in 0..4 {
        assert_eq!(told(&world, &client), [id]);
    }
    assert!(world.service.license(id).unwrap().is_none(), "two others have taken its place");
}

/// A device that speaks for itself.
struct Device {
    signing: PrivateKey,
    point: Bytes,
    certificate: Bytes,
}

impl Device {
    fn provisioned(world: &World) -> Self {
        let (signing, sealing) = (generate_signing_key().unwrap(), generate_signing_key().unwrap());
        let point = Bytes(sealing.verifying_key().to_sec1_point(false).as_bytes().to_vec());
        let request = ProvisionRequest {
            nonce: random().unwrap(),
            signing_key: Bytes(signing.verifying_key().to_public_key_der().unwrap().as_bytes().to_vec()),
            seal_key: point.clone(),
            authority: None,
        };
        let answer = world.send(&message(Kind::ProvisionRequest, &to_json(&request), &signing).unwrap()).unwrap();
        let answer: ProvisionResponse = from_json(Frame::parse(&answer).unwrap().body).unwrap();
        Self { signing, point, certificate: answer.device }
    }

    fn request(&self, request_type: RequestType, license_id: Option<Id>, option: Option<&str>) -> Vec<u8> {
        let options = option.map(|value| ("revocations".to_owned(), value.to_owned()));
        let request = Request {
            request_type,
            nonce: random().unwrap(),
            session: random().unwrap(),
            certificate: self.certificate.clone(),
            device_level: DeviceLevel::SwCrypto,
            hdcp: Hdcp::None,
            key_ids: if license_id.is_none() { vec![Bytes(KEY_ID.to_vec())] } else { Vec::new() },
            ephemeral_key: self.point.clone(),
            persistent: false,
            license_id,
            sequence: u64::from(license_id.is_some()),
            client_token: None,
            options: options.into_iter().collect::<BTreeMap<_, _>>(),
        };
        message(Kind::Request, &to_json(&request), &self.signing).unwrap()
    }
}

#[test]
fn a_device_that_does_not_ask_for_it_gets_answers_as_ever() {
    let world = World::new();
    let device = Device::provisioned(&world);
    let license = |option| {
        let request = device.request(RequestType::License, None, option);
        let reply = world.service.handle(&request, Endpoint::Any, &Sender::Trusted).unwrap();
        (reply.body.len(), reply.summary.license.unwrap())
    };
    let ((before, first), (_, second), (_, third)) = (license(None), license(Some("1")), license(None));
    assert_eq!(license(Some("1")).0, before, "where there is nothing to tell");
    world.service.revoke_license(first).unwrap();
    assert_eq!((license(None).0, license(Some("0")).0), (before, before));
    // A seal has the length of what is in it, and base64url takes four bytes for three.
    let member = ",\"revoked\":[\"AAAAAAAAAAAAAAAAAAAAAA\"]".len();
    assert!((license(Some("1")).0 - before).abs_diff(member * 4 / 3) <= 2);

    let body = |id, option| {
        let answer = world.send(&device.request(RequestType::Release, Some(id), option)).unwrap();
        String::from_utf8_lossy(Frame::parse(&answer).unwrap().body).into_owned()
    };
    assert!(!body(second, None).contains("revoked"));
    let named = format!("\"revoked\":[\"{}\"]", base::base64::Variant::Url.encode(&first.0));
    assert!(body(third, Some("1")).contains(&named));
}

#[test]
fn a_stored_license_of_before_is_read_and_one_with_a_list_stays_readable() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(&client, &Ask { persistent: true, ..ask() }).unwrap();
    let stored = world.send_template(&request, RENEWABLE).unwrap();
    let Accepted::License(first) = session.accept(&client, &stored).unwrap() else { panic!("no license") };
    assert!(client.restore(&stored).unwrap().revoked.is_empty());
    world.service.revoke_license(first.license_id).unwrap();
    let request = session.license_request(&client, &Ask { persistent: true, ..ask() }).unwrap();
    let stored = world.send_template(&request, RENEWABLE).unwrap();
    session.accept(&client, &stored).unwrap();
    assert_eq!(client.restore(&stored).unwrap().revoked.ids(), [first.license_id]);
}
