//! What the service decides: keys, policies, refusals, and what it does not forget.

mod license_common;

use base::clock::VirtualClock;
use license::protocol::{Accepted, Ask, Bytes, Client, LicenseRef, SessionClient};
use license::template::{DeviceLevel, Hdcp, Profile};
use license_common::{HARD_KEY_ID, KEY, KEY_ID, START, World, ask, fill, id, key_ids, track};
use license_service::{Catalog, Content, Endpoint, Error, KeyGroup, Listed, Sender, Service, Settings};

fn request(world: &World, ask: &Ask) -> Vec<u8> {
    SessionClient::new().unwrap().license_request(&world.device(), ask).unwrap()
}

#[track_caller]
fn refused(world: &World, rest: &str, status: u16, rule: &str, pointer: &str) {
    let body = world.template(&request(world, &ask()), rest);
    let refusal = world.send(&body).expect_err("this should be refused");
    assert_eq!((refusal.status(), refusal.rule().id(), refusal.pointer()), (status, rule, pointer), "{refusal}");
}

fn hardware() -> Ask {
    Ask { device_level: DeviceLevel::EnhancedHwCrypto, ..ask() }
}

/// Key ids in the license for a request with a template around it.
fn keys(world: &World, ask: &Ask, rest: &str) -> Vec<String> {
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let request = session.license_request(&client, ask).unwrap();
    let response = world.send_template(&request, rest).unwrap();
    let Accepted::License(license) = session.accept(&client, &response).unwrap() else { panic!("no license") };
    key_ids(&license)
}

#[test]
fn an_empty_template_is_playable_for_all_tracks_and_a_bare_message_is_the_same() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, "", false);
    assert!(license.policy.can_play && !license.policy.can_persist && !license.policy.can_renew);
    assert_eq!(keys(&world, &hardware(), ""), ["a0".repeat(16), "a1".repeat(16)]);
    let bare = session.license_request(&client, &hardware()).unwrap();
    let Accepted::License(license) = session.accept(&client, &world.send(&bare).unwrap()).unwrap() else { panic!() };
    assert_eq!(license.keys.len(), 2);
    assert_eq!(license.keys[1].hdcp, Hdcp::V1, "the content's own demand");
}

