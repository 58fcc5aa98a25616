//! Interfaces as tables of methods and properties.

use serde::Deserialize;
use std::collections::BTreeMap;
use zbus::message::Body;
use zbus::{Str, Type, Variant};

use super::failure::Failure;
use super::model::Model;

/// A method.
pub struct Method {
    /// Name.
    pub name: &'static str,
    /// Signature and name of each argument.
    pub arguments: &'static [(&'static str, &'static str)],
    /// What it does.
    pub call: Call,
    /// Whether it goes to a position, so that the next report of one answers it.
    pub seeks: bool,
}

/// What a method does. The arguments have the types that the signatures say.
pub enum Call {
    /// It answers nothing.
    Plain(fn(&Model, &Body) -> Result<(), Failure>),
    /// It answers a text.
    Text {
        /// Name of the answer.
        answer: &'static str,
        /// Finds it.
        call: fn(&Model, &Body) -> Result<String, Failure>,
    },
}

impl Method {
    /// A method.
    pub const fn new(
        name: &'static str,
        arguments: &'static [(&'static str, &'static str)],
        call: fn(&Model, &Body) -> Result<(), Failure>,
    ) -> Self {
        Self { name, arguments, call: Call::Plain(call), seeks: false }
    }

    /// A method that answers a text, which has the name `answer`.
    pub const fn asking(
        name: &'static str,
        arguments: &'static [(&'static str, &'static str)],
        answer: &'static str,
        call: fn(&Model, &Body) -> Result<String, Failure>,
    ) -> Self {
        Self { name, arguments, call: Call::Text { answer, call }, seeks: false }
    }

    /// The same, for one that goes to a position.
    pub const fn seeking(mut self) -> Self {
        self.seeks = true;
        self
    }

    /// Checks the types of the arguments.
    pub fn check(&self, body: &Body) -> Result<(), Failure> {
        let expected: String = self.arguments.iter().map(|(signature, _)| *signature).collect();
        let given = body.signature().to_string_no_parens();
        if given != expected {
            return Err(Failure::invalid_arguments(format!("{} takes ({expected}), not ({given})", self.name)));
        }
        Ok(())
    }
}

/// Reads the arguments of a call.
pub fn arguments<'b, T: Deserialize<'b> + Type>(body: &'b Body) -> Result<T, Failure> {
    body.deserialize().map_err(|error| Failure::invalid_arguments(error.to_string()))
}

/// A dictionary with texts as keys.
pub type Dictionary = BTreeMap<&'static str, Variant<'static>>;

/// How the value of a property is found, by its type.
#[derive(Clone, Copy)]
pub enum Get {
    /// A truth value.
    Boolean(fn(&Model) -> bool),
    /// A number of 32 bits.
    Int32(fn(&Model) -> i32),
    /// A number of 64 bits.
    Int64(fn(&Model) -> i64),
    /// A floating point number.
    Double(fn(&Model) -> f64),
    /// A text.
    Text(fn(&Model) -> &str),
    /// Texts.
    Texts(fn(&Model) -> Vec<String>),
    /// A dictionary.
    Entries(fn(&Model) -> Dictionary),
    /// Dictionaries.
    List(fn(&Model) -> Vec<Dictionary>),
}

impl Get {
    /// The signature of the type.
    pub const fn signature(self) -> &'static str {
        match self {
            Self::Boolean(_) => "b",
            Self::Int32(_) => "i",
            Self::Int64(_) => "x",
            Self::Double(_) => "d",
            Self::Text(_) => "s",
            Self::Texts(_) => "as",
            Self::Entries(_) => "a{sv}",
            Self::List(_) => "aa{sv}",
        }
    }

    /// The value.
    pub fn value(self, model: &Model) -> Variant<'static> {
        match self {
            Self::Boolean(get) => Variant::Bool(get(model)),
            Self::Int32(get) => Variant::I32(get(model)),
            Self::Int64(get) => Variant::I64(get(model)),
            Self::Double(get) => Variant::F64(get(model)),
            Self::Text(get) => text(get(model)),
            Self::Texts(get) => Variant::from(get(model)),
            Self::Entries(get) => Variant::from(get(model)),
            Self::List(get) => Variant::from(get(model)),
        }
    }
}

/// A variant with a text.
pub fn text(value: &str) -> Variant<'static> {
    Variant::Str(Str::from(value.to_owned()))
}

