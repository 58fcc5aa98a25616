//! Says of a catalogue which member is wrong, and where. Values are not looked at: some are keys.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::{Error, Result};
use base::text::shortened;
use license::template::closest;

/// What a value is.
enum Shape {
    /// A text.
    Text,
    /// A text or null.
    OptionalText,
    /// Looked at by whoever reads it.
    Any,
    /// An object whose members have names that the operator chooses.
    Named,
    /// Objects with these members.
    Objects(&'static [Member]),
}

struct Member {
    name: &'static str,
    is_required: bool,
    shape: Shape,
}

const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, is_required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, is_required: false, shape }
}

static CATALOG: &[Member] = &[
    optional("providers", Shape::Objects(PROVIDER)),
    optional("policies", Shape::Named),
    optional("contents", Shape::Objects(CONTENT)),
];

static PROVIDER: &[Member] =
    &[required("name", Shape::Text), optional("token", Shape::OptionalText), optional("has_token", Shape::Any)];

static CONTENT: &[Member] = &[
    required("content_id", Shape::Text),
    optional("provider", Shape::Text),
    optional("policy", Shape::OptionalText),
    optional("require_provider", Shape::Any),
    optional("keys", Shape::Objects(KEY)),
    optional("key_groups", Shape::Objects(&[required("name", Shape::Text), required("keys", Shape::Objects(KEY))])),
];

static KEY: &[Member] = &[
    optional("track_type", Shape::Text),
    required("key_id", Shape::Text),
    required("key", Shape::Text),
    optional("security_level", Shape::Any),
    optional("hdcp", Shape::Any),
];

/// Checks the names of all members, and where there are objects, arrays and texts.
pub(super) fn check(json: &[u8]) -> Result<()> {
    let found = RefCell::new(None);
    let root = Place { path: String::new(), found: &found };
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let done = Members(CATALOG, root).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    done.map_err(|fault| Error::Malformed {
        what: "catalogue",
        offset: base::json::byte_offset(json, &fault),
        reason: match found.take().filter(|_| fault.is_data()) {
            Some(reason) => reason.into(),
            None if fault.is_eof() => "the text ends too early".into(),
            None => "not JSON".into(),
        },
    })
}

/// Where a value is, as a JSON pointer, and where to say what is wrong with it.
#[derive(Clone)]
struct Place<'a> {
    path: String,
    found: &'a RefCell<Option<String>>,
}

impl Place<'_> {
    fn member(&self, name: &impl fmt::Display) -> Self {
        Self { path: format!("{}/{name}", self.path), found: self.found }
    }

    /// The error of a value that is another than it should be; the first one counts.
    fn wrong<E>(&self, is_not: &str) -> impl FnOnce(E) -> E {
        let reason = if self.path.is_empty() { is_not.to_owned() } else { format!("{}: {is_not}", self.path) };
        |error| {
            self.found.borrow_mut().get_or_insert(reason);
            error
        }
    }

    fn fail<E: serde::de::Error>(&self, reason: &str) -> E {
        self.wrong(reason)(E::custom(""))
    }
}

/// A value of some shape.
struct Value<'a>(&'static Shape, Place<'a>);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self(shape, place) = self;
        match shape {
            Shape::Text => deserializer.deserialize_any(Text { or_null: false }).map_err(place.wrong("not a text")),
            Shape::OptionalText => {
                deserializer.deserialize_any(Text { or_null: true }).map_err(place.wrong("not a text"))
            }
            Shape::Any => deserializer.deserialize_any(IgnoredAny).map(drop),
            Shape::Named => deserializer.deserialize_map(Names(place.clone())).map_err(place.wrong("not an object")),
            Shape::Objects(members) => {
                deserializer.deserialize_seq(Elements(members, place.clone())).map_err(place.wrong("not an array"))
            }
        }
    }
}

struct Text {
    or_null: bool,
}

impl Visitor<'_> for Text {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.or_null { Ok(()) } else { Err(E::custom("")) }
    }
}

/// Names that nobody has to know. What is behind them is looked at by whoever reads it.
struct Names<'a>(Place<'a>);

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some((name, IgnoredAny)) = members.next_entry::<String, _>()? {
            if seen.contains(&name) {
                return Err(self.0.member(&shortened(&name)).fail("repeated"));
            }
            seen.insert(name);
        }
        Ok(())
    }
}

struct Elements<'a>(&'static [Member], Place<'a>);

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self(members, place) = self;
        let mut index = 0;
        while elements.next_element_seed(Members(members, place.member(&index)))?.is_some() {
            index += 1;
        }
        Ok(())
    }
}

