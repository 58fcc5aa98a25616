//! The description of interfaces in XML.

use std::fmt::Write;

use super::interface::{Call, Interface};
use super::model::Model;

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

/// The description of an object with these interfaces, as the session is now.
pub fn describe_object(interfaces: &[&Interface], model: &Model) -> String {
    let mut xml = format!("{DOCTYPE}<node>\n{STANDARD}");
    for interface in interfaces {
        // Writing to a string does not fail.
        let _ = describe(interface, model, &mut xml);
    }
    xml + "</node>\n"
}

/// The description of a path on the way to an object.
pub fn describe_parent(child: &str) -> String {
    format!("{DOCTYPE}<node>\n <node name=\"{child}\"/>\n</node>\n")
}

fn describe(interface: &Interface, model: &Model, xml: &mut String) -> std::fmt::Result {
    writeln!(xml, " <interface name=\"{}\">", interface.name)?;
    for method in interface.methods {
        writeln!(xml, "  <method name=\"{}\">", method.name)?;
        for (signature, name) in method.arguments {
            writeln!(xml, "   <arg name=\"{name}\" type=\"{signature}\" direction=\"in\"/>")?;
        }
        if let Call::Text { answer, .. } = method.call {
            writeln!(xml, "   <arg name=\"{answer}\" type=\"s\" direction=\"out\"/>")?;
        }
        writeln!(xml, "  </method>")?;
    }
    for (signal, signature, name) in interface.signals {
        writeln!(xml, "  <signal name=\"{signal}\">\n   <arg name=\"{name}\" type=\"{signature}\"/>\n  </signal>")?;
    }
    for property in interface.properties {
        let access = if property.is_settable(model) { "readwrite" } else { "read" };
        writeln!(
            xml,
            "  <property name=\"{}\" type=\"{}\" access=\"{access}\">\n   <annotation \
             name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"{}\"/>\n  </property>",
            property.name,
            property.get.signature(),
            property.emits.word()
        )?;
    }
    writeln!(xml, " </interface>")
}
