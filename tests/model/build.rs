//! Takes the library's own source and puts loom's types where `static`s and operating system calls are. A replacement that
//! finds nothing fails the build: the source has changed, and the model has to follow.

use std::path::Path;
use std::{env, fs};

const ATOMIC_STATIC: &[(&str, &str)] = &[
    (
        "pub(super) static EPOCH: AtomicU64 = AtomicU64::new(1);",
        "loom::lazy_static! { pub(super) static ref EPOCH: AtomicU64 = AtomicU64::new(1); }",
    ),
    (
        "static RECORDS: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());",
        "loom::lazy_static! { static ref RECORDS: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut()); }",
    ),
    ("\nthread_local! {", "\nloom::thread_local! {"),
    ("const { ReleaseRecord }", "ReleaseRecord"),
];

fn source(root: &Path, name: &str, replacements: &[(&str, &str)]) -> String {
    let path = root.join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    let mut text = fs::read_to_string(&path).expect(name);
    for (from, to) in replacements {
        assert!(text.contains(from), "{name} no longer contains {from:?}");
        text = text.replace(from, to);
    }
    // Tests and inner documentation have no place in the middle of a file.
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.starts_with("//!")).map(|line| format!("{line}\n")).collect()
}

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo")).join("../../src");
    let sub = |name, replacements| source(&root, name, replacements);
    let rcu = sub(
        "cenc/kernel/rcu/mod.rs",
        &[
            ("mod cell;", ""),
            (
                "mod current;",
                "mod current {
                    use super::record::Record;
                    pub(super) fn get() -> *const Record { crate::shim::current::get() }
                    pub(super) fn set(record: *const Record) { crate::shim::current::set(record) }
                }",
            ),
            ("mod record;", ""),
            ("mod slot;", ""),
            ("#[cfg(test)]\nmod tests;", ""),
            ("use super::sync::", "use crate::cenc::kernel::sync::"),
            ("core::hint::spin_loop()", "loom::thread::yield_now()"),
            ("std::thread::yield_now()", "loom::thread::yield_now()"),
            ("std::thread::sleep(Duration::from_micros(50))", "{ let _ = Duration::ZERO; loom::thread::yield_now() }"),
        ],
    );
    let cell = sub("cenc/kernel/rcu/cell.rs", &[("*self.value.get_mut()", "self.value.load(Ordering::Relaxed)")]);
    let slot = sub(
        "cenc/kernel/rcu/slot.rs",
        &[("*self.value.get_mut()", "self.value.load(Ordering::Relaxed)"), ("pub const fn new()", "pub fn new()")],
    );
    let record = sub("cenc/kernel/rcu/record.rs", ATOMIC_STATIC);
    let gate = sub(
        "util/gate.rs",
        &[
            ("use parking_lot::", "use crate::shim::parking_lot::"),
            ("use super::dispatcher;", "use crate::shim::dispatcher;"),
        ],
    );
    let text = format!(
        "pub mod rcu {{\n{rcu}\nmod cell {{\n{cell}\n}}\nmod record {{\n{record}\n}}\nmod slot {{\n{slot}\n}}\n}}\n\
         pub mod gate {{\n{gate}\n}}\n"
    );
    let out = Path::new(&env::var("OUT_DIR").expect("cargo")).join("library.rs");
    fs::write(out, text).expect("the output directory");
}