/// An object with these members.
struct Members<'a>(&'static [Member], Place<'a>);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let place = self.1.clone();
        deserializer.deserialize_map(self).map_err(place.wrong("not an object"))
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self(known, place) = self;
        let mut seen = vec![false; known.len()];
        while let Some(name) = members.next_key::<String>()? {
            let here = place.member(&shortened(&name));
            let Some(index) = known.iter().position(|member| member.name == name) else {
                let hint = closest(&name, known.iter().map(|member| member.name));
                let hint = hint.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                return Err(here.fail(&format!("there is no such member{hint}")));
            };
            if std::mem::replace(&mut seen[index], true) {
                return Err(here.fail("repeated"));
            }
            members.next_value_seed(Value(&known[index].shape, here))?;
        }
        let missing = known.iter().zip(seen).find(|(member, seen)| member.is_required && !seen);
        missing.map_or(Ok(()), |(member, _)| Err(place.member(&member.name).fail("missing")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"providers":[{"name":"acme","token":"0123456789abcdef"},{"name":"other"}],
 "policies":{"p":{"can_play":true},"q":{}},
 "contents":[{"content_id":"AA==","provider":"acme","policy":"p","keys":[
  {"track_type":"SD","key_id":"BB","key":"CC","security_level":1,"hdcp":"HDCP_NONE"}]},{"content_id":"AQ==","policy":null}]}"#;

    fn message(json: &str) -> String {
        check(json.as_bytes()).err().unwrap_or_else(|| panic!("taken: {json}")).to_string()
    }

    #[test]
    fn names_the_member_and_its_place() {
        check(WHOLE.as_bytes()).unwrap();
        check(b"{}").unwrap();
        for (from, to, expected) in [
            (r#""policy":"p""#, r#""polcy":"p""#, "/contents/0/polcy: there is no such member; did you mean `policy`?"),
            (
                r#""policy":null"#,
                r#""Policy":null"#,
                "/contents/1/Policy: there is no such member; did you mean `policy`?",
            ),
            (r#""contents""#, r#""content""#, "/content: there is no such member; did you mean `contents`?"),
            (r#""name":"other""#, r#""nam":"other""#, "/providers/1/nam: there is no such member"),
            (r#""key":"CC""#, r#""key":"CC","key":"DD""#, "/contents/0/keys/0/key: repeated"),
            (r#","key":"CC""#, "", "/contents/0/keys/0/key: missing"),
            (r#""content_id":"AA==","#, "", "/contents/0/content_id: missing"),
            (r#""key":"CC""#, r#""key":17"#, "/contents/0/keys/0/key: not a text"),
            (r#""provider":"acme""#, r#""provider":null"#, "/contents/0/provider: not a text"),
            (r#"{"can_play":true},"q""#, r#"{"can_play":true},"p""#, "/policies/p: repeated"),
            (r#"{"p":{"can_play":true},"q":{}}"#, "[]", "/policies: not an object"),
            (r#"{"name":"other"}"#, r#""other""#, "/providers/1: not an object"),
            (r#"{"name":"other"}"#, r#"["other"]"#, "/providers/1: not an object"),
            (r#""keys":["#, r#""keys":[["#, "/contents/0/keys/0: not an object"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let message = message(&WHOLE.replacen(from, to, 1));
            assert!(message.ends_with(expected), "{from} {to}: {message}");
        }
        assert_eq!(
            message(r#"{"contents":[{"polcy":"secret"}]}"#),
            "malformed catalogue at byte 20: /contents/0/polcy: there is no such member; did you mean `policy`?"
        );
        for (json, expected) in [
            ("", "too early"),
            ("{", "too early"),
            ("{}x", "not JSON"),
            ("[]", "not an object"),
            ("1", "not an object"),
        ] {
            let message = message(json);
            assert!(message.contains(expected), "{json}: {message}");
        }
    }

    /// Every member of every object with a letter less, one more, and two changed places.
    #[test]
    fn every_misspelt_member_is_named() {
        for name in [
            "providers",
            "name",
            "token",
            "policies",
            "contents",
            "content_id",
            "provider",
            "policy",
            "keys",
            "track_type",
            "key_id",
            "key",
            "security_level",
            "hdcp",
        ] {
            let quoted = format!("\"{name}\":");
            let place = WHOLE.find(&quoted).unwrap();
            let middle = name.len() / 2;
            let mut changed: Vec<_> = name.chars().collect();
            changed.swap(middle - 1, middle);
            for wrong in [
                format!("{}{}", &name[..middle], &name[middle + 1..]),
                format!("{}x{}", &name[..middle], &name[middle..]),
                changed.into_iter().collect(),
            ] {
                let json = format!("{}\"{wrong}\":{}", &WHOLE[..place], &WHOLE[place + quoted.len()..]);
                let message = message(&json);
                assert!(message.contains(&format!("/{wrong}: there is no such member")), "{wrong}: {message}");
            }
        }
    }

    #[test]
    fn no_value_is_quoted() {
        for (at, _) in WHOLE.match_indices(':') {
            for value in ["SECRET", "\"SECRET", "[\"SECRET\"]", "{\"a\":\"SECRET\"}", "1e999999"] {
                let json = format!("{}{value} {}", &WHOLE[..=at], &WHOLE[at + 1..]);
                if let Err(fault) = check(json.as_bytes()) {
                    assert!(!fault.to_string().contains("SECRET"), "{json}: {fault}");
                }
            }
        }
    }
}
