//! The license template: both seed samples, the builder, the serialiser, selection of keys.

use base::secret::SecretArray;
use license::template::{
    AllowedTrackTypes, ContentKeySpec, DeviceLevel, Hdcp, KeyRequirement, PolicyOverrides, Profile, RentalScope, Rule,
    SecurityLevel, SessionInit, Setting, StoredPolicy, Template, WarningRule, parse,
};

/// What Json.NET makes of the sample in the documentation of Azure Media Services ("Configuring Widevine licenses using
/// .NET types").
const DOTNET_SAMPLE: &str = r#"{"allowed_track_types":"SD_HD","content_key_specs":[{"required_output_protection":{"hdcp":"HDCP_NONE"},"security_level":1,"track_type":"SD"}],"policy_overrides":{"can_play":true,"can_persist":true,"can_renew":false}}"#;

fn dotnet_template() -> Template {
    Template {
        allowed_track_types: Some(AllowedTrackTypes::SdHd),
        content_key_specs: Some(vec![ContentKeySpec {
            hdcp: Some(Hdcp::None),
            security_level: SecurityLevel::new(1),
            track_type: Some("SD".to_owned()),
            ..ContentKeySpec::default()
        }]),
        policy_overrides: Some(PolicyOverrides {
            can_play: Some(true),
            can_persist: Some(true),
            can_renew: Some(false),
            ..PolicyOverrides::default()
        }),
        ..Template::default()
    }
}

#[test]
fn an_empty_message_gives_a_playable_online_license_for_all_tracks() {
    for profile in [Profile::Strict, Profile::Azure] {
        let parsed = parse(b"{}", profile).unwrap();
        assert_eq!(parsed.template, Template::default());
        assert!(parsed.warnings.is_empty());
        let policy = parsed.template.effective_policy(None).unwrap();
        assert!(policy.can_play && !policy.can_persist && !policy.can_renew);
        assert_eq!(policy.license_duration_seconds, 0);
        assert!(policy.warnings().is_empty());
        for track in ["AUDIO", "SD", "HD", "UHD1", "UHD2", "anything"] {
            assert_eq!(parsed.template.key_requirement(track), Some(KeyRequirement::default()), "{track}");
        }
    }
}

#[test]
fn the_dotnet_sample_passes_in_azure_and_is_refused_in_strict() {
    let parsed = parse(DOTNET_SAMPLE.as_bytes(), Profile::Azure).unwrap();
    assert_eq!(parsed.template, dotnet_template());
    let warnings: Vec<_> = parsed.warnings.iter().map(|warning| (warning.rule(), warning.pointer())).collect();
    assert_eq!(warnings, [(WarningRule::BothSelectors, "/allowed_track_types")]);
    let policy = parsed.template.effective_policy(None).unwrap();
    assert!(policy.can_play && policy.can_persist && !policy.can_renew);

    let refusal = parse(DOTNET_SAMPLE.as_bytes(), Profile::Strict).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason()), (422, "INVALID_REQUEST"));
    assert_eq!((refusal.rule(), refusal.pointer()), (Rule::BothSelectors, "/allowed_track_types"));
    assert!(refusal.to_string().contains("only one of them"), "{refusal}");
}

#[test]
fn a_template_is_written_as_the_dotnet_types_do() {
    assert_eq!(&*dotnet_template().to_json(), DOTNET_SAMPLE);
    assert_eq!(&*Template::default().to_json(), "{}");
}

#[test]
fn every_field_survives_writing_and_reading() {
    let template = Template {
        payload: Some(vec![0, 255]),
        content_id: Some(b"movie".to_vec()),
        provider: Some("prov\"ider/\u{1}".to_owned()),
        policy_name: Some(String::new()),
        content_key_specs: Some(vec![
            ContentKeySpec { track_type: Some("AUDIO".to_owned()), ..ContentKeySpec::default() },
            ContentKeySpec {
                track_type: Some("UHD1".to_owned()),
                security_level: SecurityLevel::new(5),
                hdcp: Some(Hdcp::V2),
                key: SecretArray::from_slice(&[0xfb; 16]),
                key_id: Some([0xff; 16]),
            },
        ]),
        use_policy_overrides_exclusively: Some(true),
        policy_overrides: Some(PolicyOverrides {
            can_play: Some(true),
            can_persist: Some(false),
            can_renew: Some(true),
            license_duration_seconds: Some(0),
            rental_duration_seconds: Some(i64::MAX),
            playback_duration_seconds: Some(3),
            renewal_server_url: Some("https://license.example/".to_owned()),
            renewal_delay_seconds: Some(4),
            renewal_retry_interval_seconds: Some(5),
            renewal_recovery_duration_seconds: Some(6),
            renew_with_usage: Some(true),
        }),
        session_init: Some(SessionInit {
            provider_session_token: Some(Vec::new()),
            provider_client_token: Some(vec![1]),
            override_provider_client_token: Some(false),
        }),
        parse_only: Some(false),
        ..Template::default()
    };
    let text = template.to_json();
    assert_eq!(parse(text.as_bytes(), Profile::Strict).unwrap().template, template, "{}", &*text);
}

