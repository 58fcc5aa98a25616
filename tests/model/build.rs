//! Takes the library's own source and puts loom's types where `static`s, locks, threads and operating system calls are. A
//! replacement that finds nothing, or an item that is not there, fails the build: the source has changed, and the model has
//! to follow.

use std::path::{Path, PathBuf};
use std::{env, fs};

type Replacement = (&'static str, &'static str);

const ATOMICS: Replacement = ("use std::sync::atomic::", "use base::sync::atomic::");
const LOCKS: Replacement = ("use parking_lot::", "use base::sync::");
struct Source {
    root: PathBuf,
    out: PathBuf,
}

impl Source {
    fn text(&self, name: &str) -> String {
        let path = self.root.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).expect(name)
    }

    /// A whole file without its tests, followed by what the model adds.
    fn whole(&self, name: &str, to: &str, replacements: &[Replacement], added: &str) {
        let text = replaced(name, self.text(name), replacements);
        // Tests and inner documentation have no place in the middle of a file.
        let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        let lines = text[..end].lines().filter(|line| !line.starts_with("//!")).map(|line| format!("{line}\n"));
        self.write(to, &(lines.collect::<String>() + added));
    }

    /// Items of a file, by the beginnings of their first lines; methods are put into an `impl` of `owner`.
    fn items(&self, name: &str, to: &str, items: &[&str], owner: &str, methods: &[&str], replacements: &[Replacement]) {
        let text = self.text(name);
        let take = |heads: &[&str], indent| {
            heads.iter().map(|head| item(name, &text, &format!("{indent}{head}"), indent)).collect::<String>()
        };
        let mut taken = take(items, "");
        if !methods.is_empty() {
            taken += &format!("impl {owner} {{\n{}}}\n", take(methods, "    "));
        }
        self.write(to, &replaced(name, taken, replacements));
    }

    fn write(&self, to: &str, text: &str) {
        fs::write(self.out.join(to), text).expect("the output directory");
    }
}

fn replaced(name: &str, mut text: String, replacements: &[Replacement]) -> String {
    for (from, to) in replacements {
        assert!(text.contains(from), "{name} no longer contains {from:?}");
        text = text.replace(from, to);
    }
    text
}

/// An item and the attributes above it, as rustfmt lays it out: up to the first line that closes at the same depth.
fn item(name: &str, text: &str, head: &str, indent: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.starts_with(head));
    let first = first.unwrap_or_else(|| panic!("{name} no longer has {head:?}"));
    let attribute = format!("{indent}#[");
    let start = (0..first).rev().find(|&at| !lines[at].starts_with(&attribute)).map_or(0, |at| at + 1);
    let closing = format!("{indent}}}");
    let one_line = lines[first].ends_with(['}', ';']);
    let last = if one_line {
        first
    } else {
        (first..lines.len()).find(|&at| lines[at] == closing).unwrap_or_else(|| panic!("{name}: {head:?} has no end"))
    };
    lines[start..=last].iter().map(|line| format!("{line}\n")).collect()
}

fn main() {
    let source = Source {
        root: Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo")).join("../.."),
        out: env::var("OUT_DIR").expect("cargo").into(),
    };
    callbacks(&source);
    handles(&source);
    sessions(&source);
}

fn callbacks(source: &Source) {
    source.whole("crates/drm/src/events.rs", "events.rs", &[], "");
    source.whole("crates/avsession/src/commands.rs", "commands.rs", &[], "");
    source.whole("crates/avsession/src/callbacks.rs", "av_callbacks.rs", &[], "");
    source.items(
        "crates/avsession/src/controller.rs",
        "controller.rs",
        &["pub trait Controller", "pub type Factory"],
        "",
        &[],
        &[],
    );
    source.items(
        "crates/avsession/src/session.rs",
        "av_session.rs",
        &["pub const MAX_PENDING"],
        "Session",
        &[
            "pub fn activate(",
            "pub fn deactivate(",
            "pub fn close(",
            "pub fn is_closed(",
            "pub fn register(",
            "pub fn unregister(",
            "pub fn send(",
            "fn change(",
            "fn notify(",
        ],
        &[],
    );
}

fn handles(source: &Source) {
    source.whole(
        "src/glue/handle/slots.rs",
        "slots.rs",
        &[
            ATOMICS,
            LOCKS,
            ("const SLOTS: usize = 65_536", "const SLOTS: usize = 2"),
            ("pub(super) const fn empty()", "pub(super) fn empty()"),
        ],
        "",
    );
    source.whole("src/glue/handle/media_keys.rs", "media_keys.rs", &[("use drm::", "use crate::drm::")], "");
    source.items(
        "src/glue/handle/mod.rs",
        "kinds.rs",
        &["macro_rules! kind {", "kind!(Systems,", "kind!(Sessions,"],
        "",
        &[],
        &[
            (
                "static PLACES: [Slot<$object>; SLOTS] = [const { Slot::empty() }; SLOTS];",
                "loom::lazy_static! {
                    static ref PLACES: [Slot<$object>; SLOTS] = std::array::from_fn(|_| Slot::empty());
                }",
            ),
            (
                "static FREE: Mutex<Free> = Mutex::new(Free::all());",
                "loom::lazy_static! { static ref FREE: Mutex<Free> = Mutex::new(Free::all()); }",
            ),
        ],
    );
}

fn sessions(source: &Source) {
    source.whole(
        "crates/drm/src/key_table.rs",
        "key_table.rs",
        &[ATOMICS, LOCKS, ("use cenc::", "use crate::cenc::")],
        "",
    );
    source.whole("crates/drm/src/statistics.rs", "statistics.rs", &[ATOMICS], "");
    source.items(
        "crates/drm/src/system/mod.rs",
        "host.rs",
        &["pub struct Host"],
        "Host",
        &["pub fn descriptor", "pub fn is_alive", "pub fn check", "pub fn run<", "fn death"],
        &[],
    );
    source.items(
        "crates/drm/src/system/mod.rs",
        "system.rs",
        &["pub const MAX_SESSIONS", "pub struct MediaKeySystem", "struct Sessions"],
        "MediaKeySystem",
        &[
            "pub fn events(",
            "pub fn create_session(",
            "pub fn close_session(",
            "pub fn close(",
            "pub fn is_closed(",
            "pub fn find_session_by_key_id(",
            "pub(crate) fn key_arrived(",
            "fn name(",
            "fn destroyed(",
        ],
        &[],
    );
    source.items(
        "crates/drm/src/session/mod.rs",
        "session.rs",
        &["pub struct MediaKeySession", "pub fn fixed_id"],
        "MediaKeySession",
        &[
            "pub(crate) fn new(",
            "pub fn token(",
            "pub fn events(",
            "pub fn system(",
            "fn add_keys(",
            "fn keys_arrived<",
            "pub fn clear_media_keys(",
            "pub fn decrypt_at_once(",
            "pub fn has_usable_key(",
            "pub fn totals(",
            "pub(crate) fn close(",
            "fn name(",
            "fn post_keys_changed(",
        ],
        &[],
    );
}
