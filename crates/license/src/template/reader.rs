//! Reads typed fields out of a parsed message.
//!
//! Faults of status 400 end the reading. Of those with status 422 the first is kept and reading goes on, so that a
//! message with both is refused as malformed.

use base::base64::Variant;
use base::secret::SecretBytes;
use base::text::shortened;

use super::json::{At, Node, Text};
use super::model::Profile;
use super::refusal::{Refusal, Rule, Warning, WarningRule};
use super::suggest::{closest, is_near};

/// What reading a message collects.
pub(super) struct Reader {
    pub profile: Profile,
    pub invalid: Option<Refusal>,
    pub warnings: Vec<Warning>,
}

/// The members of one object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n, 'a> {
    members: &'n [(Text<'a>, Node<'a>)],
    pub at: &'n At<'n>,
}

/// Lists of names.
type Names = &'static [&'static [&'static str]];

/// What becomes of members that an object does not have.
#[derive(Clone, Copy)]
pub(super) enum Unknown {
    /// They are refused: whatever they were meant to say, it restricts.
    Refused,
    /// Profile azure ignores them with a warning, except those with a name like one in these lists, and those that hold, at any
    /// depth, one with a name like one that `restricts`: the object was meant to be another.
    IgnoredInAzure { except: Names, restricts: Names },
}

impl Reader {
    pub fn new(profile: Profile) -> Self {
        Self { profile, invalid: None, warnings: Vec::new() }
    }

    /// Keeps a refusal of status 422, if it is the first.
    pub fn invalid(&mut self, refusal: Refusal) {
        self.invalid.get_or_insert(refusal);
    }

    pub fn warn(&mut self, rule: WarningRule, at: &At<'_>, message: impl Into<String>) {
        self.warnings.push(Warning::new(rule, at.to_string(), message));
    }

    /// The members of an object; those that are not in `known` are refused, or warned about where `unknown` allows that.
    pub fn object<'n, 'a>(
        &mut self,
        node: &'n Node<'a>,
        at: &'n At<'n>,
        known: &[&'static str],
        unknown: Unknown,
    ) -> Result<Fields<'n, 'a>, Refusal> {
        let Node::Object(members) = node else { return Err(wrong_type(node, at, "an object")) };
        for (name, value) in members {
            let at = at.member(name);
            if !known.contains(&&**name) {
                self.unknown(name, value, &at, known, unknown);
            } else if matches!(value, Node::Null) && self.profile == Profile::Azure {
                self.warn(WarningRule::NullMember, &at, "null counts as absent");
            }
        }
        Ok(Fields { members, at })
    }

    fn unknown(&mut self, name: &str, value: &Node<'_>, at: &At<'_>, known: &[&'static str], unknown: Unknown) {
        let suggestion = closest(name, known.iter().copied());
        let ignored = match unknown {
            Unknown::Refused => false,
            Unknown::IgnoredInAzure { except, restricts } => {
                self.profile == Profile::Azure && !is_near(name, except) && !holds_any(value, restricts)
            }
        };
        if ignored {
            let hint = suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            let message = format!("field \"{}\" is ignored{hint}", shortened(name));
            self.warn(WarningRule::UnknownField, at, message);
        } else {
            let message = format!("there is no field \"{}\" here", shortened(name));
            self.invalid(Refusal::new(Rule::UnknownField, at.to_string(), message).with_suggestion(suggestion));
        }
    }

    /// A member that is there; in profile azure null counts as absent.
    pub fn get<'n, 'a>(&self, fields: Fields<'n, 'a>, name: &str) -> Option<&'n Node<'a>> {
        let (_, node) = fields.members.iter().find(|(candidate, _)| &**candidate == name)?;
        (!matches!(node, Node::Null) || self.profile == Profile::Strict).then_some(node)
    }

    pub fn boolean(&self, fields: Fields<'_, '_>, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(fields, name) {
            None => Ok(None),
            Some(Node::Bool(value)) => Ok(Some(*value)),
            Some(node) => Err(wrong_type(node, &fields.at.member(name), "a boolean")),
        }
    }

    pub fn string<'n>(&self, fields: Fields<'n, '_>, name: &str) -> Result<Option<&'n str>, Refusal> {
        match self.get(fields, name) {
            None => Ok(None),
            Some(Node::String(text)) => Ok(Some(text)),
            Some(node) => Err(wrong_type(node, &fields.at.member(name), "a string")),
        }
    }

    pub fn bytes(&self, fields: Fields<'_, '_>, name: &'static str) -> Result<Option<SecretBytes>, Refusal> {
        let Some(text) = self.string(fields, name)? else { return Ok(None) };
        let decoded = Variant::Standard.decode_secret(name, text).map_err(|error| {
            let message = format!("not padded standard base64: {error}");
            Refusal::new(Rule::BadBase64, fields.at.member(name).to_string(), message)
        })?;
        Ok(Some(decoded))
    }

    /// A duration in seconds.
    pub fn duration(&mut self, fields: Fields<'_, '_>, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(digits) = self.integer(fields, name)? else { return Ok(None) };
        if let Some(seconds) = digits.parse().ok().filter(|seconds| *seconds >= 0) {
            return Ok(Some(seconds));
        }
        let (rule, message) = if digits.starts_with('-') {
            (Rule::NegativeDuration, "a duration below 0")
        } else {
            (Rule::DurationOverflow, "more seconds than 64 bits hold")
        };
        self.invalid(Refusal::new(rule, fields.at.member(name).to_string(), message));
        Ok(None)
    }

    /// The digits of an integer, perhaps with a sign.
    pub fn integer<'n>(&self, fields: Fields<'n, '_>, name: &str) -> Result<Option<&'n str>, Refusal> {
        let at = fields.at.member(name);
        match self.get(fields, name) {
            None => Ok(None),
            Some(Node::Number(text)) if text.contains(['.', 'e', 'E']) => {
                let message = "a number with a fraction or an exponent where an integer is expected";
                Err(Refusal::new(Rule::NumberNotInteger, at.to_string(), message))
            }
            Some(Node::Number(text)) => Ok(Some(text)),
            Some(Node::String(text)) if text.parse::<f64>().is_ok() => {
                let message = "a number in quotation marks where an integer is expected";
                Err(Refusal::new(Rule::NumberAsString, at.to_string(), message))
            }
            Some(node) => Err(wrong_type(node, &at, "an integer")),
        }
    }

    /// One of several words.
    pub fn word<T: Copy>(
        &mut self,
        fields: Fields<'_, '_>,
        name: &str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.string(fields, name)? else { return Ok(None) };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*value));
        }
        let known = words.iter().map(|(word, _)| *word);
        let list = known.clone().collect::<Vec<_>>().join(", ");
        let refusal = Refusal::new(
            Rule::UnknownEnumValue,
            fields.at.member(name).to_string(),
            format!("\"{}\" is none of {list}", shortened(text)),
        );
        self.invalid(refusal.with_suggestion(closest(text, known)));
        Ok(None)
    }
}

/// Whether there is a member with a name like one of these inside of a value.
fn holds_any(value: &Node<'_>, names: Names) -> bool {
    match value {
        Node::Object(members) => members.iter().any(|(name, value)| is_near(name, names) || holds_any(value, names)),
        Node::Array(elements) => elements.iter().any(|element| holds_any(element, names)),
        _ => false,
    }
}

pub(super) fn wrong_type(node: &Node<'_>, at: &At<'_>, expected: &str) -> Refusal {
    let message = format!("{} where {expected} is expected", node.kind());
    Refusal::new(Rule::WrongType, at.to_string(), message)
}
