//! JSON text as a tree that knows the place of each value. The grammar is serde_json's; this only keeps what serde's data
//! model drops: repeated members, the difference between an integer and a float, and the path.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::quotes;
use super::refusal::{Refusal, Rule};
use base::secret::SecretString;
use base::text::shortened;

/// Arrays and objects in each other. Each level reads its text once more, so there must be a limit.
const MAX_DEPTH: usize = 32;

/// A value.
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    String(Text<'a>),
    Array(Vec<Self>),
    Object(Vec<(Text<'a>, Self)>),
}

impl Node<'_> {
    /// The type's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Text of the message, where possible in its place; it may be a key.
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Owned(SecretString),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text::Owned(text.to_owned().into()))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The members of an object in their order, repeated ones included.
struct Members<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A place in the message.
#[derive(Clone, Copy)]
pub(super) enum At<'p> {
    Root,
    Member(&'p At<'p>, &'p str),
    Element(&'p At<'p>, usize),
}

impl<'p> At<'p> {
    /// A member of the object here.
    pub fn member(&'p self, name: &'p str) -> Self {
        At::Member(self, name)
    }

    /// An element of the array here.
    pub fn element(&'p self, index: usize) -> Self {
        At::Element(self, index)
    }

    fn depth(&self) -> usize {
        match self {
            At::Root => 0,
            At::Member(parent, _) | At::Element(parent, _) => 1 + parent.depth(),
        }
    }
}

impl fmt::Display for At<'_> {
    /// As a JSON pointer (RFC 6901).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Root => Ok(()),
            At::Member(parent, name) => write!(f, "{parent}/{}", name.replace('~', "~0").replace('/', "~1")),
            At::Element(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// Parses one JSON text.
pub(super) fn parse(text: &[u8]) -> Result<Node<'_>, Refusal> {
    let text = std::str::from_utf8(text).map_err(|error| {
        Refusal::new(Rule::NotJson, "", format!("not UTF-8 at byte {} of the text", error.valid_up_to()))
    })?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
        // serde_json's own message never quotes more than a character here: everything is asked for by its own type.
        let hint = quotes::explain(text, error.line(), error.column()).unwrap_or_default();
        Refusal::new(Rule::NotJson, "", format!("{error}{hint}"))
    })?;
    node(whole.get(), &At::Root)
}

fn node<'a>(raw: &'a str, at: &At<'_>) -> Result<Node<'a>, Refusal> {
    // Line and column would count from the value's start.
    let failed = |_| Refusal::new(Rule::NotJson, at.to_string(), "not a JSON value");
    Ok(match raw.as_bytes().first() {
        Some(b'{') => {
            check_depth(at)?;
            object(serde_json::from_str::<Members<'a>>(raw).map_err(failed)?.0, at)?
        }
        Some(b'[') => {
            check_depth(at)?;
            let elements = serde_json::from_str::<Vec<&'a RawValue>>(raw).map_err(failed)?.into_iter().enumerate();
            let elements = elements.map(|(index, element)| node(element.get(), &at.element(index)));
            Node::Array(elements.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Node::String(serde_json::from_str(raw).map_err(failed)?),
        Some(b't' | b'f') => Node::Bool(serde_json::from_str(raw).map_err(failed)?),
        Some(b'n') => Node::Null,
        _ => Node::Number(raw),
    })
}

fn object<'a>(members: Vec<(Text<'a>, &'a RawValue)>, at: &At<'_>) -> Result<Node<'a>, Refusal> {
    let mut names = HashSet::with_capacity(members.len());
    for (name, _) in &members {
        if !names.insert(&**name) {
            let message = format!("member \"{}\" is there twice", shortened(name));
            return Err(Refusal::new(Rule::DuplicateMember, at.member(name).to_string(), message));
        }
    }
    drop(names);
    let parse = |(name, raw): (Text<'a>, &'a RawValue)| {
        let value = node(raw.get(), &at.member(&name))?;
        Ok::<_, Refusal>((name, value))
    };
    Ok(Node::Object(members.into_iter().map(parse).collect::<Result<_, _>>()?))
}

fn check_depth(at: &At<'_>) -> Result<(), Refusal> {
    if at.depth() < MAX_DEPTH {
        return Ok(());
    }
    Err(Refusal::new(Rule::TooDeep, at.to_string(), format!("more than {MAX_DEPTH} arrays and objects in each other")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &[u8]) -> (Rule, String) {
        let refusal = parse(text).err().unwrap();
        (refusal.rule(), refusal.pointer().to_owned())
    }

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(refused(br#"{"a~b":[{},{"c/d":1,"c\/d":2}]}"#), (Rule::DuplicateMember, "/a~0b/1/c~1d".into()));
    }

    #[test]
    fn text_is_decoded() {
        let Node::Array(elements) = parse(br#" ["plain", "\u0041\n", 1, -0, 1e5, true, null] "#).unwrap() else {
            panic!()
        };
        let Node::String(Text::Borrowed("plain")) = &elements[0] else { panic!() };
        let Node::String(Text::Owned(text)) = &elements[1] else { panic!() };
        assert_eq!(&**text, "A\n");
        let written = |node: &Node<'_>| if let Node::Number(text) = node { Some((*text).to_owned()) } else { None };
        let numbers: Vec<_> = elements.iter().filter_map(written).collect();
        assert_eq!(numbers, ["1", "-0", "1e5"]);
        assert!(matches!(elements[5..], [Node::Bool(true), Node::Null]));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "{}x",
            "{\"a\":1,}",
            "{a:1}",
            "[01]",
            "'a'",
            "\u{feff}{}",
            "[\"\t\"]",
            "[\"\\x\"]",
            "nul",
            "NaN",
        ] {
            assert_eq!(refused(text.as_bytes()), (Rule::NotJson, String::new()), "{text:?}");
        }
        assert_eq!(refused(b"{\"a\":\"\xff\"}"), (Rule::NotJson, String::new()));
        assert_eq!(refused(br#"{"a":["\ud800"]}"#).0, Rule::NotJson);
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(refused(nested(MAX_DEPTH + 1).as_bytes()), (Rule::TooDeep, "/0".repeat(MAX_DEPTH)));
        assert_eq!(refused(nested(300_000).as_bytes()).0, Rule::TooDeep);
    }
}
