//! Catalogues: what they name, and what is said of what is wrong in them.

use license_service::{Catalog, Listed, Service};

#[test]
fn a_catalogue_names_what_there_is() {
    let parse = |text: &str| Catalog::parse(text.as_bytes()).unwrap();
    let content = |members: &str| {
        let contents = format!(r#"[{{"content_id":"AAAA"}},{{"content_id":"BBBB",{members}}}]"#);
        parse(&format!(r#"{{"providers":[{{"name":"added"}}],"contents":{contents}}}"#))
    };
    let service = Service::for_tests().unwrap();
    service.add_provider("known", None).unwrap();
    service.add_policy("known", b"{}").unwrap();
    let by_added = parse(r#"{"contents":[{"content_id":"AAAA","provider":"added"}]}"#);
    for (members, expected) in [
        (r#""policy":"rentl""#, "/contents/1/policy: there is no policy `rentl`"),
        (r#""policy":"""#, "/contents/1/policy: there is no policy ``"),
        (r#""policy":"known","provider":"acme""#, "/contents/1/provider: there is no provider `acme`"),
    ] {
        let message = service.add_catalog(&content(members)).unwrap_err().to_string();
        assert_eq!(message, format!("malformed catalogue at byte 0: {expected}"));
        assert!(service.content_key(&[0; 3], "SD").is_err(), "nothing was added");
        assert!(service.add_catalog(&by_added).is_err(), "nothing was added");
    }
    // Known to the service, or brought by this or another catalogue, wherever that stands.
    service.add_catalog(&content(r#""policy":"known","provider":"known""#)).unwrap();
    service.add_catalog(&by_added).unwrap();
    let names = || parse(r#"{"contents":[{"content_id":"CCCC","policy":"late","provider":"late"}]}"#);
    let brings = parse(r#"{"providers":[{"name":"late"}],"policies":{"late":{}}}"#);
    assert!(service.add_catalog(&names()).is_err());
    service.add_catalogs(&[names(), brings]).unwrap();

    // A policy that is refused is named.
    let wrong = parse(r#"{"policies":{"good":{},"bad":{"can_plya":true}}}"#);
    let message = service.add_catalog(&wrong).unwrap_err().to_string();
    assert!(message.contains("/policies/bad/can_plya") && message.contains("did you mean `can_play`?"), "{message}");
    assert!(service.add_catalog(&parse(r#"{"contents":[{"content_id":"DDDD","policy":"good"}]}"#)).is_err());
    // So is the place of a value that is wrong.
    let wrong = |key: &str| {
        let text = format!(r#"{{"contents":[{{"content_id":"AA==","keys":[{key}]}}]}}"#);
        Catalog::parse(text.as_bytes()).err().unwrap().to_string()
    };
    let message = wrong(r#"{"key_id":"AA==","key":"AA=="}"#);
    assert!(message.contains("/contents/0: malformed key_id"), "{message}");
    let message = wrong(r#"{"key_id":"AA==","key":"AA==","hdcp":7}"#);
    assert!(message.contains("not of its member's type"), "{message}");
}

/// Whatever is wrong, and wherever: a catalogue may be right and another one of the same reload not.
#[test]
fn of_catalogues_with_a_mistake_nothing_is_added() {
    let parse = |text: &str| Catalog::parse(text.as_bytes()).unwrap();
    let key = |id: &str, key: &str| format!(r#"[{{"track_type":"SD","key_id":"{id}","key":"{key}"}}]"#);
    let (first, second, value) = ("AQEBAQEBAQEBAQEBAQEBAQ==", "AgICAgICAgICAgICAgICAg==", "KysrKysrKysrKysrKysrKw==");
    let content = |id: &str, keys: &str| format!(r#"{{"content_id":"{id}","keys":{keys}}}"#);
    let contents = |contents: &[String]| format!(r#"{{"contents":[{}]}}"#, contents.join(","));
    let service = Service::for_tests().unwrap();
    service.add_catalog(&parse(&contents(&[content("AAAA", &key(first, value))]))).unwrap();
    let good = format!(
        r#"{{"providers":[{{"name":"new"}}],"policies":{{"new":{{}}}},"contents":[{}]}}"#,
        content("BBBB", &key(second, value))
    );
    let count = |listed| service.list(listed, "", 10).unwrap().len();
    let counts = || [Listed::Contents, Listed::Policies, Listed::Providers].map(count);
    let group =
        |id: &str| format!(r#"{{"content_id":"CCCC","key_groups":[{{"name":"a","keys":{}}}]}}"#, key(id, value));
    for (bad, words) in [
        (r#"{"providers":[{"name":"late","token":"short"}]}"#.to_owned(), "fewer than 16 bytes"),
        (r#"{"policies":{"":{}}}"#.into(), "name"),
        (contents(&[content("CCCC", &key("AwMDAwMDAwMDAwMDAwMDAw==", "AAAA"))]), "does not have 16 bytes"),
        (contents(&[content("CCCC", &key(first, value))]), "belongs to another content"),
        (contents(&[content("CCCC", &key(second, value))]), "belongs to another content"),
        (contents(&[group(first)]), "belongs to another content"),
        (contents(&[group(second)]), "belongs to another content"),
        // It is given free too late.
        (contents(&[content("CCCC", &key(first, value)), content("AAAA", "[]")]), "belongs to another content"),
    ] {
        let reason = service.add_catalogs(&[parse(&good), parse(&bad)]).unwrap_err().to_string();
        assert!(reason.contains(words), "{bad}: {reason}");
        assert_eq!(counts(), [1, 0, 0], "{bad}");
    }
    // What one content gives free the next one may have.
    let moved = contents(&[content("AAAA", "[]"), content("CCCC", &key(first, value))]);
    service.add_catalogs(&[parse(&good), parse(&moved)]).unwrap();
    assert_eq!(counts(), [3, 1, 1]);
}