#[test]
fn selectors_choose_keys_and_set_demands() {
    let world = World::new();
    let sd = "a0".repeat(16);
    assert_eq!(keys(&world, &hardware(), r#""allowed_track_types":"SD_ONLY""#), std::slice::from_ref(&sd));
    assert_eq!(keys(&world, &hardware(), r#""allowed_track_types":"SD_HD""#).len(), 2);
    assert_eq!(keys(&world, &hardware(), r#""content_key_specs":[{"track_type":"SD"}]"#), std::slice::from_ref(&sd));
    // A stricter demand than the content's own takes the key from weak devices; a laxer one does not lower it.
    let strict =
        r#""content_key_specs":[{"track_type":"SD","security_level":3},{"track_type":"HD","security_level":1}]"#;
    refused(&world, strict, 403, "SECURITY_LEVEL_INSUFFICIENT", "/payload");
    // A track type that the content does not list has a derived key, the same each time.
    let other = r#""content_key_specs":[{"track_type":"8K"}]"#;
    assert_eq!(keys(&world, &ask(), other), keys(&world, &ask(), other));
    // Injected keys, with and without content.
    let injected = r#""content_key_specs":[{"key":"AAAAAAAAAAAAAAAAAAAAAA==","key_id":"AQEBAQEBAQEBAQEBAQEBAQ=="}]"#;
    assert_eq!(keys(&world, &ask(), injected), ["01".repeat(16)]);
    let nowhere = Ask { key_ids: vec![vec![9; 16]], ..ask() };
    assert_eq!(keys(&world, &nowhere, injected), ["01".repeat(16)]);
}

#[test]
fn derived_content_has_the_five_standard_tracks() {
    let world = World::new();
    let (kid, key) = world.service.content_key(b"derived", "UHD2").unwrap();
    let ask = Ask { key_ids: vec![kid.0.to_vec()], ..ask() };
    let all = keys(&world, &ask, "");
    assert_eq!(all.len(), 5);
    assert_eq!(all[4], kid.hex());
    assert_eq!(key.len(), 16);
    assert_eq!(keys(&world, &ask, r#""allowed_track_types":"SD_ONLY""#).len(), 2, "AUDIO and SD");
    assert!(matches!(world.service.content_key(b"nothing", "SD"), Err(Error::NotFound { .. })));
    assert_eq!(world.service.content_key(b"movie", "SD").unwrap().1[..], KEY);
}

#[test]
fn each_refusal_has_its_status_rule_and_place() {
    let world = World::new();
    refused(&world, r#""content_id":"bm90aGluZw==""#, 404, "CONTENT_NOT_FOUND", "/content_id");
    refused(&world, r#""policy_name":"none""#, 404, "POLICY_NOT_FOUND", "/policy_name");
    refused(&world, r#""provider":"nobody""#, 403, "PROVIDER_MISMATCH", "/provider");
    refused(&world, r#""provider":"other""#, 403, "PROVIDER_MISMATCH", "/provider");
    refused(&world, r#""can_play":true"#, 422, "UNKNOWN_FIELD", "/can_play");
    refused(&world, r#""parse_only":"#, 400, "NOT_JSON", "");
    assert_eq!(world.refused(b"{}"), (422, "PAYLOAD_MISSING"));
    assert_eq!(world.refused(br#"{"payload":"AAAA"}"#), (400, "BAD_MESSAGE"));
    assert_eq!(world.refused(&vec![b' '; (1 << 18) + 1]), (413, "BODY_TOO_LARGE"));

    let persistent = request(&world, &Ask { persistent: true, ..ask() });
    assert_eq!(world.refused(&persistent), (403, "PERSIST_NOT_ALLOWED"));
    let hard = Ask { key_ids: vec![HARD_KEY_ID.to_vec()], ..ask() };
    assert_eq!(world.refused(&request(&world, &hard)), (403, "SECURITY_LEVEL_INSUFFICIENT"));
    let unknown = Ask { key_ids: vec![vec![9; 16]], ..ask() };
    assert_eq!(world.refused(&request(&world, &unknown)), (404, "CONTENT_NOT_FOUND"));

    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, "", false);
    let renewal = session.renewal_request(&client, license.reference(), &ask()).unwrap();
    assert_eq!(world.refused(&renewal), (403, "RENEW_NOT_ALLOWED"));
    let unknown = LicenseRef { license_id: id([7; 16]), sequence: 1, persistent: false };
    let renewal = session.renewal_request(&client, unknown, &ask()).unwrap();
    assert_eq!(world.refused(&renewal), (404, "LICENSE_NOT_FOUND"));
    // Another device does not learn that the license exists.
    let other = world.device();
    let renewal = session.renewal_request(&other, license.reference(), &ask()).unwrap();
    assert_eq!(world.refused(&renewal), (404, "LICENSE_NOT_FOUND"));
}

#[test]
fn every_changed_bit_and_every_part_of_a_request_is_refused() {
    let world = World::new();
    let message = request(&world, &ask());
    for bit in 0..message.len() * 8 {
        let mut changed = message.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let (status, rule) = world.refused(&changed);
        assert!(matches!(status, 400 | 401), "bit {bit}: {status} {rule}");
    }
    for length in 0..message.len() {
        let (status, rule) = world.refused(&message[..length]);
        assert!(matches!(status, 400 | 401), "the first {length} bytes: {status} {rule}");
    }
    for rest in [&b"\0"[..], b"}", &message] {
        let (status, rule) = world.refused(&[&message, rest].concat());
        assert!(matches!(status, 400 | 401), "with {} bytes more: {status} {rule}", rest.len());
    }
    world.send(&message).expect("the request itself is still good");
}

#[test]
fn requests_count_once_and_refused_ones_do_not_count() {
    let world = World::new();
    let message = request(&world, &ask());
    let refused = world.template(&message, r#""policy_name":"none""#);
    assert_eq!(world.refused(&refused), (404, "POLICY_NOT_FOUND"));
    world.send(&message).unwrap();
    assert_eq!(world.refused(&message), (409, "REPLAYED_REQUEST"));
    world.clock.advance(300 * 24 * 3600 * 1000);
    world.service.tidy().unwrap();
    assert_eq!(world.refused(&message), (409, "REPLAYED_REQUEST"));
    world.clock.advance(66 * 24 * 3600 * 1000);
    assert_eq!(world.service.tidy().unwrap(), 1);
    assert_eq!(world.refused(&message), (401, "BAD_CERTIFICATE"), "forgotten, but the certificate is over");

    let provisioning = Client::new(None).unwrap().provision_request().unwrap();
    world.send(&provisioning).unwrap();
    assert_eq!(world.refused(&provisioning), (409, "REPLAYED_REQUEST"));
}

#[test]
fn a_lost_answer_does_not_lock_the_device_out_and_an_old_state_is_refused() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, r#""policy_name":"renewable""#, false);
    let renew = |session: &mut SessionClient, license| {
        let request = session.renewal_request(&client, license, &ask()).unwrap();
        world.send(&request)
    };
    // Two answers are lost.
    renew(&mut session, license.reference()).unwrap();
    renew(&mut session, license.reference()).unwrap();
    let response = renew(&mut session, license.reference()).unwrap();
    let Accepted::Renewal(renewed) = session.accept(&client, &response).unwrap() else { panic!() };
    assert_eq!(renewed.sequence, 4);
    let ahead = LicenseRef { sequence: 5, ..renewed.reference() };
    assert_eq!(renew(&mut session, ahead).unwrap_err().rule().id(), "STALE_SEQUENCE");
    // Whoever has shown 4 cannot come back with 1.
    renew(&mut session, renewed.reference()).unwrap();
    let refusal = renew(&mut session, license.reference()).unwrap_err();
    assert_eq!((refusal.status(), refusal.rule().id()), (409, "STALE_SEQUENCE"));
}

#[test]
fn renewals_end_with_the_license_its_release_or_its_provider() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let policy = r#""policy_name":"renewable""#;
    let renewal = |license: LicenseRef| {
        let request = SessionClient::new().unwrap().renewal_request(&client, license, &ask()).unwrap();
        world.send(&request).map_err(|refusal| (refusal.status(), refusal.rule().id()))
    };
    let late = world.license(&client, &mut session, policy, false);
    world.clock.advance(99_999);
    assert!(renewal(late.reference()).is_ok(), "the last millisecond");
    world.clock.advance(100_000);
    assert_eq!(renewal(LicenseRef { sequence: 2, ..late.reference() }), Err((410, "LICENSE_EXPIRED")));

    let released = world.license(&client, &mut session, policy, false);
    let release = session.release_request(&client, released.reference()).unwrap();
    world.send(&release).unwrap();
    assert_eq!(world.refused(&release), (409, "REPLAYED_REQUEST"));
    assert_eq!(renewal(released.reference()), Err((410, "LICENSE_RELEASED")));
    let again = session.release_request(&client, released.reference()).unwrap();
    world.send(&again).expect("the first answer may have been lost");

    let revoked = world.license(&client, &mut session, policy, false);
    world.service.revoke_license(revoked.license_id).unwrap();
    assert_eq!(renewal(revoked.reference()), Err((403, "RENEW_NOT_ALLOWED")));
    assert!(world.service.revoke_license(id([1; 16])).is_err());

    // A rental window counts for renewals where nothing can stop it.
    let rental = r#""policy_overrides":{"can_renew":true,"rental_duration_seconds":10}"#;
    let rented = world.license(&client, &mut session, rental, false);
    world.clock.advance(10_000);
    assert_eq!(renewal(rented.reference()), Err((410, "LICENSE_EXPIRED")));

    world.service.revoke_device(client.device_id()).unwrap();
    let request = session.license_request(&client, &ask()).unwrap();
    assert_eq!(world.refused(&request), (401, "BAD_CERTIFICATE"));
    let mut client = Client::from_secret(&client.to_secret(), None).unwrap();
    assert_eq!(world.refused(&client.provision_request().unwrap()), (401, "BAD_CERTIFICATE"));
}

#[test]
fn licenses_are_forgotten_thirty_days_after_their_end() {
    const DAY: u64 = 24 * 3600 * 1000;
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let renewed = |license: LicenseRef| {
        let request = SessionClient::new().unwrap().renewal_request(&client, license, &ask()).unwrap();
        world.send(&request).map(drop).map_err(|refusal| (refusal.status(), refusal.rule().id()))
    };
    let mut license = |rest| world.license(&client, &mut session, rest, false).reference();
    let unlimited = license(r#""policy_overrides":{"can_renew":true}"#);
    let short = license(r#""policy_name":"renewable""#);
    // May be renewed for forty days, and so is.
    let long = r#""policy_overrides":{"can_renew":true,"license_duration_seconds":3456000}"#;
    let long = license(long);
    // Playback may begin in the last moment and then takes as long again.
    let rental = r#""policy_overrides":{"rental_duration_seconds":100,"playback_duration_seconds":100}"#;
    let rented = license(rental);
    let released = license(r#""policy_overrides":{"can_renew":true}"#);
    let release = SessionClient::new().unwrap().release_request(&client, released).unwrap();
    world.send(&release).unwrap();
    let known = |license: LicenseRef| world.service.license(license.license_id).unwrap().is_some();

    world.clock.advance(30 * DAY);
    assert_eq!(world.service.tidy().unwrap(), 0, "thirty days after the release, not later");
    renewed(long).unwrap();
    world.clock.advance(100_000);
    assert_eq!(world.service.tidy().unwrap(), 1);
    assert!(!known(released) && known(short) && known(rented));
    assert_eq!(renewed(short), Err((410, "LICENSE_EXPIRED")));
    world.clock.advance(1);
    assert_eq!(world.service.tidy().unwrap(), 1);
    assert!(!known(short) && known(rented));
    assert_eq!(renewed(short), Err((404, "LICENSE_NOT_FOUND")));
    world.clock.advance(100_000);
    assert_eq!(world.service.tidy().unwrap(), 1);
    assert!(!known(rented));
    // The end that it had before its renewal counts no more.
    world.clock.advance(39 * DAY);
    assert_eq!(world.service.tidy().unwrap(), 0);
    renewed(LicenseRef { sequence: 2, ..long }).unwrap();
    renewed(unlimited).unwrap();
}

#[test]
fn tokens_come_back() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let mut ask = |token: Option<&[u8]>, rest: &str| {
        let ask = Ask { client_token: token.map(<[u8]>::to_vec), ..ask() };
        let request = session.license_request(&client, &ask).unwrap();
        let response = world.send_template(&request, rest).unwrap();
        let Accepted::License(license) = session.accept(&client, &response).unwrap() else { panic!() };
        (license.session_token.clone().map(|token| token.0), license.client_token.clone().map(|token| token.0), license)
    };
    let init =
        |rest: &str| format!(r#""policy_name":"renewable","session_init":{{"provider_client_token":"AAA="{rest}}}"#);
    assert_eq!(ask(None, "").1, None);
    assert_eq!(ask(None, &init("")).1, Some(vec![0, 0]));
    assert_eq!(ask(Some(b"mine"), &init("")).1, Some(b"mine".to_vec()));
    assert_eq!(ask(Some(b"mine"), &init(r#","override_provider_client_token":true"#)).1, Some(vec![0, 0]));
    let (token, _, license) = ask(None, &init(r#","provider_session_token":"AQE=""#));
    assert_eq!(token, Some(vec![1, 1]));
    let request = session.renewal_request(&client, license.reference(), &license_common::ask()).unwrap();
    let response = world.send(&request).unwrap();
    let Accepted::Renewal(renewed) = session.accept(&client, &response).unwrap() else { panic!() };
    assert_eq!((renewed.session_token.unwrap().0, renewed.client_token.unwrap().0), (vec![1, 1], vec![0, 0]));
}

#[test]
fn parse_only_answers_and_changes_nothing() {
    let world = World::new();
    let message = request(&world, &ask());
    let rest = r#""parse_only":true,"policy_overrides":{"can_play":true,"license_duration_seconds":9},
        "content_key_specs":[{"track_type":"SD","key":"AAAAAAAAAAAAAAAAAAAAAA=="}]"#;
    let answer = world.send(&world.template(&message, rest)).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["policy"]["license_duration_seconds"], 9);
    assert_eq!(answer["request"]["type"], "LICENSE");
    assert_eq!(answer["message"]["content_key_specs"][0]["track_type"], "SD");
    assert!(!answer.to_string().contains("AAAAAAAAAAAAAAAAAAAAAA=="), "no key comes back");
    world.send(&message).expect("the request was not used up");
}

/// The JSON answer to a template around a request.
fn answer(world: &World, request: &[u8], rest: &str) -> serde_json::Value {
    serde_json::from_slice(&world.send(&world.template(request, rest)).unwrap()).unwrap()
}

#[test]
fn parse_only_gives_what_the_license_would_have_and_the_same_refusals() {
    let world = World::new();
    let rented = Content {
        content_id: Bytes(b"rented".to_vec()),
        provider: "acme".into(),
        policy: Some("rental".into()),
        require_provider: None,
        tracks: vec![track("SD", [0xc0; 16], KEY, 1, Hdcp::None), track("HD", [0xc1; 16], KEY, 1, Hdcp::V1)],
        ..Content::default()
    };
    world.service.add_content(&rented).unwrap();
    let lost =
        Content { content_id: Bytes(b"lost".to_vec()), policy: Some("none".into()), tracks: Vec::new(), ..rented };
    world.service.add_content(&lost).unwrap();
    let unknown = Ask { key_ids: vec![vec![9; 16]], ..ask() };
    let persistent = Ask { persistent: true, ..ask() };
    let by_key_id = Ask { key_ids: vec![vec![0xc1; 16]], ..ask() };
    for ask in [ask(), hardware(), unknown, persistent, by_key_id] {
        for rest in [
            "",
            r#""content_id":"cmVudGVk""#,
            r#""content_id":"bG9zdA==""#,
            r#""content_id":"bm90aGluZw==""#,
            r#""content_id":"cmVudGVk","policy_overrides":{"rental_duration_seconds":7}"#,
            r#""content_id":"cmVudGVk","provider":"other""#,
            r#""policy_name":"renewable""#,
            r#""policy_name":"none""#,
            r#""content_key_specs":[{"track_type":"SD"}]"#,
            r#""content_key_specs":[{"track_type":"SD","security_level":5}]"#,
            r#""use_policy_overrides_exclusively":true"#,
            r#""policy_overrides":{"rental_duration":60}"#,
            r#""session_init":{"provider_session_token":"AQE=","provider_client_token":"AAA="}"#,
        ] {
            let comma = if rest.is_empty() { "" } else { "," };
            let message = request(&world, &ask);
            let asked = world.send(&world.template(&message, &format!(r#"{rest}{comma}"parse_only":true"#)));
            let got = world.send(&world.template(&message, rest));
            let (asked, got) = match (asked, got) {
                (Err(asked), Err(got)) => {
                    assert_eq!(asked, got, "{rest}");
                    continue;
                }
                (asked, got) => (asked.unwrap(), got.expect(rest)),
            };
            let [asked, got] = [asked, got].map(|body| serde_json::from_slice::<serde_json::Value>(&body).unwrap());
            let id = hex::decode(got["license_id"].as_str().unwrap()).unwrap();
            let (_, policy) = world.service.license(id_of(&id)).unwrap().unwrap();
            assert_eq!(asked["policy"], serde_json::to_value(policy).unwrap(), "{rest}");
            assert_eq!(asked["warnings"], got["warnings"], "{rest}");
            assert_eq!(asked["session_init"], got["session_init"], "{rest}");
            assert!(!asked["keys"].as_array().unwrap().is_empty());
            let replayed = world.template(&message, &format!(r#"{rest}{comma}"parse_only":true"#));
            assert_eq!(world.refused(&replayed), (409, "REPLAYED_REQUEST"));
        }
    }
    let rental = answer(&world, &request(&world, &ask()), r#""content_id":"cmVudGVk","parse_only":true"#);
    assert_eq!(rental["policy"]["rental_duration_seconds"], 1000);
    assert_eq!(world.refused(br#"{"parse_only":true,"content_id":"bm90aGluZw=="}"#), (404, "CONTENT_NOT_FOUND"));
    assert_eq!(world.refused(br#"{"parse_only":true,"payload":"AAAA"}"#), (400, "BAD_MESSAGE"));
    let body = br#"{"parse_only":true,"content_id":"cmVudGVk"}"#;
    let linted: serde_json::Value = serde_json::from_slice(&world.send(body).unwrap()).unwrap();
    assert_eq!(linted["policy"]["rental_duration_seconds"], 1000, "without a request, by the content");
    let refusal = world.service.handle(body, Endpoint::License, &Sender::Anyone).unwrap_err();
    assert_eq!(refusal.rule().id(), "PROVIDER_MISMATCH", "whoever gets no license for it learns no policy");
}

fn id_of(bytes: &[u8]) -> license::protocol::Id {
    id(bytes.try_into().unwrap())
}

#[test]
fn parse_only_of_a_renewal_or_release_renews_and_releases_nothing() {
    let world = World::new();
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, r#""policy_name":"renewable""#, false);
    let renewal = session.renewal_request(&client, license.reference(), &ask()).unwrap();
    let asked = answer(&world, &renewal, r#""parse_only":true"#);
    assert_eq!(asked["policy"]["license_duration_seconds"], 100);
    let release = session.release_request(&client, license.reference()).unwrap();
    answer(&world, &release, r#""parse_only":true"#);
    assert_eq!(world.service.license(license.license_id).unwrap().unwrap().0, 1);
    let renewed = answer(&world, &renewal, r#""policy_overrides":{"license_duration_seconds":5}"#);
    assert_eq!(renewed["sequence"], 2, "neither renewed before nor released");
    assert_eq!(renewed["warnings"][0]["rule"], "FIELD_WITHOUT_EFFECT");
    assert_eq!(renewed["warnings"][0]["pointer"], "/policy_overrides");
}

#[test]
fn answers_of_issued_licenses_carry_warnings_and_tokens() {
    let world = World::new();
    let rules = |rest: &str| {
        let answer = answer(&world, &request(&world, &hardware()), rest);
        let warnings = answer["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rules(""), [""; 0]);
    assert_eq!(rules(r#""content_key_specs":[{"track_type":"SD"}]"#), ["TRACKS_WITHOUT_KEY"]);
    assert_eq!(rules(r#""content_key_specs":[{"track_type":"SD"},{"track_type":"HD"}]"#), [""; 0]);
    let other = r#""content_key_specs":[{"track_type":"SD"},{"track_type":"HD"},{"track_type":"8K"}]"#;
    assert_eq!(rules(other), ["TRACK_NOT_IN_CONTENT"]);
    assert_eq!(rules(r#""use_policy_overrides_exclusively":true"#), ["CAN_PLAY_FALSE"]);
    assert_eq!(rules(r#""policy_overrides":{"can_play":false}"#), ["CAN_PLAY_FALSE"]);
    let token = Ask { client_token: Some(b"mine".to_vec()), ..ask() };
    let init = r#""session_init":{"provider_session_token":"AQE=","provider_client_token":"AAA="}"#;
    let answer = answer(&world, &request(&world, &token), init);
    assert_eq!(answer["session_init"]["provider_session_token"], "AQE=");
    assert_eq!(answer["session_init"]["provider_client_token"], "bWluZQ==", "that of the request wins");
}

#[test]
fn whoever_has_not_authenticated_decides_nothing() {
    let world = World::new();
    let handle = |body: &[u8], sender: &Sender| {
        world
            .service
            .handle(body, Endpoint::License, sender)
            .map_err(|refusal| (refusal.status(), refusal.rule().id(), refusal.pointer().to_owned()))
    };
    let overrides = r#""policy_overrides":{"can_persist":true}"#;
    let body = world.template(&request(&world, &ask()), overrides);
    let refused = Err((403, "PROVIDER_MISMATCH", "/policy_overrides".to_owned()));
    assert_eq!(handle(&body, &Sender::Anyone).map(|_| ()), refused);
    assert!(handle(&body, &Sender::Provider("acme".into())).is_ok());
    let body = world.template(&request(&world, &ask()), overrides);
    let refused = Err((403, "PROVIDER_MISMATCH", "/content_id".to_owned()));
    assert_eq!(handle(&body, &Sender::Provider("other".into())).map(|_| ()), refused);
    let body = world.template(&request(&world, &ask()), "");
    let refused = Err((403, "PROVIDER_REQUIRED", "/payload".to_owned()));
    assert_eq!(handle(&body, &Sender::Anyone).map(|_| ()), refused);

    assert_eq!(world.service.provider_of("a token of acme's").unwrap().as_deref(), Some("acme"));
    assert_eq!(world.service.provider_of("a token of nobody").unwrap(), None);
    world.service.add_provider("acme", Some("another token of acme's")).unwrap();
    assert_eq!(world.service.provider_of("a token of acme's").unwrap(), None, "the former token");
}

#[test]
fn endpoints_take_their_own_messages_only() {
    let world = World::new();
    let message = request(&world, &ask());
    for endpoint in [Endpoint::Renew, Endpoint::Release, Endpoint::Provision] {
        let refusal = world.service.handle(&message, endpoint, &Sender::Trusted).unwrap_err();
        assert_eq!((refusal.status(), refusal.rule().id()), (400, "BAD_MESSAGE"), "{endpoint:?}");
    }
    let provisioning = Client::new(None).unwrap().provision_request().unwrap();
    assert!(world.service.handle(&provisioning, Endpoint::License, &Sender::Trusted).is_err());
    assert!(world.service.handle(&message, Endpoint::License, &Sender::Trusted).is_ok());
}

#[test]
fn the_sample_of_azure_works_in_its_profile() {
    let sample = r#""allowed_track_types":"SD_HD","content_key_specs":[{"required_output_protection":{"hdcp":"HDCP_NONE"},
        "security_level":1,"track_type":"SD"}],"policy_overrides":{"can_play":true,"can_persist":true,"can_renew":false}"#;
    refused(&World::new(), sample, 422, "BOTH_SELECTORS", "/allowed_track_types");
    let world = World::with(Settings { profile: Profile::Azure, ..Settings::default() });
    assert_eq!(keys(&world, &hardware(), sample), ["a0".repeat(16), "a1".repeat(16)]);
}

#[test]
fn clear_key_gives_keys_that_the_service_knows() {
    let world = World::new();
    let url = base::base64::Variant::Url;
    let body = format!(r#"{{"kids":["{}","{}"],"type":"temporary"}}"#, url.encode(&KEY_ID), url.encode(&[9; 16]));
    let answer: serde_json::Value =
        serde_json::from_slice(&world.service.clear_key(body.as_bytes()).unwrap().body).unwrap();
    assert_eq!(answer["keys"].as_array().unwrap().len(), 1);
    assert_eq!(answer["keys"][0]["k"], url.encode(&KEY));
    assert_eq!(answer["keys"][0]["kid"], url.encode(&KEY_ID));
    for (body, status) in
        [("", 400), (r#"{"kids":[]}"#, 400), (r#"{"kids":["AA=="]}"#, 400), (r#"{"kids":["AA"]}"#, 404)]
    {
        assert_eq!(world.service.clear_key(body.as_bytes()).unwrap_err().status(), status, "{body}");
    }
}

#[test]
fn bad_content_is_not_added() {
    let world = World::new();
    let content = |id: &str, tracks| Content {
        content_id: Bytes(id.as_bytes().to_vec()),
        provider: String::new(),
        policy: None,
        require_provider: None,
        tracks,
        ..Content::default()
    };
    let one = |id, key_id| content(id, vec![track("SD", key_id, KEY, 1, Hdcp::None)]);
    assert!(world.service.add_content(&one("thief", KEY_ID)).is_err(), "another content's key id");
    assert!(world.service.add_content(&one("", [1; 16])).is_err());
    let twice = vec![track("SD", [1; 16], KEY, 1, Hdcp::None), track("HD", [1; 16], KEY, 1, Hdcp::None)];
    assert!(world.service.add_content(&content("twice", twice)).is_err());
    assert!(world.service.add_policy("bad", br#"{"can_plya":true}"#).is_err());
    assert!(world.service.add_provider("weak", Some("short")).is_err());
    // A content that is replaced gives its key ids free.
    world.service.add_content(&one("movie", [1; 16])).unwrap();
    world.service.add_content(&one("heir", KEY_ID)).unwrap();
}

#[test]
fn a_catalogue_brings_everything() {
    let service = Service::for_tests().unwrap();
    let catalog = br#"{"providers":[{"name":"acme","token":"0123456789abcdef"}],"policies":{"p":{"can_play":false}},
        "contents":[{"content_id":"bW92aWU=","provider":"acme","policy":"p","keys":[
        {"track_type":"SD","key_id":"oKCgoKCgoKCgoKCgoKCgoA==","key":"KysrKysrKysrKysrKysrKw=="}]}]}"#;
    service.add_catalog(&Catalog::parse(catalog).unwrap()).unwrap();
    assert_eq!(service.content_key(b"movie", "SD").unwrap().1[..], KEY);
    for bad in [&b"{}x"[..], b"[]", br#"{"content":[]}"#, br#"{"contents":[{"content_id":1}]}"#] {
        assert!(matches!(Catalog::parse(bad), Err(Error::Malformed { .. })));
    }
}

#[test]
fn a_directory_keeps_everything_and_one_process_uses_it() {
    let directory = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(VirtualClock::new(START));
    let open = || Service::in_directory(&directory.path().join("service"), clock.clone(), Settings::default());
    let world = World { clock: clock.clone(), service: open().unwrap() };
    fill(&world.service);
    let client = world.device();
    let mut session = SessionClient::new().unwrap();
    let license = world.license(&client, &mut session, r#""policy_name":"renewable""#, false);
    let used = session.license_request(&client, &ask()).unwrap();
    world.send(&used).unwrap();
    assert!(open().is_err(), "it is in use");
    drop(world);

    let world = World { clock: clock.clone(), service: open().unwrap() };
    assert_eq!(world.refused(&used), (409, "REPLAYED_REQUEST"));
    let renewal = session.renewal_request(&client, license.reference(), &ask()).unwrap();
    let Accepted::Renewal(renewed) = session.accept(&client, &world.send(&renewal).unwrap()).unwrap() else { panic!() };
    assert_eq!(renewed.sequence, 2);
    assert_eq!(world.service.license(license.license_id).unwrap().unwrap().0, 2);
    drop(world);

    // What is on the disk shows no key, and without the master key it is of no use.
    let path = directory.path().join("service");
    let content = std::fs::read(path.join("service.redb")).unwrap();
    let shown = base::base64::Variant::Url.encode(&KEY);
    assert!(!content.windows(16).any(|window| window == KEY));
    assert!(!content.windows(shown.len()).any(|window| window == shown.as_bytes()));
    std::fs::write(path.join("master.key"), [1; 32]).unwrap();
    assert!(open().err().unwrap().to_string().contains("master key"));
    std::fs::write(path.join("master.key"), [1; 31]).unwrap();
    assert!(matches!(open(), Err(Error::MasterKey { .. })));
}

/// A content with a key for each of five thousand periods.
#[test]
fn a_content_may_have_thousands_of_keys() {
    const PERIODS: u32 = 5000;
    let world = World::new();
    let number = |number: u32, what: u8| {
        let mut id = [what; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        id
    };
    let group = |period: u32| KeyGroup {
        name: format!("period {period:05}"),
        tracks: vec![
            track("SD", number(period, 0xd0), number(period, 1), 1, Hdcp::None),
            track("AUDIO", number(period, 0xda), number(period, 2), 1, Hdcp::None),
        ],
    };
    let live = Content {
        content_id: Bytes(b"live".to_vec()),
        key_groups: Some((0..PERIODS).map(group).collect()),
        ..Content::default()
    };
    world.service.add_content(&live).unwrap();
    assert_eq!(world.service.key_groups(b"live").unwrap().len(), PERIODS as usize);
    let of = |periods: &[u32]| Ask {
        key_ids: periods.iter().map(|period| number(*period, 0xd0).to_vec()).collect(),
        ..ask()
    };
    let names = |periods: &[u32]| {
        let ids = periods.iter().flat_map(|period| [number(*period, 0xd0), number(*period, 0xda)]);
        ids.map(hex::encode).collect::<Vec<_>>()
    };
    // Of the groups that are asked for all keys, of others none.
    assert_eq!(keys(&world, &of(&[4711]), ""), names(&[4711]));
    assert_eq!(keys(&world, &of(&[7, 8]), ""), names(&[7, 8]));
    assert_eq!(keys(&world, &of(&[7]), r#""content_key_specs":[{"track_type":"AUDIO"}]"#), names(&[7])[1..]);
    let clear = |ids: &[[u8; 16]]| {
        let kids: Vec<_> = ids.iter().map(|id| base::base64::Variant::Url.encode(id)).collect();
        let body = serde_json::json!({ "kids": kids }).to_string();
        let answer = world.service.clear_key(body.as_bytes());
        answer.map(|answer| serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap())
    };
    let answer = clear(&(0..256).map(|period| number(period * 10, 0xda)).collect::<Vec<_>>()).unwrap();
    assert_eq!(answer["keys"].as_array().unwrap().len(), 256);
    assert_eq!(answer["keys"][7]["k"], base::base64::Variant::Url.encode(&number(70, 2)));

    // The next period while the service runs, and the first one goes.
    world.service.add_key_groups(b"live", &[group(PERIODS)]).unwrap();
    assert_eq!(keys(&world, &of(&[PERIODS]), ""), names(&[PERIODS]));
    world.service.remove_key_group(b"live", "period 00000").unwrap();
    assert!(world.service.remove_key_group(b"live", "period 00000").is_err());
    assert_eq!(clear(&[number(0, 0xd0)]).unwrap_err().status(), 404);
    // What cannot be: another content's key id, an unknown content, a group twice.
    let stolen = KeyGroup { name: "stolen".into(), tracks: vec![track("SD", KEY_ID, KEY, 1, Hdcp::None)] };
    for (content_id, groups) in
        [(&b"live"[..], vec![stolen]), (b"nothing", vec![group(9)]), (b"live", vec![group(9000), group(9000)])]
    {
        assert!(world.service.add_key_groups(content_id, &groups).is_err());
    }
    assert_eq!(world.service.key_groups(b"live").unwrap().len(), PERIODS as usize);
    // The content anew: nothing of the former one stays.
    world.service.add_content(&Content { key_groups: Some(vec![group(1)]), ..live }).unwrap();
    assert_eq!(world.service.key_groups(b"live").unwrap(), ["period 00001"]);
    assert_eq!(clear(&[number(4711, 0xd0)]).unwrap_err().status(), 404);
    assert_eq!(keys(&world, &of(&[1]), ""), names(&[1]));
}

#[test]
fn what_is_exported_can_be_imported() {
    let world = World::new();
    let group = KeyGroup { name: "one".into(), tracks: vec![track("SD", [0xe1; 16], [0x11; 16], 2, Hdcp::V2)] };
    world.service.add_key_groups(b"movie", &[group]).unwrap();
    let text = world.service.export().unwrap();
    let other = Service::for_tests().unwrap();
    other.add_catalog(&Catalog::parse(&text).unwrap()).unwrap();
    // All but the token, which is not known.
    let known = String::from_utf8(text.to_vec()).unwrap();
    assert!(known.contains(r#"{"has_token":true,"name":"acme"}"#), "{known}");
    let exported = other.export().unwrap();
    assert_eq!(std::str::from_utf8(&exported).unwrap(), known.replace(r#""has_token":true,"#, ""));
    // Also keys that are derived from a secret which the other service does not have.
    for content in ["derived", "movie"] {
        let keys = [&world.service, &other].map(|service| service.content_key(content.as_bytes(), "SD").unwrap());
        assert_eq!((keys[0].0, &*keys[0].1), (keys[1].0, &*keys[1].1), "{content}");
    }
    let providers = other.list(Listed::Providers, "", 10).unwrap();
    assert_eq!(
        providers,
        [
            serde_json::json!({ "name": "acme", "has_token": false }),
            serde_json::json!({ "name": "other", "has_token": false })
        ]
    );
}

#[test]
fn what_is_removed_is_gone_and_what_is_named_stays() {
    let world = World::new();
    let names = |listed, member: &str| {
        let mut names = Vec::new();
        // Page by page.
        while let [row] = &world.service.list(listed, names.last().map_or("", String::as_str), 1).unwrap()[..] {
            names.push(row[member].as_str().unwrap().to_owned());
        }
        names
    };
    assert_eq!(names(Listed::Providers, "name"), ["acme", "other"]);
    assert_eq!(names(Listed::Policies, "name"), ["renewable", "rental"]);
    assert_eq!(names(Listed::Contents, "content_id"), ["ZGVyaXZlZA==", "aGFyZA==", "bW92aWU="]);
    let text = serde_json::to_string(&world.service.list(Listed::Contents, "", 9).unwrap()).unwrap();
    assert!(text.contains(&hex::encode(KEY_ID)) && !text.contains(&hex::encode(KEY)), "{text}");

    assert!(matches!(world.service.remove_provider("acme"), Err(Error::Invalid { .. })));
    let named = Content { content_id: Bytes(b"named".to_vec()), policy: Some("rental".into()), ..Content::default() };
    world.service.add_content(&named).unwrap();
    assert!(matches!(world.service.remove_policy("rental"), Err(Error::Invalid { .. })));
    world.service.remove_content(b"named").unwrap();
    world.service.remove_policy("rental").unwrap();
    assert!(matches!(world.service.remove_policy("rental"), Err(Error::NotFound { .. })));
    for content in ["movie", "hard", "derived"] {
        world.service.remove_content(content.as_bytes()).unwrap();
    }
    assert!(matches!(world.service.remove_content(b"movie"), Err(Error::NotFound { .. })));
    refused(&world, "", 404, "CONTENT_NOT_FOUND", "/payload");
    world.service.remove_provider("acme").unwrap();
    assert_eq!(world.service.provider_of("a token of acme's").unwrap(), None);
    assert_eq!(names(Listed::Providers, "name"), ["other"]);
    // The key ids are free again.
    let movie = Content {
        content_id: Bytes(b"again".to_vec()),
        tracks: vec![track("SD", KEY_ID, KEY, 1, Hdcp::None)],
        ..Content::default()
    };
    world.service.add_content(&movie).unwrap();
}