#[test]
fn absent_and_zero_are_kept_apart() {
    let stored = StoredPolicy {
        fields: PolicyOverrides {
            can_play: Some(true),
            license_duration_seconds: Some(60),
            ..PolicyOverrides::default()
        },
        rental_scope: Some(RentalScope::Absolute),
    };
    let effective =
        |text: &str| parse(text.as_bytes(), Profile::Strict).unwrap().template.effective_policy(Some(&stored)).unwrap();
    assert_eq!(effective("{}").license_duration_seconds, 60);
    assert_eq!(effective(r#"{"policy_overrides":{}}"#).license_duration_seconds, 60);
    assert_eq!(effective(r#"{"policy_overrides":{"license_duration_seconds":0}}"#).license_duration_seconds, 0);
    assert_eq!(effective("{}").rental_scope, RentalScope::Absolute);
    let exclusive = effective(r#"{"use_policy_overrides_exclusively":true}"#);
    assert!(!exclusive.can_play && exclusive.rental_scope == RentalScope::StartWindow);
    assert!(effective(r#"{"use_policy_overrides_exclusively":false}"#).can_play);
}

#[test]
fn tracks_select_keys() {
    let carried = |text: &str, profile| {
        let template = parse(text.as_bytes(), profile).unwrap().template;
        ["AUDIO", "SD", "HD", "UHD1", "other"].map(|track| template.key_requirement(track).is_some())
    };
    let strict = |text| carried(text, Profile::Strict);
    assert_eq!(strict("{}"), [true; 5]);
    assert_eq!(strict(r#"{"allowed_track_types":"SD_ONLY"}"#), [true, true, false, false, false]);
    assert_eq!(strict(r#"{"allowed_track_types":"SD_HD"}"#), [true, true, true, false, false]);
    assert_eq!(
        strict(r#"{"content_key_specs":[{"track_type":"HD"},{"track_type":"other"}]}"#),
        [false, false, true, false, true]
    );
    let both = r#"{"allowed_track_types":"SD_ONLY","content_key_specs":[{"track_type":"SD","security_level":3,
        "required_output_protection":{"hdcp":"HDCP_V1"}},{"track_type":"HD"}]}"#;
    assert_eq!(carried(both, Profile::Azure), [true, true, false, false, false]);
    let template = parse(both.as_bytes(), Profile::Azure).unwrap().template;
    let requirement = template.key_requirement("SD").unwrap();
    assert_eq!((requirement.security_level.number(), requirement.hdcp), (3, Hdcp::V1));
    assert_eq!(requirement.security_level.device_level(), DeviceLevel::HwCrypto);
    assert_eq!(template.key_requirement("AUDIO"), Some(KeyRequirement::default()));

    let injected = r#"{"content_key_specs":[{"key":"AAAAAAAAAAAAAAAAAAAAAA==","key_id":"AAAAAAAAAAAAAAAAAAAAAA=="},
        {"track_type":"SD"}]}"#;
    let template = parse(injected.as_bytes(), Profile::Strict).unwrap().template;
    assert_eq!(template.keys_without_track().count(), 1);
}

#[test]
fn security_levels_map_to_device_levels() {
    let levels = [1, 2, 3, 4, 5].map(|level| SecurityLevel::new(level).unwrap().device_level().word());
    assert_eq!(levels, ["SW_CRYPTO", "SW_CRYPTO", "HW_CRYPTO", "ENHANCED_HW_CRYPTO", "ENHANCED_HW_CRYPTO"]);
    assert!(SecurityLevel::new(0).is_none() && SecurityLevel::new(6).is_none());
}

#[test]
fn the_requests_client_token_wins_unless_overridden() {
    let init = |token: Option<&[u8]>, over| SessionInit {
        provider_client_token: token.map(<[u8]>::to_vec),
        override_provider_client_token: over,
        ..SessionInit::default()
    };
    let (own, requested) = (Some(&b"own"[..]), Some(&b"requested"[..]));
    for over in [None, Some(false)] {
        assert_eq!(init(own, over).client_token(requested), requested);
        assert_eq!(init(own, over).client_token(None), own);
        assert_eq!(init(None, over).client_token(requested), requested);
    }
    assert_eq!(init(own, Some(true)).client_token(requested), own);
    assert_eq!(init(None, Some(true)).client_token(requested), requested);
    assert_eq!(init(None, None).client_token(None), None);
}

#[test]
fn fields_are_set_by_pointer() {
    let mut built = Template::default();
    for (pointer, value) in [
        ("/allowed_track_types", Setting::Text("SD_HD")),
        ("/content_key_specs/0/track_type", Setting::Text("HD")),
        ("/content_key_specs/0/track_type", Setting::Text("SD")),
        ("/content_key_specs/0/security_level", Setting::Integer(1)),
        ("/content_key_specs/0/required_output_protection/hdcp", Setting::Text("HDCP_NONE")),
        ("/policy_overrides/can_play", Setting::Boolean(true)),
        ("/policy_overrides/can_persist", Setting::Boolean(true)),
        ("/policy_overrides/can_renew", Setting::Boolean(false)),
    ] {
        built.set(pointer, value).unwrap();
    }
    assert_eq!(built, dotnet_template());
    assert_eq!(built.validate(Profile::Strict).unwrap_err().rule(), Rule::BothSelectors);
    assert_eq!(built.validate(Profile::Azure).unwrap().len(), 1);

    built.set("/content_key_specs/1/key", Setting::Text("AAECAwQFBgcICQoLDA0ODw==")).unwrap();
    built.set("/session_init/provider_client_token", Setting::Text("AA==")).unwrap();
    built.set("/payload", Setting::Text("")).unwrap();
    built.set("/policy_overrides/license_duration_seconds", Setting::Integer(0)).unwrap();
    assert_eq!(built.content_key_specs.as_ref().unwrap()[1].key.as_ref().unwrap()[15], 15);
    let refusal = built.validate(Profile::Azure).unwrap_err();
    assert_eq!((refusal.rule(), refusal.pointer()), (Rule::KeyWithoutTrackTypeOrKeyId, "/content_key_specs/1/key"));
}

#[test]
fn a_setting_that_is_refused_changes_nothing() {
    let mut template = dotnet_template();
    for (pointer, value, rule) in [
        ("", Setting::Boolean(true), Rule::UnknownField),
        ("/", Setting::Boolean(true), Rule::UnknownField),
        ("can_play", Setting::Boolean(true), Rule::UnknownField),
        ("/can_play", Setting::Boolean(true), Rule::UnknownField),
        ("/policy_overrides/can persist", Setting::Boolean(true), Rule::UnknownField),
        ("/policy_overrides/can_play/x", Setting::Boolean(true), Rule::WrongType),
        ("/policy_overrides/can_play", Setting::Integer(1), Rule::WrongType),
        ("/policy_overrides/can_play", Setting::Text("true"), Rule::WrongType),
        ("/policy_overrides/license_duration_seconds", Setting::Integer(-1), Rule::NegativeDuration),
        ("/policy_overrides/license_duration_seconds", Setting::Text("1"), Rule::NumberAsString),
        ("/policy_overrides", Setting::Boolean(true), Rule::WrongType),
        ("/allowed_track_types", Setting::Text("HD_ONLY"), Rule::UnknownEnumValue),
        ("/content_key_specs", Setting::Text(""), Rule::WrongType),
        ("/content_key_specs/0", Setting::Text(""), Rule::UnknownField),
        ("/content_key_specs/2/track_type", Setting::Text("HD"), Rule::UnknownField),
        ("/content_key_specs/-/track_type", Setting::Text("HD"), Rule::UnknownField),
        ("/content_key_specs/00/track_type", Setting::Text("HD"), Rule::UnknownField),
        ("/content_key_specs/+0/track_type", Setting::Text("HD"), Rule::UnknownField),
        ("/content_key_specs/99999999999999999999/track_type", Setting::Text("HD"), Rule::UnknownField),
        ("/content_key_specs/0/security_level", Setting::Integer(6), Rule::SecurityLevelRange),
        ("/content_key_specs/0/key", Setting::Text("AA=="), Rule::KeyLength),
        ("/content_key_specs/0/key_id", Setting::Text("A"), Rule::BadBase64),
    ] {
        let refusal = template.set(pointer, value).expect_err(pointer);
        assert_eq!((refusal.rule(), refusal.pointer()), (rule, pointer), "{refusal}");
        assert_eq!(template, dotnet_template(), "{pointer}");
    }
    let refusal = template.set("/policy_overrides/can persist", Setting::Boolean(true)).unwrap_err();
    assert_eq!(refusal.suggestion(), Some("can_persist"));
}

#[test]
fn stored_policies_are_read_and_written() {
    let text = r#"{"can_play":true,"rental_duration_seconds":1000,"rental_scope":"absolute"}"#;
    let (stored, warnings) = StoredPolicy::parse(text.as_bytes(), Profile::Strict).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(stored.rental_scope, Some(RentalScope::Absolute));
    assert_eq!(serde_json::to_string(&stored).unwrap(), text);
    for (text, rule, pointer) in [
        (r#"{"rental_scope":"relative"}"#, Rule::UnknownEnumValue, "/rental_scope"),
        (r#"{"can_plai":true}"#, Rule::UnknownField, "/can_plai"),
        (r#"{"renewal_delay_seconds":-1}"#, Rule::NegativeDuration, "/renewal_delay_seconds"),
        (
            r#"{"can_renew":true,"renewal_server_url":"http://a.example"}"#,
            Rule::RenewalUrlNotHttps,
            "/renewal_server_url",
        ),
        ("[]", Rule::WrongType, ""),
    ] {
        let refusal = StoredPolicy::parse(text.as_bytes(), Profile::Strict).unwrap_err();
        assert_eq!((refusal.rule(), refusal.pointer()), (rule, pointer), "{text}");
    }
    // A message has no such field.
    let refusal = parse(br#"{"policy_overrides":{"rental_scope":"absolute"}}"#, Profile::Strict).unwrap_err();
    assert_eq!(refusal.rule(), Rule::UnknownField);
}

#[test]
fn what_only_the_merged_policy_shows_is_refused_there() {
    let stored = StoredPolicy {
        fields: PolicyOverrides { can_renew: Some(true), ..PolicyOverrides::default() },
        rental_scope: None,
    };
    let text = br#"{"policy_overrides":{"renewal_server_url":"http://license.example"}}"#;
    let template = parse(text, Profile::Strict).unwrap().template;
    assert!(template.effective_policy(None).is_ok(), "without can_renew nobody goes there");
    let refusal = template.effective_policy(Some(&stored)).unwrap_err();
    assert_eq!(refusal.rule(), Rule::RenewalUrlNotHttps);
    assert_eq!(refusal.pointer(), "/policy_overrides/renewal_server_url");
}

#[test]
fn keys_are_not_shown() {
    let text = br#"{"content_key_specs":[{"track_type":"SD","key":"QUJDREVGR0hJSktMTU5PUA=="}]}"#;
    let template = parse(text, Profile::Strict).unwrap().template;
    let shown = format!("{template:?}");
    assert!(!shown.contains("65, 66") && !shown.contains("ABCD") && !shown.contains("QUJD"), "{shown}");
    for text in [
        r#"{"content_key_specs":[{"track_type":"SD","key":"QUJDREVGR0hJSktMTU5PUA="}]}"#,
        r#"{"content_key_specs":[{"track_type":"SD","key":"QUJDREVGR0hJSktMTU5PUFE="}]}"#,
        r#"{"content_key_specs":[{"track_type":"SD","key":"QUJDREVGR0hJSktMTU5PUA=="},"QUJDREVGR0hJSktMTU5PUA=="]}"#,
        r#"{"content_key_specs":[{"track_type":"SD","key":"QUJDREVGR0hJSktMTU5PUA=="}] x}"#,
    ] {
        let message = parse(text.as_bytes(), Profile::Strict).unwrap_err().to_string();
        assert!(!message.contains("QUJD") && !message.contains("ABCD"), "{message}");
    }
}

#[test]
fn what_restricts_is_refused_under_any_other_name_in_both_profiles() {
    let fields = [
        "can_play",
        "can_persist",
        "can_renew",
        "license_duration_seconds",
        "rental_duration_seconds",
        "playback_duration_seconds",
        "renewal_server_url",
        "renewal_delay_seconds",
        "renewal_retry_interval_seconds",
        "renewal_recovery_duration_seconds",
        "renew_with_usage",
    ];
    for profile in [Profile::Strict, Profile::Azure] {
        for field in fields {
            let without_unit = field.trim_end_matches("_seconds");
            for name in
                [field.to_uppercase(), field.replace('_', " "), format!("{without_unit}_ms"), format!("{field}x")]
            {
                if name == format!("{field}_ms") && !field.ends_with("_seconds") {
                    continue;
                }
                let suggestion = |pointer: &str, refusal: license::template::Refusal| {
                    assert_eq!((refusal.rule(), refusal.pointer()), (Rule::UnknownField, pointer), "{profile:?}");
                    refusal.suggestion().map(str::to_owned)
                };
                let text = format!(r#"{{"policy_overrides":{{"{name}":0}}}}"#);
                let refusal = parse(text.as_bytes(), profile).unwrap_err();
                let meant = suggestion(&format!("/policy_overrides/{name}"), refusal);
                assert_eq!(meant.as_deref(), Some(field), "{name}");
                let text = format!(r#"{{"{name}":0}}"#);
                let refusal = StoredPolicy::parse(text.as_bytes(), profile).unwrap_err();
                assert_eq!(suggestion(&format!("/{name}"), refusal).as_deref(), Some(field), "{name}");
                let refusal = parse(text.as_bytes(), profile).expect_err("beside policy_overrides");
                suggestion(&format!("/{name}"), refusal);
            }
            let text = format!(r#"{{"policy_overrides":{{"{field}":0,"anything":null}}}}"#);
            assert!(parse(text.as_bytes(), profile).is_err(), "null, too");
        }
    }
}

#[test]
fn tracks_and_specs_that_do_not_meet_are_warned_about() {
    let warned = |text: &str, profile, content: &[&str]| {
        let warnings = parse(text.as_bytes(), profile).unwrap().template.track_warnings(content);
        let shown = warnings.iter().map(|warning| format!("{} {}", warning.rule(), warning.pointer()));
        (shown.collect::<Vec<_>>(), warnings)
    };
    let names = ["SD", "HD", "AUDIO", ""];
    // Every selection of two listed tracks against every content of the names.
    for content in 0..1_u32 << names.len() {
        let content: Vec<_> =
            names.iter().enumerate().filter(|(bit, _)| content >> bit & 1 == 1).map(|(_, name)| *name).collect();
        assert!(warned("{}", Profile::Strict, &content).0.is_empty());
        assert!(warned(r#"{"allowed_track_types":"SD_ONLY"}"#, Profile::Strict, &content).0.is_empty());
        for (first, second) in [("SD", "HD"), ("SD", "UHD1"), ("video", "AUDIO")] {
            let text = format!(r#"{{"content_key_specs":[{{"track_type":"{first}"}},{{"track_type":"{second}"}}]}}"#);
            let (shown, warnings) = warned(&text, Profile::Strict, &content);
            let without: Vec<_> = content.iter().filter(|track| **track != first && **track != second).collect();
            let mut expected = Vec::new();
            if !without.is_empty() {
                expected.push("TRACKS_WITHOUT_KEY /content_key_specs".to_owned());
                let named = |track: &&&str| {
                    warnings[0].message().contains(if track.is_empty() { "(no name)" } else { **track })
                };
                assert!(without.iter().all(named), "{}", warnings[0].message());
            }
            for (index, track) in [first, second].iter().enumerate().filter(|(_, track)| !content.contains(track)) {
                expected.push(format!("TRACK_NOT_IN_CONTENT /content_key_specs/{index}/track_type"));
                assert!(!content.contains(track));
            }
            assert_eq!(shown, expected, "{text} {content:?}");
        }
    }
    // A key that the message brings needs no track of the content; what allowed_track_types leave out is left out.
    let injected =
        r#"{"content_key_specs":[{"track_type":"8K","key":"AAAAAAAAAAAAAAAAAAAAAA=="},{"track_type":"SD"}]}"#;
    assert!(warned(injected, Profile::Strict, &["SD"]).0.is_empty());
    let both = r#"{"allowed_track_types":"SD_ONLY","content_key_specs":[{"track_type":"SD"}]}"#;
    assert!(warned(both, Profile::Azure, &["SD", "HD"]).0.is_empty());
}
