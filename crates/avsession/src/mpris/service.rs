//! Answers method calls from the bus.

use std::collections::BTreeMap;
use std::time::Instant;
use zbus::message::{Flags, Header, Message};
use zbus::names::InterfaceName;
use zbus::{Result, Variant};

use super::extension::EXTENSION;
use super::failure::Failure;
use super::interface::{Call, Interface, Method, Property, arguments};
use super::introspection::{describe_object, describe_parent};
use super::model::Model;
use super::names::OBJECT;
use super::pace::Pace;
use super::player::{PLAYER, ROOT};

const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";
const PEER: &str = "org.freedesktop.DBus.Peer";
/// The interface of properties.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The interfaces of a session: media controls must not find those that they are not to show.
pub fn interfaces(model: &Model) -> &'static [&'static Interface] {
    static SHOWN: [&Interface; 3] = [&ROOT, &PLAYER, &EXTENSION];
    static HIDDEN: [&Interface; 1] = [&EXTENSION];
    if model.session.identity().kind.is_shown() { &SHOWN } else { &HIDDEN }
}

/// What is done to a session by a call.
#[derive(Debug, Default)]
pub struct Effect {
    /// It was asked to go to a position.
    pub asked_for_position: bool,
}

/// Answers a call; none if the caller wants no answer.
pub fn answer(model: &Model, call: &Message) -> Result<(Option<Message>, Effect)> {
    let header = call.header();
    let mut effect = Effect::default();
    let reply = match dispatch(model, call, &header, &mut effect) {
        Ok(reply) => reply,
        Err(failure) => Message::error(&header, failure.name).build(&failure.reason),
    }?;
    let silent = header.primary().flags().contains(Flags::NO_REPLY_EXPECTED);
    Ok(((!silent).then_some(reply), effect))
}

type Reply = std::result::Result<Result<Message>, Failure>;

fn dispatch(model: &Model, call: &Message, header: &Header<'_>, effect: &mut Effect) -> Reply {
    let path = header.path().map_or("/", |path| path.as_str());
    let interface = header.interface().map(InterfaceName::as_str);
    let member = header.member().map_or("", |member| member.as_str());
    match interface {
        Some(PEER) => return peer(header, member),
        Some(INTROSPECTABLE) if member == "Introspect" => return introspect(model, header, path),
        _ if path != OBJECT => return Err(Failure::unknown_object(format!("there is no object {path}"))),
        Some(PROPERTIES) => return properties(model, call, header, member),
        Some(INTROSPECTABLE) => return Err(unknown_method(INTROSPECTABLE, member)),
        _ => {}
    }
    let method = find_method(model, interface, member)?;
    let body = call.body();
    method.check(&body)?;
    let reply = Message::method_return(header);
    let reply = match method.call {
        Call::Plain(call) => call(model, &body).map(|()| reply.build(&()))?,
        Call::Text { call, .. } => reply.build(&call(model, &body)?),
    };
    effect.asked_for_position = method.seeks;
    Ok(reply)
}

/// The method that is called; callers may leave the interface out.
fn find_method(model: &Model, interface: Option<&str>, member: &str) -> std::result::Result<&'static Method, Failure> {
    let interfaces = interfaces(model);
    let Some(name) = interface else {
        let method = interfaces.iter().find_map(|interface| interface.method(member));
        return method.ok_or_else(|| unknown_method("the object", member));
    };
    find_interface(interfaces, name)?.method(member).ok_or_else(|| unknown_method(name, member))
}

fn find_interface(
    interfaces: &'static [&'static Interface],
    name: &str,
) -> std::result::Result<&'static Interface, Failure> {
    let found = interfaces.iter().find(|interface| interface.name == name);
    found.copied().ok_or_else(|| Failure::unknown_interface(format!("there is no interface {name}")))
}

fn unknown_method(interface: &str, member: &str) -> Failure {
    Failure::unknown_method(format!("{interface} has no method {member}"))
}

