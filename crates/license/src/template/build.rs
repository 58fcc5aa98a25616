//! Builds a template field by field, each named by its JSON pointer.

use super::json::{Node, Text};
use super::model::{ContentKeySpec, Profile, Template};
use super::parse;
use super::reader::Reader;
use super::refusal::{Refusal, Rule};

/// A value for [`Template::set`].
#[derive(Clone, Copy)]
pub enum Setting<'a> {
    /// For boolean fields.
    Boolean(bool),
    /// For durations and security levels.
    Integer(i64),
    /// For text, enums (their words) and bytes (padded standard base64).
    Text(&'a str),
}

impl Template {
    /// Sets one field, such as `/policy_overrides/can_play` or `/content_key_specs/0/track_type`; missing objects in
    /// between come into being, as does the array element after the last one.
    ///
    /// The field's own rules are checked at once, those between fields by [`Template::validate`].
    ///
    /// # Errors
    /// As [`super::parse`]; UNKNOWN_FIELD also for a pointer that is none, or to an element beyond the next. The template
    /// is unchanged then.
    pub fn set(&mut self, pointer: &str, value: Setting<'_>) -> Result<(), Refusal> {
        let unknown = |message: &str| Refusal::new(Rule::UnknownField, pointer, message);
        let Some(path) = pointer.strip_prefix('/') else {
            return Err(unknown("a JSON pointer to a field starts with /"));
        };
        let mut tokens: Vec<String> = path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        let present = self.content_key_specs.as_ref().map_or(0, Vec::len);
        let index = take_index(&mut tokens).map_err(|()| unknown("not the index of an element"))?;
        if index.is_some_and(|index| index > present) {
            return Err(unknown("an element beyond the next"));
        }

        let digits;
        let mut node = match value {
            Setting::Boolean(value) => Node::Bool(value),
            Setting::Text(text) => Node::String(Text::Borrowed(text)),
            Setting::Integer(value) => {
                digits = value.to_string();
                Node::Number(&digits)
            }
        };
        for (depth, token) in tokens.into_iter().enumerate().rev() {
            node = Node::Object(vec![(Text::Owned(token.into()), node)]);
            if depth == 1 && index.is_some() {
                node = Node::Array(vec![node]);
            }
        }
        let mut reader = Reader::new(Profile::Strict);
        let read = parse::message(&mut reader, &node).and_then(|read| reader.invalid.map_or(Ok(read), Err));
        // The place is what the caller named.
        let read = read.map_err(|refusal| {
            Refusal::new(refusal.rule(), pointer, refusal.message()).with_suggestion(refusal.suggestion())
        })?;
        self.overlay(read, index);
        Ok(())
    }

    /// Writes what `from` gives over this; its only element goes to `index`.
    fn overlay(&mut self, from: Self, index: Option<usize>) {
        macro_rules! replace {
            ($target:expr, $source:expr, $($field:ident)*) => {
                $(if $source.$field.is_some() { $target.$field = $source.$field; })*
            };
        }
        replace!(self, from, payload content_id provider policy_name allowed_track_types);
        replace!(self, from, use_policy_overrides_exclusively parse_only);
        if let Some(overrides) = from.policy_overrides {
            overrides.overlay(self.policy_overrides.get_or_insert_default());
        }
        if let Some(init) = from.session_init {
            let target = self.session_init.get_or_insert_default();
            replace!(target, init, provider_session_token provider_client_token override_provider_client_token);
        }
        if let (Some(spec), Some(index)) = (from.content_key_specs.and_then(|specs| specs.into_iter().next()), index) {
            let specs = self.content_key_specs.get_or_insert_default();
            if index == specs.len() {
                specs.push(ContentKeySpec::default());
            }
            let target = &mut specs[index];
            replace!(target, spec, track_type security_level hdcp key key_id);
        }
    }
}

/// Removes the element's index from a path into content_key_specs.
fn take_index(tokens: &mut Vec<String>) -> Result<Option<usize>, ()> {
    if tokens[0] != "content_key_specs" || tokens.len() < 2 {
        return Ok(None);
    }
    let token = tokens.remove(1);
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    // A pointer that ends at the index names no field.
    if tokens.len() < 2 || !canonical {
        return Err(());
    }
    token.parse().map(Some).map_err(|_| ())
}