/// How a property is set, by its type. What is told about it changes only when the player reports.
#[derive(Clone, Copy)]
pub enum Set {
    /// A truth value.
    Boolean(fn(&Model, bool) -> Result<(), Failure>),
    /// A floating point number.
    Double(fn(&Model, f64) -> Result<(), Failure>),
    /// A text.
    Text(fn(&Model, &str) -> Result<(), Failure>),
}

/// How changes of a property are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emits {
    /// With the new value.
    Changes,
    /// Not at all.
    Nothing,
    /// There are none.
    Constant,
}

impl Emits {
    /// The value of the annotation `EmitsChangedSignal`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Changes => "true",
            Self::Nothing => "false",
            Self::Constant => "const",
        }
    }
}

/// A property.
pub struct Property {
    /// Name.
    pub name: &'static str,
    /// Its value.
    pub get: Get,
    /// How it is set, if it can be.
    pub set: Option<Set>,
    /// Whether it can be set now, where that depends on the player.
    pub is_offered: Option<fn(&Model) -> bool>,
    /// How changes are told.
    pub emits: Emits,
    /// Whether changes that come one upon the other are told only once in a while.
    pub is_paced: bool,
    /// Tells cheaply that the value is the same, where calculating it is not cheap.
    pub is_same: Option<fn(&Model, &Model) -> bool>,
}

impl Property {
    /// A property whose changes are told.
    pub const fn new(name: &'static str, get: Get) -> Self {
        Self { name, get, set: None, is_offered: None, emits: Emits::Changes, is_paced: false, is_same: None }
    }

    /// The same, for one that never changes.
    pub const fn constant(mut self) -> Self {
        self.emits = Emits::Constant;
        self
    }

    /// The same, for one whose changes are not told.
    pub const fn silent(mut self) -> Self {
        self.emits = Emits::Nothing;
        self
    }

    /// The same, where it can be set while `is_offered` says so.
    pub const fn settable_if(mut self, is_offered: fn(&Model) -> bool, set: Set) -> Self {
        self.set = Some(set);
        self.is_offered = Some(is_offered);
        self
    }

    /// The same, for one that may change all the time.
    pub const fn paced(mut self) -> Self {
        self.is_paced = true;
        self
    }

    /// Whether it can be set now.
    pub fn is_settable(&self, model: &Model) -> bool {
        self.set.is_some() && self.is_offered.is_none_or(|is_offered| is_offered(model))
    }

    /// The same, with a cheap comparison.
    pub const fn compared(mut self, is_same: fn(&Model, &Model) -> bool) -> Self {
        self.is_same = Some(is_same);
        self
    }

    /// Whether there is a change to tell between two models.
    pub fn has_changed(&self, former: &Model, present: &Model) -> bool {
        self.emits == Emits::Changes
            && match self.is_same {
                Some(is_same) => !is_same(former, present),
                None => self.get.value(former) != self.get.value(present),
            }
    }

    /// Sets it.
    pub fn set(&self, model: &Model, value: &Variant<'_>) -> Result<(), Failure> {
        match (self.set.filter(|_| self.is_settable(model)), value) {
            (None, _) => Err(Failure::read_only(format!("{} cannot be set", self.name))),
            (Some(Set::Boolean(set)), Variant::Bool(value)) => set(model, *value),
            (Some(Set::Double(set)), Variant::F64(value)) => set(model, *value),
            (Some(Set::Text(set)), Variant::Str(value)) => set(model, value.as_str()),
            _ => Err(Failure::invalid_arguments(format!(
                "{} is of type {}, not {}",
                self.name,
                self.get.signature(),
                value.value_signature()
            ))),
        }
    }
}

/// An interface.
pub struct Interface {
    /// Name.
    pub name: &'static str,
    /// Methods.
    pub methods: &'static [Method],
    /// Properties.
    pub properties: &'static [Property],
    /// Signals: name, and signature and name of the one argument.
    pub signals: &'static [(&'static str, &'static str, &'static str)],
}

impl Interface {
    /// The method of that name.
    pub fn method(&self, name: &str) -> Option<&'static Method> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The property of that name.
    pub fn property(&self, name: &str) -> Result<&'static Property, Failure> {
        self.properties
            .iter()
            .find(|property| property.name == name)
            .ok_or_else(|| Failure::unknown_property(format!("{} has no property {name}", self.name)))
    }
}