fn peer(header: &Header<'_>, member: &str) -> Reply {
    match member {
        "Ping" => Ok(Message::method_return(header).build(&())),
        "GetMachineId" => {
            let id = std::fs::read_to_string("/etc/machine-id")
                .or_else(|_| std::fs::read_to_string("/var/lib/dbus/machine-id"))
                .map_err(|error| Failure::failed(format!("no machine id: {error}")))?;
            Ok(Message::method_return(header).build(&id.trim()))
        }
        _ => Err(unknown_method(PEER, member)),
    }
}

fn introspect(model: &Model, header: &Header<'_>, path: &str) -> Reply {
    let xml = if path == OBJECT {
        describe_object(interfaces(model), model)
    } else {
        let prefix = if path == "/" { "" } else { path };
        let child = OBJECT
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.split('/').next())
            .ok_or_else(|| Failure::unknown_object(format!("there is no object {path}")))?;
        describe_parent(child)
    };
    Ok(Message::method_return(header).build(&xml))
}

fn properties(model: &Model, call: &Message, header: &Header<'_>, member: &str) -> Reply {
    let body = call.body();
    let signature = body.signature().to_string_no_parens();
    let reply = Message::method_return(header);
    match (member, signature.as_str()) {
        ("Get", "ss") => {
            let (interface, name): (&str, &str) = arguments(&body)?;
            let property = find_interface(interfaces(model), interface)?.property(name)?;
            Ok(reply.build(&property.get.value(model)))
        }
        ("GetAll", "s") => {
            let interface: &str = arguments(&body)?;
            let interface = find_interface(interfaces(model), interface)?;
            let all: BTreeMap<_, _> =
                interface.properties.iter().map(|property| (property.name, property.get.value(model))).collect();
            Ok(reply.build(&all))
        }
        ("Set", "ssv") => {
            let (interface, name, value): (&str, &str, Variant<'_>) = arguments(&body)?;
            let property = find_interface(interfaces(model), interface)?.property(name)?;
            property.set(model, &value)?;
            Ok(reply.build(&()))
        }
        ("Get" | "GetAll" | "Set", _) => {
            Err(Failure::invalid_arguments(format!("{member} does not take ({signature})")))
        }
        _ => Err(unknown_method(PROPERTIES, member)),
    }
}

/// The signals that tell of what changed between two models, as far as the pace admits them.
pub fn changes(former: &Model, present: &Model, pace: &mut Pace, now: Instant) -> Result<Vec<Message>> {
    if former.snapshot.private != present.snapshot.private {
        // What was shown is taken back, or shown, at once.
        pace.hurry();
    }
    let mut signals = Vec::new();
    for interface in interfaces(present) {
        let changed: BTreeMap<_, _> = interface
            .properties
            .iter()
            .filter_map(|property| Some((property.name, change(property, former, present, pace, now)?)))
            .collect();
        if !changed.is_empty() {
            let invalidated: [&str; 0] = [];
            let body = (interface.name, changed, invalidated.as_slice());
            signals.push(Message::signal(OBJECT, PROPERTIES, "PropertiesChanged").build(&body)?);
        }
    }
    Ok(signals)
}

/// The value of a property that is to be told now, if one is.
fn change(
    property: &Property,
    former: &Model,
    present: &Model,
    pace: &mut Pace,
    now: Instant,
) -> Option<Variant<'static>> {
    let has_changed = property.has_changed(former, present);
    let value = |model: &Model| property.get.value(model);
    if property.is_paced {
        return pace.admit(property.name, has_changed, || value(former), || value(present), now);
    }
    has_changed.then(|| value(present))
}

/// The signal that tells of a jump.
pub fn seeked(millis: i64) -> Result<Message> {
    Message::signal(OBJECT, PLAYER.name, "Seeked").build(&millis.saturating_mul(1000))
}
