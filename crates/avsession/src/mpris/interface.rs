//! Interfaces as tables, and their description in XML.

use serde::Deserialize;
use std::fmt::Write;
use zbus::message::Body;
use zbus::{Type, Variant};

use super::failure::Failure;
use super::model::Model;

/// What a method answers.
#[derive(Debug)]
pub enum Answer {
    /// Nothing.
    Done,
    /// A text.
    Text(String),
}

/// A method.
pub struct Method {
    /// Name.
    pub name: &'static str,
    /// Signature and names of the arguments.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Signature and name of what is answered.
    pub answer: Option<(&'static str, &'static str)>,
    /// Does it. The arguments have the types that the signatures say.
    pub call: fn(&Model, &Body) -> Result<Answer, Failure>,
    /// Whether it goes to a position, so that the next report of one answers it.
    pub seeks: bool,
}

impl Method {
    /// A method without an answer.
    pub const fn new(
        name: &'static str,
        arguments: &'static [(&'static str, &'static str)],
        call: fn(&Model, &Body) -> Result<Answer, Failure>,
    ) -> Self {
        Self { name, arguments, answer: None, call, seeks: false }
    }

    /// The same, for one that goes to a position.
    pub const fn seeking(mut self) -> Self {
        self.seeks = true;
        self
    }

    /// The same, with an answer.
    pub const fn answering(mut self, signature: &'static str, name: &'static str) -> Self {
        self.answer = Some((signature, name));
        self
    }

    /// Checks the types of the arguments, then does it.
    pub fn run(&self, model: &Model, body: &Body) -> Result<Answer, Failure> {
        let expected: String = self.arguments.iter().map(|(signature, _)| *signature).collect();
        let given = body.signature().to_string_no_parens();
        if given != expected {
            return Err(Failure::invalid_arguments(format!("{} takes ({expected}), not ({given})", self.name)));
        }
        (self.call)(model, body)
    }
}

/// Reads the arguments of a call.
pub fn arguments<'b, T: Deserialize<'b> + Type>(body: &'b Body) -> Result<T, Failure> {
    body.deserialize().map_err(|error| Failure::invalid_arguments(error.to_string()))
}

/// How a property can be set.
pub type Setter = fn(&Model, &Variant<'_>) -> Result<(), Failure>;

/// A property.
pub struct Property {
    /// Name.
    pub name: &'static str,
    /// Signature.
    pub signature: &'static str,
    /// Its value.
    pub get: fn(&Model) -> Variant<'static>,
    /// Sets it; the value has the right type. What is told about it changes only when the player reports.
    pub set: Option<Setter>,
    /// How changes are told: `true`, `false` or `const`.
    pub emits: &'static str,
    /// Tells cheaply that the value is the same, where calculating it is not cheap.
    pub is_same: Option<fn(&Model, &Model) -> bool>,
}

impl Property {
    /// A property whose changes are told.
    pub const fn new(name: &'static str, signature: &'static str, get: fn(&Model) -> Variant<'static>) -> Self {
        Self { name, signature, get, set: None, emits: "true", is_same: None }
    }

    /// The same, for one that never changes.
    pub const fn constant(mut self) -> Self {
        self.emits = "const";
        self
    }

    /// The same, for one whose changes are not told.
    pub const fn silent(mut self) -> Self {
        self.emits = "false";
        self
    }

    /// The same, with a way to set it.
    pub const fn settable(mut self, set: Setter) -> Self {
        self.set = Some(set);
        self
    }

    /// The same, with a cheap comparison.
    pub const fn compared(mut self, is_same: fn(&Model, &Model) -> bool) -> Self {
        self.is_same = Some(is_same);
        self
    }

    /// Whether the value differs between two models.
    pub fn differs(&self, former: &Model, present: &Model) -> bool {
        match self.is_same {
            Some(is_same) => !is_same(former, present),
            None => (self.get)(former) != (self.get)(present),
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

    fn describe(&self, xml: &mut String) -> std::fmt::Result {
        writeln!(xml, " <interface name=\"{}\">", self.name)?;
        for method in self.methods {
            writeln!(xml, "  <method name=\"{}\">", method.name)?;
            for (signature, name) in method.arguments {
                writeln!(xml, "   <arg name=\"{name}\" type=\"{signature}\" direction=\"in\"/>")?;
            }
            if let Some((signature, name)) = method.answer {
                writeln!(xml, "   <arg name=\"{name}\" type=\"{signature}\" direction=\"out\"/>")?;
            }
            writeln!(xml, "  </method>")?;
        }
        for (signal, signature, name) in self.signals {
            writeln!(xml, "  <signal name=\"{signal}\">\n   <arg name=\"{name}\" type=\"{signature}\"/>\n  </signal>")?;
        }
        for property in self.properties {
            let access = if property.set.is_some() { "readwrite" } else { "read" };
            writeln!(
                xml,
                "  <property name=\"{}\" type=\"{}\" access=\"{access}\">\n   <annotation \
                 name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"{}\"/>\n  </property>",
                property.name, property.signature, property.emits
            )?;
        }
        writeln!(xml, " </interface>")
    }
}

const DOCTYPE: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
                       \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";

/// The interfaces that every object has.
const STANDARD: &str = r#" <interface name="org.freedesktop.DBus.Introspectable">
  <method name="Introspect">
   <arg name="xml_data" type="s" direction="out"/>
  </method>
 </interface>
 <interface name="org.freedesktop.DBus.Peer">
  <method name="Ping"/>
  <method name="GetMachineId">
   <arg name="machine_uuid" type="s" direction="out"/>
  </method>
 </interface>
 <interface name="org.freedesktop.DBus.Properties">
  <method name="Get">
   <arg name="interface_name" type="s" direction="in"/>
   <arg name="property_name" type="s" direction="in"/>
   <arg name="value" type="v" direction="out"/>
  </method>
  <method name="Set">
   <arg name="interface_name" type="s" direction="in"/>
   <arg name="property_name" type="s" direction="in"/>
   <arg name="value" type="v" direction="in"/>
  </method>
  <method name="GetAll">
   <arg name="interface_name" type="s" direction="in"/>
   <arg name="props" type="a{sv}" direction="out"/>
  </method>
  <signal name="PropertiesChanged">
   <arg name="interface_name" type="s"/>
   <arg name="changed_properties" type="a{sv}"/>
   <arg name="invalidated_properties" type="as"/>
  </signal>
 </interface>
"#;

/// The description of an object with these interfaces.
pub fn describe_object(interfaces: &[&Interface]) -> String {
    let mut xml = format!("{DOCTYPE}<node>\n{STANDARD}");
    for interface in interfaces {
        // Writing to a string does not fail.
        let _ = interface.describe(&mut xml);
    }
    xml + "</node>\n"
}

/// The description of a path on the way to an object.
pub fn describe_parent(child: &str) -> String {
    format!("{DOCTYPE}<node>\n <node name=\"{child}\"/>\n</node>\n")
}
