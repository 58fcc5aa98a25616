//! What is said of a pipeline that hangs. It can be neither stopped nor freed, as a panic would do: the process ends.

use std::fmt::Write;
use std::fs;
use std::io::Write as _;

use gst::prelude::*;

/// What came before the time was over; what is shown of an element if nothing did.
pub fn in_time<T>(came: Option<T>, of: Option<&gst::Element>) -> T {
    came.unwrap_or_else(|| {
        let test = std::thread::current();
        let text = format!(
            "Error: {}: a pipeline hangs\n{}{}",
            test.name().unwrap_or("?"),
            threads(),
            of.map(description).unwrap_or_default()
        );
        // Not `eprintln!`, whose text the test's thread would keep to itself.
        drop(std::io::stderr().write_all(text.as_bytes()));
        std::process::exit(101)
    })
}

/// Each element with its state, what queues hold, and each pad with its task, what the last buffer came to, and whether it is at its
/// end. Takes no lock that a thread keeps while it waits.
pub fn description(element: &gst::Element) -> String {
    let mut text = String::new();
    let bin = element.downcast_ref::<gst::Bin>();
    let elements: Vec<_> = bin.into_iter().flat_map(|bin| bin.iterate_recurse().into_iter().flatten()).collect();
    for element in elements.iter().chain([element]) {
        let (_, state, pending) = element.state(gst::ClockTime::ZERO);
        let _ = write!(text, "  {} {state:?}", element.name());
        if pending != gst::State::VoidPending {
            let _ = write!(text, " to {pending:?}");
        }
        text += &held(element.upcast_ref());
        for pad in element.pads() {
            let end = if pad.sticky_event::<gst::event::Eos>(0).is_some() { ", at its end" } else { "" };
            let flow = pad.last_flow_result();
            let _ = write!(text, "; {}: {:?}, {flow:?}{end}", pad.name(), pad.task_state());
            text += &held(pad.upcast_ref());
        }
        text.push('\n');
    }
    text
}

/// What a queue, or a pad of a multiqueue, holds; nothing for others.
fn held(object: &gst::Object) -> String {
    let level = |name| object.find_property(name).map(|_| object.property_value(name).get::<u32>());
    match (level("current-level-buffers"), level("current-level-bytes")) {
        (Some(Ok(buffers)), Some(Ok(bytes))) => format!(", holds {buffers} buffers, {bytes} bytes"),
        _ => String::new(),
    }
}

/// The process's threads: name, and whether it runs (R) or waits (S).
fn threads() -> String {
    let mut names: Vec<_> = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).ok()?;
            let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
            Some(format!("{name} {}", rest.chars().next()?))
        })
        .collect();
    names.sort();
    format!("  threads: {}\n", names.join(", "))
}
