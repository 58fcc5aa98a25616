//! One binary for all targets: `FUZZ_TARGET` names the one to run.

#![no_main]

use std::sync::OnceLock;

use fuzz_targets::Target;
use libfuzzer_sys::fuzz_target;

fn target() -> &'static Target {
    static TARGET: OnceLock<&Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        fuzz_targets::find(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name:?} is no target"))
    })
}

fuzz_target!(|input: &[u8]| (target().run)(input));
