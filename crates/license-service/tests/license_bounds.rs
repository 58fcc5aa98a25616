//! Who gets what, and how much of it the service keeps.

mod license_common;

use base::base64::Variant;
use license::protocol::{Accepted, Ask, Bytes, Client, License, SessionClient};
use license::template::{Hdcp, Refusal};
use license_common::{KEY, World, ask, track};
use license_service::{Content, Endpoint, Sender, Settings};

fn handle(world: &World, message: &[u8], sender: &Sender) -> Result<Vec<u8>, Refusal> {
    world.service.handle(message, Endpoint::Any, sender).map(|reply| reply.body)
}

/// Status, rule and place of a refusal; 200 for an answer.
fn outcome(result: Result<Vec<u8>, Refusal>) -> (u16, &'static str, String) {
    match result {
        Ok(_) => (200, "", String::new()),
        Err(refusal) => (refusal.status(), refusal.rule().id(), refusal.pointer().to_owned()),
    }
}

fn wanting(key_id: [u8; 16]) -> Ask {
    Ask { key_ids: vec![key_id.to_vec()], ..ask() }
}

fn request(client: &Client, ask: &Ask) -> Vec<u8> {
    SessionClient::new().unwrap().license_request(client, ask).unwrap()
}

#[test]
fn content_may_be_licensed_through_its_provider_only() {
    let world = World::new();
    let client = world.device();
    // acme has a token, other has none.
    let cases = [
        ("acme", None, true),
        ("acme", Some(true), true),
        ("acme", Some(false), false),
        ("other", None, false),
        ("other", Some(true), true),
        ("other", Some(false), false),
        ("unknown", None, false),
        ("", None, false),
        ("", Some(false), false),
    ];
    for (number, (provider, require_provider, required)) in (1_u8..).zip(cases) {
        let case = format!("{provider:?} {require_provider:?}");
        let key_id = [number; 16];
        let content = Content {
            content_id: Bytes(vec![number]),
            provider: provider.into(),
            policy: Some("renewable".into()),
            require_provider,
            tracks: vec![track("SD", key_id, KEY, 1, Hdcp::None)],
            ..Content::default()
        };
        world.service.add_content(&content).unwrap();
        let bare = || request(&client, &wanting(key_id));
        let wrapped = || world.template(&bare(), "");
        let refused = |pointer: &str| (403, "PROVIDER_REQUIRED", pointer.to_owned());
        let fine = || (200, "", String::new());
        let expected = |pointer| if required { refused(pointer) } else { fine() };
        assert_eq!(outcome(handle(&world, &bare(), &Sender::Anyone)), expected(""), "{case}");
        assert_eq!(outcome(handle(&world, &wrapped(), &Sender::Anyone)), expected("/payload"), "{case}");
        for message in [bare(), wrapped()] {
            assert_eq!(outcome(handle(&world, &message, &Sender::Trusted)), fine(), "{case}");
        }
        if !provider.is_empty() {
            let own = Sender::Provider(provider.into());
            let mut session = SessionClient::new().unwrap();
            let message = session.license_request(&client, &wanting(key_id)).unwrap();
            let license = handle(&world, &message, &own).unwrap();
            let Accepted::License(license) = session.accept(&client, &license).unwrap() else { panic!() };
            let stranger = Sender::Provider("stranger".into());
            assert_eq!(outcome(handle(&world, &bare(), &stranger)).1, "PROVIDER_MISMATCH", "{case}");
            // What was issued goes on without the provider.
            let renewal = session.renewal_request(&client, license.reference(), &ask()).unwrap();
            assert_eq!(outcome(handle(&world, &renewal, &Sender::Anyone)), fine(), "{case}");
            let release = session.release_request(&client, license.reference()).unwrap();
            assert_eq!(outcome(handle(&world, &release, &Sender::Anyone)), fine(), "{case}");
        }
    }
    let nobodys = br#"{"content_id":"AAAA","require_provider":true}"#;
    let fault = world.service.add_content(&Content::parse(nobodys).unwrap()).unwrap_err();
    assert!(fault.to_string().contains("requires a provider"), "{fault}");
    assert!(Content::parse(br#"{"content_id":"AAAA","require_provider":1}"#).is_err());
}

/// By default it goes by the token that the provider has now.
#[test]
fn a_provider_that_gets_a_token_closes_its_contents() {
    let world = World::new();
    let client = world.device();
    let content = br#"{"content_id":"b3Blbg==","provider":"other","keys":[{"track_type":"SD",
        "key_id":"Dw8PDw8PDw8PDw8PDw8PDw==","key":"KysrKysrKysrKysrKysrKw=="}]}"#;
    world.service.add_content(&Content::parse(content).unwrap()).unwrap();
    let ask = wanting([15; 16]);
    assert_eq!(outcome(handle(&world, &request(&client, &ask), &Sender::Anyone)).0, 200);
    world.service.add_provider("other", Some("a token of other's")).unwrap();
    assert_eq!(outcome(handle(&world, &request(&client, &ask), &Sender::Anyone)).1, "PROVIDER_REQUIRED");
    world.service.add_provider("other", None).unwrap();
    assert_eq!(outcome(handle(&world, &request(&client, &ask), &Sender::Anyone)).0, 200);
}

#[test]
fn parse_only_shows_nobody_anything() {
    let world = World::new();
    let client = world.device();
    let refused = (403, "PROVIDER_MISMATCH", "/parse_only".to_owned());
    let bodies = [
        br#"{"parse_only":true}"#.to_vec(),
        world.template(&request(&client, &ask()), r#""parse_only":true"#),
        world.template(&Client::new(None).unwrap().provision_request().unwrap(), r#""parse_only":true"#),
    ];
    for body in bodies {
        let answer = handle(&world, &body, &Sender::Anyone);
        if let Err(refusal) = &answer {
            let shown = serde_json::to_string(refusal).unwrap();
            assert!(!shown.contains("can_play") && !shown.contains("duration"), "{shown}");
        }
        assert_eq!(outcome(answer), refused);
        assert_eq!(outcome(handle(&world, &body, &Sender::Provider("acme".into()))).0, 200);
    }
    let named = br#"{"parse_only":true,"policy_name":"rental"}"#;
    assert_eq!(outcome(handle(&world, named, &Sender::Anyone)).0, 403);
}

#[test]
fn tokens_have_a_bound_that_their_way_back_has_too() {
    let world = World::new();
    let client = world.device();
    let with_token = |length| {
        let mut session = SessionClient::new().unwrap();
        let ask = Ask { client_token: Some(vec![7; length]), ..ask() };
        let request = session.license_request(&client, &ask).unwrap();
        (session, request)
    };
    let (mut session, longest) = with_token(8192);
    let answer = handle(&world, &longest, &Sender::Trusted).unwrap();
    let Accepted::License(license) = session.accept(&client, &answer).unwrap() else { panic!("no license") };
    assert_eq!(license.client_token.map(|token| token.0.len()), Some(8192));
    for length in [8193, 150_000, 190_000] {
        let (_, message) = with_token(length);
        let refusal = handle(&world, &message, &Sender::Trusted).unwrap_err();
        assert_eq!((refusal.status(), refusal.rule().id()), (400, "BAD_MESSAGE"), "{length}");
        assert!(refusal.message().contains("8192"), "{refusal}");
    }
    for name in ["provider_client_token", "provider_session_token"] {
        for (length, expected) in [(8192, 200), (8193, 422), (100_000, 422)] {
            let token = Variant::Standard.encode(&vec![7; length]);
            let rest = format!(r#""session_init":{{"{name}":"{token}"}}"#);
            let body = world.template(&request(&client, &ask()), &rest);
            let (status, rule, pointer) = outcome(handle(&world, &body, &Sender::Trusted));
            assert_eq!(status, expected, "{name} {length}");
            if status == 422 {
                assert_eq!((rule, pointer), ("TOKEN_TOO_LONG", format!("/session_init/{name}")));
            }
        }
    }
}

#[test]
fn a_license_that_no_device_accepts_is_not_issued() {
    let world = World::new();
    let client = world.device();
    let id = |number: u16| [&number.to_be_bytes()[..], &[0xee; 14]].concat().try_into().unwrap();
    let content = |count| Content {
        content_id: Bytes(b"large".to_vec()),
        provider: String::new(),
        policy: Some("renewable".into()),
        require_provider: None,
        tracks: (0..count).map(|number| track("", id(number), KEY, 1, Hdcp::None)).collect(),
        ..Content::default()
    };
    world.service.add_content(&content(2000)).unwrap();
    let mut session = SessionClient::new().unwrap();
    let message = session.license_request(&client, &wanting(id(0))).unwrap();
    assert_eq!(outcome(handle(&world, &message, &Sender::Trusted)), (422, "LICENSE_TOO_LARGE", String::new()));
    let body = world.template(&message, r#""parse_only":true"#);
    assert_eq!(outcome(handle(&world, &body, &Sender::Trusted)).1, "LICENSE_TOO_LARGE", "a rehearsal says so, too");
    // Nothing was recorded: the same message works when the content does.
    world.service.add_content(&content(700)).unwrap();
    let answer = handle(&world, &message, &Sender::Trusted).unwrap();
    assert!(answer.len() <= license::protocol::MAX_MESSAGE);
    let Accepted::License(license) = session.accept(&client, &answer).unwrap() else { panic!("no license") };
    assert_eq!(license.keys.len(), 700);
}

#[test]
fn a_device_has_so_many_licenses() {
    const LIMIT: usize = 3;
    let world = World::with(Settings { licenses_per_device: 3, ..Settings::default() });
    let (client, other) = (world.device(), world.device());
    let mut session = SessionClient::new().unwrap();
    let rest = r#""policy_name":"renewable""#;
    let others = world.license(&other, &mut SessionClient::new().unwrap(), rest, false);
    let stored = world.license(&client, &mut session, rest, true);
    let online: Vec<License> = (0..10).map(|_| world.license(&client, &mut session, rest, false)).collect();
    let kept = |license: &License| world.service.license(license.license_id).unwrap().is_some();
    assert!(kept(&stored), "the others do not count");
    assert!(kept(&others));
    for (index, license) in online.iter().enumerate() {
        assert_eq!(kept(license), index >= online.len() - LIMIT, "{index}");
    }
    let renewal = session.renewal_request(&client, online[0].reference(), &ask()).unwrap();
    assert_eq!(outcome(handle(&world, &renewal, &Sender::Anyone)).1, "LICENSE_NOT_FOUND");
    let renewal = session.renewal_request(&client, online[9].reference(), &ask()).unwrap();
    assert_eq!(outcome(handle(&world, &renewal, &Sender::Anyone)).0, 200);
    let more: Vec<License> = (0..LIMIT).map(|_| world.license(&client, &mut session, rest, true)).collect();
    assert!(!kept(&stored) && more.iter().all(kept) && kept(&online[9]));
    // Provisioning anew does not start counting anew.
    let mut again = client;
    let answer = handle(&world, &again.provision_request().unwrap(), &Sender::Anyone).unwrap();
    again.process_provision_response(&answer).unwrap();
    world.license(&again, &mut session, rest, true);
    assert!(!kept(&more[0]) && kept(&more[1]));
    // Their ends are forgotten with them.
    world.clock.advance(200_000);
    world.clock.advance(31 * 24 * 3600 * 1000);
    assert_eq!(world.service.tidy().unwrap(), 2 * LIMIT as u64 + 1);
}

#[test]
fn a_bad_signature_is_the_devices() {
    let world = World::new();
    let client = world.device();
    let provisioning = Client::new(None).unwrap().provision_request().unwrap();
    for mut message in [request(&client, &ask()), provisioning] {
        *message.last_mut().unwrap() ^= 1;
        let refusal = handle(&world, &message, &Sender::Anyone).unwrap_err();
        assert_eq!((refusal.status(), refusal.rule().id()), (401, "BAD_SIGNATURE"));
        assert!(refusal.message().contains("device") && !refusal.message().contains("service"), "{refusal}");
    }
}
